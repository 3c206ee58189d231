// The circuit as the viewer knows it: from an operator's file, or learned from the cars. Pure; made once, and never changed.
//
// Axes as in track.js: x right, z up on the map; `lateral` is positive to the left of the driving direction. The start line
// is at the first point, the direction that of the points.

import { Line } from "../line.js";
import { merge, smooth } from "../track.js";
import { Nearest } from "./nearest.js";

/** @typedef {import("../line.js").Projection} Projection */
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Bounds */
/**
 * What a circuit's file may say; more is ignored.
 * @typedef {object} CircuitFile
 * @property {string} [name]
 * @property {number} [widthMetres]
 * @property {Array<[number, number]>} centreline  closed: the last point leads to the first
 * @property {{ widthMetres: number, centreline: Array<[number, number]> }} [pitLane]
 * @property {{ zMetres: number, xMetres: number[] }} [garages]
 * @property {boolean} [learned]
 */

export const DEFAULT_WIDTH_METRES = 12;
const WIDTHS_METRES = [3, 60];
/** A snapshot carries no more than 84 km from the middle. */
const MAX_METRES = 100_000;
const MIN_POINTS = 8;
/** The Nordschleife in steps of one metre. */
const MAX_POINTS = 20_000;
const MIN_LENGTH_METRES = 100;
const MAX_LENGTH_METRES = 200_000;
const MAX_PIT_POINTS = 2000;
const MAX_NAME_LETTERS = 80;
/** Further beside the asphalt than this, a car is not on the lap: about a run-off. */
const RUN_OFF_METRES = 10;
/** A pit lane that ends nearer to the centre line than so many widths leads onto the track. */
const MERGING_WIDTHS = 1.5;
/** Beside the pit lane's asphalt a car still counts as in it. */
const PIT_MARGIN_METRES = 3;

export class Circuit {
  /** @param {CircuitFile} file  checked, see `parseCircuit` */
  constructor(file) {
    this.file = file;
    this.name = file.name ?? "";
    this.learned = file.learned === true;
    this.width = file.widthMetres ?? DEFAULT_WIDTH_METRES;
    this.line = new Line(file.centreline, true);
    this.length = this.line.length;
    this.pitWidth = file.pitLane?.widthMetres ?? 0;
    /** @type {Line | null} */
    this.pit = pitOf(this.line, this.width, file);
    /** Further from the centre line than this, a car is off the lap. */
    this.reach = this.width / 2 + RUN_OFF_METRES;
    this.bounds = boundsOf(this.line, this.pit, this.width, file.garages);
    this.nearest = new Nearest(this.line);
    /** @type {Projection} */
    this.scratch = { s: 0, lateral: 0, index: 0, x: 0, z: 0 };
  }

  /**
   * Write the nearest point of the centre line into `out`. With the hint a car stays on its part of the track where two
   * parts meet.
   * @param {number} x
   * @param {number} z
   * @param {Projection} out
   * @param {number} [hint]  `out.index` of the car's last time
   */
  project(x, z, out, hint = -1) {
    this.nearest.project(x, z, out, hint, this.reach);
  }

  /**
   * True where a car is in the pit lane, and not on the track where the two run into one.
   * @param {number} x
   * @param {number} z
   * @param {number} lateral  from the centre line
   */
  inPit(x, z, lateral) {
    if (this.pit === null || Math.abs(lateral) <= this.width / 2) return false;
    const reach = this.pitWidth / 2 + PIT_MARGIN_METRES;
    this.pit.project(x, z, this.scratch);
    return Math.abs(this.scratch.lateral) <= reach;
  }

  /** @returns {CircuitFile} */
  toFile() {
    return this.file;
  }
}

/**
 * A circuit from a file's JSON.
 * @param {unknown} json
 * @returns {Circuit}
 * @throws {Error} that says what is wrong and what to do
 */
export function parseCircuit(json) {
  if (!isObject(json)) throw wrong("it is no JSON object", 'write {"centreline": [[x, z], …]}');
  /** @type {CircuitFile} */
  const file = { centreline: points(json.centreline, "centreline", MIN_POINTS, MAX_POINTS, true) };
  if (json.name !== undefined) file.name = nameOf(json.name);
  if (json.widthMetres !== undefined) file.widthMetres = widthOf(json.widthMetres, "widthMetres");
  if (json.learned === true) file.learned = true;
  if (json.pitLane !== undefined && json.pitLane !== null) file.pitLane = pitLaneOf(json.pitLane);
  const garages = garagesOf(json.garages);
  if (garages !== null) file.garages = garages;
  return new Circuit(file);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} least
 * @param {number} most
 * @param {boolean} closed
 */
