// Paints the circuit and everything that never moves, in metres: x right, y down (so y = −z of the game).
// Called for one tile at a time by tiles.js; all paths are built once.

import { arrows, bed, capsule, closed, edgePath, open, pointsOf, runs, stretches } from "./paths.js";
import { KERB_METRES } from "./track.js";
import { asphaltPattern, grassPattern, gravelPattern, seeded } from "./texture.js";

/** @typedef {import("./track.js").Track} Track */
/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Bounds */
/** @typedef {{ x: number, y: number, radius: number, shade: number }} Tree */

/** What there is to see, around the barrier. */
export const WORLD = Object.freeze({ left: -212, top: -72, right: 212, bottom: 372 });
const LAMP_EVERY_METRES = 38;
/** Widths of the dark strokes that make the worn line; many faint ones look soft. */
const RUBBER_METRES = [11.5, 10.4, 9.3, 8.2, 7.1, 6, 4.9, 3.8];
const GRID_ROWS = 10;
const FONT = "system-ui, 'Segoe UI', Roboto, sans-serif";

/** Grandstands: middle, size and turn of each, in map metres. */
const STANDS = [
  { x: 6, y: -40, width: 118, depth: 15, turn: 0 },
  { x: 180, y: 168, width: 84, depth: 15, turn: Math.PI / 2 },
  { x: -180, y: 176, width: 70, depth: 15, turn: -Math.PI / 2 },
  { x: -6, y: 346, width: 74, depth: 15, turn: Math.PI },
];

/**
 * Areas with a pattern are always filled, never stroked wide: Chromium's software canvas loses parts of such strokes
 * where they reach far beyond a small canvas.
 */
export class Scenery {
  /**
   * @param {Track} track
   * @param {Palette} palette
   */
  constructor(track, palette) {
    this.track = track;
    this.palette = palette;
    this.grass = grassPattern(palette.grass);
    this.asphalt = asphaltPattern(palette.asphalt);
    this.pitAsphalt = asphaltPattern(palette.pitAsphalt);
    this.gravel = gravelPattern(palette.gravel, palette.gravelDot);
    this.centre = closed(pointsOf(track.line.offset(0)));
    this.pit = open(pointsOf(track.pit.offset(0)));
    this.gravelBeds = stretches(track.gravel).map((points) => bed(track, points));
    const half = track.width / 2;
    this.road = closed(pointsOf(track.line.offset(half)));
    this.road.addPath(closed(pointsOf(track.line.offset(-half))));
    const { pit, pitWidth } = track;
    this.pitLane = closed(pointsOf([...pit.offset(pitWidth / 2), ...pit.offset(-pitWidth / 2).reverse()]));
    this.blocks = runs(track, track.gravel, track.barrierMetres.oval);
    /** Outlines of the barrier by how much they are widened. @type {Map<number, Path2D[]>} */
    this.barriers = new Map();
    const edge = track.width / 2 + KERB_METRES / 2;
    this.kerbs = [...runs(track, track.outerKerbs, edge), ...runs(track, track.kerbs, -edge)];
    this.edges = [edgePath(track, 1), edgePath(track, -1)];
    this.fence = open(pointsOf(track.fence));
    this.arrows = arrows(track);
    this.trees = strewTrees(track);
    this.glow = palette.night ? glowSprite(palette.glow) : null;
  }

  /**
   * @param {CanvasRenderingContext2D} context  already in map metres
   * @param {Bounds} bounds  what of it will be seen
   */
  paint(context, bounds) {
    context.lineJoin = "round";
    context.lineCap = "butt";
    this.#ground(context, bounds);
    this.#gravelBeds(context);
    this.#pitLane(context);
    this.#asphalt(context);
    this.#markings(context);
    this.#kerbs(context);
    this.#startLine(context);
    this.#garages(context);
    this.#fence(context);
    this.#groves(context);
    for (const stand of STANDS) this.#stand(context, stand);
    this.#trees(context, bounds);
    this.#lamps(context, bounds);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Bounds} bounds
   */
  #ground(context, { left, top, right, bottom }) {
    const { palette, track } = this;
    context.fillStyle = palette.beyond;
    context.fillRect(left, top, right - left, bottom - top);
    this.#barrier(context, 10, palette.road);
    this.#barrier(context, 7, palette.beyond);
    context.save();
    context.translate(0.7, 0.9);
    this.#barrier(context, 1.1, palette.shadow);
    context.restore();
    this.#barrier(context, 1.1, palette.wallEdge);
    this.#barrier(context, 0.85, palette.wall);
    context.setLineDash([4, 4]);
    context.strokeStyle = palette.kerbRed;
    context.lineWidth = 1.7;
    for (const block of this.blocks) context.stroke(block);
    context.setLineDash([]);
    this.#barrier(context, 0.15, palette.wallEdge);
    this.#barrier(context, 0, this.grass);
    context.fillStyle = palette.lettering;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `800 25px ${FONT}`;
    context.fillText(track.name.toUpperCase(), 0, 160, 196);
  }

