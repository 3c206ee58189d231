// The cars between two samples of the worker's. These come at its frames; a page draws at its own, so each car is moved on
// from the newest sample by what it did since the one before. Over a frame that is right to a few millimetres.

import { CAR_STRIDE } from "../core.js";
import { AGE_MS, find, moveBy, SLOT } from "./step.js";

/** Longer than this the cars are not moved on: the worker is late, and a guess would be seen. */
const LONGEST_MS = 100;
/** Samples closer than this in time say little of a speed. */
const SHORTEST_MS = 4;
/** The two newest samples, and where the cars are after them. */
export class Motion {
  /** @type {{ rows: Float32Array, count: number, atMs: number }} */
  #older = { rows: new Float32Array(0), count: 0, atMs: -Infinity };
  #newer = { ...this.#older };
  #shown = new Float32Array(0);

  /** How many cars the newest sample has. */
  get count() {
    return this.#newer.count;
  }

  /**
   * Take a sample.
   * @param {Float32Array} rows  good for this call only
   * @param {number} count
   * @param {number} atMs
   */
  take(rows, count, atMs) {
    // Of two that came in one frame only the newer tells anything, so the distance in time is kept.
    if (atMs - this.#newer.atMs >= SHORTEST_MS) [this.#older, this.#newer] = [this.#newer, this.#older];
    const { length } = rows;
    if (this.#newer.rows.length < length) this.#newer.rows = new Float32Array(length);
    this.#newer.rows.set(rows);
    this.#newer.count = count;
    this.#newer.atMs = atMs;
  }

  /** Forget where a car was: the slot has another owner now. @param {number} slot */
  forget(slot) {
    const { rows, count } = this.#older;
    const at = find(rows, count, slot, 0);
    if (at >= 0) rows[at + SLOT] = -1;
  }

  /**
   * Where the cars are now.
   * @param {number} nowMs
   * @returns {Float32Array}  good until the next call
   */
  at(nowMs) {
    const { rows, count, atMs } = this.#newer;
    if (this.#shown.length < rows.length) this.#shown = new Float32Array(rows.length);
    this.#shown.set(rows);
    const onMs = Math.min(Math.max(nowMs - atMs, 0), LONGEST_MS);
    const share = onMs / (atMs - this.#older.atMs);
    for (let row = 0; row < count; row++) this.#move(row * CAR_STRIDE, onMs, share);
    return this.#shown;
  }

  /**
   * @param {number} at  where the row begins
   * @param {number} onMs
   * @param {number} share  of the step from the older to the newer sample
   */
  #move(at, onMs, share) {
    const shown = this.#shown;
    shown[at + AGE_MS] += onMs;
    const older = this.#older;
    const from = find(older.rows, older.count, shown[at + SLOT], at);
    if (from < 0 || !(share > 0)) return;
    moveBy(shown, at, older.rows, from, this.#newer.atMs - older.atMs, share);
  }
}
