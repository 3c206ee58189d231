// What a client of a mock would have sent and received in datagrams.

/** About what a sealed position weighs, in bytes. */
const DATAGRAM_BYTES = 196;
/** A rate is counted over so long. */
const WINDOW_MS = 1000;

export class Traffic {
  count = 0;
  /** @type {number[]} */
  #times = [];

  /** @param {number} nowMs */
  add(nowMs) {
    this.count += 1;
    this.#times.push(nowMs);
    this.#forget(nowMs);
  }

  get bytes() {
    return this.count * DATAGRAM_BYTES;
  }

  /** @param {number} nowMs */
  perSecond(nowMs) {
    this.#forget(nowMs);
    return (this.#times.length * 1000) / WINDOW_MS;
  }

  /** @param {number} nowMs */
  #forget(nowMs) {
    while (this.#times.length > 0 && this.#times[0] <= nowMs - WINDOW_MS) this.#times.shift();
  }
}
