// Where the player is in the race, kept over a reload of the page: the next page goes on from there if the session went on. Pure, except
// that it reads and writes the browser's storage.

import { keep, recall } from "./keep.js";

/** Under this key a page that is left keeps the player's place. */
const KEPT = "race-place";
/** What is kept of the laps, besides the number of those that are begun. */
const TIMES = /** @type {const} */ (["best", "last", "started"]);

/** @typedef {import("./laps.js").LapCounter} LapCounter */
/** @typedef {{ x: number, z: number, yaw: number }} Pose */

/**
 * Keep the place for the page that is loaded next.
 * @param {string} id  the player's, which a new session changes
 * @param {Pose} pose
 * @param {LapCounter} laps
 * @param {number} seconds  the race clock
 */
export function keepPlace(id, { x, z, yaw }, laps, seconds) {
  const { lap, next } = laps;
  const times = Object.fromEntries(TIMES.map((name) => [name, laps[name]]));
  keep(KEPT, { id, pose: { x, z, yaw }, lap, next, times, seconds, atMs: Date.now() });
}

/**
 * Take the place that the page before has kept, once. The laps go on.
 * @param {string} id
 * @param {LapCounter} laps
 * @returns {{ pose: Pose, seconds: number } | null}  null: there is none for this player
 */
export function takePlace(id, laps) {
  const kept = recall(KEPT);
  keep(KEPT, null);
  const { pose, lap, next, times, seconds, atMs } = kept ?? {};
  const numbers = [pose?.x, pose?.z, pose?.yaw, lap, next, seconds, atMs];
  if (kept?.id !== id || !numbers.every(Number.isFinite)) return null;
  laps.lap = lap;
  laps.next = next;
  // JSON has no NaN.
  for (const name of TIMES) laps[name] = times?.[name] ?? NaN;
  return { pose, seconds: seconds + Math.max(Date.now() - atMs, 0) / 1000 };
}
