// What happened, newest last: bounded, so that a panel may stay open for days.

/** More is never read; the oldest go. */
export const MAX_ENTRIES = 500;

/** What can be shown or left out. */
export const KINDS = /** @type {const} */ (["state", "room", "message", "race", "log"]);

/** @typedef {(typeof KINDS)[number]} Kind */
/** @typedef {{ number: number, ms: number, kind: Kind, words: string }} Entry  ms of the wall clock */

export class Journal {
  /** @type {Entry[]} */
  #entries = [];
  /** How many there have been. */
  count = 0;

  /**
   * @param {Kind} kind
   * @param {string} words
   * @param {number} [ms]
   */
  add(kind, words, ms = Date.now()) {
    this.count += 1;
    this.#entries.push({ number: this.count, ms, kind, words });
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
  }

  clear() {
    this.#entries = [];
  }

  /**
   * Those of some kinds that have a text in them, newest first.
   * @param {ReadonlySet<string>} kinds
   * @param {string} text
   * @param {number} limit
   */
  find(kinds, text, limit) {
    const wanted = text.trim().toLowerCase();
    /** @type {Entry[]} */
    const found = [];
    for (let index = this.#entries.length - 1; index >= 0 && found.length < limit; index -= 1) {
      const entry = this.#entries[index];
      if (kinds.has(entry.kind) && entry.words.toLowerCase().includes(wanted)) found.push(entry);
    }
    return found;
  }

  /** All as text, oldest first, for a bug report. */
  text() {
    return this.#entries
      .map(({ ms, kind, words }) => `${new Date(ms).toISOString()} ${kind} ${words}`)
      .join("\n");
  }
}
