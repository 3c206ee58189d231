// Asks at regular intervals, never twice at once.

import { PAGE_CLOCK } from "./clock.js";

export class Poll {
  #ask;
  #pauseMs;
  #clock;
  /** @type {unknown} */
  #timer;
  #running = false;
  #asking = false;
  #again = false;

  /**
   * @param {() => Promise<unknown>} ask  must handle its own failures
   * @param {number} pauseMs  the pause between an answer and the next request
   * @param {import("./clock.js").Clock} [clock]
   */
  constructor(ask, pauseMs, clock = PAGE_CLOCK) {
    this.#ask = ask;
    this.#pauseMs = pauseMs;
    this.#clock = clock;
  }

  /** Begin with a pause. */
  start() {
    if (this.#running) return;
    this.#running = true;
    this.#pause();
  }

  stop() {
    this.#running = false;
    this.#clock.clearTimeout(this.#timer);
  }

  /** Ask at once. While a request is under way, ask once more after its answer. */
  now() {
    if (!this.#running) return;
    if (this.#asking) this.#again = true;
    else void this.#turn();
  }

  async #turn() {
    this.#clock.clearTimeout(this.#timer);
    this.#asking = true;
    this.#again = false;
    try {
      await this.#ask();
    } catch {
      // `ask` handles its own failures.
    }
    this.#asking = false;
    if (!this.#running) return;
    if (this.#again) void this.#turn();
    else this.#pause();
  }

  #pause() {
    if (this.#asking) return;
    this.#timer = this.#clock.setTimeout(() => void this.#turn(), this.#pauseMs);
  }
}
