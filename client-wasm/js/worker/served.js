// The worker's side: a core of its own, done with as the page says. Knows its port and a factory, and not that it is a worker.

import { CAR_STRIDE } from "../core.js";
import { RaceError, raceError } from "../error.js";
import { EVENTS } from "../core.js";
import { CALLS, epochMs } from "./messages.js";

/** @typedef {import("../core.js").Core} Core */
/** @typedef {import("./messages.js").ToWorker} ToWorker */
/** @typedef {import("./messages.js").FromWorker} FromWorker */

/** Samples that may be on their way to a page: one that is busy does not pile them up. */
const BUFFERS = 4;
/** How often the figures are sent. */
const METRICS_EVERY_MS = 250;

/**
 * Serve a core to the page at the other end.
 * @param {import("./messages.js").Port} port
 * @param {import("../core.js").CoreFactory} factory
 * @param {{ nextFrame: (callback: () => void) => void, ended: () => void }} worker  `ended` is called when the core is free
 */
export function serve(port, factory, { nextFrame, ended }) {
  /** @type {Served | undefined} */
  let served;
  let freed = false;
  /** @param {FromWorker} message @param {ArrayBuffer[]} [transfer] */
  const post = (message, transfer = []) => port.postMessage(message, transfer);

  port.onmessage = ({ data }) => {
    const message = /** @type {ToWorker} */ (data);
    if (message.kind === "make") void make(message.options);
    else if (message.kind === "free") free();
    else served?.handle(message);
  };

  /** @param {import("../core.js").CoreOptions} options */
  async function make(options) {
    try {
      const core = await factory(options);
      if (freed) return core.free();
      served = new Served(core, post);
      post({ kind: "made", facts: served.facts() });
      nextFrame(frame);
    } catch (thrown) {
      post({ kind: "failed", fault: faultOf(thrown) });
    }
  }

  function frame() {
    if (freed) return;
    served?.frame(epochMs());
    nextFrame(frame);
  }

  function free() {
    freed = true;
    served?.core.free();
    ended();
  }
}

class Served {
  /** @type {ArrayBuffer[]} buffers that the page is done with */
  #buffers = [];
  #buffersMade = 0;
  #cars = 0;
  #metricsDueMs = 0;

  /**
   * @param {Core} core
   * @param {(message: FromWorker, transfer?: ArrayBuffer[]) => void} post
   */
  constructor(core, post) {
    this.core = core;
    this.post = post;
    for (const type of EVENTS) {
      core.on(type, (event) => post({ kind: "event", type, event, facts: this.facts() }));
    }
  }

  /** @returns {import("./messages.js").Facts} */
  facts() {
    const { state, sessionId, roomId } = this.core;
    return { state, sessionId, roomId };
  }

  /** @param {Exclude<ToWorker, { kind: "make" | "free" }>} message */
  handle(message) {
    if (message.kind === "call") void this.#call(message);
    else if (message.kind === "rows") this.#buffers.push(message.rows);
    else if (message.kind === "update") {
      const [x, y, z, qx, qy, qz, qw] = message.numbers;
      this.core.sendUpdate(x, y, z, qx, qy, qz, qw);
    } else {
      const [steering, throttle, brake] = message.numbers;
      this.core.sendInput(steering, throttle, brake);
    }
  }

  /** @param {Extract<ToWorker, { kind: "call" }>} message */
  async #call({ id, call, args }) {
    try {
      const work = CALLS.includes(call) ? this.core[call] : undefined;
      if (!work) throw new RaceError("invalid_argument", `there is no call ${call}`);
      const value = await /** @type {(...args: unknown[]) => unknown} */ (work).apply(this.core, args);
      this.post({ kind: "answer", id, facts: this.facts(), value });
    } catch (thrown) {
      this.post({ kind: "answer", id, facts: this.facts(), fault: faultOf(thrown) });
    }
  }

  /** Send what is new at a frame. @param {number} nowMs */
  frame(nowMs) {
    if (this.core.state === "disconnected") return;
    if (nowMs >= this.#metricsDueMs) {
      this.#metricsDueMs = nowMs + METRICS_EVERY_MS;
      this.post({ kind: "metrics", metrics: this.core.metrics() });
    }
    const rows = this.core.sample();
    const count = this.core.carCount();
    if (count === 0 && this.#cars === 0) return;
    const buffer = this.#buffer(rows.length);
    if (!buffer) return;
    this.#cars = count;
    new Float32Array(buffer).set(rows.subarray(0, count * CAR_STRIDE));
    this.post({ kind: "rows", rows: buffer, count, atMs: nowMs }, [buffer]);
  }

  /** A buffer for a sample, unless all are on their way. @param {number} numbers */
  #buffer(numbers) {
    const buffer = this.#buffers.pop();
    if (buffer && buffer.byteLength >= numbers * Float32Array.BYTES_PER_ELEMENT) return buffer;
    if (buffer) this.#buffersMade -= 1;
    if (this.#buffersMade >= BUFFERS) return undefined;
    this.#buffersMade += 1;
    return new ArrayBuffer(numbers * Float32Array.BYTES_PER_ELEMENT);
  }
}

/** @param {unknown} thrown @returns {import("./messages.js").Fault} */
function faultOf(thrown) {
  const { code, retryable, message } = raceError(thrown);
  return { code, retryable, message };
}
