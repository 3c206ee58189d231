// Plays a recording: its time, what is known at that time, and the events and answers that a client gets. A client that calls
// earlier than it did in the recording waits; one that calls later gets the answer at once.
import { NO_METRICS } from "../core.js";
import { RaceError } from "../error.js";
import { Known } from "./known.js";
import { Rows } from "./rows.js";
import { ReplayCore } from "./replay-core.js";

/** @typedef {import("./recording.js").Recording} Recording */
/** @typedef {import("./known.js").Call} Call */
/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {{ method: string, args: string[], resolve: (value: any) => void, reject: (error: RaceError) => void }} Waiting */

/** The calls that a client makes by itself to connect and to reconnect. The driver makes all others for it. */
const OWN_CALLS = new Set(["connect", "signIn", "joinRoom"]);
/** The longest wait of a browser's timer. */
const MAX_WAIT_MS = 2 ** 31 - 1;
/** How many records ahead an answer that is not known yet is looked for. */
const LOOK_AHEAD = 400;
/** A client that reconnects is back in its room this soon after its sign-in. */
const COMING_BACK_MS = 5000;
/** About how often a client lists the players of its room. */
const POLL_MS = 1500;
/** Calls that may wait. A client with more never stops calling. */
const MAX_WAITING = 256;

export class Stage {
  /** @type {Known} */
  known;
  recording;
  /** What the client has been told: whether it is signed in, which room it is in, and whose cars are there. */
  told = {
    signedIn: false,
    /** @type {string | undefined} */
    roomId: undefined,
    /** @type {Map<number, string>} */
    cars: new Map(),
  };
  /** Calls of the recording that the client does not make by itself. @type {(call: Call) => void} */
  onCall = () => {};
  /** @type {() => void} */
  onEnd = () => {};
  /** The room that the client was in when its connection was lost. @type {string | undefined} */
  lastRoomId;
  /** The client is being moved to another time, so it may leave its room at once. */
  seeking = false;

  #clock;
  #speed;
  #paused = true;
  #atMs = 0;
  #sinceMs = 0;
  #next = 0;
  /** @type {unknown} */
  #timer = null;
  /** @type {Waiting[]} */
  #waiting = [];
  /** The room in which the client has asked who is there. @type {string | undefined} */
  #askedIn;
  /** @type {ReplayCore | null} */
  #core = null;
  #others;
  #own;
  #closed = false;

  /**
   * @param {Recording} recording
   * @param {{ clock: Clock, speed: number }} options
   */
  constructor(recording, { clock, speed }) {
    this.recording = recording;
    this.#clock = clock;
    this.#speed = speed;
    this.known = Known.at(recording, -1);
    this.#others = new Rows(recording, recording.cars);
    this.#own = new Rows(recording, recording.own);
  }

