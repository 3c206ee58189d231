// Where each car is on the gap ring: the leader at the top, the others clockwise by their gap within a lap, those who
// are a lap or more behind on an inner ring. Dots that would cover one another move outwards, row by row, and stay in
// their row as long as there is room. Pure.

import { MAX_PLACES } from "./cars.js";

/** @typedef {import("./standing.js").Standing} Standing */

/** Rows outside the ring itself; a crowd gets one more. */
const ROWS = 2;
const CROWD_ROWS = 3;
const CROWD = 32;
/** Radius of a dot: a share of the ring's box, in these limits, CSS pixels. */
const DOT_SHARE = 0.038;
const DOT_LIMITS = [7.5, 12];
const GAP = 2;
/** Distance of the inner ring, in radii of a dot. */
const INNER_STEP = 2.5;
/** A full turn where no lap time is known yet. */
const TURN_MS = 60_000;
/** Rows of cars: those without a place to be, those without room, the inner ring, and the ring and its rows. */
export const NOWHERE = -3;
export const NO_ROOM = -2;
export const INNER = -1;

export class Dial {
  constructor() {
    this.dot = 10;
    /** Radius of the ring and of the one inside it. */
    this.radius = 80;
    this.inner = 60;
    this.middle = 100;
    this.rows = ROWS;
    this.turnMs = TURN_MS;
    /** By index of the car: clockwise from the top, the row, and the middle of the dot in CSS pixels. */
    this.angle = new Float32Array(MAX_PLACES);
    this.row = new Int8Array(MAX_PLACES).fill(NOWHERE);
    this.x = new Float32Array(MAX_PLACES);
    this.y = new Float32Array(MAX_PLACES);
    /** Cars that have a dot, in the order of their places. */
    this.shown = new Uint8Array(MAX_PLACES);
    this.count = 0;
  }

  /** @param {number} size  of the box, CSS pixels */
  resize(size) {
    this.dot = Math.min(Math.max(size * DOT_SHARE, DOT_LIMITS[0]), DOT_LIMITS[1]);
    this.middle = size / 2;
    const outer = size / 2 - this.dot - 3;
    this.radius = outer - (this.rows - 1) * this.step;
    this.inner = this.radius - INNER_STEP * this.dot;
  }

  /** From one row to the next, CSS pixels. */
  get step() {
    return 2 * this.dot + GAP;
  }

  /**
   * Where the middle of a row is.
   * @param {number} row
   */
  radiusOf(row) {
    return row === INNER ? this.inner : this.radius + Math.max(row, 0) * this.step;
  }

  /**
   * @param {readonly Standing[]} standings  leader first
   * @param {number} lapMs  what a full turn is; NaN while unknown
   * @param {string} selectedId  has the first choice of a place
   */
  layout(standings, lapMs, selectedId) {
    const rows = standings.length > CROWD ? CROWD_ROWS : ROWS;
    if (rows !== this.rows) {
      this.rows = rows;
      this.resize(2 * this.middle);
    }
    this.turnMs = lapMs > 0 ? lapMs : TURN_MS;
    this.count = 0;
    for (let i = 0; i < standings.length; i += 1) {
      if (standings[i].id === selectedId) this.#place(standings[i]);
    }
    for (let i = 0; i < standings.length; i += 1) {
      if (standings[i].id !== selectedId) this.#place(standings[i]);
    }
  }

  /**
   * Index of the car at a point, −1 for none.
   * @param {number} sx  CSS pixels
   * @param {number} sy
   * @param {number} reach  further away than this is beside it
   */
  at(sx, sy, reach) {
    let best = -1;
    let nearest = reach;
    for (let i = 0; i < this.count; i += 1) {
      const index = this.shown[i];
      const distance = Math.hypot(this.x[index] - sx, this.y[index] - sy);
      if (distance >= nearest) continue;
      nearest = distance;
      best = index;
    }
    return best;
  }

  /** @param {Standing} standing */
  #place({ index, gapMs, gapLaps, present }) {
    if (!present || !(gapMs >= 0)) {
      this.row[index] = NOWHERE;
      return;
    }
    const angle = ((gapMs / this.turnMs) % 1) * 2 * Math.PI;
    this.angle[index] = angle;
    const isLapped = gapLaps > 0 || gapMs >= this.turnMs;
    const kept = this.row[index];
    if (isLapped) {
      this.row[index] = this.#isFree(index, INNER) ? INNER : NO_ROOM;
    } else if (!(kept >= 0 && kept < this.rows && this.#isKeepable(index, kept))) {
      this.row[index] = this.#freeRow(index);
    }
    if (this.row[index] !== NO_ROOM) this.#show(index, this.row[index]);
  }

  /**
   * A dot stays in its row; only from an outer one it goes home once there is plenty of room.
   * @param {number} index
   * @param {number} row
   */
  #isKeepable(index, row) {
    if (!this.#isFree(index, row)) return false;
    for (let lower = 0; lower < row; lower += 1) if (this.#isFree(index, lower, 1.25)) return false;
    return true;
  }

  /** @param {number} index */
  #freeRow(index) {
    for (let row = 0; row < this.rows; row += 1) if (this.#isFree(index, row)) return row;
    return NO_ROOM;
  }

  /**
   * @param {number} index
   * @param {number} row
   * @param {number} [room]  factor on the room it needs
   */
  #isFree(index, row, room = 1) {
    const radius = this.radiusOf(row);
    const x = this.middle + Math.sin(this.angle[index]) * radius;
    const y = this.middle - Math.cos(this.angle[index]) * radius;
    const apart = 2 * this.dot * room;
    for (let i = 0; i < this.count; i += 1) {
      const other = this.shown[i];
      if (Math.hypot(this.x[other] - x, this.y[other] - y) < apart) return false;
    }
    return true;
  }

  /**
   * @param {number} index
   * @param {number} row
   */
  #show(index, row) {
    const radius = this.radiusOf(row);
    this.x[index] = this.middle + Math.sin(this.angle[index]) * radius;
    this.y[index] = this.middle - Math.cos(this.angle[index]) * radius;
    this.shown[this.count] = index;
    this.count += 1;
  }
}
