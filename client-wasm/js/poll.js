// Asks at regular intervals, never twice at once. In a hidden page the browser slows the timer down.

export class Poll {
  #ask;
  #pauseMs;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #running = false;
  #asking = false;
  #again = false;

  /**
   * @param {() => Promise<unknown>} ask  must handle its own failures
   * @param {number} pauseMs  the pause between an answer and the next request
   */
  constructor(ask, pauseMs) {
    this.#ask = ask;
    this.#pauseMs = pauseMs;
  }

  /** Begin with a pause. */
  start() {
    if (this.#running) return;
    this.#running = true;
    this.#pause();
  }

  stop() {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  /** Ask at once. While a request is under way, ask once more after its answer. */
  now() {
    if (!this.#running) return;
    if (this.#asking) this.#again = true;
    else void this.#turn();
  }

  async #turn() {
    clearTimeout(this.#timer);
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
    this.#timer = setTimeout(() => void this.#turn(), this.#pauseMs);
  }
}
