// The flight recorder: what goes through a core, kept in memory and bounded, as a file that `replay` plays again. Passwords
// and secrets are never in it; texts that people write only where that is asked for.
import { CAR_STRIDE } from "./core.js";
import { RaceError, raceError } from "./error.js";
import { PAGE_CLOCK } from "./clock.js";
import { CARS, INPUT, MIME_TYPE, NOTE, OWN, OWN_SLOT, VERSION, encodeHead } from "./recorder/format.js";
import { RecordedCore } from "./recorder/recorded-core.js";
import { keptArguments, keptEvent } from "./recorder/redact.js";
import { CAR_BYTES, writeCar } from "./recorder/row.js";
import { Tape } from "./recorder/tape.js";

/** @typedef {import("./core.js").Core} Core */
/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./recorder/format.js").Keyframe} Keyframe */

/**
 * @typedef {object} RecordingOptions  How much of a race is kept, and what.
 * @property {number} [maxMinutes]  of the newest that is kept, 1 to 240; default 30
 * @property {number} [maxMegabytes]  1 to 256; default 64
 * @property {boolean} [messages]  keep what people write to each other; default false
 * @property {string} [name]  the player's, where it has signed in before
 * @property {Clock} [clock]
 */
/**
 * @typedef {object} Recording
 * @property {Core} core  to be used in place of the one that was given; goes on working after the end
 * @property {(core: Core) => Core} wrap  the same for the core that comes after it
 * @property {number} durationMs  so far
 * @property {number} byteLength  so far
 * @property {boolean} stopped
 * @property {() => Blob} stop  ends it; gives the recording, and always the same one
 */

/** Cars are kept so often: as often as the server tells of them. */
const ROWS_MS = 50;
/** A frame of a page at 60 Hz comes a little early or late. */
const EARLY_MS = 8;
const METRICS_MS = 1000;
/** The slots that a core has. */
const SLOTS = 128;
const DEFAULT_MINUTES = 30;
const MOST_MINUTES = 240;
const DEFAULT_MEGABYTES = 64;
export const MOST_MEGABYTES = 256;

/** Calls that only ask: kept when the answer is another one than before. */
const ASKING = new Set(["listRooms", "roomPlayers", "playerInfo", "ping"]);
/** Log lines have everything in them, texts too, and say nothing that the rest does not. */
const EVENTS = /** @type {const} */ ([
  "state",
  "gameStarted",
  "message",
  "carJoined",
  "carLeft",
  "roomLost",
  "draining",
  "kicked",
  "close",
  "unknown",
]);

/**
 * Record a core from now on.
 * @param {Core} core
 * @param {RecordingOptions} [options]
 * @returns {Recording}
 */
export function recording(core, options = {}) {
  const recorder = new Recorder(options);
  const wrapped = recorder.wrap(core);
  return {
    core: wrapped,
    wrap: (next) => recorder.wrap(next),
    get durationMs() {
      return recorder.durationMs;
    },
    get byteLength() {
      return recorder.byteLength;
    },
    get stopped() {
      return recorder.stopped;
    },
    stop: () => recorder.stop(),
  };
}

class Recorder {
  #clock;
  #messages;
  #startedAt = new Date().toISOString();
  #startMs;
  #tape;
  /** @type {Core | null} */
  #core = null;
  /** @type {Array<() => void>} */
  #unsubscribe = [];
  /** @type {string | null} */
  #name;
  /** Whose car a slot is, and the other way round. @type {Map<number, string>} */
  #cars = new Map();
  /** @type {Map<string, number>} */
  #slots = new Map();
  /** @type {Map<string, unknown>} */
  #answers = new Map();
  /** @type {Map<string, string>} */
  #answersJson = new Map();
  /** @type {import("./core.js").CoreMetrics | null} */
  #metrics = null;
  /** @type {Map<number, [number, string, string[]]>} */
  #pending = new Map();
  #calls = 0;
  #rowsAtMs = -Infinity;
  #ownAtMs = -Infinity;
  #metricsAtMs = -Infinity;
  #hadCars = false;
  /** @type {unknown} */
  #timer;
  /** @type {Blob | null} */
  #blob = null;

