// Where each car is on the gap ring: the leader at the top, the others clockwise by their gap within a lap, those who
// are a lap or more behind on an inner ring. Dots that would cover one another move outwards, row by row, then aside,
// and stay there as long as there is room. Pure.

import { MAX_PLACES } from "../map/labels.js";

/** @typedef {import("./standing.js").Standing} Standing */

/** Rows outside the ring itself; a crowd gets one more. */
const ROWS = 2;
const CROWD_ROWS = 3;
const CROWD = 14;
/** Radius of a dot: a share of the ring's box, in these limits, CSS pixels. */
const DOT_SHARE = 0.035;
const DOT_LIMITS = [7.5, 12];
const GAP = 2;
/** Distance of the inner ring, in radii of a dot. */
const INNER_STEP = 2.3;
/** How far a dot in an outer row may be moved aside, in half dots: clockwise, so that a fight is read in its order. */
const MOST_ASIDE = 12;
/** Where there are more cars than this, half as far: else lines run all over. */
const THRONG = 40;
/** A dot goes to a better spot only where there is this much more room than it needs. */
const PLENTY = 1.25;
/** A full turn where no lap time is known yet. */
const TURN_MS = 60_000;
/** Rows of cars: nowhere, without room on the inner ring or on the ring, on the inner ring; then the ring and its rows. */
export const NOWHERE = -4;
export const NO_ROOM_INSIDE = -3;
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
    this.aside = MOST_ASIDE;
    /** By index of the car: clockwise from the top, the row, and the middle of the dot in CSS pixels. */
    this.angle = new Float32Array(MAX_PLACES);
    this.row = new Int8Array(MAX_PLACES).fill(NOWHERE);
    /** Spots in the order of preference: 0 is the ring itself; −1 for those who are on no row. */
    this.spot = new Int8Array(MAX_PLACES).fill(-1);
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
    this.aside = standings.length > THRONG ? MOST_ASIDE >> 1 : MOST_ASIDE;
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
    const kept = this.spot[index];
    this.spot[index] = -1;
    this.row[index] = NOWHERE;
    if (!present || !(gapMs >= 0)) return;
    this.angle[index] = ((gapMs / this.turnMs) % 1) * 2 * Math.PI;
    if (gapLaps > 0 || gapMs >= this.turnMs) {
      const isFree = this.#isFree(this.angle[index], this.inner);
      this.row[index] = isFree ? INNER : NO_ROOM_INSIDE;
      if (isFree) this.#show(index, this.angle[index], this.inner);
      return;
    }
    this.row[index] = NO_ROOM;
    const spots = this.rows + (this.rows - 1) * this.aside;
    const isKept = kept >= 0 && kept < spots && this.#isSpotFree(index, kept);
    for (let spot = 0; spot < (isKept ? kept : spots); spot += 1) {
      if (this.#isSpotFree(index, spot, isKept ? PLENTY : 1)) return this.#take(index, spot);
    }
    if (isKept) this.#take(index, kept);
  }

  /**
   * The row of a spot: first all rows straight outwards, then the outer rows ever further aside.
   * @param {number} spot
   */
  #rowOf(spot) {
    return spot < this.rows ? spot : 1 + ((spot - this.rows) % (this.rows - 1));
  }

  /**
   * @param {number} index
   * @param {number} spot
   */
  #angleOf(index, spot) {
    if (spot < this.rows) return this.angle[index];
    const aside = 1 + Math.floor((spot - this.rows) / (this.rows - 1));
    return this.angle[index] + (aside * this.dot * 1.04) / this.radiusOf(1);
  }

  /**
   * @param {number} index
   * @param {number} spot
   * @param {number} [room]  factor on the room it needs
   */
  #isSpotFree(index, spot, room = 1) {
    return this.#isFree(this.#angleOf(index, spot), this.radiusOf(this.#rowOf(spot)), room);
  }

  /**
   * @param {number} angle
   * @param {number} radius
   * @param {number} [room]
   */
  #isFree(angle, radius, room = 1) {
    const x = this.middle + Math.sin(angle) * radius;
    const y = this.middle - Math.cos(angle) * radius;
    const apart = 2 * this.dot * room;
    for (let i = 0; i < this.count; i += 1) {
      const other = this.shown[i];
      if (Math.hypot(this.x[other] - x, this.y[other] - y) < apart) return false;
    }
    return true;
  }

  /**
   * @param {number} index
   * @param {number} spot
   */
  #take(index, spot) {
    this.spot[index] = spot;
    this.row[index] = this.#rowOf(spot);
    this.#show(index, this.#angleOf(index, spot), this.radiusOf(this.row[index]));
  }

  /**
   * @param {number} index
   * @param {number} angle
   * @param {number} radius
   */
  #show(index, angle, radius) {
    this.x[index] = this.middle + Math.sin(angle) * radius;
    this.y[index] = this.middle - Math.cos(angle) * radius;
    this.shown[this.count] = index;
    this.count += 1;
  }
}
