// The types of the viewer's source, the package's spectator. The viewer asks it for everything by moment, live and past alike.
// Moments are milliseconds of its timeline.

/** @typedef {import("/pkg/spectator.js").SpectatedRoom} SpectatedRoom */
/** @typedef {SpectatedRoom["players"][number]} Seated */
/** @typedef {import("/pkg/spectator.js").SpectatorEvents["state"]} FeedState */
/** @typedef {Pick<import("/pkg/spectator.js").SpectatorEvents, "state" | "room">} FeedEvents */
/**
 * What the viewer needs of a spectator. The package's has more.
 * @typedef {object} Spectator
 * @property {FeedState["state"]} state
 * @property {SpectatedRoom | null} room
 * @property {number} startMs  the oldest moment kept; NaN before the first snapshot
 * @property {number} liveMs  the moment to show now; NaN before the first snapshot
 * @property {(atMs?: number) => { rows: Float32Array, count: number }} sample  rows as in `row.js`, the slot is the index; valid until the next call
 * @property {import("/pkg/spectator.js").SpectatorStats | null} stats
 * @property {<T extends keyof FeedEvents>(type: T, listener: (event: FeedEvents[T]) => void) => () => void} on
 * @property {() => void} close  frees everything
 */

export { CAR_AGE_MS, CAR_SLOT, CAR_SPEED, CAR_STALE, CAR_STRIDE, CAR_X, CAR_YAW, CAR_Z } from "../row.js";
