// The circuit as the viewer knows it: from an operator's file, or learned from the cars. Pure; made once, and never changed.
//
// Axes as in track.js: x right, z up on the map; `lateral` is positive to the left of the driving direction. The start line
// is at the first point, the direction that of the points.

import { Line } from "../line.js";
import { DEFAULT_WIDTH_METRES, readTrack } from "../track-file.js";
import { boundsOf, merge, smooth } from "../track.js";
import { Nearest } from "./nearest.js";

/** @typedef {import("../line.js").Projection} Projection */
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Bounds */
/** @typedef {import("../track-file.js").TrackFile} CircuitFile */

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
    const { left, right, low, high } = boundsOf(this.line, this.pit, this.width, file.garages);
    /** The box around all asphalt on the map, whose y grows downwards. @type {Bounds} */
    this.bounds = { left, top: -high, right, bottom: -low };
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
  return new Circuit(readTrack(json));
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