  /**
   * Everything inside the outer barrier, widened by some metres: the union that track.clearance knows.
   * @param {CanvasRenderingContext2D} context
   * @param {number} more
   * @param {string | CanvasPattern} style
   */
  #barrier(context, more, style) {
    let paths = this.barriers.get(more);
    if (!paths) {
      const { oval, pit } = this.track.barrierMetres;
      const around = closed(pointsOf(this.track.line.offset(oval + more)));
      paths = [around, closed(pointsOf(capsule(this.track.pit, pit + more)))];
      this.barriers.set(more, paths);
    }
    context.fillStyle = style;
    for (const path of paths) context.fill(path);
  }

  /** @param {CanvasRenderingContext2D} context */
  #gravelBeds(context) {
    context.fillStyle = this.gravel;
    for (const area of this.gravelBeds) context.fill(area);
  }

  /** @param {CanvasRenderingContext2D} context */
  #pitLane(context) {
    const { palette, track } = this;
    const { west, east, back } = track.building;
    context.strokeStyle = palette.line;
    context.lineWidth = 0.5;
    context.stroke(this.pitLane);
    context.fillStyle = this.pitAsphalt;
    context.fill(this.pitLane);
    context.fillRect(west, -track.pit.zs[0], east - west, track.pit.zs[0] - back);
    context.strokeStyle = palette.faintLine;
    context.lineWidth = 0.25;
    context.setLineDash([3, 3]);
    context.stroke(this.pit);
    context.setLineDash([]);
  }

  /** @param {CanvasRenderingContext2D} context */
  #asphalt(context) {
    const { palette, track } = this;
    context.strokeStyle = palette.runoff;
    context.lineWidth = track.width + 2 * KERB_METRES + 0.8;
    context.stroke(this.centre);
    context.fillStyle = this.asphalt;
    context.fill(this.road, "evenodd");
    context.strokeStyle = palette.rubber;
    for (const width of RUBBER_METRES) {
      context.lineWidth = width;
      context.stroke(this.centre);
    }
  }

  /** @param {CanvasRenderingContext2D} context */
  #markings(context) {
    context.strokeStyle = this.palette.line;
    context.lineWidth = 0.35;
    for (const edge of this.edges) context.stroke(edge);
    context.lineWidth = 0.55;
    context.strokeStyle = this.palette.faintLine;
    context.stroke(this.arrows);
    this.#grid(context);
  }

  /** Starting boxes, staggered, before the line. @param {CanvasRenderingContext2D} context */
  #grid(context) {
    const place = { x: 0, z: 0, yaw: 0 };
    context.strokeStyle = this.palette.line;
    context.lineWidth = 0.22;
    for (let row = 0; row < GRID_ROWS; row += 1) {
      this.track.line.place(-6 - row * 6.5, place);
      const y = -place.z + (row % 2 === 0 ? -3.2 : 3.2);
      context.beginPath();
      context.moveTo(place.x - 1.4, y - 1.3);
      context.lineTo(place.x, y - 1.3);
      context.lineTo(place.x, y + 1.3);
      context.lineTo(place.x - 1.4, y + 1.3);
      context.stroke();
    }
  }

  /** @param {CanvasRenderingContext2D} context */
  #kerbs(context) {
    context.lineWidth = KERB_METRES;
    context.strokeStyle = this.palette.kerbWhite;
    for (const kerb of this.kerbs) context.stroke(kerb);
    context.setLineDash([1.9, 1.9]);
    context.strokeStyle = this.palette.kerbRed;
    for (const kerb of this.kerbs) context.stroke(kerb);
    context.setLineDash([]);
  }

  /** @param {CanvasRenderingContext2D} context */
  #startLine(context) {
    const place = { x: 0, z: 0, yaw: 0 };
    this.track.line.place(0, place);
    const square = 1;
    const half = this.track.width / 2;
    context.save();
    context.translate(place.x, -place.z);
    context.rotate(place.yaw - Math.PI / 2);
    context.fillStyle = "#f7f7f5";
    context.fillRect(-square, -half, 2 * square, 2 * half);
    context.fillStyle = "#15171b";
    for (let row = 0; row < half * 2; row += 1) {
      context.fillRect(row % 2 === 0 ? -square : 0, -half + row, square, square);
    }
    context.fillStyle = this.palette.shadow;
    context.fillRect(3.4, -half - 2.5, 1.1, 2 * half + 5);
    context.fillStyle = this.palette.roof;
    context.fillRect(2.2, -half - 2.5, 1, 2 * half + 5);
    context.fillStyle = this.palette.kerbRed;
    context.fillRect(2.2, -half - 2.5, 1, 1.6);
    context.fillRect(2.2, half + 0.9, 1, 1.6);
    context.restore();
  }

  /** @param {CanvasRenderingContext2D} context */
  #garages(context) {
    const { palette, track } = this;
    const { west, east, back, front, dividers } = track.building;
    context.fillStyle = palette.shadow;
    context.fillRect(west - 0.2, -back, east - west + 1.2, 1.4);
    context.fillStyle = palette.garageFloor;
    context.fillRect(west, -front, east - west, front - back);
    context.fillStyle = palette.roof;
    context.fillRect(west - 0.4, -back - 1.5, east - west + 0.8, 1.9);
    context.fillStyle = palette.roofLine;
    context.fillRect(west - 0.4, -back - 0.3, east - west + 0.8, 0.7);
    for (const x of dividers) {
      context.fillStyle = palette.roof;
      context.fillRect(x - 0.22, -front, 0.44, front - back);
      context.fillStyle = palette.kerbRed;
      context.fillRect(x - 0.22, -front, 0.44, 0.5);
    }
    context.fillStyle = palette.line;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `800 1.7px ${FONT}`;
    track.garageXs.forEach((x, i) => {
      context.fillText(String(i + 1), x, -front - 1.4);
      context.fillRect(x - 2.2, -front - 0.25, 4.4, 0.14);
    });
  }

  /** @param {CanvasRenderingContext2D} context */
  #fence(context) {
    context.save();
    context.translate(0.35, 0.45);
    context.strokeStyle = this.palette.shadow;
    context.lineWidth = 0.7;
    context.stroke(this.fence);
    context.restore();
    context.strokeStyle = this.palette.wallEdge;
    context.lineWidth = 0.7;
    context.stroke(this.fence);
    context.strokeStyle = this.palette.wall;
    context.lineWidth = 0.42;
    context.stroke(this.fence);
  }

  /** Rings of tyres: dots, by dashes without length and round ends. @param {CanvasRenderingContext2D} context */
  #groves(context) {
    context.lineCap = "round";
    for (const { x, z, radius } of this.track.posts) {
      context.beginPath();
      context.arc(x, -z, radius - 0.5, 0, 2 * Math.PI);
      context.fillStyle = this.palette.beyond;
      context.fill();
      context.lineWidth = 1.15;
      context.setLineDash([0, 1.3]);
      context.strokeStyle = "#24272c";
      context.stroke();
      context.setLineDash([0, 7.8]);
      context.strokeStyle = this.palette.kerbWhite;
      context.stroke();
      context.setLineDash([]);
    }
    context.lineCap = "butt";
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {typeof STANDS[number]} stand
   */
  #stand(context, { x, y, width, depth, turn }) {
    const { palette } = this;
    const random = seeded(width * 7 + depth);
    context.save();
    context.translate(x, y);
    context.rotate(turn);
    context.fillStyle = palette.shadow;
    context.fillRect(-width / 2 + 1.2, -depth / 2 + 1.4, width, depth);
    context.fillStyle = palette.seat[0];
    context.fillRect(-width / 2, -depth / 2, width, depth);
    for (let row = 0; row < 7; row += 1) {
      const top = depth / 2 - 1.5 - row * 1.5;
      context.fillStyle = palette.seat[1];
      context.fillRect(-width / 2, top + 1.1, width, 0.25);
      for (let seat = -width / 2 + 0.8; seat < width / 2 - 0.6; seat += 0.95) {
        if (random() < 0.22) continue;
        context.fillStyle = CROWD[Math.floor(random() * CROWD.length)];
        context.globalAlpha = palette.night ? 0.45 : 0.9;
        context.fillRect(seat, top + 0.3, 0.6, 0.6);
      }
      context.globalAlpha = 1;
    }
    context.fillStyle = palette.roof;
    context.fillRect(-width / 2 - 1, -depth / 2 - 0.6, width + 2, 4.2);
    context.fillStyle = palette.roofLine;
    for (let rib = -width / 2; rib < width / 2; rib += 6) context.fillRect(rib, -depth / 2 - 0.6, 0.3, 4.2);
    context.restore();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Bounds} bounds
   */
  #trees(context, bounds) {
    const { tree, shadow } = this.palette;
    for (const { x, y, radius, shade } of this.trees) {
      const reach = radius * 1.6;
      if (x + reach < bounds.left || x - reach > bounds.right) continue;
      if (y + reach < bounds.top || y - reach > bounds.bottom) continue;
      disc(context, x + radius * 0.35, y + radius * 0.45, radius, shadow);
      disc(context, x, y, radius, tree[shade]);
      disc(context, x - radius * 0.2, y - radius * 0.22, radius * 0.66, tree[(shade + 1) % 3]);
      disc(context, x - radius * 0.32, y - radius * 0.36, radius * 0.3, tree[(shade + 2) % 3]);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Bounds} bounds
   */
  #lamps(context, bounds) {
    if (!this.glow) return;
    const place = { x: 0, z: 0, yaw: 0 };
    const reach = 34;
    for (let s = 0; s < this.track.length; s += LAMP_EVERY_METRES) {
      this.track.line.place(s, place);
      const x = place.x;
      const y = -place.z;
      if (x + reach < bounds.left || x - reach > bounds.right) continue;
      if (y + reach < bounds.top || y - reach > bounds.bottom) continue;
      context.drawImage(this.glow, x - reach, y - reach, 2 * reach, 2 * reach);
    }
    for (const x of [-50, -10, 30, 66]) context.drawImage(this.glow, x - 26, -34, 52, 52);
  }
}

