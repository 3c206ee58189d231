// A clock that a test moves, with timers in order of their time.

export class ManualClock {
  #nowMs = 0;
  #last = 0;
  /** @type {Map<number, { dueMs: number, work: () => void }>} */
  #timers = new Map();

  now = () => this.#nowMs;
  /** @type {(work: () => void, delayMs: number) => number} */
  setTimeout = (work, delayMs) => {
    this.#timers.set(++this.#last, { dueMs: this.#nowMs + Math.max(0, delayMs), work });
    return this.#last;
  };
  /** @type {(timer: number) => void} */
  clearTimeout = (timer) => void this.#timers.delete(timer);

  get timers() {
    return this.#timers.size;
  }

  /** Let time pass, and between two timers all that was promised. @param {number} ms */
  async pass(ms) {
    const endMs = this.#nowMs + ms;
    await settled();
    for (let next; (next = this.#next(endMs));) {
      this.#timers.delete(next.id);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.work();
      await settled();
    }
    this.#nowMs = endMs;
  }

  /** @param {number} endMs */
  #next(endMs) {
    const due = [...this.#timers].map(([id, timer]) => ({ id, ...timer }));
    const [first] = due.sort((a, b) => a.dueMs - b.dueMs || a.id - b.id);
    return first && first.dueMs <= endMs ? first : undefined;
  }
}

/** All promises that can settle by themselves have. */
export function settled() {
  return new Promise((resolve) => setImmediate(resolve));
}
