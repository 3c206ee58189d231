// How long to wait before the next attempt to reconnect. Pure; randomness is an argument.

/** First wait, and the longest: soon enough after a relay restart, gentle on one that is full. */
const FIRST_MS = 1000;
const LONGEST_MS = 20_000;
/** Part of the wait that is random, so that a hundred pages do not come back at the same instant. */
const JITTER = 0.4;

/**
 * @param {number} attempt  0 for the first
 * @param {number} random  0 … 1
 */
export function backoffMs(attempt, random) {
  const wait = Math.min(FIRST_MS * 2 ** attempt, LONGEST_MS);
  return Math.round(wait * (1 - JITTER + JITTER * random));
}
