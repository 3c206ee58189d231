// A clock that a test advances.

import { invalid } from "../checks.js";

/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {{ dueMs: number, number: number, callback: () => void }} Due */

/**
 * A clock that stands still until `advance` is called. Between two timers all settled promises continue.
 * @implements {Clock}
 */
export class VirtualClock {
  /** @type {Set<Due>} */
  #timers = new Set();
  #nowMs;
  #count = 0;

  constructor(startMs = 0) {
    checkMs("VirtualClock", startMs);
    this.#nowMs = startMs;
  }

  now() {
    return this.#nowMs;
  }

  /**
   * @param {() => void} callback
   * @param {number} [delayMs]
   * @returns {unknown}
   */
  setTimeout(callback, delayMs = 0) {
    this.#count += 1;
    const timer = { dueMs: this.#nowMs + Math.max(delayMs, 0), number: this.#count, callback };
    this.#timers.add(timer);
    return timer;
  }

  /** @param {any} timer */
  clearTimeout(timer) {
    this.#timers.delete(timer);
  }

  /** How many timers wait. */
  get pending() {
    return this.#timers.size;
  }

  /** Let time pass, timer by timer. @param {number} ms */
  async advance(ms) {
    checkMs("advance", ms);
    const endMs = this.#nowMs + ms;
    await turn();
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
      await turn();
    }
    this.#nowMs = endMs;
  }

  /** @param {number} endMs */
  #next(endMs) {
    /** @type {Due | undefined} */
    let first;
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (!first || isBefore(timer, first))) first = timer;
    }
    return first;
  }
}

/**
 * @param {string} what
 * @param {unknown} ms
 */
function checkMs(what, ms) {
  if (!(Number.isFinite(ms) && Number(ms) >= 0)) {
    throw invalid(`${what} takes milliseconds: a number from 0 on`);
  }
}

/**
 * @param {Due} a
 * @param {Due} b
 */
function isBefore(a, b) {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.number < b.number);
}

/** Wait for one turn of the event loop, so that promises can settle. Faster than a timer, which hidden pages slow down. */
function turn() {
  const { setImmediate } = /** @type {{ setImmediate?: (callback: () => void) => void }} */ (globalThis);
  return new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    if (setImmediate) return setImmediate(resolve);
    if (typeof MessageChannel === "undefined") return setTimeout(resolve);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
