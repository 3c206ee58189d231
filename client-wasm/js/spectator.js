/// <reference lib="esnext.disposable" preserve="true" />

// Watches a race without an account: live, and up to ten minutes back.

import { NOTHING, Reader } from "./cars.js";
import { DISPOSE } from "./dispose.js";
import { Emitter, emit, end } from "./emitter.js";
import { checkText, loadFailed, raceError } from "./error.js";
import { wasmSpectator } from "./wasm-core.js";

/** @typedef {import("./cars.js").Car} Car */
/** @typedef {import("./cars.js").CarSample} CarSample */
/**
 * @typedef {object} SpectateOptions  The options of a spectator.
 * @property {string} [token]  the access token, if the relay's operator demands one
 * @property {number} [historySeconds]  how much of the past is kept, 0 to 600; default 600
 * @property {(url: string, protocols: string[]) => WebSocket} [webSocket]  makes the socket instead of the browser
 * @property {import("./clock.js").Clock} [clock]  replaces the browser's time and timers
 * @property {"off" | "error" | "warn" | "info" | "debug" | "trace"} [logLevel]  default "warn"
 */
/** @typedef {(url: string, room: string, options: SpectateOptions) => Promise<SpectatorCore>} SpectatorFactory  Begins to watch a room. It may load something first. */
/** @typedef {{ id: string, name: string, hostId: string | null, isActive: boolean, players: { index: number, id: string, name: string }[], notice?: string, atMs: number }} SpectatedRoom  A watched room as it is from `atMs` on. `notice` says why the race cannot be shown. */
/** @typedef {{ received: number, skipped: number, refused: number, bytesReceived: number, bytesPerSecond: number, snapshotsPerSecond: number, delayMs: number, jitterMs: number, historyBytes: number }} SpectatorStats  Figures about watching: snapshots, bytes, and milliseconds. */
/**
 * @typedef {object} SpectatorEvents  The events of a spectator.
 * @property {{ state: "connecting" | "live" | "reconnecting" | "closed", code?: string, reason?: string, retryable?: boolean, retryInMs?: number }} state
 * @property {SpectatedRoom} room  the room is known now, or has changed
 * @property {{ level: string, line: string }} log
 */
/**
 * @typedef {object} SpectatorCore  The core behind a spectator. Times are the spectator's.
 * @property {SpectatorEvents["state"]["state"]} state
 * @property {SpectatedRoom | null} room
 * @property {number} startMs
 * @property {number} liveMs
 * @property {(atMs?: number) => Float32Array} sample  rows as of a room's sample, where slot is a player's `index`; valid until the next call
 * @property {() => number} carCount
 * @property {() => SpectatorStats} metrics
 * @property {{ newest?: WebSocket, opened: (socket: WebSocket) => void }} [sockets]  its newest socket; `opened` is called with each that follows
 * @property {<T extends keyof SpectatorEvents>(type: T, listener: (event: SpectatorEvents[T]) => void) => () => void} on
 * @property {() => void} close
 * @property {() => void} free
 */

const TYPES = /** @type {const} */ (["state", "room", "log"]);

