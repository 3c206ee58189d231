// Where the viewer's cars come from, as types: the wasm client's spectator. Everything the viewer shows is read from
// it by the moment, live and past alike; the moments are milliseconds of its own timeline.

/** @typedef {{ index: number, id: string, name: string }} Seated */
/**
 * The room, from `atMs` on.
 * @typedef {{ id: string, name: string, hostId: string | null, isActive: boolean, players: Seated[], atMs: number }} SpectatedRoom
 */
/**
 * How the connection stands; `code` and `reason` say why it is no longer live.
 * @typedef {{ state: "connecting" | "live" | "reconnecting" | "closed", code?: string, reason?: string, retryable?: boolean, retryInMs?: number }} FeedState
 */
/** @typedef {{ state: FeedState, room: SpectatedRoom }} FeedEvents */
/**
 * @typedef {object} FeedMetrics
 * @property {number} received  snapshots
 * @property {number} skipped  snapshots that never came
 * @property {number} bytesReceived
 * @property {number} bytesPerSecond
 * @property {number} snapshotsPerSecond
 * @property {number} delayMs  how far behind the newest snapshot the live moment is
 * @property {number} jitterMs
 * @property {number} historyBytes
 */
/**
 * @typedef {object} Spectator
 * @property {FeedState["state"]} state
 * @property {SpectatedRoom | null} room
 * @property {number} startMs  the oldest moment kept; NaN before the first snapshot
 * @property {number} liveMs  the moment to show now; NaN before the first snapshot
 * @property {(atMs?: number) => Float32Array} sample  rows as in `Session.sample()`, slot = index; good until the next call
 * @property {() => number} carCount  rows of the newest sample
 * @property {() => FeedMetrics} metrics
 * @property {<T extends keyof FeedEvents>(type: T, listener: (event: FeedEvents[T]) => void) => () => void} on
 * @property {() => void} close
 * @property {() => void} free
 */

/** Columns of a row, as in net.js. */
export { CAR_AGE_MS, CAR_SLOT, CAR_SPEED, CAR_STALE, CAR_STRIDE, CAR_X, CAR_YAW, CAR_Z } from "../row.js";
