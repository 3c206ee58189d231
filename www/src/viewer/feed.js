// Where the viewer's cars come from, as types: the package's spectator. Everything the viewer shows is read from it by the
// moment, live and past alike; the moments are milliseconds of its own timeline.

/** @typedef {import("/pkg/spectator.js").SpectatedRoom} SpectatedRoom */
/** @typedef {SpectatedRoom["players"][number]} Seated */
/** @typedef {import("/pkg/spectator.js").SpectatorEvents["state"]} FeedState */
/** @typedef {Pick<import("/pkg/spectator.js").SpectatorEvents, "state" | "room">} FeedEvents */
/**
 * What the viewer asks of a spectator; the package's has more.
 * @typedef {object} Spectator
 * @property {FeedState["state"]} state
 * @property {SpectatedRoom | null} room
 * @property {number} startMs  the oldest moment kept; NaN before the first snapshot
 * @property {number} liveMs  the moment to show now; NaN before the first snapshot
 * @property {(atMs?: number) => { rows: Float32Array, count: number }} sample  rows as `row.js` tells, slot = index; good until the next call
 * @property {import("/pkg/spectator.js").SpectatorStats | null} stats
 * @property {<T extends keyof FeedEvents>(type: T, listener: (event: FeedEvents[T]) => void) => () => void} on
 * @property {() => void} close  lets everything go
 */

export { CAR_AGE_MS, CAR_SLOT, CAR_SPEED, CAR_STALE, CAR_STRIDE, CAR_X, CAR_YAW, CAR_Z } from "../row.js";
