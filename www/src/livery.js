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
 * @property {number} number  1 … 99
 * @property {string} label  the number as text
 * @property {number} index  0 … LIVERIES − 1
 * @property {string} body
 * @property {string} ink
 * @property {boolean} striped
 */

export class Liveries {
  constructor() {
    /** @type {Map<string, Livery>} */
    this.byId = new Map();
  }

  /**
   * Give each of `ids` its livery. Sorted first, so that two pages that see the same players agree.
   * @param {readonly string[]} ids
   */
  assign(ids) {
    this.#makeRoom(ids);
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
    if (this.byId.size >= MAX_REMEMBERED) this.#forgetOldest();
    const hash = hashOf(id);
    const number = 1 + this.#free(hash % NUMBERS, NUMBERS, (livery) => livery.number - 1);
    const index = this.#freeIndex((hash >>> 8) % LIVERIES);
    const { body, ink } = BODIES[index % BODIES.length];
    const striped = index >= BODIES.length;
    const livery = { number, label: String(number), index, body, ink, striped };
    this.byId.set(id, livery);
    return livery;
  }

  /**
   * The first value at or after `wanted` that nobody has; `wanted` itself when all are taken.
   * @param {number} wanted
   * @param {number} count
   * @param {(livery: Livery) => number} value
   */
  #free(wanted, count, value) {
    const taken = new Set([...this.byId.values()].map(value));
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
    const bodies = new Set([...this.byId.values()].map((livery) => livery.index % BODIES.length));
    if (bodies.size === BODIES.length) return this.#free(wanted, LIVERIES, (livery) => livery.index);
    return this.#free(wanted % BODIES.length, BODIES.length, (livery) => livery.index % BODIES.length);
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
    if (this.byId.size + fresh <= LIVERIES) return;
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
