// The page's side of a spectator whose work is done in a worker. Live cars are moved on between the worker's samples; the
// past comes a moment after it is first looked at.

import { Listeners } from "../listeners.js";
import { RaceError } from "../error.js";
import { epochMs, errorOf } from "./messages.js";
import { Motion } from "./motion.js";
import { Past } from "./past.js";

/** @typedef {import("../spectator.js").SpectatorCore} SpectatorCore */
/** @typedef {import("../spectator.js").SpectatorEvents} SpectatorEvents */
/** @typedef {import("./messages.js").FromWorker} FromWorker */
/** @typedef {import("./messages.js").ToWorker} ToWorker */

const TYPES = /** @type {const} */ (["state", "room", "log"]);
/** So long the live moment goes on without a word of the worker's. */
const LONGEST_MS = 100;
/** What is counted before anything came. @type {import("../spectator.js").SpectatorStats} */
const NO_METRICS = Object.freeze({
  received: 0,
  skipped: 0,
  refused: 0,
  bytesReceived: 0,
  bytesPerSecond: 0,
  snapshotsPerSecond: 0,
  delayMs: 0,
  jitterMs: 0,
  historyBytes: 0,
});

/** @implements {SpectatorCore} */
export class RemoteSpectator {
  #port;
  #end;
  /** @type {Listeners<SpectatorEvents>} */
  #listeners = new Listeners(TYPES);
  /** @type {import("./messages.js").Sight} */
  #sight = { state: "connecting", room: null };
  #metrics = NO_METRICS;
  #motion = new Motion();
  #past = new Past((second) => this.#post({ kind: "second", second }));
  /** As the worker said last, and when. */
  #live = { startMs: NaN, liveMs: NaN, atMs: 0 };
  #shownMs = -Infinity;
  #count = 0;
  #isOver = false;
  /** @type {(error: RaceError) => void} */
  #refuse = () => {};
  /** @type {() => void} */
  #accept = () => {};

  /**
   * @param {import("./messages.js").Port} port
   * @param {{ url: string, room: string, options: import("../spectator.js").SpectateOptions }} wish
   * @param {() => void} end  lets go of the worker
   */
  constructor(port, wish, end) {
    this.#port = port;
    this.#end = end;
    port.onmessage = ({ data }) => this.#handle(data);
    /** Resolves when the worker watches. @type {Promise<this>} */
    this.made = new Promise((resolve, reject) => {
      this.#accept = () => resolve(this);
      this.#refuse = reject;
    });
    try {
      this.#post({ kind: "watch", ...wish });
    } catch (cause) {
      const words = "a worker takes no function: leave out webSocket";
      this.fail(new RaceError("invalid_argument", words, { cause }));
    }
  }

  /** Give up: the worker is gone or never came. @param {RaceError} error */
  fail(error) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#refuse(error);
    this.#end();
    const { code, message: reason, retryable } = error;
    if (this.#sight.state === "closed") return;
    this.#sight = { ...this.#sight, state: "closed" };
    this.#listeners.emit("state", { state: "closed", code, reason, retryable });
  }

  get state() {
    return this.#sight.state;
  }

  get room() {
    return this.#sight.room;
  }

  get startMs() {
    return this.#live.startMs;
  }

  get liveMs() {
    const { liveMs, atMs } = this.#live;
    const onMs = Math.min(Math.max(epochMs() - atMs, 0), LONGEST_MS);
    // It may have been read a little further than the worker then went.
    if (liveMs + onMs > this.#shownMs) this.#shownMs = liveMs + onMs;
    return Number.isNaN(liveMs) ? NaN : this.#shownMs;
  }

  /** @param {number} [atMs] */
  sample(atMs) {
    const { liveMs, startMs } = this.#live;
    if (atMs === undefined || !(atMs < liveMs)) {
      const rows = this.#motion.at(epochMs());
      this.#count = this.#motion.count;
      return rows;
    }
    const rows = this.#past.at(Math.max(atMs, startMs), liveMs);
    this.#count = this.#past.count;
    return rows;
  }

  carCount() {
    return this.#count;
  }

  metrics() {
    return this.#metrics;
  }

  /**
   * @template {keyof SpectatorEvents} T
   * @param {T} type
   * @param {(event: SpectatorEvents[T]) => void} listener
   */
  on(type, listener) {
    return this.#listeners.add(type, listener);
  }

  close() {
    this.#post({ kind: "close" });
  }

  /** The worker ends too. */
  free() {
    this.#listeners.clear();
    this.#post({ kind: "free" });
    this.#isOver = true;
  }

  /** @param {ToWorker} message @param {ArrayBuffer[]} [transfer] */
  #post(message, transfer = []) {
    if (!this.#isOver) this.#port.postMessage(message, transfer);
  }

  /** @param {FromWorker} message */
  #handle(message) {
    if (this.#isOver) return;
    if (message.kind === "live") {
      const { rows, count, atMs, liveMs, startMs } = message;
      this.#live = { liveMs, startMs, atMs };
      this.#motion.take(new Float32Array(rows), count, atMs);
      this.#post({ kind: "rows", rows }, [rows]);
    } else if (message.kind === "past") {
      const { second, counts, settled } = message;
      this.#past.take({ second, counts, settled, rows: new Float32Array(message.rows) });
    } else if (message.kind === "figures") {
      this.#metrics = message.metrics;
    } else if (message.kind === "seen") {
      this.#sight = message.sight;
      this.#listeners.emit(message.type, message.event);
    } else if (message.kind === "watching") {
      this.#sight = message.sight;
      this.#accept();
    } else if (message.kind === "failed") {
      this.fail(errorOf(message.fault));
    }
  }
}
