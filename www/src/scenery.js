// Paints the circuit and everything that never moves, in metres: x right, y down (so y = −z of the game).
// Called for one tile at a time by tiles.js; all paths are built once.

// @ts-ignore: relative, because a proxy may serve the relay under a path; the package need not be built when types are checked.
import { seeded } from "../pkg/lab/random.js";
import { placeName, placeStands, strewTrees } from "./furniture.js";
import { arrows, band, beds, closed, open, pointsOf, runs } from "./paths.js";
import { KERB_METRES } from "./track.js";
import { asphaltPattern, grassPattern, gravelPattern } from "./texture.js";

/** @typedef {import("./track.js").Track} Track */
/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Bounds */
/** @typedef {import("./furniture.js").Stand} Stand */

/** How far the scenery reaches beyond the barrier. */
const AROUND_METRES = 52;
const LAMP_EVERY_METRES = 38;
/** Widths of the dark strokes that make the worn line, as shares of the asphalt's; many faint ones look soft. */
const RUBBER = [0.72, 0.65, 0.58, 0.51, 0.44, 0.375, 0.31, 0.24];
/** From the middle of a car on the grid to the front of its box. */
const BOX_METRES = 2.8;
/** If more than this is painted at once, the shading of a tree is too small to see. */
const FAR_METRES = 240;
/** Lamps over the garages. */
const GARAGE_LAMP_METRES = 36;
const FONT = "system-ui, 'Segoe UI', Roboto, sans-serif";

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
    this.pit = track.pit && open(pointsOf(track.pit.offset(0)));
    this.gravelBeds = [1, -1].flatMap((side) => beds(track, side));
    this.blocks = [1, -1].flatMap((side) => runs(track, track.gravel, side * track.barrier, side));
    const edge = track.width / 2 + KERB_METRES / 2;
    this.kerbs = [1, -1].flatMap((side, i) => runs(track, track.kerbsBySide[i], side * edge));
    this.fence = open(pointsOf(track.fence));
    this.arrows = arrows(track);
    /** What is painted, around the barrier. @type {Bounds} */
    this.world = worldOf(track);
    /** @type {Bounds} */
    this.bounds = this.world;
    this.name = placeName(track);
    this.stands = placeStands(track, this.name);
    this.trees = strewTrees(track, this.world, this.stands, this.name);
    this.glow = palette.night ? glowSprite(palette.glow) : null;
  }

  /**
   * @param {CanvasRenderingContext2D} context  already in map metres
   * @param {Bounds} bounds  what of it will be seen
   */
  paint(context, bounds) {
    this.bounds = bounds;
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
    for (const stand of this.stands) {
      if (isSeen(stand, stand.width / 2 + 16, bounds)) this.#stand(context, stand);
    }
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
    const { x, y, size } = this.name;
    context.fillStyle = palette.lettering;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `800 ${size}px ${FONT}`;
    context.fillText(track.name.toUpperCase(), x, y);
  }

  /**
   * Fill everything nearer to a line than some metres.
   * @param {CanvasRenderingContext2D} context
   * @param {import("./line.js").Line} line
   * @param {number} metres
   * @param {string | CanvasPattern} style
   */
  #band(context, line, metres, style) {
    context.fillStyle = style;
    for (const path of band(line, metres, this.bounds)) context.fill(path);
  }

  /**
   * Everything inside the outer barrier, widened by some metres: the union that track.clearance knows.
   * @param {CanvasRenderingContext2D} context
   * @param {number} more
   * @param {string | CanvasPattern} style
   */
  #barrier(context, more, style) {
    const { barrier, line, pit, pitBarrier } = this.track;
    this.#band(context, line, barrier + more, style);
    if (pit) this.#band(context, pit, pitBarrier + more, style);
  }

  /** @param {CanvasRenderingContext2D} context */
  #gravelBeds(context) {
    const [from, to] = this.track.gravelMetres;
    for (const bed of this.gravelBeds) this.#band(context, bed, (to - from) / 2, this.gravel);
  }

  /** @param {CanvasRenderingContext2D} context */
  #pitLane(context) {
    const { palette, pit } = this;
    const { building, pit: lane, pitWidth } = this.track;
    if (!pit || !lane) return;
    this.#band(context, lane, pitWidth / 2 + 0.25, palette.line);
    this.#band(context, lane, pitWidth / 2, this.pitAsphalt);
    if (building) {
      const { west, east, back } = building;
      context.fillRect(west, -lane.zs[0], east - west, lane.zs[0] - back);
    }
    context.strokeStyle = palette.faintLine;
    context.lineWidth = 0.25;
    context.setLineDash([3, 3]);
    context.stroke(pit);
    context.setLineDash([]);
  }

  /** @param {CanvasRenderingContext2D} context */
  #asphalt(context) {
    const { palette } = this;
    const { line, width } = this.track;
    const half = width / 2;
    this.#band(context, line, half + KERB_METRES + 0.4, palette.runoff);
    this.#band(context, line, half, this.asphalt);
    this.#band(context, line, half - 0.27, palette.line);
    this.#band(context, line, half - 0.62, this.asphalt);
    context.strokeStyle = palette.rubber;
    for (const share of RUBBER) {
      context.lineWidth = width * share;
      context.stroke(this.centre);
    }
  }

  /** @param {CanvasRenderingContext2D} context */
  #markings(context) {
    context.lineWidth = 0.55;
    context.strokeStyle = this.palette.faintLine;
    context.stroke(this.arrows);
    this.#grid(context);
  }

  /** Starting boxes, staggered, before the line. @param {CanvasRenderingContext2D} context */
  #grid(context) {
    const { track, palette } = this;
    context.strokeStyle = palette.line;
    context.lineWidth = 0.22;
    // Beside garages the grid is only for show.
    const boxes = track.building ? track.starts / 2 : track.starts;
    for (let i = 0; i < boxes; i += 1) {
      const { x, z, yaw } = track.gridPlace(i);
      context.save();
      context.translate(x, -z);
      context.rotate(yaw - Math.PI / 2);
      context.beginPath();
      context.moveTo(BOX_METRES - 1.4, -1.3);
      context.lineTo(BOX_METRES, -1.3);
      context.lineTo(BOX_METRES, 1.3);
      context.lineTo(BOX_METRES - 1.4, 1.3);
      context.stroke();
      context.restore();
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
    if (!track.building) return;
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

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Stand} stand
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
    const isFar = bounds.right - bounds.left > FAR_METRES;
    for (const one of this.trees) {
      const { x, y, radius, shade } = one;
      if (!isSeen(one, radius * 1.6, bounds)) continue;
      disc(context, x + radius * 0.35, y + radius * 0.45, radius, shadow);
      disc(context, x, y, radius, tree[shade]);
      if (isFar) continue;
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
      if (!isSeen({ x, y }, reach, bounds)) continue;
      context.drawImage(this.glow, x - reach, y - reach, 2 * reach, 2 * reach);
    }
    const { building } = this.track;
    if (!building) return;
    for (let x = building.west + 8; x < building.east; x += GARAGE_LAMP_METRES) {
      context.drawImage(this.glow, x - 26, -building.front - 26, 52, 52);
    }
  }
}

const CROWD = ["#ffffff", "#ffd23f", "#e10600", "#2f6fd6", "#2a2d33", "#35a96f", "#f2a0c0"];

/**
 * @param {{ x: number, y: number }} middle
 * @param {number} reach
 * @param {Bounds} bounds
 */
function isSeen({ x, y }, reach, { left, top, right, bottom }) {
  return x + reach > left && x - reach < right && y + reach > top && y - reach < bottom;
}

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

/** @param {Track} track @returns {Bounds} */
function worldOf({ barrier, bounds, width }) {
  const more = barrier - width / 2 + AROUND_METRES;
  return {
    left: bounds.left - more,
    top: -bounds.high - more,
    right: bounds.right + more,
    bottom: -bounds.low + more,
  };
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
