// Ask again and again, never twice at once. In a hidden page the browser slows the timer down by itself.

export class Poll {
  #ask;
  #pauseMs;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #running = false;
  #asking = false;
  #again = false;

  /**
   * @param {() => Promise<unknown>} ask  its failures are its own business
   * @param {number} pauseMs  from one answer to the next question
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

  /** Ask at once; while a question is out, once more behind its answer. */
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
      // Its own business, as said above.
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