  /** @param {RecordingOptions} options */
  constructor({ maxMinutes, maxMegabytes, messages = false, name, clock = PAGE_CLOCK }) {
    const minutes = limit("maxMinutes", maxMinutes, DEFAULT_MINUTES, MOST_MINUTES);
    const megabytes = limit("maxMegabytes", maxMegabytes, DEFAULT_MEGABYTES, MOST_MEGABYTES);
    this.#clock = clock;
    this.#messages = messages === true;
    this.#name = name ?? null;
    this.#startMs = clock.now();
    const limits = { maxMs: minutes * 60_000, maxBytes: megabytes * 1024 * 1024 };
    this.#tape = new Tape(() => this.#keyframe(), limits);
  }

  get durationMs() {
    return this.#nowMs() - this.#tape.startMs;
  }

  get byteLength() {
    return this.#tape.byteLength;
  }

  get stopped() {
    return this.#blob !== null;
  }

  /** @param {Core} core @returns {Core} */
  wrap(core) {
    if (this.#blob) return core;
    this.#letGo();
    this.#core = core;
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const id = core.carId(slot);
      if (id !== undefined) this.#carJoined(slot, id);
    }
    this.#tape.cut(this.#nowMs());
    this.#unsubscribe = [
      ...EVENTS.map((type) => core.on(type, (event) => this.#event(type, event))),
      core.on("input", (event) => this.#input(event)),
    ];
    const ours = () => this.#core === core;
    const wrapped = new RecordedCore(core, {
      call: (method, args, promise) => (ours() ? this.#call(method, args, promise) : promise),
      sampled: (rows, count) => ours() && this.#sampled(rows, count),
      moved: (car) => ours() && this.#moved(car),
      freed: () => ours() && this.#letGo(),
    });
    if (core.state === "authenticated") this.#learn();
    this.#tick();
    return wrapped;
  }

  stop() {
    if (this.#blob) return this.#blob;
    const durationMs = this.durationMs;
    this.#letGo();
    const body = this.#tape.parts();
    const head = encodeHead({
      version: VERSION,
      startedAt: this.#startedAt,
      durationMs,
      droppedMs: this.#tape.startMs,
      oversized: this.#tape.oversized,
      bodyBytes: this.#tape.byteLength,
      messages: this.#messages,
    });
    this.#blob = new Blob([head, ...body], { type: MIME_TYPE });
    // The blob has a copy.
    this.#tape = new Tape(() => this.#keyframe(), { maxMs: 0, maxBytes: 0 });
    return this.#blob;
  }

  /** Whole milliseconds since the beginning. */
  #nowMs() {
    return Math.floor(this.#clock.now() - this.#startMs);
  }

  #letGo() {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#clock.clearTimeout(this.#timer);
    this.#core = null;
    this.#cars.clear();
    this.#slots.clear();
    this.#pending.clear();
  }

  /** @param {unknown[]} note */
  #note(...note) {
    this.#tape.json(NOTE, this.#nowMs(), note);
  }

  /** @returns {Keyframe} */
  #keyframe() {
    return {
      state: this.#core?.state ?? "disconnected",
      sessionId: this.#core?.sessionId ?? null,
      name: this.#name,
      roomId: this.#core?.roomId ?? null,
      cars: [...this.#cars],
      answers: Object.fromEntries(this.#answers),
      metrics: this.#metrics,
      pending: [...this.#pending.values()],
    };
  }

  /** What a replay has to answer and nobody may ask again: who is here, and whose room it is. */
  #learn() {
    const core = this.#core;
    if (!core) return;
    // What fails is not known, and is nobody's business but the client's, which asks itself.
    this.#call("listRooms", [], core.listRooms()).catch(() => {});
    if (core.roomId) this.#call("roomPlayers", [], core.roomPlayers()).catch(() => {});
  }

  /**
   * @template T
   * @param {string} method
   * @param {unknown[]} args
   * @param {Promise<T>} promise
   */
  #call(method, args, promise) {
    const [core, number] = [this.#core, ++this.#calls];
    if (!ASKING.has(method)) {
      const kept = keptArguments(method, args, this.#messages);
      this.#note("call", number, method, kept);
      this.#pending.set(number, [number, method, kept]);
    }
    promise.then(
      (value) => this.#core === core && core && this.#resolved(number, method, value),
      (error) => this.#core === core && core && this.#rejected(number, method, error),
    );
    return promise;
  }

  /**
   * @param {number} number
   * @param {string} method
   * @param {any} value
   */
  #resolved(number, method, value) {
    this.#pending.delete(number);
    if (ASKING.has(method)) {
      const json = JSON.stringify(value);
      if (this.#answersJson.get(method) === json) return;
      this.#answersJson.set(method, json);
      this.#answers.set(method, value);
    }
    if (method === "signIn") this.#name = value.name;
    this.#note("ok", number, method, value ?? null);
    if (method === "createRoom" || method === "joinRoom") this.#learn();
  }

  /**
   * @param {number} number
   * @param {string} method
   * @param {unknown} thrown
   */
  #rejected(number, method, thrown) {
    this.#pending.delete(number);
    if (ASKING.has(method)) return;
    const { code, message, retryable } = raceError(thrown);
    this.#note("fail", number, method, code, message, retryable);
  }

  /**
   * @template {typeof EVENTS[number]} T
   * @param {T} type
   * @param {any} event
   */
  #event(type, event) {
    if (type === "carJoined") this.#carJoined(event.slot, event.id);
    if (type === "carLeft") {
      this.#cars.delete(event.slot);
      this.#slots.delete(event.id);
    }
    this.#note("event", type, keptEvent(type, event, this.#messages));
  }

  /**
   * @param {number} slot
   * @param {string} id
   */
  #carJoined(slot, id) {
    this.#cars.set(slot, id);
    this.#slots.set(id, slot);
  }

  /** @param {import("./core.js").CoreEvents["input"]} input */
  #input({ id, steering, throttle, brake }) {
    const slot = this.#slots.get(id);
    // Whose car is not known has nothing to steer.
    if (slot === undefined) return;
    const part = (/** @type {number} */ number) => Math.round(Math.min(1, Math.max(0, number)) * 255);
    const turned = Math.round(Math.min(1, Math.max(-1, steering)) * 127);
    this.#tape.add(INPUT, this.#nowMs(), Uint8Array.of(slot, turned & 0xff, part(throttle), part(brake)));
  }

