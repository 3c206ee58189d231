// One way between a client and the relay: it takes time, and by the network lab's conditions more of it, or loses datagrams.

import { Lane } from "../lab/lane.js";

/** @typedef {import("../lab/conditions.js").Checked} Checked */

export class Way {
  /** @type {Lane<() => void>} */
  #lane;
  #clock;
  #ownMs;
  /** @type {unknown} */
  #timer;
  #timerMs = Infinity;

  /**
   * @param {import("../clock.js").Clock} clock
   * @param {number} ownMs  how long it takes without any trouble
   * @param {number} seed
   */
  constructor(clock, ownMs, seed) {
    this.#clock = clock;
    this.#ownMs = ownMs;
    this.#lane = new Lane(seed);
  }

  /** Datagrams that never arrived. */
  get lost() {
    return this.#lane.lost;
  }

  /** @param {number} seed */
  reseed(seed) {
    this.#lane.reseed(seed);
  }

  /**
   * Something that arrives, in order.
   * @param {() => void} arrive
   * @param {Checked} conditions
   */
  line(arrive, conditions) {
    this.#lane.text(arrive, 1, this.#clock.now(), this.#with(conditions));
    this.#setTimer();
  }

  /**
   * Something that may get lost.
   * @param {() => void} arrive
   * @param {Checked} conditions
   */
  datagram(arrive, conditions) {
    this.#lane.datagram(arrive, this.#clock.now(), this.#with(conditions));
    this.#setTimer();
  }

  /** Nothing that is under way arrives. */
  clear() {
    this.#lane.clear();
    this.#setTimer();
  }

  /** @param {Checked} conditions */
  #with(conditions) {
    return { ...conditions, latencyMs: conditions.latencyMs + this.#ownMs };
  }

  #work() {
    this.#timer = undefined;
    this.#timerMs = Infinity;
    for (let next; (next = this.#lane.take(this.#clock.now()));) next.frame();
    this.#setTimer();
  }

  #setTimer() {
    const dueMs = this.#lane.dueMs() ?? Infinity;
    if (this.#timerMs === dueMs) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timerMs = dueMs;
    this.#timer =
      dueMs === Infinity
        ? undefined
        : this.#clock.setTimeout(() => this.#work(), Math.max(0, dueMs - this.#clock.now()));
  }
}
