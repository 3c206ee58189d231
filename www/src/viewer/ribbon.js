// Paints the circuit as a ribbon, in map metres. All paths are built once; widths follow the zoom, so that the track
// can be seen from however far away. Called by ground.js for a picture of a part of the map.

import { FONT } from "../map/palette.js";

/** @typedef {import("../line.js").Line} Line */
/** @typedef {import("../map/palette.js").MapPalette} MapPalette */
/** @typedef {import("./camera.js").Box} Box */
/**
 * What is drawn of a circuit.
 * @typedef {{ line: Line, width: number, pit: Line | null, pitWidth: number, length: number, bounds: Box }} Course
 */

/** The track is never painted narrower than this, in CSS pixels, nor the pit lane. */
const MIN_PIXELS = 9;
const MIN_PIT_PIXELS = 3.5;
/** From this width, CSS pixels, there is room for kerbs, the centre line and the worn line. */
const DETAIL_PIXELS = 15;
/** Grass beside the track, each side. */
const VERGE_METRES = 7;
const EDGE_METRES = 0.5;
const KERB_METRES = 1.2;
/** Kerbs lie where the bend is tighter than this. */
const KERB_RADIUS_METRES = 130;
/** A bend is measured over this length. */
const BEND_METRES = 16;
/** Squares of the grid are the first of these that is at least so many pixels wide. */
const GRID_METRES = [10, 50, 100, 500, 1000, 5000];
const GRID_PIXELS = 54;
/** Marks along the lap: sparser where the lap is long. */
const MARK_METRES = { short: 250, long: 500, longFrom: 1600 };
const MARK_PIXELS = 90;
/** The worn line is made of strokes of these shares of the width; many faint ones look soft. */
const RUBBER_SHARES = [0.66, 0.58, 0.5, 0.42, 0.34, 0.26];
const KERB_DASH = [2.4, 2.4];
const CENTRE_DASH = [4, 8];
/** @type {number[]} */
const NO_DASH = [];
const CHEVRON_METRES = 60;
const ROWS_OF_CHEQUERS = 2;

export class Ribbon {
  /** @param {Course} course */
  constructor(course) {
    this.course = course;
    const { line, pit } = course;
    this.centre = curve(line.offset(0), true);
    this.pit = pit === null ? null : curve(pit.offset(0), false);
    this.kerbs = kerbs(line, course.width / 2 + KERB_METRES * 0.3);
    this.place = { x: 0, z: 0, yaw: 0 };
    /** The zoom that the following are for. */
    this.zoom = 0;
    this.chevrons = new Path2D();
    this.ticks = new Path2D();
    /** Metres of the lap, and where they are written. @type {Array<{ text: string, x: number, y: number }>} */
    this.marks = [];
  }

  /**
   * How wide the track is painted, in metres.
   * @param {number} zoom  CSS pixels per metre
   */
  widthAt(zoom) {
    return Math.max(this.course.width, MIN_PIXELS / zoom);
  }

