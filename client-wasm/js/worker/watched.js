// The worker's side of a spectator: the wasm client's own, whose live cars go to the page at each frame, and its past as the
// page asks for it.

import { CAR_STRIDE } from "../core.js";
import { Buffers } from "./buffers.js";
import { METRICS_EVERY_MS } from "./messages.js";
import { SAMPLES, SECOND_MS, STEP_MS } from "./past.js";

/** @typedef {import("../spectator.js").SpectatorCore} SpectatorCore */
/** @typedef {import("./messages.js").FromWorker} FromWorker */
/** @typedef {import("./messages.js").ToWorker} ToWorker */

/** So long behind live nothing is a guess any more. */
const SETTLED_MS = 1000;

export class Watched {
  #spectator;
  #post;
  #buffers = new Buffers();
  #metricsDueMs = 0;

  /**
   * @param {SpectatorCore} spectator
   * @param {(message: FromWorker, transfer?: ArrayBuffer[]) => void} post
   */
  constructor(spectator, post) {
    this.#spectator = spectator;
    this.#post = post;
    for (const type of /** @type {const} */ (["state", "room", "log"])) {
      spectator.on(type, (event) => post({ kind: "seen", type, event, sight: this.sight() }));
    }
  }

  /** What can be read of it at any time. @returns {import("./messages.js").Sight} */
  sight() {
    const { state, room } = this.#spectator;
    return { state, room };
  }

  /** @param {ToWorker} message */
  handle(message) {
    if (message.kind === "rows") this.#buffers.add(message.rows);
    else if (message.kind === "second") this.#tell(message.second);
    else if (message.kind === "close") this.#spectator.close();
  }

  /** Send what is live at a frame. @param {number} nowMs */
  frame(nowMs) {
    const spectator = this.#spectator;
    if (nowMs >= this.#metricsDueMs) {
      this.#metricsDueMs = nowMs + METRICS_EVERY_MS;
      this.#post({ kind: "figures", metrics: spectator.metrics() });
    }
    const { liveMs, startMs } = spectator;
    if (Number.isNaN(liveMs)) return;
    const rows = spectator.sample(liveMs);
    const count = spectator.carCount();
    const buffer = this.#buffers.copy(rows.subarray(0, count * CAR_STRIDE), rows.length);
    if (!buffer) return;
    this.#post({ kind: "live", rows: buffer, count, atMs: nowMs, liveMs, startMs }, [buffer]);
  }

  free() {
    this.#spectator.free();
  }

  /** Tell of a second of the past, as far as it has been. @param {number} second */
  #tell(second) {
    const spectator = this.#spectator;
    const { liveMs } = spectator;
    const beginMs = second * SECOND_MS;
    /** @type {number[]} */
    const counts = [];
    /** @type {Float32Array[]} */
    const samples = [];
    for (let step = 0; step < SAMPLES && beginMs + step * STEP_MS <= liveMs; step += 1) {
      const rows = spectator.sample(beginMs + step * STEP_MS);
      counts.push(spectator.carCount());
      samples.push(rows.slice(0, counts[step] * CAR_STRIDE));
    }
    const rows = new Float32Array(samples.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const sample of samples) {
      rows.set(sample, at);
      at += sample.length;
    }
    const settled = liveMs >= beginMs + SECOND_MS + SETTLED_MS;
    this.#post({ kind: "past", second, counts, rows: rows.buffer, settled }, [rows.buffer]);
  }
}
