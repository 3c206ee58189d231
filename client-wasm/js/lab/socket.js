// A WebSocket behind a made-up network: looks like one, and has a real one inside.
import { Lane } from "./lane.js";

/** @typedef {import("./conditions.js").Checked} Checked */
/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {{ wait: "open" | "close", event: CloseEvent | null } | { wait: "message", event: MessageEvent } } Incoming */
/** @typedef {{ wait: "send", data: string | ArrayBuffer | Blob } | { wait: "close", code: number | undefined, reason: string | undefined }} Outgoing */

/** As the browser numbers them. */
export const STATES = Object.freeze({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 });
const TYPES = /** @type {const} */ (["open", "message", "error", "close"]);
/** What a page is told of a connection that broke without a close frame. */
const ABNORMAL = 1006;

/** @typedef {{ conditions: () => Checked, clock: Clock, seed: number, gone: () => void }} Surroundings  `gone` is told of the end */

/** Duck-typed: the members of `WebSocket` that clients use, and its events. */
export class LabSocket extends EventTarget {
  CONNECTING = STATES.CONNECTING;
  OPEN = STATES.OPEN;
  CLOSING = STATES.CLOSING;
  CLOSED = STATES.CLOSED;
  /** @type {number} */
  readyState;
  /** @type {((event: any) => void) | null} */
  onopen = null;
  /** @type {((event: any) => void) | null} */
  onmessage = null;
  /** @type {((event: any) => void) | null} */
  onerror = null;
  /** @type {((event: any) => void) | null} */
  onclose = null;

  /** @type {WebSocket} */
  #real;
  /** The real one's own, whatever stands before them later. @type {Pick<WebSocket, "send" | "close">} */
  #way;
  #clock;
  /** @type {() => Checked} */
  #conditions;
  /** @type {() => void} */
  #gone;
  /** @type {Lane<Incoming>} */
  #down;
  /** @type {Lane<Outgoing>} */
  #up;
  /** @type {unknown} */
  #timer = null;
  #timerMs = Infinity;
  /** @type {unknown} */
  #breakTimer = null;

  /**
   * @param {WebSocket} real
   * @param {Surroundings} around
   */
  constructor(real, { conditions, clock, seed, gone }) {
    super();
    this.#real = real;
    this.#way = { send: real.send.bind(real), close: real.close.bind(real) };
    this.readyState = real.readyState;
    this.#conditions = conditions;
    this.#clock = clock;
    this.#gone = gone;
    this.#down = new Lane(seed);
    this.#up = new Lane(~seed >>> 0);
    // As events of their own, so that what a handler throws is reported and stops nothing.
    for (const type of TYPES) this.addEventListener(type, (event) => this[`on${type}`]?.(event));
    real.binaryType = "arraybuffer";
    real.onopen = () => this.#receive({ wait: "open", event: null });
    real.onmessage = (event) => this.#receive({ wait: "message", event });
    real.onclose = (event) => this.#receive({ wait: "close", event });
    // A close follows, except in Node 22 when it cannot connect.
    real.onerror = () => {
      if (real.readyState === STATES.CONNECTING) this.#receive({ wait: "close", event: null });
    };
    if (this.readyState === STATES.OPEN) this.#armBreak();
  }

  /**
   * Step before a socket that is in use: whoever has it goes on with it, and it goes through here from now on.
   * @param {WebSocket} real
   * @param {Surroundings} around
   */
  static before(real, around) {
    const names = TYPES.map((type) => /** @type {const} */ (`on${type}`));
    const listeners = names.map((name) => real[name]);
    const socket = new LabSocket(real, around);
    names.forEach((name, at) => {
      socket[name] = listeners[at];
      const receive = real[name];
      const listen = (/** @type {typeof socket.onopen} */ listener) => void (socket[name] = listener);
      // The real one calls what is read there, if it is no browser's; its user only writes.
      Object.defineProperty(real, name, { get: () => receive, set: listen });
    });
    real.send = (data) => socket.send(/** @type {Parameters<LabSocket["send"]>[0]} */ (data));
    real.close = (code, reason) => socket.close(code, reason);
    return socket;
  }

  get url() {
    return this.#real.url;
  }

  get protocol() {
    return this.#real.protocol;
  }

  get extensions() {
    return this.#real.extensions;
  }

  get bufferedAmount() {
    return this.#real.bufferedAmount;
  }

  get binaryType() {
    return this.#real.binaryType;
  }

  set binaryType(type) {
    this.#real.binaryType = type;
  }

