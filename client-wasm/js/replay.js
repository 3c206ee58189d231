// Plays a recording: gives a socket and a clock to the client or the spectator that shows it.
import { Playback } from "./replay/playback.js";
import { Player } from "./replay/player.js";
import { readRecording } from "./replay/recording.js";
import { Watched } from "./replay/watched.js";

/** @typedef {{ speed?: number, clock?: import("./clock.js").Clock }} ReplayOptions  speed: 0.1 to 32, default 1 */
/**
 * @typedef {object} WatchedReplay  Plays a recording; a spectator has it as `playback`. Times are milliseconds since the recording began.
 * @property {string} startedAt  when it was recorded, ISO 8601
 * @property {boolean} messages  whether texts were kept
 * @property {number} durationMs
 * @property {number} droppedMs  how much of the beginning was dropped to stay within the limits
 * @property {number} positionMs
 * @property {boolean} paused
 * @property {number} speed  0.1 to 32
 * @property {() => void} play
 * @property {() => void} pause
 * @property {(atMs: number) => Promise<void>} seek  resolves when that time is shown
 * @property {Promise<void>} finished  resolves when the end is reached for the first time, or the replay is closed
 * @property {import("./error.js").RaceError | null} error  why it ended early (`bad_recording`); null otherwise
 * @property {() => void} close
 */
/**
 * @typedef {WatchedReplay & { own: () => Float32Array | null }} Replay  Plays a recording; a `RaceClient` has it as `playback`. A seek goes no further back
 *   than the first sign-in. `own` gives the last sent pose of the player's own car: x, y, z, qx, qy, qz, qw.
 */

/**
 * Read a client's recording. `drive` connects the client that shows it.
 * @param {Blob} blob
 * @param {ReplayOptions} [options]
 * @throws {import("./error.js").RaceError} `bad_recording`; `invalid_argument`
 */
export async function replay(blob, options = {}) {
  const playback = new Playback(await readRecording(blob, "player"), options);
  const player = new Player(playback);
  playback.show = player;
  await player.open();
  const { clock } = playback;
  return {
    playback: /** @type {Replay} */ (Object.assign(playback, { own: () => player.own })),
    clientOptions: { name: player.name, config: {}, clock, webSocket: player.server.webSocket },
    drive: (/** @type {import("./replay/player.js").DrivenClient} */ client) => player.drive(client),
  };
}

/**
 * Read a spectator's recording, and show its beginning. A jump in time needs a new core: `adopted` takes it.
 * @param {Blob} blob
 * @param {import("./spectator.js").SpectatorFactory} make
 * @param {ReplayOptions} [options]
 * @throws {import("./error.js").RaceError} `bad_recording`; `invalid_argument`
 */
export async function rewatch(blob, make, options = {}) {
  const playback = new Playback(await readRecording(blob, "spectator"), options);
  const watched = new Watched(playback, make);
  playback.show = watched;
  await watched.open();
  await playback.begin();
  return {
    playback: /** @type {WatchedReplay} */ (playback),
    core: watched.core,
    clock: playback.clock,
    adopted: (/** @type {(core: import("./spectator.js").SpectatorCore) => void} */ adopt) => {
      watched.adopt = adopt;
    },
  };
}
