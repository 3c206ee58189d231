// The worker's side: a core or a spectator of its own that does what the page says. It knows its port and what makes them, and not
// that it is a worker.

import { CAR_STRIDE, EVENTS } from "../core.js";
import { RaceError } from "../error.js";
import { Standing } from "../poll.js";
import { Buffers } from "./buffers.js";
import { CALLS, epochMs, faultOf, METRICS_EVERY_MS } from "./messages.js";
import { Watched } from "./watched.js";

/** @typedef {import("../core.js").Core} Core */
/** @typedef {import("./messages.js").ToWorker} ToWorker */
/** @typedef {import("./messages.js").FromWorker} FromWorker */

/**
 * Serve the page at the other end.
 * @param {import("./messages.js").Port} port
 * @param {{ core: import("../core.js").CoreFactory, spectator?: import("../spectator.js").SpectatorFactory }} factories
 * @param {{ nextFrame: (callback: () => void) => void, ended: () => void }} worker  `ended` is called when all is free
 */
export function serve(port, { core: makeCore, spectator: watch }, { nextFrame, ended }) {
  /** @type {Served | Watched | undefined} */
  let served;
  let freed = false;
  /** @param {FromWorker} message @param {ArrayBuffer[]} [transfer] */
  const post = (message, transfer = []) => port.postMessage(message, transfer);

  port.onmessage = ({ data }) => {
    const message = /** @type {ToWorker} */ (data);
    if (message.kind === "make") void make(message.options);
    else if (message.kind === "watch") void makeSpectator(message);
    else if (message.kind === "free") free();
    else served?.handle(message);
  };

  /** @param {import("../core.js").CoreOptions} options */
  async function make(options) {
    try {
      const core = await makeCore(options);
      if (freed) return core.free();
      served = new Served(core, post);
      post({ kind: "made", facts: served.facts() });
      nextFrame(frame);
    } catch (thrown) {
      post({ kind: "failed", fault: faultOf(thrown) });
    }
  }

  /** @param {Extract<ToWorker, { kind: "watch" }>} wish */
  async function makeSpectator({ url, room, options }) {
    try {
      if (!watch) throw new RaceError("invalid_argument", "nothing can be watched here");
      const spectator = await watch(url, room, options);
      if (freed) return spectator.free();
      served = new Watched(spectator, post);
      post({ kind: "watching", sight: served.sight() });
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
    served?.free();
    // Messages may still be on their way.
    served = undefined;
    ended();
  }
}

class Served {
  #buffers = new Buffers();
  #cars = 0;
  #metricsDueMs = 0;
  #stopFrames = () => {};
  /** The core's room. @type {string | undefined} */
  #roomId;
  /** The room that the page's newest position is for. @type {string | undefined} */
  #poseRoomId;
  #standing = new Standing((...pose) => this.#stand(pose));
  #freed = false;

  /**
   * @param {Core} core
   * @param {(message: FromWorker, transfer?: ArrayBuffer[]) => void} post
   */
  constructor(core, post) {
    this.core = core;
    this.post = post;
    for (const type of EVENTS) if (type !== "frame") this.#tell(type);
  }

  /** @param {typeof EVENTS[number]} type @returns {() => void} */
  #tell(type) {
    return this.core.on(type, (/** @type {any} */ event) => {
      this.post({ kind: "event", type, event, facts: this.facts() });
    });
  }

  /** @returns {import("./messages.js").Facts} */
  facts() {
    const { state, generation, sessionId, roomId } = this.core;
    this.#roomId = roomId;
    return { state, generation, sessionId, roomId };
  }

  free() {
    this.#freed = true;
    this.#standing.stop();
    this.core.free();
  }

  /** Send the position again: the page, which may be hidden or busy, sent none for a while. @param {number[]} pose */
  #stand(pose) {
    if (this.#roomId !== undefined && this.#roomId === this.#poseRoomId) this.#send("update", pose);
  }

  /** @param {ToWorker} message */
  handle(message) {
    if (message.kind === "call") void this.#call(message);
    else if (message.kind === "rows") this.#buffers.add(message.rows);
    else if (message.kind === "frames") this.#tellFrames(message.wanted);
    else if (message.kind === "update" || message.kind === "input") this.#offer(message);
  }

  /** There are hundreds a second. @param {boolean} wanted */
  #tellFrames(wanted) {
    this.#stopFrames();
    this.#stopFrames = wanted ? this.#tell("frame") : () => {};
  }

  /** @param {Extract<ToWorker, { kind: "update" | "input" }>} message */
  #offer({ kind, numbers }) {
    if (kind === "update") {
      this.#poseRoomId = this.#roomId;
      this.#standing.take(.../** @type {import("../poll.js").OwnPose} */ (numbers));
      this.#standing.start();
    }
    this.#send(kind, numbers);
  }

  /** @param {"update" | "input"} kind @param {number[]} numbers */
  #send(kind, [a, b, c, d, e, f, g]) {
    try {
      if (kind === "update") this.core.sendUpdate(a, b, c, d, e, f, g);
      else this.core.sendInput(a, b, c);
    } catch {
      // Numbers that the core refuses, as a turn without direction. The page went on long ago, and the worker must not end.
    }
  }

  /** @param {Extract<ToWorker, { kind: "call" }>} message */
  async #call({ id, call, args }) {
    /** @type {{ value?: unknown, fault?: import("./messages.js").Fault }} */
    let answer;
    try {
      const work = CALLS.includes(call) ? this.core[call] : undefined;
      if (!work) throw new RaceError("invalid_argument", `there is no call ${call}`);
      answer = { value: await /** @type {(...args: unknown[]) => unknown} */ (work).apply(this.core, args) };
    } catch (thrown) {
      answer = { fault: faultOf(thrown) };
    }
    // A page that freed the core waits for no answer, and the core has no facts any more.
    if (!this.#freed) this.post({ kind: "answer", id, facts: this.facts(), ...answer });
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
    const buffer = this.#buffers.copy(rows.subarray(0, count * CAR_STRIDE), rows.length);
    if (!buffer) return;
    this.#cars = count;
    this.post({ kind: "rows", rows: buffer, count, atMs: nowMs }, [buffer]);
  }
}