  get positionMs() {
    if (this.#paused) return this.#atMs;
    const passedMs = (this.#clock.now() - this.#sinceMs) * this.#speed;
    return Math.min(this.recording.durationMs, this.#atMs + passedMs);
  }

  get paused() {
    return this.#paused;
  }

  get speed() {
    return this.#speed;
  }

  set speed(speed) {
    this.#hold();
    this.#speed = speed;
    this.#setTimer();
  }

  play() {
    if (!this.#paused || this.#closed) return;
    this.#sinceMs = this.#clock.now();
    this.#paused = false;
    this.#work();
  }

  pause() {
    this.#hold();
    this.#paused = true;
    this.#clearTimer();
  }

  /** Go to another time, and take what is known then. This tells the client nothing. @param {number} atMs */
  jump(atMs) {
    this.#atMs = atMs;
    this.#sinceMs = this.#clock.now();
    this.known = Known.at(this.recording, atMs);
    this.#next = this.recording.last(this.recording.happenings, atMs) + 1;
    const waiting = this.#waiting.splice(0);
    for (const call of waiting) {
      if (OWN_CALLS.has(call.method)) this.#answer(call);
      else if (call.method === "roomPlayers") call.resolve(this.#whoIsHere());
      else call.reject(replaying(call.method));
    }
    this.#setTimer();
  }

  /** When the player first signs in; 0 if that never happens. */
  signedInMs() {
    if (this.known.state === "authenticated") return 0;
    const { happenings } = this.recording;
    for (let place = 0; place < happenings.length; place += 1) {
      const record = happenings.at(place);
      if (this.recording.isInput(record)) continue;
      const [kind, , method] = this.recording.note(record);
      if (kind === "ok" && method === "signIn") return this.recording.timeMs(record);
    }
    return 0;
  }

  /** Stop for good. */
  close() {
    this.pause();
    this.#closed = true;
    for (const call of this.#waiting.splice(0)) call.reject(new RaceError("closed", "the replay was closed"));
  }

  /** Make a core for the client. A client may ask for another one after a loss. */
  core() {
    this.#core = new ReplayCore(this);
    return this.#core;
  }

  /** The client is gone, so stop playing. @param {ReplayCore} core */
  release(core) {
    if (this.#core !== core) return;
    this.#core = null;
    this.close();
    this.onEnd();
  }

  /** The client hangs up. */
  hangUp() {
    this.told.signedIn = false;
    this.told.roomId = undefined;
    this.told.cars.clear();
    this.#askedIn = undefined;
    for (const call of this.#waiting.splice(0)) {
      call.reject(new RaceError("closed", "the connection was closed"));
    }
  }

  /**
   * Answer what the client does.
   * @param {string} method
   * @param {string[]} args
   * @returns {Promise<any>}
   */
  call(method, args) {
    if (this.#closed) return Promise.reject(new RaceError("closed", "the replay was closed"));
    return new Promise((resolve, reject) => this.#answer({ method, args, resolve, reject }));
  }

  /**
   * Answer what the client asks with the server's last answer, or else with the first one that is still to come.
   * @param {string} method
   * @returns {Promise<any>}
   */
  async ask(method) {
    const { known } = this;
    if (method === "ping") return known.answers.get("ping") ?? known.metrics?.roundTripMs ?? 0;
    if (method === "playerInfo") {
      return { id: known.sessionId ?? "", name: known.name, roomId: known.roomId ?? null };
    }
    if (method === "listRooms") return this.#rooms();
    if (known.roomId === undefined) throw new RaceError("not_in_room", "the player is in no room now");
    const again = this.#askedIn === known.roomId;
    this.#askedIn = known.roomId;
    // A client asks now and then. It should learn of a change when the recorded client did, not at its own next request.
    if (again && this.#changesSoon(method)) {
      return new Promise((resolve, reject) => this.#waiting.push({ method, args: [], resolve, reject }));
    }
    return this.#whoIsHere();
  }

  #whoIsHere() {
    const { roomId } = this.known;
    return this.#find("roomPlayers", (answer) => answer.roomId === roomId) ?? this.#whoIsSeen();
  }

  /** @param {string} method  one that only asks */
  #changesSoon(method) {
    if (this.#paused || this.seeking || this.#waiting.length >= MAX_WAITING) return false;
    const { happenings } = this.recording;
    const untilMs = this.positionMs + POLL_MS * this.#speed;
    for (let place = this.#next; place < happenings.length; place += 1) {
      const record = happenings.at(place);
      if (this.recording.timeMs(record) > untilMs) return false;
      if (this.recording.isInput(record)) continue;
      const [kind, , about, answer] = this.recording.note(record);
      if (kind === "ok" && about === method) return answer.roomId === this.known.roomId;
      if (kind === "ok" && about === "leaveRoom") return false;
    }
    return false;
  }

  /**
   * @param {string} type
   * @param {any} event
   */
  emit(type, event) {
    if (type === "carJoined") this.told.cars.set(event.slot, event.id);
    if (type === "carLeft") this.told.cars.delete(event.slot);
    if (type === "roomLost") this.told.roomId = undefined;
    if (type === "close") this.hangUp();
    this.#core?.emit(type, type === "close" ? withoutPause(event) : event);
  }

  /** The client's connection is lost. @param {string} reason */
  lose(reason) {
    this.emit("close", { code: "connection_lost", number: 1006, reason, retryable: true });
  }

  sample() {
    return this.#others.sample(this.positionMs, (slot) => this.known.cars.has(slot));
  }

  get carCount() {
    return this.#others.count;
  }

  /** The player's own car as it was sent; null if it was not. */
  own() {
    const rows = this.#own.sample(this.positionMs, () => true);
    return this.#own.count > 0 ? rows.slice(1, 8) : null;
  }

  /** @returns {import("../core.js").CoreMetrics} */
  metrics() {
    return this.known.metrics ?? NO_METRICS;
  }

  /** @param {Waiting} call */
  #answer(call) {
    const value = this.#valueNow(call);
    if (value !== undefined) return this.#resolve(call, value);
    const { method } = call;
    const made = [...this.known.pending.values()].filter((pending) => pending[1] === method).length;
    const waiting = this.#waiting.filter((other) => other.method === method).length;
    const mayWait = OWN_CALLS.has(method) ? this.#comes(call) : made > waiting;
    if (mayWait && this.#waiting.length < MAX_WAITING) this.#waiting.push(call);
    else call.reject(replaying(method));
  }

  /** Whether a call that the client makes by itself is still to come in the recording. Its room may be gone for good. */
  #comes(/** @type {Waiting} */ { method, args }) {
    if (method !== "joinRoom" || this.known.state !== "authenticated") return !this.#isOver();
    const isIt = (/** @type {any[]} */ call) => call[1] === method && call[2][0] === args[0];
    if ([...this.known.pending.values()].some(isIt)) return true;
    const untilMs = this.positionMs + COMING_BACK_MS;
    for (let place = this.#next; place < this.recording.happenings.length; place += 1) {
      const record = this.recording.happenings.at(place);
      if (this.recording.timeMs(record) > untilMs) break;
      const note = this.recording.isInput(record) ? [] : this.recording.note(record);
      if (note[0] === "call" && isIt(note.slice(1))) return true;
    }
    return false;
  }

  #isOver() {
    return this.#next >= this.recording.happenings.length;
  }

  /** Answer a call at once if the recording is already past it. @param {Waiting} call */
  #valueNow({ method, args }) {
    const { known } = this;
    const isUp = known.state === "authenticated";
    if (method === "connect" && known.state !== "disconnected") return known.sessionId ?? "";
    if (method === "signIn" && isUp) {
      return { name: known.name || args[0], authenticated: true, udpEncryption: true };
    }
    if (method === "joinRoom" && args[0] === known.roomId) return { roomId: args[0] };
    if (method === "leaveRoom" && this.seeking) return { roomId: this.told.roomId ?? "" };
    return undefined;
  }

  /**
   * @param {Waiting} call
   * @param {any} value
   */
  #resolve({ method, resolve }, value) {
    if (method === "signIn") this.told.signedIn = true;
    if (method === "createRoom" || method === "joinRoom") this.told.roomId = value.roomId;
    if (method === "leaveRoom") this.told.roomId = undefined;
    if (method !== "signIn") this.#askedIn = undefined;
    resolve(value);
  }

  #rooms() {
    const { known } = this;
    /** @param {import("../core.js").Room[]} rooms */
    const hasOurs = (rooms) => known.roomId === undefined || rooms.some(({ id }) => id === known.roomId);
    /** @type {import("../core.js").Room[]} */
    const rooms = this.#find("listRooms", hasOurs) ?? known.answers.get("listRooms") ?? [];
    if (!known.started) return rooms;
    return rooms.map((room) => (room.id === known.roomId ? { ...room, isActive: true } : room));
  }

  #whoIsSeen() {
    const { sessionId = "", name, cars, roomId } = this.known;
    const others = [...cars.values()].map((id) => ({ id, name: "" }));
    return { roomId, players: [{ id: sessionId, name }, ...others] };
  }

  /**
   * @param {string} method
   * @param {(answer: any) => boolean} fits
   * @returns {any}
   */
  #find(method, fits) {
    const newest = this.known.answers.get(method);
    if (newest !== undefined && fits(newest)) return newest;
    const { happenings } = this.recording;
    const end = Math.min(happenings.length, this.#next + LOOK_AHEAD);
    for (let place = this.#next; place < end; place += 1) {
      const record = happenings.at(place);
      if (this.recording.isInput(record)) continue;
      const [kind, , about, answer] = this.recording.note(record);
      if (kind === "ok" && about === method && fits(answer)) return answer;
    }
    return undefined;
  }

  /** Play what is due, and set a timer for the rest. A listener may pause, seek or close meanwhile. */
  #work() {
    this.#clearTimer();
    const { happenings } = this.recording;
    while (!this.#paused && !this.#isOver()) {
      const record = happenings.at(this.#next);
      if (this.recording.timeMs(record) > this.positionMs) break;
      this.#next += 1;
      if (this.recording.isInput(record)) this.#input(this.recording.payload(record));
      // The caller goes on before anything else happens, as in the recording.
      else if (this.#happen(this.recording.note(record))) break;
    }
    if (!this.#paused && this.#isOver() && this.positionMs >= this.recording.durationMs) {
      this.pause();
      this.onEnd();
      return;
    }
    this.#setTimer();
  }

  /** @param {import("./recording.js").Note} note @returns {boolean}  whether a call began or settled */
  #happen(note) {
    const [kind, second, third, fourth] = note;
    if (second === "close") this.lastRoomId = this.known.roomId;
    this.known.apply(note);
    if (kind === "event") this.emit(second, third);
    else if (kind === "call") this.onCall([second, third, fourth]);
    const settles = kind === "ok" || kind === "fail";
    if (settles) this.#settle(third, note);
    return settles || kind === "call";
  }

  /**
   * @param {string} method
   * @param {import("./recording.js").Note} note
   */
  #settle(method, [kind, , , value, message, retryable]) {
    const place = this.#waiting.findIndex((call) => call.method === method);
    if (place < 0) return;
    const [call] = this.#waiting.splice(place, 1);
    if (method === "roomPlayers") call.resolve(value);
    else if (kind === "ok") this.#resolve(call, value);
    else call.reject(new RaceError(value, message, { retryable }));
  }

  /** @param {DataView} payload  see recorder/format.js */
  #input(payload) {
    const id = this.known.cars.get(payload.getUint8(0));
    if (id === undefined) return;
    const [throttle, brake] = [payload.getUint8(2) / 255, payload.getUint8(3) / 255];
    this.emit("input", { id, steering: payload.getInt8(1) / 127, throttle, brake });
  }

  #setTimer() {
    this.#clearTimer();
    if (this.#paused) return;
    const { happenings, durationMs } = this.recording;
    const dueMs = this.#isOver() ? durationMs : this.recording.timeMs(happenings.at(this.#next));
    const waitMs = Math.max(0, (dueMs - this.positionMs) / this.#speed);
    this.#timer = this.#clock.setTimeout(() => this.#work(), Math.min(MAX_WAIT_MS, Math.ceil(waitMs)));
  }

  #clearTimer() {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Count the time from now on. */
  #hold() {
    this.#atMs = this.positionMs;
    this.#sinceMs = this.#clock.now();
  }
}

/** Let the client wait for the recording, which has its own pauses. @param {any} event  `close` @returns {import("../core.js").CoreEvents["close"]} */
function withoutPause(event) {
  const { attempt, retryInMs, retryable } = event;
  return { ...event, attempt: attempt ?? 1, retryInMs: retryable && retryInMs !== null ? 0 : null };
}

/** @param {string} method */
function replaying(method) {
  return new RaceError("replaying", `a recording is played, and nothing new can be done in it: ${method}`);
}