  /**
   * @param {Float32Array} rows
   * @param {number} count
   */
  #sampled(rows, count) {
    const nowMs = this.#nowMs();
    if (nowMs - this.#rowsAtMs < ROWS_MS - EARLY_MS) return;
    this.#rowsAtMs = nowMs;
    if (count === 0 && !this.#hadCars) return;
    this.#hadCars = count > 0;
    const bytes = new Uint8Array(count * CAR_BYTES);
    const view = new DataView(bytes.buffer);
    for (let car = 0; car < count; car += 1) writeCar(view, car * CAR_BYTES, rows, car * CAR_STRIDE);
    this.#tape.add(CARS, nowMs, bytes);
  }

  /** @param {number[]} car  place and turn */
  #moved(car) {
    const nowMs = this.#nowMs();
    if (nowMs - this.#ownAtMs < ROWS_MS - EARLY_MS) return;
    this.#ownAtMs = nowMs;
    const bytes = new Uint8Array(CAR_BYTES);
    writeCar(new DataView(bytes.buffer), 0, [OWN_SLOT, ...car, 0, 0, 0], 0);
    this.#tape.add(OWN, nowMs, bytes);
  }

  /** Keep the cars where the page does not ask for them, and the figures. */
  #tick() {
    const core = this.#core;
    if (!core) return;
    const nowMs = this.#nowMs();
    if (nowMs - this.#rowsAtMs >= ROWS_MS) this.#sampled(core.sample(), core.carCount());
    if (nowMs - this.#metricsAtMs >= METRICS_MS) {
      this.#metricsAtMs = nowMs;
      this.#metrics = core.metrics();
      this.#note("metrics", this.#metrics);
    }
    const waitMs = Math.max(1, this.#rowsAtMs + ROWS_MS - nowMs);
    this.#timer = this.#clock.setTimeout(() => this.#tick(), waitMs);
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {number} otherwise
 * @param {number} highest
 * @returns {number}
 */
function limit(name, value, otherwise, highest) {
  if (value === undefined) return otherwise;
  if (typeof value === "number" && value >= 1 && value <= highest) return value;
  throw new RaceError("invalid_argument", `${name} must be a number from 1 to ${highest}`);
}