  /** @param {string | ArrayBuffer | ArrayBufferView | Blob} data */
  send(data) {
    if (this.readyState === STATES.CONNECTING) {
      throw new DOMException("still connecting", "InvalidStateError");
    }
    if (this.readyState !== STATES.OPEN) return;
    const frame = /** @type {Outgoing} */ ({ wait: "send", data: kept(data) });
    const [nowMs, conditions] = [this.#clock.now(), this.#conditions()];
    if (typeof data !== "string") this.#up.datagram(frame, nowMs, conditions);
    else if (!this.#up.text(frame, data.length, nowMs, conditions)) return this.#breakSoon();
    this.#workUp();
  }

  /**
   * @param {number} [code]
   * @param {string} [reason]
   */
  close(code, reason) {
    if (this.readyState >= STATES.CLOSING) return;
    if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new DOMException(`close code ${code} is not for pages`, "InvalidAccessError");
    }
    if (this.readyState === STATES.CONNECTING) {
      this.readyState = STATES.CLOSING;
      this.#way.close();
      return;
    }
    this.readyState = STATES.CLOSING;
    // Behind what was sent before; a network that holds too much breaks.
    const frame = /** @type {Outgoing} */ ({ wait: "close", code, reason });
    if (!this.#up.text(frame, 0, this.#clock.now(), this.#conditions())) this.#breakSoon();
    else this.#workUp();
  }

  /** End at once and without a word, as a cut cable does. */
  break() {
    if (this.readyState === STATES.CLOSED) return;
    this.#end({ code: ABNORMAL, reason: "", wasClean: false });
  }

  /** The same for who speaks just now. */
  #breakSoon() {
    this.#clear("break");
    this.#breakTimer = this.#clock.setTimeout(() => this.break(), 0);
  }

  /** The conditions changed: what is on its way keeps its time, a break is counted from now. @param {number | null} seed */
  changed(seed) {
    if (seed !== null) {
      this.#down.reseed(seed);
      this.#up.reseed(~seed >>> 0);
    }
    if (this.readyState === STATES.OPEN) this.#armBreak();
  }

  /** @param {Incoming} frame */
  #receive(frame) {
    if (this.readyState === STATES.CLOSED) return;
    const [nowMs, conditions] = [this.#clock.now(), this.#conditions()];
    const data = frame.wait === "message" ? frame.event.data : "";
    if (typeof data !== "string") this.#down.datagram(frame, nowMs, conditions);
    else if (!this.#down.text(frame, data.length, nowMs, conditions)) return this.break();
    this.#work();
  }

  /** Deliver what has arrived, and come back for the rest. A listener may close, break or send meanwhile. */
  #work() {
    const nowMs = this.#clock.now();
    for (let next; (next = this.#down.take(nowMs));) this.#deliverDown(next.frame);
    this.#workUp();
  }

  /** Nothing is heard while one speaks, as with a real one: who sends is not ready to listen. */
  #workUp() {
    const nowMs = this.#clock.now();
    for (let next; (next = this.#up.take(nowMs));) this.#deliverUp(next.frame);
    this.#setTimer();
  }

  /** @param {Outgoing} frame */
  #deliverUp(frame) {
    if (frame.wait === "close") this.#way.close(frame.code, frame.reason);
    else if (this.#real.readyState === STATES.OPEN) this.#way.send(frame.data);
  }

  /** @param {Incoming} frame */
  #deliverDown(frame) {
    if (frame.wait === "close") {
      const { code = ABNORMAL, reason = "", wasClean = false } = frame.event ?? {};
      this.#end({ code, reason, wasClean });
    } else if (frame.wait === "message") {
      // What is under way when the page closes still arrives, as with a real one.
      if (this.readyState !== STATES.CLOSED) this.#emit("message", { data: frame.event.data });
    } else if (this.readyState === STATES.CONNECTING) {
      this.readyState = STATES.OPEN;
      this.#armBreak();
      this.#emit("open", {});
    }
  }

  #setTimer() {
    if (this.readyState === STATES.CLOSED) return;
    const dueMs = Math.min(this.#up.dueMs() ?? Infinity, this.#down.dueMs() ?? Infinity);
    if (this.#timer !== null && this.#timerMs === dueMs) return;
    this.#clear("timer");
    if (dueMs === Infinity) return;
    this.#timerMs = dueMs;
    const waitMs = Math.max(0, Math.ceil(dueMs - this.#clock.now()));
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#work();
    }, waitMs);
  }

  #armBreak() {
    this.#clear("break");
    const { disconnectAfterMs } = this.#conditions();
    if (disconnectAfterMs === null) return;
    this.#breakTimer = this.#clock.setTimeout(() => this.break(), disconnectAfterMs);
  }

  /** @param {"timer" | "break"} which */
  #clear(which) {
    const timer = which === "timer" ? this.#timer : this.#breakTimer;
    if (timer !== null) this.#clock.clearTimeout(timer);
    if (which === "timer") this.#timer = null;
    else this.#breakTimer = null;
  }

  /** @param {{ code: number, reason: string, wasClean: boolean }} close */
  #end(close) {
    if (this.readyState === STATES.CLOSED) return;
    this.readyState = STATES.CLOSED;
    this.#clear("timer");
    this.#clear("break");
    this.#down.clear();
    this.#up.clear();
    this.#way.close();
    this.#gone();
    if (!close.wasClean) this.#emit("error", {});
    this.#emit("close", close);
  }

  /**
   * @param {typeof TYPES[number]} type
   * @param {Record<string, unknown>} properties
   */
  #emit(type, properties) {
    this.dispatchEvent(Object.assign(new Event(type), properties));
  }
}

/**
 * What is sent later must not change until then: a view may be of memory that the sender writes again.
 * @param {string | ArrayBuffer | ArrayBufferView | Blob} data
 * @returns {string | ArrayBuffer | Blob}
 */
function kept(data) {
  if (typeof data === "string" || data instanceof Blob) return data;
  if (!ArrayBuffer.isView(data)) return data.slice(0);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice().buffer;
}
