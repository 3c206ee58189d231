// So many a second and the newest wins, as the wasm client sends.

/** How much before its beat something may go, as a part of the interval. */
const EARLY = 0.1;
/** How long after its beat something still waits for a newer one. */
const GRACE_MS = 25;

/** @template T */
export class Pacer {
  #intervalMs;
  #clock;
  #send;
  #nextMs = -Infinity;
  /** @type {T | undefined} */
  #waiting;
  /** @type {unknown} */
  #timer;

  /**
   * @param {number} rateHz
   * @param {import("../clock.js").Clock} clock
   * @param {(item: T) => void} send
   */
  constructor(rateHz, clock, send) {
    this.#intervalMs = 1000 / rateHz;
    this.#clock = clock;
    this.#send = send;
  }

  /** Says whether it went now. @param {T} item */
  offer(item) {
    const nowMs = this.#clock.now();
    if (nowMs + this.#intervalMs * EARLY >= this.#nextMs) {
      this.#go(item, nowMs);
      return true;
    }
    this.#waiting = item;
    this.#timer ??= this.#clock.setTimeout(() => this.#due(), this.#nextMs + GRACE_MS - nowMs);
    return false;
  }

  /** Drop what waits and start a new beat with the next offer. */
  reset() {
    this.#nextMs = -Infinity;
    this.#forget();
  }

  #due() {
    const item = this.#waiting;
    if (item !== undefined) this.#go(item, this.#clock.now());
  }

  /**
   * @param {T} item
   * @param {number} nowMs
   */
  #go(item, nowMs) {
    this.#forget();
    const kept = this.#nextMs + this.#intervalMs;
    // More than a beat late: what was missed is not made up for.
    this.#nextMs = kept > nowMs ? kept : nowMs + this.#intervalMs;
    this.#send(item);
  }

  #forget() {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = undefined;
  }
}
