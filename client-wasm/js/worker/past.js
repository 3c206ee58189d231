// What the page has of a spectator's past: seconds of it, each asked of the worker when it is looked at and the one behind it
// in advance. A second is samples at even steps, and between two of them cars go straight, which is right to a centimetre.

import { CAR_STRIDE } from "../core.js";
import { find, moveBy, SLOT } from "./step.js";

export const SECOND_MS = 1000;
/** From one sample to the next. */
export const STEP_MS = 50;
/** Samples of a whole second, its end included. */
export const SAMPLES = SECOND_MS / STEP_MS + 1;
/** Seconds that are kept, those looked at last: some 20 kB each with twenty cars. */
const MOST_SECONDS = 30;

/**
 * @typedef {{ second: number, counts: number[], rows: Float32Array, settled: boolean }} Second  A second, or as much of it as has been. `counts` has the rows of each sample, which follow each other in `rows`. settled: nothing of it changes any more
 */

export class Past {
  #ask;
  /** @type {Map<number, Second & { starts: number[] }>} */
  #seconds = new Map();
  /** @type {Set<number>} */
  #asked = new Set();
  #second = NaN;
  #atMs = NaN;
  #shown = new Float32Array(0);
  /** Rows of the sample given last. */
  count = 0;

  /** @param {(second: number) => void} ask  whose answer comes by `take` */
  constructor(ask) {
    this.#ask = ask;
  }

  /** @param {Second} second */
  take(second) {
    this.#asked.delete(second.second);
    let start = 0;
    const starts = second.counts.map((count) => (start += count * CAR_STRIDE) - count * CAR_STRIDE);
    this.#seconds.set(second.second, { ...second, starts });
    for (const old of this.#seconds.keys()) {
      if (this.#seconds.size <= MOST_SECONDS) break;
      this.#seconds.delete(old);
    }
  }

  /**
   * Where the cars were; until the worker has told, what was given last.
   * @param {number} atMs
   * @param {number} liveMs  there is nothing behind it
   * @returns {Float32Array}  good until the next call
   */
  at(atMs, liveMs) {
    const number = Math.floor(atMs / SECOND_MS);
    const next = number + (atMs < this.#atMs ? -1 : 1);
    const second = this.#seconds.get(number);
    this.#atMs = atMs;
    const step = (atMs - number * SECOND_MS) / STEP_MS;
    const last = (second?.counts.length ?? 0) - 1;
    const isNew = number !== this.#second;
    this.#second = number;
    if (!second || step > last || (isNew && !second.settled)) this.#wish(number);
    if (next >= 0 && next * SECOND_MS < liveMs && !this.#seconds.has(next)) this.#wish(next);
    if (!second || last < 0) return this.#shown;
    // Looked at now, so it goes last.
    this.#seconds.delete(number);
    this.#seconds.set(number, second);
    this.#show(second, Math.min(step, last));
    return this.#shown;
  }

  /**
   * @param {Second & { starts: number[] }} second
   * @param {number} step
   */
  #show({ counts, starts, rows }, step) {
    const to = Math.ceil(step);
    const from = Math.max(to - 1, 0);
    const end = starts[to] + counts[to] * CAR_STRIDE;
    if (this.#shown.length < end - starts[to]) this.#shown = new Float32Array(end - starts[to]);
    this.#shown.set(rows.subarray(starts[to], end));
    this.count = counts[to];
    if (to === step) return;
    const before = rows.subarray(starts[from], starts[to]);
    for (let at = 0; at < this.count * CAR_STRIDE; at += CAR_STRIDE) {
      const row = find(before, counts[from], this.#shown[at + SLOT], at);
      if (row >= 0) moveBy(this.#shown, at, before, row, STEP_MS, step - to);
    }
  }

  /** @param {number} second */
  #wish(second) {
    if (this.#asked.has(second)) return;
    this.#asked.add(second);
    this.#ask(second);
  }
}
