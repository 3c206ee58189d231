// The page's side: a core that runs in a worker. What can be read at once is a copy of what the worker last sent.

import { EVENTS, NO_METRICS } from "../core.js";
import { RaceError } from "../error.js";
import { Listeners } from "../listeners.js";
import { epochMs, errorOf } from "./messages.js";
import { Motion } from "./motion.js";

/** @typedef {import("../core.js").Core} Core */
/** @typedef {import("../core.js").CoreEvents} CoreEvents */
/** @typedef {import("./messages.js").Call} Call */
/** @typedef {import("./messages.js").FromWorker} FromWorker */
/** @typedef {import("./messages.js").ToWorker} ToWorker */

/** What is known before there is a connection, and after its end. @type {import("./messages.js").Facts} */
const NOTHING = { state: "disconnected", generation: undefined, sessionId: undefined, roomId: undefined };
/** Positions a second by default. */
const UPDATE_HZ = 20;

/** @implements {Core} */
export class RemoteCore {
  /** The worker does it, also while the page is hidden. */
  standing = true;
  #port;
  #end;
  #everyMs;
  #facts = NOTHING;
  #metrics = NO_METRICS;
  #motion = new Motion();
  /** @type {Map<number, string>} */
  #owners = new Map();
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: RaceError) => void }>} */
  #waiting = new Map();
  #lastId = 0;
  /** @type {Listeners<CoreEvents>} */
  #listeners = new Listeners(EVENTS);
  #updateDueMs = 0;
  #inputDueMs = 0;
  /** Why nothing can be done any more. @type {RaceError | undefined} */
  #over;

  /**
   * @param {import("./messages.js").Port} port
   * @param {import("../core.js").CoreOptions} options
   * @param {() => void} end  ends the worker
   */
  constructor(port, options, end) {
    this.#port = port;
    this.#end = end;
    this.#everyMs = 1000 / (options.updateHz ?? UPDATE_HZ);
    port.onmessage = ({ data }) => this.#handle(data);
    /** Resolves when the worker has its core. @type {Promise<this>} */
    this.made = new Promise((resolve, reject) => {
      this.#waiting.set(0, { resolve: () => resolve(this), reject });
    });
    try {
      this.#post({ kind: "make", options });
    } catch (cause) {
      this.fail(
        new RaceError("invalid_argument", "a worker takes no function: leave out webSocket", { cause }),
      );
    }
  }

  /** Give up: the worker has ended or never started. @param {RaceError} error */
  fail(error) {
    if (this.#over) return;
    this.#over = error;
    const wasConnected = this.#facts.state !== "disconnected";
    this.#facts = NOTHING;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#end();
    if (wasConnected) this.#tellOver(error);
  }

  /** Report the end. Without its worker the core never reconnects. @param {RaceError} error */
  #tellOver({ code, message: reason, retryable }) {
    this.#listeners.emit("close", { code, number: 0, reason, retryable, attempt: 0, retryInMs: null });
  }

  /** @param {ToWorker} message @param {ArrayBuffer[]} [transfer] */
  #post(message, transfer = []) {
    this.#port.postMessage(message, transfer);
  }

  /** @param {FromWorker} message */
  #handle(message) {
    if (this.#over) return;
    if (message.kind === "rows") {
      this.#motion.take(new Float32Array(message.rows), message.count, message.atMs);
      this.#post({ kind: "rows", rows: message.rows }, [message.rows]);
    } else if (message.kind === "metrics") {
      this.#metrics = message.metrics;
    } else if (message.kind === "failed") {
      this.fail(errorOf(message.fault));
    } else if ("facts" in message) {
      this.#facts = message.facts;
      if (message.kind === "event") this.#hear(message);
      else this.#settle(message.kind === "made" ? { id: 0 } : message);
    }
  }

  /** @param {{ id: number, value?: unknown, fault?: import("./messages.js").Fault }} answer */
  #settle({ id, value, fault }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (fault) waiting?.reject(errorOf(fault));
    else waiting?.resolve(value);
  }

  /** @param {Extract<FromWorker, { kind: "event" }>} message */
  #hear({ type, event }) {
    if (type === "carJoined") {
      this.#owners.set(event.slot, event.id);
      this.#motion.forget(event.slot);
    } else if (type === "carLeft") {
      this.#owners.delete(event.slot);
    }
    this.#listeners.emit(type, event);
  }

  /**
   * @param {Call} call
   * @param {unknown[]} args
   * @returns {Promise<any>}
   */
  #call(call, ...args) {
    if (this.#over) return call === "close" ? Promise.resolve() : Promise.reject(this.#over);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#post({ kind: "call", id, call, args });
    });
  }

  /** @param {string} url */
  connect(url) {
    return this.#call("connect", url);
  }

  /** @param {import("../core.js").SignIn} who */
  signIn(who) {
    return this.#call("signIn", who);
  }

  /** @param {string} name @param {number} [maxPlayers] */
  createRoom(name, maxPlayers) {
    return this.#call("createRoom", name, maxPlayers);
  }

  /** @param {string} roomId */
  joinRoom(roomId) {
    return this.#call("joinRoom", roomId);
  }

  leaveRoom() {
    return this.#call("leaveRoom");
  }

  listRooms() {
    return this.#call("listRooms");
  }

  roomPlayers() {
    return this.#call("roomPlayers");
  }

  playerInfo() {
    return this.#call("playerInfo");
  }

  /** @param {string} targetId @param {string} text */
  relayMessage(targetId, text) {
    return this.#call("relayMessage", targetId, text);
  }

  /** @param {string} text */
  chat(text) {
    return this.#call("chat", text);
  }

  askGeneration() {
    this.#call("askGeneration").catch(() => {});
  }

  startGame() {
    return this.#call("startGame");
  }

  ping() {
    return this.#call("ping");
  }

  close() {
    return this.#call("close");
  }

  abandon() {
    if (this.#over) this.#tellOver(this.#over);
    else this.#call("abandon").catch(() => {});
  }

  reconnectNow() {
    this.#call("reconnectNow").catch(() => {});
  }

  /**
   * @template {keyof CoreEvents} T
   * @param {T} type
   * @param {(event: CoreEvents[T]) => void} listener
   */
  on(type, listener) {
    const stop = this.#listeners.add(type, listener);
    if (type !== "frame") return stop;
    this.#post({ kind: "frames", wanted: true });
    return () => {
      stop();
      this.#post({ kind: "frames", wanted: false });
    };
  }

  /**
   * Hand the newest numbers to the worker, which sends them when they are due. Says whether that is now, as far as the page can
   * tell.
   * @param {number[]} numbers
   */
  sendUpdate(...numbers) {
    return this.#offer("update", numbers);
  }

  /** @param {number[]} numbers */
  sendInput(...numbers) {
    return this.#offer("input", numbers);
  }

  /**
   * @param {"update" | "input"} kind
   * @param {number[]} numbers
   */
  #offer(kind, numbers) {
    if (!numbers.every(Number.isFinite)) throw new RaceError("invalid_argument", "a number is not finite");
    if (this.#over || this.#facts.roomId === undefined) return false;
    this.#post({ kind, numbers });
    const now = epochMs();
    const dueMs = kind === "update" ? this.#updateDueMs : this.#inputDueMs;
    if (now < dueMs) return false;
    // More than an interval late: missed sends are not made up for.
    const nextMs = dueMs + this.#everyMs > now ? dueMs + this.#everyMs : now + this.#everyMs;
    if (kind === "update") this.#updateDueMs = nextMs;
    else this.#inputDueMs = nextMs;
    return true;
  }

  /** @param {import("../lab.js").Conditions | null} conditions */
  simulate(conditions) {
    return this.#call("simulate", conditions);
  }

  sample() {
    return this.#motion.at(epochMs());
  }

  carCount() {
    return this.#motion.count;
  }

  /** @param {number} slot */
  carId(slot) {
    return this.#owners.get(slot);
  }

  metrics() {
    return this.#metrics;
  }

  get state() {
    return this.#facts.state;
  }

  get generation() {
    return this.#facts.generation;
  }

  get sessionId() {
    return this.#facts.sessionId;
  }

  get roomId() {
    return this.#facts.roomId;
  }

  free() {
    this.#listeners.clear();
    if (this.#over) return;
    this.#post({ kind: "free" });
    this.#over = new RaceError("closed", "the client was freed");
    for (const { reject } of this.#waiting.values()) reject(this.#over);
    this.#waiting.clear();
  }
}
