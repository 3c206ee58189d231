// Numbers that look like chance and are the same for the same seed.

/** @typedef {() => number} Random  from 0 up to 1 */

/** How many hexadecimal digits the ids of players and rooms have. */
const ID_DIGITS = 32;

/**
 * The generator "mulberry32".
 * @param {number} seed
 * @returns {Random}
 */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Make the id of a player or a room. @param {Random} random */
export function makeId(random) {
  const digit = () => Math.floor(random() * 16).toString(16);
  return Array.from({ length: ID_DIGITS }, digit).join("");
}
