// The ids of players and rooms: as long as the real ones, and the same for the same seed.

/** @typedef {() => number} Random  from 0 up to 1 */

const DIGITS = 32;

/** @param {Random} random */
export function makeId(random) {
  const digit = () => Math.floor(random() * 16).toString(16);
  return Array.from({ length: DIGITS }, digit).join("");
}
