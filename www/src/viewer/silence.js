// Whether snapshots have stopped coming while the connection is not known to be lost: what is shown is not what happens.

/** The spectator closes a dead connection later. */
const SILENT_MS = 3000;
/** Between two looks, a longer time is one in which the page was hidden. */
const LONGEST_LOOK_MS = 500;

export class Silence {
  #received = 0;
  #silentMs = 0;
  #lookedMs = NaN;

  /**
   * @param {number} received  snapshots so far
   * @param {number} nowMs
   * @returns {boolean} it has been silent for long
   */
  look(received, nowMs) {
    const passedMs = Math.min(nowMs - this.#lookedMs || 0, LONGEST_LOOK_MS);
    this.#silentMs = received === this.#received ? this.#silentMs + passedMs : 0;
    this.#received = received;
    this.#lookedMs = nowMs;
    return received > 0 && this.#silentMs > SILENT_MS;
  }
}