function points(value, name, least, most, closed) {
  if (!Array.isArray(value)) {
    throw wrong(`"${name}" is no list of points`, "give it as [[x, z], …] in metres");
  }
  if (value.length < least) throw wrong(`"${name}" has ${value.length} points`, `give at least ${least}`);
  if (value.length > most) throw wrong(`"${name}" has ${value.length} points`, `give at most ${most}`);
  const checked = value.map((point, i) => pointOf(point, `${name}[${i}]`));
  checked.forEach(([x, z], i) => {
    const next = checked[i + 1] ?? (closed ? checked[0] : undefined);
    if (next === undefined || next[0] !== x || next[1] !== z) return;
    if (i === checked.length - 1) throw wrong(`"${name}" ends on its first point`, "leave the last one out");
    throw wrong(`"${name}[${i + 1}]" is the same as the point before it`, "leave it out");
  });
  lengthOf(checked, name, closed);
  return checked;
}

/**
 * @param {unknown} point
 * @param {string} name
 * @returns {[number, number]}
 */
function pointOf(point, name) {
  if (!Array.isArray(point) || point.length !== 2 || !point.every(Number.isFinite)) {
    throw wrong(`"${name}" is no pair of numbers`, "give it as [x, z] in metres");
  }
  if (point.some((metres) => Math.abs(metres) >= MAX_METRES)) {
    throw wrong(`"${name}" is 100 km or more from the middle`, "give metres");
  }
  return [point[0], point[1]];
}

/**
 * @param {Array<[number, number]>} line
 * @param {string} name
 * @param {boolean} closed
 */
function lengthOf(line, name, closed) {
  if (!closed) return;
  const { length } = new Line(line, true);
  if (length < MIN_LENGTH_METRES) {
    throw wrong(
      `"${name}" is ${length.toFixed(1)} m round`,
      `give metres: a lap has at least ${MIN_LENGTH_METRES}`,
    );
  }
  if (length > MAX_LENGTH_METRES) {
    const most = MAX_LENGTH_METRES / 1000;
    throw wrong(
      `"${name}" is ${(length / 1000).toFixed(0)} km round`,
      `give metres: a lap has at most ${most} km`,
    );
  }
}

/** @param {unknown} value */
function nameOf(value) {
  if (typeof value !== "string") {
    throw wrong('"name" is no text', "put it in quotation marks or leave it out");
  }
  return value.slice(0, MAX_NAME_LETTERS);
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function widthOf(value, name) {
  const [least, most] = WIDTHS_METRES;
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw wrong(
    `"${name}" is ${JSON.stringify(value)}`,
    `give a number from ${least} to ${most}, or leave it out`,
  );
}

/** @param {unknown} value */
function pitLaneOf(value) {
  if (!isObject(value)) {
    throw wrong('"pitLane" is no object', 'write {"centreline": [[x, z], …]} or leave it out');
  }
  return {
    widthMetres:
      value.widthMetres === undefined
        ? DEFAULT_WIDTH_METRES
        : widthOf(value.widthMetres, "pitLane.widthMetres"),
    centreline: points(value.centreline, "pitLane.centreline", 2, MAX_PIT_POINTS, false),
  };
}

/**
 * The garages, which only the picture's edges depend on: what is not understood is left out.
 * @param {unknown} value
 */
function garagesOf(value) {
  if (!isObject(value) || !Array.isArray(value.xMetres)) return null;
  const { xMetres, zMetres } = value;
  const all = [...xMetres, zMetres];
  const fine =
    all.length <= MAX_PIT_POINTS && all.every((v) => Number.isFinite(v) && Math.abs(v) < MAX_METRES);
  return fine ? { xMetres, zMetres: Number(zMetres) } : null;
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {string} what
 * @param {string} advice
 */
function wrong(what, advice) {
  return new Error(`the circuit cannot be used: ${what}; ${advice}`);
}

/**
 * @param {Line} line
 * @param {number} width
 * @param {CircuitFile} file
 */
function pitOf(line, width, { pitLane }) {
  if (pitLane === undefined) return null;
  const { centreline } = pitLane;
  const [x, z] = centreline[centreline.length - 1];
  const at = { s: 0, lateral: 0, index: 0, x: 0, z: 0 };
  line.project(x, z, at);
  const merges = Math.abs(at.lateral) < MERGING_WIDTHS * width;
  return new Line(smooth(merges ? [...centreline, ...merge(line, { pitLane })] : centreline), false);
}

/**
 * The box around all asphalt on the map, whose y grows downwards.
 * @param {Line} line
 * @param {Line | null} pit
 * @param {number} width
 * @param {CircuitFile["garages"]} garages
 * @returns {Bounds}
 */
function boundsOf(line, pit, width, garages) {
  const xs = [...line.xs, ...(pit?.xs ?? []), ...(garages?.xMetres ?? [])];
  const zs = [...line.zs, ...(pit?.zs ?? []), ...(garages ? [garages.zMetres] : [])];
  const least = (/** @type {number[]} */ values) => values.reduce((a, b) => Math.min(a, b)) - width / 2;
  const most = (/** @type {number[]} */ values) => values.reduce((a, b) => Math.max(a, b)) + width / 2;
  return { left: least(xs), top: -most(zs), right: most(xs), bottom: -least(zs) };
}