  /**
   * @param {CanvasRenderingContext2D} context  in map metres
   * @param {number} zoom  CSS pixels per metre
   * @param {MapPalette} palette
   * @param {boolean} hasMarks
   */
  paint(context, zoom, palette, hasMarks) {
    this.#prepare(zoom);
    const width = this.widthAt(zoom);
    const isDetailed = width * zoom >= DETAIL_PIXELS;
    context.lineJoin = "round";
    context.lineCap = "butt";
    context.fillStyle = palette.infield;
    context.fill(this.centre);
    this.#verge(context, zoom, width, palette);
    this.#pit(context, zoom, palette);
    for (const [pixels, colour] of palette.halo) this.#track(context, width + pixels / zoom, colour);
    if (isDetailed) this.#kerbs(context, palette);
    this.#track(context, width, palette.edge);
    const edge = Math.min(Math.max(EDGE_METRES, 1.2 / zoom), width / 6);
    this.#track(context, width - 2 * edge, palette.asphalt);
    if (isDetailed) this.#wear(context, width, zoom, palette);
    this.#chevrons(context, zoom, palette);
    this.#start(context, zoom, width, palette);
    if (hasMarks) this.#marks(context, zoom, palette);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} width
   * @param {string} colour
   */
  #track(context, width, colour) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke(this.centre);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} zoom
   * @param {number} width
   * @param {MapPalette} palette
   */
  #verge(context, zoom, width, palette) {
    const verge = width + 2 * Math.min(VERGE_METRES, 14 / zoom + 1);
    this.#track(context, verge + 2 / zoom, palette.vergeEdge);
    this.#track(context, verge, palette.verge);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} zoom
   * @param {MapPalette} palette
   */
  #pit(context, zoom, palette) {
    if (this.pit === null) return;
    const width = Math.max(this.course.pitWidth, MIN_PIT_PIXELS / zoom);
    const edge = Math.max(0.35, 1 / zoom);
    context.strokeStyle = palette.halo[palette.halo.length - 1][1];
    context.lineWidth = width + 2 * edge + 3 / zoom;
    context.stroke(this.pit);
    context.strokeStyle = palette.pitEdge;
    context.lineWidth = width + 2 * edge;
    context.stroke(this.pit);
    context.strokeStyle = palette.pitAsphalt;
    context.lineWidth = width;
    context.stroke(this.pit);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {MapPalette} palette
   */
  #kerbs(context, palette) {
    context.lineWidth = KERB_METRES * 2;
    context.strokeStyle = palette.kerbWhite;
    for (const kerb of this.kerbs) context.stroke(kerb);
    context.setLineDash(KERB_DASH);
    context.strokeStyle = palette.kerb;
    for (const kerb of this.kerbs) context.stroke(kerb);
    context.setLineDash(NO_DASH);
  }