const CROWD = ["#ffffff", "#ffd23f", "#e10600", "#2f6fd6", "#2a2d33", "#35a96f", "#f2a0c0"];

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {string} colour
 */
function disc(context, x, y, radius, colour) {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/** Trees beyond the barrier, clear of the stands, and in the groves. @param {Track} track @returns {Tree[]} */
function strewTrees(track) {
  const random = seeded(20);
  const clear = { distance: 0, nx: 0, nz: 0 };
  /** @type {Tree[]} */
  const trees = [];
  for (let i = 0; i < 1500; i += 1) {
    const x = WORLD.left + random() * (WORLD.right - WORLD.left);
    const y = WORLD.top + random() * (WORLD.bottom - WORLD.top);
    const radius = 2 + random() * 2.6;
    track.clearance(x, -y, clear);
    const thinning = random() * 60;
    if (clear.distance > -11 - radius || -clear.distance < thinning * 0.4 || nearStand(x, y)) continue;
    trees.push({ x, y, radius, shade: Math.floor(random() * 3) });
  }
  for (const post of track.posts) {
    for (let i = 0; i < 26; i += 1) {
      const turn = random() * 2 * Math.PI;
      const far = Math.sqrt(random()) * (post.radius - 4.6);
      const radius = 1.9 + random() * 1.8;
      trees.push({
        x: post.x + Math.cos(turn) * far,
        y: -post.z + Math.sin(turn) * far,
        radius,
        shade: i % 3,
      });
    }
  }
  return trees.sort((a, b) => a.y - b.y);
}

/**
 * @param {number} x
 * @param {number} y
 */
function nearStand(x, y) {
  return STANDS.some((stand) => {
    const lies = Math.abs(Math.sin(stand.turn)) > 0.5;
    const halfX = (lies ? stand.depth : stand.width) / 2 + 7;
    const halfY = (lies ? stand.width : stand.depth) / 2 + 7;
    return Math.abs(x - stand.x) < halfX && Math.abs(y - stand.y) < halfY;
  });
}

/** @param {string} colour */
function glowSprite(colour) {
  const size = 128;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const context = canvas.getContext("2d");
  if (!context) return null;
  const gradient = context.createRadialGradient(size / 2, size / 2, 0, size / 2, size / 2, size / 2);
  gradient.addColorStop(0, colour);
  gradient.addColorStop(1, "rgba(255, 238, 205, 0)");
  context.fillStyle = gradient;
  context.fillRect(0, 0, size, size);
  return canvas;
}
