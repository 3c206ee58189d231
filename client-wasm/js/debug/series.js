// The newest figures of the network, one of each a look, for the curves.

/** How often the figures are looked at. */
export const LOOK_MS = 500;
/** A minute and a half of looks. */
export const LOOKS = 180;
/** Loss is counted over so many looks: single datagrams would be all or nothing. */
const LOSS_LOOKS = 4;

/** @typedef {import("../stats.js").Stats} Stats */

/** A row of numbers of which the oldest goes. NaN is a hole. */
export class Series {
  #values = new Float64Array(LOOKS).fill(NaN);
  #next = 0;

  /** @param {number} value */
  push(value) {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % LOOKS;
  }

  /** From 0, the oldest, to LOOKS − 1. @param {number} index */
  at(index) {
    return this.#values[(this.#next + index) % LOOKS];
  }

  get newest() {
    return this.at(LOOKS - 1);
  }

  /** The highest of all; 0 where there is none. */
  get highest() {
    let highest = 0;
    for (const value of this.#values) if (value > highest) highest = value;
    return highest;
  }
}

/** What the panel draws. */
export class Figures {
  roundTrip = new Series();
  jitter = new Series();
  loss = new Series();
  received = new Series();
  /** The counts of the last looks. @type {Array<{ lost: number, received: number }>} */
  #counts = [];

  /**
   * @param {Stats} stats
   * @param {boolean} isConnected
   */
  look(stats, isConnected) {
    if (!isConnected) this.#counts = [];
    this.roundTrip.push(isConnected ? (stats.roundTripMs ?? NaN) : NaN);
    this.jitter.push(isConnected ? (stats.jitterMs ?? NaN) : NaN);
    this.loss.push(isConnected ? this.#lossNow(stats) : NaN);
    this.received.push(isConnected ? stats.receivedPerSecond : NaN);
  }

  /** In percent, of the last looks alone. @param {Stats} stats */
  #lossNow({ lost, received }) {
    const before = this.#counts[0] ?? { lost, received };
    this.#counts.push({ lost, received });
    if (this.#counts.length > LOSS_LOOKS) this.#counts.shift();
    // What was thought lost may turn out to have been late.
    const gone = Math.max(0, lost - before.lost);
    const came = Math.max(0, received - before.received);
    return gone + came > 0 ? (100 * gone) / (gone + came) : 0;
  }
}