/** A spectator of a room. Times are milliseconds since the first snapshot. @extends {Emitter<SpectatorEvents>} */
export class Spectator extends Emitter {
  /** @type {SpectatorCore | null} */
  #core;
  /** @type {CarSample} */
  #sample = { rows: NOTHING, count: 0 };
  /** By their index. @type {Map<number, SpectatedRoom["players"][number]>} */
  #players = new Map();
  #reader = new Reader(
    (slot) => this.#players.get(slot)?.id ?? "",
    (_, slot) => this.#players.get(slot)?.name ?? "",
  );
  #clock;
  #wantsLog = false;
  #stopLog = () => {};
  /** @type {import("./replay.js").WatchedReplay | null} */
  #playback = null;

  /**
   * Play a spectator's recording. Its `playback` pauses, seeks and changes the speed. With `./inline`, call `init()` first.
   * @param {Blob} blob
   * @param {import("./replay.js").ReplayOptions & { paused?: boolean, spectator?: SpectatorFactory }} [options]
   * @returns {Promise<Spectator>}
   */
  static async replay(blob, options) {
    const { paused = false, spectator = wasmSpectator, ...own } = options ?? {};
    const { rewatch } = await import("./replay.js").catch(loadFailed);
    const { playback, core, clock, adopted } = await rewatch(blob, spectator, own);
    const shown = new this(core, clock);
    shown.#playback = playback;
    adopted((next) => shown.#adopt(next));
    if (!paused) playback.play();
    return shown;
  }

  /**
   * @param {SpectatorCore} core
   * @param {import("./clock.js").Clock} [clock]  the core's, if it is not the browser's
   */
  constructor(core, clock) {
    super(TYPES, (type, wanted) => {
      if (type !== "log") return;
      this.#wantsLog = wanted;
      this.#log();
    });
    this.#core = core;
    this.#clock = clock;
    this.#hear(core);
  }

  /** The replay that this spectator shows; null for any other spectator. */
  get playback() {
    return this.#playback;
  }

  /**
   * Record what is received, for `Spectator.replay`. Loads the recorder.
   * @param {import("./recorder.js").RecordingOptions} [options]
   * @returns {Promise<import("./engine.js").Recording>}  resolves when it has begun
   */
  async record(options) {
    const { SpectatorRecorder } = await import("./recorder.js").catch(loadFailed);
    return new SpectatorRecorder(this.#core, { clock: this.#clock, ...options });
  }

  get state() {
    return this.#core?.state ?? "closed";
  }

  /** The newest room that the relay has shown; null before the first. */
  get room() {
    return this.#core?.room ?? null;
  }

  /** The oldest moment that is kept; NaN before the first snapshot. */
  get startMs() {
    return this.#core?.startMs ?? NaN;
  }

  /** The moment to show now; NaN before the first snapshot. */
  get liveMs() {
    return this.#core?.liveMs ?? NaN;
  }

  /** Figures about what is received; null once it is closed. */
  get stats() {
    return this.#core?.metrics() ?? null;
  }

  /**
   * The cars as rows of numbers, as of a room's sample, where slot is a player's `index`. Makes no garbage.
   * @param {number} [atMs]  any moment that is kept; default: live
   * @returns {CarSample}
   */
  sample(atMs) {
    this.#sample.rows = this.#core?.sample(atMs) ?? NOTHING;
    this.#sample.count = this.#core?.carCount() ?? 0;
    return this.#sample;
  }

  /**
   * The cars. Each call makes new objects, so they may be kept.
   * @param {number} [atMs]  as in `sample`; names are the current ones
   */
  cars(atMs) {
    return this.#reader.list(this.sample(atMs));
  }

  /**
   * Call a function with each car. It is one object, filled again for each: copy what you keep. Makes no garbage.
   * @param {(car: Car) => void} work
   * @param {number} [atMs]  as in `cars`
   */
  forEachCar(work, atMs) {
    this.#reader.forEach(this.sample(atMs), work);
  }

  /** Free everything, the past too. A second call is no error. */
  close() {
    const core = this.#core;
    if (!core) return;
    this.#core = null;
    this.#playback?.close();
    core.close();
    core.free();
    // If it had ended by itself, nobody listens any more.
    emit(this, "state", { state: "closed", code: "closed", reason: "", retryable: false });
    end(this);
  }

  [DISPOSE]() {
    this.close();
  }

  /** Go on with another core. @param {SpectatorCore} core */
  #adopt(core) {
    const before = this.#core;
    // It was closed meanwhile.
    if (!before) return core.free();
    this.#core = core;
    before.free();
    this.#hear(core);
    this.#log();
  }

  /** @param {SpectatorCore} core */
  #hear(core) {
    this.#meet();
    core.on("room", (room) => {
      this.#meet();
      emit(this, "room", room);
    });
    core.on("state", (change) => {
      emit(this, "state", change);
      if (change.state === "closed") end(this);
    });
  }

  #log() {
    this.#stopLog();
    const stop = this.#wantsLog && this.#core?.on("log", (event) => emit(this, "log", event));
    this.#stopLog = stop || (() => {});
  }

  #meet() {
    this.#players = new Map(this.room?.players.map((player) => [player.index, player]));
  }
}

/**
 * @param {string | URL} url
 * @param {string} room
 * @param {SpectateOptions & { spectator?: SpectatorFactory }} [options]
 * @returns {Promise<Spectator>}
 */
export async function spectate(url, room, options) {
  const { spectator = wasmSpectator, ...own } = options ?? {};
  try {
    checkText(room, "a room's id");
    return new Spectator(await spectator(String(url), room, own), own.clock);
  } catch (thrown) {
    throw raceError(thrown);
  }
}
