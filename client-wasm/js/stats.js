// Figures about the connection: the core's, and statistics of the newest round trips.

/** How many round trips are kept: those of two minutes. */
const MAX_ROUND_TRIPS = 60;

/**
 * @typedef {object} Stats  Figures about the connection; times in milliseconds.
 * @property {number | null} roundTripMs  the newest; null before the first
 * @property {number | null} roundTripP50Ms  half of those in the last two minutes were shorter
 * @property {number | null} roundTripP95Ms  nineteen of twenty were shorter
 * @property {number | null} jitterMs  the mean difference between one and the next
 * @property {number} lossPercent  of the others' positions
 * @property {boolean} lossEstimated  the server's datagrams carry no numbers to count by
 * @property {number} sentPerSecond  datagrams
 * @property {number} receivedPerSecond  datagrams
 * @property {number} sent  datagrams
 * @property {number} received  datagrams
 * @property {number} refused  datagrams that were not the game's
 * @property {number} lost  datagrams
 * @property {number} bytesSent  in datagrams
 * @property {number} bytesReceived  in datagrams
 * @property {number} reconnects  how often the client has reconnected
 */

/** The newest round trips. */
export class RoundTrips {
  #ring = new Float64Array(MAX_ROUND_TRIPS);
  #count = 0;

  /** @param {number} milliseconds */
  add(milliseconds) {
    this.#ring[this.#count % MAX_ROUND_TRIPS] = milliseconds;
    this.#count += 1;
  }

  /** Forget all, because another connection may have another route. */
  clear() {
    this.#count = 0;
  }

  /** @returns {Pick<Stats, "roundTripMs" | "roundTripP50Ms" | "roundTripP95Ms" | "jitterMs">} */
  figures() {
    const inOrder = this.#inOrder();
    const sorted = inOrder.toSorted();
    return {
      roundTripMs: inOrder.at(-1) ?? null,
      roundTripP50Ms: rank(sorted, 0.5),
      roundTripP95Ms: rank(sorted, 0.95),
      jitterMs: jitter(inOrder),
    };
  }

  /** Oldest first. */
  #inOrder() {
    if (this.#count <= MAX_ROUND_TRIPS) return this.#ring.slice(0, this.#count);
    const start = this.#count % MAX_ROUND_TRIPS;
    return Float64Array.from(this.#ring, (_, i) => this.#ring[(start + i) % MAX_ROUND_TRIPS]);
  }
}

/**
 * @param {Float64Array} sorted
 * @param {number} part
 */
function rank(sorted, part) {
  return sorted.length === 0 ? null : sorted[Math.ceil(sorted.length * part) - 1];
}

/** @param {Float64Array} inOrder */
function jitter(inOrder) {
  if (inOrder.length < 2) return null;
  let sum = 0;
  for (let i = 1; i < inOrder.length; i += 1) sum += Math.abs(inOrder[i] - inOrder[i - 1]);
  return sum / (inOrder.length - 1);
}
