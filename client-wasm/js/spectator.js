// Watching a race without an account.

import { raceError } from "./error.js";
import { wasmSpectator } from "./wasm-core.js";

/**
 * @typedef {object} SpectateOptions
 * @property {string} [token]  where the relay's operator demands one
 * @property {number} [historySeconds]  how much can be looked at again, 0 to 600; default 600
 * @property {(url: string, protocols: string[]) => WebSocket} [webSocket]  makes the socket where it is not to be the browser's own
 * @property {"off" | "error" | "warn" | "info" | "debug" | "trace"} [logLevel]  default "warn"
 */
/** Begins to watch a room; may have to load something first. @typedef {(url: string, room: string, options: SpectateOptions) => Promise<Spectator>} SpectatorFactory */
/** @typedef {{ id: string, name: string, hostId: string | null, isActive: boolean, players: { index: number, id: string, name: string }[], atMs: number }} SpectatedRoom */
/** @typedef {{ received: number, skipped: number, refused: number, bytesReceived: number, bytesPerSecond: number, snapshotsPerSecond: number, delayMs: number, jitterMs: number, historyBytes: number }} SpectatorMetrics */
/**
 * @typedef {object} SpectatorEvents
 * @property {{ state: "connecting" | "live" | "reconnecting" | "closed", code?: string, reason?: string, retryable?: boolean, retryInMs?: number }} state
 * @property {SpectatedRoom} room
 * @property {{ level: string, line: string }} log
 */
/**
 * Somebody who watches a room: live, and up to ten minutes back. Times are milliseconds since the first snapshot.
 * @typedef {object} Spectator
 * @property {SpectatorEvents["state"]["state"]} state
 * @property {SpectatedRoom | null} room
 * @property {number} startMs  the oldest moment kept; NaN before the first snapshot
 * @property {number} liveMs  the moment to show now; NaN before the first snapshot
 * @property {(atMs?: number) => Float32Array} sample  rows as of a room's sample, where slot is a player's `index`; good until the next call
 * @property {() => number} carCount
 * @property {() => SpectatorMetrics} metrics
 * @property {<T extends keyof SpectatorEvents>(type: T, listener: (event: SpectatorEvents[T]) => void) => () => void} on
 * @property {() => void} close  for good
 * @property {() => void} free
 */

/**
 * @param {string} url
 * @param {string} room
 * @param {SpectateOptions & { spectator?: SpectatorFactory }} [options]
 * @returns {Promise<Spectator>}
 */
export async function spectate(url, room, { spectator = wasmSpectator, ...options } = {}) {
  try {
    return await spectator(url, room, options);
  } catch (thrown) {
    throw raceError(thrown);
  }
}