  /**
   * The worn line and the dashes in the middle.
   * @param {CanvasRenderingContext2D} context
   * @param {number} width
   * @param {number} zoom
   * @param {MapPalette} palette
   */
  #wear(context, width, zoom, palette) {
    for (const share of RUBBER_SHARES) this.#track(context, width * share, palette.rubber);
    context.setLineDash(CENTRE_DASH);
    this.#track(context, Math.max(0.18, 1 / zoom), palette.centre);
    context.setLineDash(NO_DASH);
  }

  /**
   * The driving direction, on the asphalt.
   * @param {CanvasRenderingContext2D} context
   * @param {number} zoom
   * @param {MapPalette} palette
   */
  #chevrons(context, zoom, palette) {
    context.lineWidth = Math.max(0.35, 1.4 / zoom);
    context.strokeStyle = palette.chevron;
    context.stroke(this.chevrons);
  }

  /**
   * Paths whose size depends on the zoom.
   * @param {number} zoom
   */
  #prepare(zoom) {
    if (zoom === this.zoom) return;
    this.zoom = zoom;
    const { line, length } = this.course;
    const width = this.widthAt(zoom);
    this.chevrons = new Path2D();
    const every = Math.max(CHEVRON_METRES, 90 / zoom);
    const half = Math.min(width * 0.2, 7 / zoom + 0.6);
    for (let s = every / 2; s < length - every / 3; s += every) {
      line.place(s, this.place);
      chevron(this.chevrons, this.place, half);
    }
    this.ticks = new Path2D();
    this.marks = [];
    const apart = length >= MARK_METRES.longFrom ? MARK_METRES.long : MARK_METRES.short;
    // Too close together they would be noise.
    if (apart * zoom < MARK_PIXELS) return;
    for (let s = apart; s < length - apart / 3; s += apart) this.#mark(s, zoom, width / 2);
  }

  /**
   * @param {number} s
   * @param {number} zoom
   * @param {number} half  of the track's width
   */
  #mark(s, zoom, half) {
    this.course.line.place(s, this.place);
    const rightX = Math.cos(this.place.yaw);
    const rightY = Math.sin(this.place.yaw);
    const { x, z } = this.place;
    const from = half + 2.5 / zoom;
    const to = from + 6 / zoom;
    this.ticks.moveTo(x + rightX * from, -z + rightY * from);
    this.ticks.lineTo(x + rightX * to, -z + rightY * to);
    const away = to + (Math.abs(rightX) > 0.6 ? 20 : 9) / zoom;
    this.marks.push({ text: `${s} m`, x: x + rightX * away, y: -z + rightY * away });
  }

  /**
   * Chequers across the track, and beside it an arrow that says which way.
   * @param {CanvasRenderingContext2D} context
   * @param {number} zoom
   * @param {number} width
   * @param {MapPalette} palette
   */
  #start(context, zoom, width, palette) {
    this.course.line.place(0, this.place);
    const { x, z, yaw } = this.place;
    context.save();
    context.translate(x, -z);
    context.rotate(yaw);
    const square = Math.max(1.1, 3 / zoom);
    const columns = Math.max(4, Math.round(width / square / 2) * 2);
    const side = width / columns;
    context.fillStyle = "#ffffff";
    context.fillRect(-width / 2, -square * ROWS_OF_CHEQUERS, width, square * ROWS_OF_CHEQUERS);
    context.fillStyle = "#0f1114";
    for (let row = 0; row < ROWS_OF_CHEQUERS; row += 1) {
      for (let column = row % 2; column < columns; column += 2) {
        context.fillRect(-width / 2 + column * side, -square * (row + 1), side, square);
      }
    }
    const size = Math.max(4.2, 8 / zoom);
    const beside = width / 2 + Math.max(4.5, 8 / zoom) + size * 0.5;
    arrow(context, beside, -square * 1.5, size, zoom, palette);
    context.restore();
  }

  /**
   * Ticks with the metres of the lap.
   * @param {CanvasRenderingContext2D} context
   * @param {number} zoom
   * @param {MapPalette} palette
   */
  #marks(context, zoom, palette) {
    context.font = `600 ${10 / zoom}px ${FONT}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.strokeStyle = palette.markHalo;
    context.lineWidth = 4 / zoom;
    context.stroke(this.ticks);
    context.lineWidth = 3 / zoom;
    for (const { text, x, y } of this.marks) context.strokeText(text, x, y);
    context.fillStyle = context.strokeStyle = palette.mark;
    context.lineWidth = 1.6 / zoom;
    context.stroke(this.ticks);
    for (const { text, x, y } of this.marks) context.fillText(text, x, y);
  }
}

/**
 * Lines on the ground that give a sense of scale and of motion, every fifth stronger.
 * @param {CanvasRenderingContext2D} context
 * @param {Box} box
 * @param {number} zoom
 * @param {MapPalette} palette
 */
export function paintGrid(context, box, zoom, palette) {
  if (palette.ground.endsWith(", 0)")) return;
  context.fillStyle = palette.ground;
  context.fillRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  const every = GRID_METRES.find((metres) => metres * zoom >= GRID_PIXELS) ?? 10_000;
  context.lineWidth = 1 / zoom;
  gridLines(context, box, every, false);
  context.strokeStyle = palette.grid;
  context.stroke();
  gridLines(context, box, every, true);
  context.strokeStyle = palette.gridStrong;
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Box} box
 * @param {number} every  metres
 * @param {boolean} isStrong  every fifth, else the others
 */
function gridLines(context, box, every, isStrong) {
  // Whole numbers are not boxed.
  const left = Math.floor(box.left);
  const top = Math.floor(box.top);
  const right = Math.ceil(box.right);
  const bottom = Math.ceil(box.bottom);
  context.beginPath();
  for (let n = Math.floor(left / every); n * every < right; n += 1) {
    if ((n % 5 === 0) !== isStrong) continue;
    context.moveTo(n * every, top);
    context.lineTo(n * every, bottom);
  }
  for (let n = Math.floor(top / every); n * every < bottom; n += 1) {
    if ((n % 5 === 0) !== isStrong) continue;
    context.moveTo(left, n * every);
    context.lineTo(right, n * every);
  }
}

/**
 * A smooth path through the middles between points, so that coarse points make no corners.
 * @param {Array<[number, number]>} points  x and z
 * @param {boolean} closed
 */
function curve(points, closed) {
  const path = new Path2D();
  const count = points.length;
  const middle = (/** @type {number} */ i) => {
    const [ax, az] = points[i % count];
    const [bx, bz] = points[(i + 1) % count];
    return [(ax + bx) / 2, -(az + bz) / 2];
  };
  if (closed) path.moveTo(middle(count - 1)[0], middle(count - 1)[1]);
  else path.moveTo(points[0][0], -points[0][1]);
  const last = closed ? count : count - 1;
  for (let i = closed ? 0 : 1; i < last; i += 1) {
    const [x, y] = middle(i);
    path.quadraticCurveTo(points[i][0], -points[i][1], x, y);
  }
  if (closed) path.closePath();
  else path.lineTo(points[count - 1][0], -points[count - 1][1]);
  return path;
}

/**
 * The inside edges of the bends.
 * @param {Line} line  closed
 * @param {number} offset
 * @returns {Path2D[]}
 */
function kerbs(line, offset) {
  const here = { x: 0, z: 0, yaw: 0 };
  const ahead = { x: 0, z: 0, yaw: 0 };
  const step = 4;
  const count = Math.floor(line.length / step);
  const bend = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    line.place(i * step - BEND_METRES / 2, here);
    line.place(i * step + BEND_METRES / 2, ahead);
    bend[i] = Math.atan2(Math.sin(ahead.yaw - here.yaw), Math.cos(ahead.yaw - here.yaw)) / BEND_METRES;
  }
  const paths = [];
  for (const side of [1, -1]) {
    // A curve too tight for an edge on its inside has no kerb there.
    const isBend = (/** @type {number} */ i) =>
      bend[i] * side > 1 / KERB_RADIUS_METRES && bend[i] * side < 0.8 / offset;
    for (let i = 0; i < count; i += 1) {
      if (!isBend(i)) continue;
      /** @type {Array<[number, number]>} */
      const points = [];
      for (; i < count && isBend(i); i += 1) {
        line.place(i * step, here);
        points.push([
          here.x + Math.cos(here.yaw) * offset * side,
          here.z - Math.sin(here.yaw) * offset * side,
        ]);
      }
      if (points.length >= 4) paths.push(curve(points, false));
    }
  }
  return paths;
}

/**
 * @param {Path2D} path
 * @param {import("../line.js").Place} place
 * @param {number} half
 */
function chevron(path, { x, z, yaw }, half) {
  const aheadX = Math.sin(yaw) * half;
  const aheadY = -Math.cos(yaw) * half;
  path.moveTo(x - aheadX + aheadY, -z - aheadY - aheadX);
  path.lineTo(x, -z);
  path.lineTo(x - aheadX - aheadY, -z - aheadY + aheadX);
}

/**
 * An arrow that points up.
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} size
 * @param {number} zoom
 * @param {MapPalette} palette
 */
function arrow(context, x, y, size, zoom, palette) {
  context.beginPath();
  context.moveTo(x, y - size);
  context.lineTo(x + size * 0.72, y + size * 0.05);
  context.lineTo(x + size * 0.26, y + size * 0.05);
  context.lineTo(x + size * 0.26, y + size);
  context.lineTo(x - size * 0.26, y + size);
  context.lineTo(x - size * 0.26, y + size * 0.05);
  context.lineTo(x - size * 0.72, y + size * 0.05);
  context.closePath();
  context.lineWidth = 2.6 / zoom;
  context.strokeStyle = palette.markHalo;
  context.stroke();
  context.fillStyle = palette.arrow;
  context.fill();
}
