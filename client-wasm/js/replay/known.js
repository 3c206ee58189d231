// What is known at a moment of a recording: a keyframe, and what was noted since.

/** @typedef {import("../core.js").CoreMetrics} CoreMetrics */
/** @typedef {import("./recording.js").Recording} Recording */
/** @typedef {[number: number, method: string, args: string[]]} Call */

/** Calls that only ask. */
const ASKING = new Set(["listRooms", "roomPlayers", "playerInfo", "ping"]);

export class Known {
  /** @type {import("../core.js").CoreState} */
  state = "disconnected";
  /** @type {string | undefined} */
  sessionId;
  name = "";
  /** @type {string | undefined} */
  roomId;
  /** Whose car a slot is. @type {Map<number, string>} */
  cars = new Map();
  /** The newest answer of each method. @type {Map<string, any>} */
  answers = new Map();
  /** @type {CoreMetrics | null} */
  metrics = null;
  /** Calls that have not settled. @type {Map<number, Call>} */
  pending = new Map();
  /** How the race in this room was started, if it was. @type {any} */
  started = null;

  /** @param {import("../recorder/format.js").Keyframe} keyframe */
  constructor({ state, sessionId, name, roomId, cars, answers, metrics, pending }) {
    this.state = state;
    this.sessionId = sessionId ?? undefined;
    this.name = name ?? "";
    this.roomId = roomId ?? undefined;
    this.cars = new Map(cars);
    this.answers = new Map(Object.entries(answers));
    this.metrics = metrics;
    this.pending = new Map(pending.map((call) => [call[0], call]));
  }

  /**
   * All that is known at a time.
   * @param {Recording} recording
   * @param {number} atMs
   * @returns {Known}
   */
  static at(recording, atMs) {
    const { keyframes, happenings } = recording;
    const keyframe = keyframes.at(Math.max(0, recording.last(keyframes, atMs)));
    const known = new Known(recording.keyframe(keyframe));
    const last = recording.last(happenings, atMs);
    let first = last + 1;
    while (first > 0 && happenings.at(first - 1) > keyframe) first -= 1;
    for (let place = first; place <= last; place += 1) {
      const record = happenings.at(place);
      if (!recording.isInput(record)) known.apply(recording.note(record));
    }
    return known;
  }

  /** @param {import("./recording.js").Note} note */
  apply(note) {
    const [kind, second, third, fourth] = note;
    if (kind === "call") this.pending.set(second, [second, third, fourth]);
    else if (kind === "fail") this.pending.delete(second);
    else if (kind === "ok") this.#settle(second, third, fourth);
    else if (kind === "metrics") this.metrics = second;
    else if (kind === "event") this.#happen(second, third);
  }

  /**
   * @param {number} number
   * @param {string} method
   * @param {any} value
   */
  #settle(number, method, value) {
    this.pending.delete(number);
    if (method === "connect") {
      this.sessionId = value;
      if (this.state === "disconnected") this.state = "connected";
    } else if (method === "signIn") {
      this.name = value.name;
      this.state = "authenticated";
    }
    if (method === "createRoom" || method === "joinRoom") this.#enter(value.roomId);
    else if (method === "leaveRoom") this.#enter(undefined);
    if (ASKING.has(method)) this.answers.set(method, value);
  }

  /** @param {string | undefined} roomId */
  #enter(roomId) {
    this.roomId = roomId;
    this.started = null;
  }

  /**
   * @param {string} type
   * @param {any} event
   */
  #happen(type, event) {
    if (type === "carJoined") this.cars.set(event.slot, event.id);
    else if (type === "carLeft") this.cars.delete(event.slot);
    else if (type === "gameStarted") this.started = event;
    else if (type === "state") this.state = event.state;
    if (type === "roomLost") this.#enter(undefined);
    if (type === "close") {
      this.#enter(undefined);
      this.state = "disconnected";
      this.cars.clear();
      this.pending.clear();
    }
  }
}
