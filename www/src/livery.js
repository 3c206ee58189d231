// Number and colours of each player: stable for as long as the page knows the player, and no two alike.
// Pure. Colour is never the only mark: every colour comes with a number, and half of them with a stripe.

/**
 * Bodies that keep apart for colour-blind eyes (they differ in lightness too) and stand out at 3:1 or more from
 * the asphalt. Ink is what is legible on the body.
 */
export const BODIES = /** @type {const} */ ([
  { body: "#ffd23f", ink: "#14161a" },
  { body: "#4fb3ff", ink: "#14161a" },
  { body: "#ff7a59", ink: "#14161a" },
  { body: "#f4f6f8", ink: "#14161a" },
  { body: "#35d49a", ink: "#14161a" },
  { body: "#f490c8", ink: "#14161a" },
  { body: "#b7a6ff", ink: "#14161a" },
  { body: "#ffab2e", ink: "#14161a" },
  { body: "#9be7ff", ink: "#14161a" },
  { body: "#c3e04c", ink: "#14161a" },
]);
export const ASPHALT = "#34373d";
const STRIPES = 2;
export const LIVERIES = BODIES.length * STRIPES;
const NUMBERS = 99;
/** Players remembered: more than two full rooms; beyond it the one known longest is forgotten. */
const MAX_REMEMBERED = 64;

/**
 * @typedef {object} Livery
 * @property {number} number  1 … 99; higher only while more than 99 players are remembered
 * @property {string} label  the number as text
 * @property {number} index  0 … LIVERIES − 1
 * @property {string} body
 * @property {string} ink
 * @property {boolean} striped
 */

export class Liveries {
  /** @param {{ remembered?: number }} [options]  players remembered, where rooms are larger than a game server's */
  constructor({ remembered } = {}) {
    /** @type {Map<string, Livery>} */
    this.byId = new Map();
    this.most = remembered ?? MAX_REMEMBERED;
    /**
     * Of whom colours are kept apart: everybody remembered; with a long memory those of the newest room, or all colours
     * would be taken by people who have left.
     * @type {Set<string> | null}
     */
    this.present = remembered === undefined ? null : new Set();
  }

  /**
   * Give each of `ids` its livery. Sorted first, so that two pages that see the same players agree.
   * @param {readonly string[]} ids
   */
  assign(ids) {
    this.#makeRoom(ids);
    if (this.present !== null) this.present = new Set(ids);
    for (const id of [...ids].sort()) this.of(id);
  }

  /**
   * The livery of a player, given on first sight.
   * @param {string} id
   * @returns {Livery}
   */
  of(id) {
    const known = this.byId.get(id);
    if (known) return known;
    if (this.byId.size >= this.most) this.#forgetOldest();
    const hash = hashOf(id);
    const number = this.#freeNumber(hash % NUMBERS);
    const index = this.#freeIndex((hash >>> 8) % LIVERIES);
    const { body, ink } = BODIES[index % BODIES.length];
    const striped = index >= BODIES.length;
    const livery = { number, label: String(number), index, body, ink, striped };
    this.byId.set(id, livery);
    this.present?.add(id);
    return livery;
  }

  /**
   * Two digits while there are any; a third where more players are remembered than that.
   * @param {number} wanted
   */
  #freeNumber(wanted) {
    const taken = new Set([...this.byId.values()].map((livery) => livery.number));
    for (let step = 0; step < NUMBERS; step += 1) {
      const number = 1 + ((wanted + step) % NUMBERS);
      if (!taken.has(number)) return number;
    }
    for (let number = NUMBERS + 1; number <= this.most; number += 1) if (!taken.has(number)) return number;
    return 1 + wanted;
  }

  /**
   * The first value at or after `wanted` that nobody has; `wanted` itself when all are taken.
   * @param {number} wanted
   * @param {number} count
   * @param {(livery: Livery) => number} value
   */
  #free(wanted, count, value) {
    const taken = new Set(this.#rivals().map(value));
    for (let step = 0; step < count; step += 1) {
      const candidate = (wanted + step) % count;
      if (!taken.has(candidate)) return candidate;
    }
    return wanted;
  }

  /**
   * A body colour that nobody has comes first; then the same ones with stripes.
   * @param {number} wanted
   */
  #freeIndex(wanted) {
    const bodies = new Set(this.#rivals().map((livery) => livery.index % BODIES.length));
    if (bodies.size === BODIES.length) return this.#free(wanted, LIVERIES, (livery) => livery.index);
    return this.#free(wanted % BODIES.length, BODIES.length, (livery) => livery.index % BODIES.length);
  }

  #rivals() {
    if (this.present === null) return [...this.byId.values()];
    return [...this.present].flatMap((id) => this.byId.get(id) ?? []);
  }

  #forgetOldest() {
    const [oldest] = this.byId.keys();
    this.byId.delete(oldest);
  }

  /**
   * Forget absent players once too many are remembered, or the liveries would run out.
   * @param {readonly string[]} present
   */
  #makeRoom(present) {
    const fresh = present.filter((id) => !this.byId.has(id)).length;
    if (this.byId.size + fresh <= (this.present === null ? LIVERIES : this.most)) return;
    for (const id of this.byId.keys()) {
      if (!present.includes(id)) this.byId.delete(id);
    }
  }
}

/**
 * FNV-1a, finished so that similar ids come out far apart.
 * @param {string} text
 * @returns {number} 32 bits
 */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}
