// How long to wait before the next attempt to reconnect. Pure; randomness is an argument.

/** The first wait is any part of this, the longest any part of that: soon after a hiccup, gentle on a relay in trouble. */
export const MIN_MS = 500;
export const MAX_MS = 15_000;
/** A relay that restarts or is full needs some time, and has others who come back at the same instant. */
const BUSY_MS = 2000;
const BUSY = new Set(["relay_restarting", "relay_full"]);

/** @typedef {{ minMs?: number, maxMs?: number, attempts?: number }} ReconnectOptions  The pauses between attempts to come back in milliseconds, and how many in a row there are. */

/**
 * Any part, drawn anew each time, of a wait that doubles with each attempt.
 * @param {number} attempt  0 for the first
 * @param {number} random  0 … 1
 * @param {string} code  why the connection was lost
 * @param {ReconnectOptions} [options]
 */
export function backoffMs(attempt, random, code, { minMs = MIN_MS, maxMs = MAX_MS } = {}) {
  const first = BUSY.has(code) ? Math.max(minMs, BUSY_MS) : minMs;
  return Math.round(Math.min(first * 2 ** attempt, maxMs) * random);
}
