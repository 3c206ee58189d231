// Reads a circuit's file, for the race and for the viewer. A page may take a circuit from anywhere, so its form is checked here
// as the crate `track` does. That crate also checks the shape, for the relay, the bots and the converters; a page can draw any.

import { Line } from "./line.js";
import { plainText } from "./names.js";

/**
 * The keys of a circuit's file; others are ignored. docs/circuits.md describes it.
 * @typedef {object} TrackFile
 * @property {string} [name]
 * @property {number} [widthMetres]  of the asphalt
 * @property {number} [runOffMetres]  from the asphalt to the barrier
 * @property {Array<[number, number]>} centreline  closed: the last point leads to the first
 * @property {{ widthMetres: number, centreline: Array<[number, number]> }} [pitLane]
 * @property {{ zMetres: number, xMetres: number[] }} [garages]
 * @property {boolean} [learned]
 */

export const DEFAULT_WIDTH_METRES = 12;
const WIDTHS_METRES = [3, 60];
const RUN_OFFS_METRES = [2, 60];
/** A snapshot has positions up to 84 km from the origin. */
const MAX_METRES = 100_000;
const MIN_POINTS = 8;
/** The Nordschleife in steps of one metre. */
const MAX_POINTS = 20_000;
const MIN_LENGTH_METRES = 100;
const MAX_LENGTH_METRES = 200_000;
const MAX_PIT_POINTS = 2000;
const MAX_GARAGES = 100;
const MAX_NAME_LETTERS = 80;
/** Points nearer to each other than this are one point. */
const SAME_METRES = 0.05;

/**
 * Check a file's JSON. A last point that repeats the first is dropped.
 * @param {unknown} json
 * @returns {TrackFile}
 * @throws {Error} says what is wrong and what to do
 */
export function readTrack(json) {
  if (!isObject(json)) throw wrong("it is not a JSON object", 'write {"centreline": [[x, z], …]}');
  /** @type {TrackFile} */
  const file = { centreline: points(json.centreline, "centreline", MIN_POINTS, MAX_POINTS, true) };
  if (json.name !== undefined) file.name = nameOf(json.name);
  if (json.widthMetres !== undefined) {
    file.widthMetres = metresOf(json.widthMetres, "widthMetres", WIDTHS_METRES);
  }
  if (json.runOffMetres !== undefined) {
    file.runOffMetres = metresOf(json.runOffMetres, "runOffMetres", RUN_OFFS_METRES);
  }
  if (json.learned === true) file.learned = true;
  if (json.pitLane !== undefined && json.pitLane !== null) file.pitLane = pitLaneOf(json.pitLane);
  if (json.garages !== undefined && json.garages !== null) file.garages = garagesOf(json.garages);
  return file;
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
    throw wrong(`"${name}" is not a list of points`, "give it as [[x, z], …] in metres");
  }
  if (value.length > most + 1) {
    throw wrong(`"${name}" has ${value.length} points`, `give ${least} to ${most}`);
  }
  const checked = value.map((point, i) => pointOf(point, `${name}[${i}]`));
  while (closed && checked.length > 1 && isSame(checked[0], checked.at(-1))) checked.pop();
  const { length } = checked;
  if (length < least || length > most) {
    throw wrong(`"${name}" has ${length} points`, `give ${least} to ${most}`);
  }
  checked.forEach((point, i) => {
    if (!isSame(point, checked[i + 1])) return;
    throw wrong(`"${name}[${i + 1}]" is the same as the point before it, to 5 cm`, "leave it out");
  });
  lengthOf(checked, name, closed);
  return checked;
}

/**
 * @param {[number, number]} point
 * @param {[number, number]} [other]
 */
function isSame([x, z], other) {
  return other !== undefined && Math.hypot(other[0] - x, other[1] - z) < SAME_METRES;
}

/**
 * @param {unknown} point
 * @param {string} name
 * @returns {[number, number]}
 */
function pointOf(point, name) {
  if (!Array.isArray(point) || point.length !== 2 || !point.every(Number.isFinite)) {
    throw wrong(`"${name}" is not a pair of numbers`, "give it as [x, z] in metres");
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
      `"${name}" is ${length.toFixed(1)} m long`,
      `give metres: a lap has at least ${MIN_LENGTH_METRES}`,
    );
  }
  if (length > MAX_LENGTH_METRES) {
    const most = MAX_LENGTH_METRES / 1000;
    throw wrong(
      `"${name}" is ${(length / 1000).toFixed(0)} km long`,
      `give metres: a lap has at most ${most} km`,
    );
  }
}

/** @param {unknown} value */
function nameOf(value) {
  if (typeof value !== "string") {
    throw wrong('"name" is not a text', "put it in quotation marks or leave it out");
  }
  const name = plainText(value, MAX_NAME_LETTERS);
  if (name === "" && value.trim() !== "") {
    throw wrong('"name" has no letter that can be seen', "write one, or leave it out");
  }
  return name;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number[]} range
 */
function metresOf(value, name, [least, most]) {
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw wrong(
    `"${name}" is ${JSON.stringify(value)}`,
    `give a number from ${least} to ${most}, or leave it out`,
  );
}

/** @param {unknown} value */
function pitLaneOf(value) {
  if (!isObject(value)) {
    throw wrong('"pitLane" is not an object', 'write {"centreline": [[x, z], …]} or leave it out');
  }
  return {
    widthMetres:
      value.widthMetres === undefined
        ? DEFAULT_WIDTH_METRES
        : metresOf(value.widthMetres, "pitLane.widthMetres", WIDTHS_METRES),
    centreline: points(value.centreline, "pitLane.centreline", 2, MAX_PIT_POINTS, false),
  };
}

/** @param {unknown} value */
function garagesOf(value) {
  const { xMetres, zMetres } = isObject(value) ? value : {};
  const xs = Array.isArray(xMetres) ? xMetres : [];
  const fine = [...xs, zMetres].every((v) => Number.isFinite(v) && Math.abs(v) < MAX_METRES);
  if (fine && xs.length > 0 && xs.length <= MAX_GARAGES) return { xMetres: xs, zMetres: Number(zMetres) };
  throw wrong(
    '"garages" is not a row of garages',
    `write {"zMetres": z, "xMetres": [x, …]} for 1 to ${MAX_GARAGES}, or leave it out`,
  );
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
  return Object.assign(new Error(`the circuit cannot be used: ${what}; ${advice}`), {
    advice: { title: "The circuit of this relay cannot be used.", next: `${what}; ${advice}.` },
  });
}
