// Plays what the flight recorder kept: a core for a client, and a driver that repeats with the client what the page did with it.
import { RaceError } from "./error.js";
import { PAGE_CLOCK } from "./clock.js";
import { Driver } from "./replay/driver.js";
import { readRecording } from "./replay/recording.js";
import { Stage } from "./replay/stage.js";

/** @typedef {import("./core.js").CoreFactory} CoreFactory */
/** @typedef {import("./replay/driver.js").DrivenClient} DrivenClient */

/** @typedef {{ speed?: number, clock?: import("./clock.js").Clock }} ReplayOptions  speed: 0.1 to 32, default 1 */

/**
 * @typedef {{ name: string, core: CoreFactory, config: {} }} ReplayClientOptions  The options of the client that is driven: the core and the recorded name.
 */
/**
 * @typedef {object} Replay  Plays a recording; a `RaceClient` has it as `playback`. Times are milliseconds since the recording began.
 * @property {ReplayClientOptions} clientOptions
 * @property {(client: DrivenClient) => Promise<void>} drive  brings the client to the beginning of the recording, and plays
 * @property {string} startedAt  when it was recorded, ISO 8601
 * @property {boolean} messages  whether texts were kept
 * @property {number} durationMs
 * @property {number} droppedMs  how much of the beginning was dropped, because the recording grew too large
 * @property {number} positionMs
 * @property {boolean} paused
 * @property {number} speed
 * @property {() => void} play
 * @property {() => void} pause
 * @property {(atMs: number) => Promise<void>} seek  resolves when the client is there; goes no further back than the first sign-in
 * @property {() => Float32Array | null} own  the player's own car as it was sent: x, y, z, qx, qy, qz, qw
 * @property {Promise<void>} finished  resolves when the end is reached for the first time, or the replay is closed
 * @property {() => void} close
 */

const SLOWEST = 0.1;
const FASTEST = 32;

/**
 * Read a recording.
 * @param {Blob} blob
 * @param {ReplayOptions} [options]
 * @returns {Promise<Replay>}
 * @throws {RaceError} `bad_recording`; `invalid_argument`
 */
export async function replay(blob, { speed = 1, clock = PAGE_CLOCK } = {}) {
  checkSpeed(speed);
  const recording = await readRecording(blob);
  const stage = new Stage(recording, { clock, speed });
  const firstMs = stage.signedInMs();
  /** @type {Driver | null} */
  let driver = null;
  /** Seeks come one after the other. @type {Promise<void>} */
  let seeking = Promise.resolve();
  /** @type {Promise<void>} */
  const finished = new Promise((resolve) => (stage.onEnd = resolve));
  const { startedAt, messages, droppedMs } = recording.header;

  /** @param {number} atMs */
  async function seek(atMs) {
    if (!Number.isFinite(atMs)) throw new RaceError("invalid_argument", "seek takes milliseconds");
    const playing = !stage.paused;
    stage.pause();
    await driver?.seek(Math.min(recording.durationMs, Math.max(firstMs, atMs)));
    if (playing) stage.play();
  }

  return {
    clientOptions: {
      name: stage.known.name || "Player",
      core: async () => stage.core(),
      config: {},
    },
    async drive(client) {
      if (driver) {
        throw new RaceError("invalid_argument", "a replay drives one client: read the recording again");
      }
      driver = new Driver(stage, client);
      if (stage.known.state === "authenticated") await driver.seek(0);
      stage.play();
    },
    startedAt,
    messages,
    droppedMs,
    durationMs: recording.durationMs,
    get positionMs() {
      return stage.positionMs;
    },
    get paused() {
      return stage.paused;
    },
    get speed() {
      return stage.speed;
    },
    set speed(value) {
      checkSpeed(value);
      stage.speed = value;
    },
    play: () => stage.play(),
    pause: () => stage.pause(),
    seek(atMs) {
      const done = seeking.then(() => seek(atMs));
      seeking = done.catch(() => {});
      return done;
    },
    own: () => stage.own(),
    finished,
    close() {
      stage.close();
      stage.onEnd();
    },
  };
}

/** @param {unknown} speed */
function checkSpeed(speed) {
  if (typeof speed === "number" && speed >= SLOWEST && speed <= FASTEST) return;
  throw new RaceError("invalid_argument", `speed must be a number from ${SLOWEST} to ${FASTEST}`);
}
