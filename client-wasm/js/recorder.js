// The recorder: keeps what a client or a spectator receives in bounded memory, and makes a file of it that `replay` plays. It
// sees nothing that a client sends except its car, so no password can get into the file.
import { checkNumber } from "./checks.js";
import { PAGE_CLOCK } from "./clock.js";
import { RaceError } from "./error.js";
import {
  CAR,
  CLOSE,
  INPUT,
  LINE,
  MAX_PLAYERS,
  MIME_TYPE,
  OWN,
  PLAYER,
  SNAPSHOT,
  VERSION,
  encodeHead,
} from "./recorder/format.js";
import { Known, LOST, fieldsOf } from "./recorder/known.js";
import { POSE_BYTES, writePose } from "./recorder/pose.js";
import { Tape } from "./recorder/tape.js";

/** @typedef {import("./core.js").Core} Core */
/** @typedef {import("./spectator.js").SpectatorCore} SpectatorCore */
/**
 * @typedef {object} RecordingOptions  How much is kept, and what.
 * @property {number} [maxMinutes]  the newest so many minutes are kept, 1 to 240; default 60
 * @property {number} [maxMegabytes]  the newest so many megabytes are kept, 1 to 256; default 64
 * @property {boolean} [messages]  keep the players' chat messages; default false
 * @property {string} [name]  the player's, if it has signed in before
 * @property {import("./clock.js").Clock} [clock]  default: that of the client or spectator
 */

/** The shortest time between two records of the own car: a little less than at 20 Hz, because a page's frames come early or late. */
const OWN_MS = 42;
const DEFAULT_MINUTES = 60;
const MOST_MINUTES = 240;
const DEFAULT_MEGABYTES = 64;
export const MOST_MEGABYTES = 256;
const UPDATE = '{"command":"UPDATE"';

/** The lines that are kept. A start is kept when the session reports it, which happens once. */
const KEPT = new Set([
  "NAME_OK",
  "AUTH_FAILED",
  "ERROR",
  "ROOM_LIST",
  "ROOM_CREATED",
  "JOIN_OK",
  "LEAVE_OK",
  "ROOM_PLAYERS",
  "RELAYED_MESSAGE",
  "CHAT",
  "BYE_ADMIN",
]);
const MESSAGES = new Set(["RELAYED_MESSAGE", "CHAT"]);
/** The answers by which one is signed in to an account. They have its token, which no recording may have. */
const ACCOUNT = new Set(["REGISTER_OK", "LOGIN_OK", "AUTO_AUTH_OK"]);

/** What both recorders share: the tape, its limits and its time. */
class Recorder {
  #clock;
  #startMs;
  #startedAt = new Date().toISOString();
  #kind;
  /** @type {Blob | null} */
  #blob = null;
  messages;
  tape;
  /** Stop listening. @type {Array<() => void>} */
  stops = [];

  /**
   * @param {"player" | "spectator"} kind
   * @param {() => string[]} key  gives the lines of a key frame
   * @param {RecordingOptions} options
   * @param {(atMs: number) => void} [begun]  adds what a chunk has after its key frame
   */
  constructor(kind, key, options, begun) {
    const { maxMinutes = DEFAULT_MINUTES, maxMegabytes = DEFAULT_MEGABYTES } = options;
    const { messages = false, clock = PAGE_CLOCK } = options;
    const minutes = checkNumber("maxMinutes", maxMinutes, { from: 1, to: MOST_MINUTES });
    const megabytes = checkNumber("maxMegabytes", maxMegabytes, { from: 1, to: MOST_MEGABYTES });
    this.#kind = kind;
    this.#clock = clock;
    this.#startMs = clock.now();
    this.messages = messages === true;
    this.tape = new Tape(key, { maxMs: minutes * 60_000, maxBytes: megabytes * 1024 * 1024 }, begun);
  }

  get durationMs() {
    return this.nowMs - this.tape.startMs;
  }

  get byteLength() {
    return this.#blob?.size ?? this.tape.byteLength;
  }

  get stopped() {
    return this.#blob !== null;
  }

  /** End it. Gives the same blob each time. */
  stop() {
    if (this.#blob) return this.#blob;
    this.detach();
    const { tape, durationMs, messages } = this;
    const head = encodeHead({
      version: VERSION,
      kind: this.#kind,
      startedAt: this.#startedAt,
      durationMs,
      droppedMs: tape.startMs,
      bytes: tape.byteLength,
      messages,
    });
    this.#blob = new Blob([head, ...tape.parts()], { type: MIME_TYPE });
    // The blob has a copy.
    this.tape = new Tape(() => [], { maxMs: 0, maxBytes: 0 });
    return this.#blob;
  }

  detach() {
    for (const stop of this.stops.splice(0)) stop();
  }

  /** Whole milliseconds since the beginning. */
  get nowMs() {
    return Math.floor(this.#clock.now() - this.#startMs);
  }

  /**
   * Add a record with the current time.
   * @param {number} kind
   * @param {string | Uint8Array} payload
   */
  keep(kind, payload) {
    const { nowMs } = this;
    this.tape.turn(nowMs);
    this.tape.add(kind, nowMs, payload);
  }
}

/** Records a client. */
export class PlayerRecorder extends Recorder {
  /** @type {Core | null} */
  #core = null;
  #known = new Known();
  #name;
  /** The numbers of this chunk's players. @type {Map<string, number>} */
  #numbers = new Map();
  /** The newest start's line. */
  #start = "";
  #ownAtMs = -Infinity;
  /** The own car's newest pose. @type {Uint8Array | undefined} */
  #pose;

  /**
   * @param {Core} core
   * @param {RecordingOptions} [options]
   */
  constructor(core, options = {}) {
    const key = () => {
      this.#numbers.clear();
      return this.#known.key();
    };
    // A car that stands may be silent for a whole chunk.
    super("player", key, options, (atMs) => this.#pose && this.tape.add(OWN, atMs, this.#pose));
    this.#name = options.name ?? "";
    this.attach(core);
  }

  /** Record this core, instead of any core before it. @param {Core} core */
  attach(core) {
    if (this.stopped) return;
    this.detach();
    this.#core = core;
    this.#known = new Known(linesOf(core, this.#name));
    this.tape.cut(this.nowMs);
    const { sendUpdate } = core;
    core.sendUpdate = (...pose) => {
      const sent = sendUpdate.apply(core, pose);
      this.#own(pose);
      return sent;
    };
    this.stops = [
      core.on("frame", (frame) => this.#frame(frame)),
      core.on("gameStarted", () => this.#line(this.#start)),
      core.on("input", (input) => this.#input(input)),
      core.on("roomLost", () => this.#line(LOST)),
      core.on("playerJoined", (player) => this.#players((players) => [...players, player])),
      core.on("playerLeft", ({ id }) =>
        this.#players((players) => players.filter((known) => known.id !== id)),
      ),
      core.on("close", (event) => this.#close(event)),
      // Back to the method of the core's class.
      () => {
        Reflect.deleteProperty(core, "sendUpdate");
      },
    ];
    // The client has asked for these before. Ask again: the answers come as frames, which are recorded.
    if (core.state === "authenticated") core.listRooms().catch(() => {});
    if (core.roomId !== undefined) core.roomPlayers().catch(() => {});
  }

  /** @param {string} frame */
  #frame(frame) {
    if (frame.startsWith(UPDATE)) return this.#car(JSON.parse(frame));
    if (frame.startsWith("CONNECTED|") || frame.startsWith('{"relay":')) return this.#line(frame);
    const fields = plainOf(fieldsOf(frame) ?? {});
    if (fields.command === "CONNECTED") this.#line(`CONNECTED|${fields.sessionId}`);
    if (fields.command === "GAME_STARTED") this.#start = frame;
    else if (fields.command === "PONG") {
      this.#line(`PONG ${Math.round(this.#core?.metrics().roundTripMs ?? 0)}`);
    } else if (KEPT.has(fields.command)) this.#line(this.#kept(frame, fields));
  }

  /**
   * What is kept of a line.
   * @param {string} frame
   * @param {import("./recorder/known.js").Fields} fields
   */
  #kept(frame, fields) {
    const { command, name } = fields;
    if (command === "NAME_OK") return JSON.stringify({ command, name });
    if (MESSAGES.has(command) && !this.messages) return JSON.stringify({ ...fields, message: "" });
    return this.#known.lines.get(command) === frame ? command : frame;
  }

  /** @param {string} line */
  #line(line) {
    this.keep(LINE, line);
    this.#known.apply(line);
  }

  /**
   * Record a change of the players as a list of all of them.
   * @param {(players: import("./core.js").Player[]) => import("./core.js").Player[]} change
   */
  #players(change) {
    const line = JSON.parse(this.#known.players);
    this.#line(JSON.stringify({ ...line, players: change(line.players) }));
  }

  /** @param {import("./recorder/known.js").Fields} update */
  #car({ sessionId, position, rotation }) {
    const payload = new Uint8Array(1 + POSE_BYTES);
    payload[0] = this.#numberOf(sessionId);
    writePose(new DataView(payload.buffer), 1, position, rotation);
    this.tape.add(CAR, this.nowMs, payload);
  }

  /** @param {import("./core.js").CoreEvents["input"]} input */
  #input({ id, steering, throttle, brake }) {
    const turned = Math.round(steering * 127);
    const pedals = [throttle, brake].map((part) => Math.round(part * 255));
    this.tape.add(INPUT, this.nowMs, Uint8Array.of(this.#numberOf(id), turned, ...pedals));
  }

  /** @param {Parameters<Core["sendUpdate"]>} pose */
  #own([x, y, z, qx, qy, qz, w]) {
    const { nowMs } = this;
    if (nowMs - this.#ownAtMs < OWN_MS) return;
    this.#ownAtMs = nowMs;
    const payload = new Uint8Array(POSE_BYTES);
    writePose(new DataView(payload.buffer), 0, { x, y, z }, { x: qx, y: qy, z: qz, w });
    this.keep(OWN, payload);
    this.#pose = payload;
  }

  /** The number of a player, in the chunk that the next record goes into. @param {string} id */
  #numberOf(id) {
    this.tape.turn(this.nowMs);
    if (this.#numbers.size >= MAX_PLAYERS) this.tape.cut(this.nowMs);
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(id, number);
    this.tape.add(PLAYER, this.nowMs, id);
    return number;
  }

  /** @param {import("./core.js").CoreEvents["close"]} event */
  #close({ code, number, reason }) {
    // The client's own goodbye ends no replay.
    if (code !== "closed") this.keep(CLOSE, JSON.stringify([number, reason]));
    this.#known.close();
  }
}

/** Records a spectator. */
export class SpectatorRecorder extends Recorder {
  #text = "";

  /**
   * @param {SpectatorCore | null} core  null: it was closed
   * @param {RecordingOptions} [options]
   */
  constructor(core, options = {}) {
    super("spectator", () => (this.#text ? [this.#text] : []), options);
    const sockets = core?.sockets;
    if (!sockets) {
      throw new RaceError("invalid_argument", "this spectator has no socket that could be recorded");
    }
    if (core.room && core.state === "live") this.#text = textOf(core.room);
    this.tape.cut(this.nowMs);
    const { opened } = sockets;
    sockets.opened = (socket) => {
      opened(socket);
      this.#listen(socket);
    };
    if (sockets.newest) this.#listen(sockets.newest);
  }

  /** @param {WebSocket} socket */
  #listen(socket) {
    if (this.stopped) return;
    const controller = new AbortController();
    const { signal } = controller;
    this.stops.push(() => controller.abort());
    socket.addEventListener("message", ({ data }) => this.#hear(data), { signal });
    socket.addEventListener("close", ({ code, reason }) => this.#close(code, reason), { signal });
  }

  /** @param {string | ArrayBuffer} data */
  #hear(data) {
    if (typeof data !== "string") return this.keep(SNAPSHOT, new Uint8Array(data));
    this.keep(LINE, data);
    this.#text = data;
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #close(code, reason) {
    this.keep(CLOSE, JSON.stringify([code, reason]));
    this.#text = "";
  }
}

/**
 * The lines that led to a core's present state, as far as it knows them.
 * @param {Core} core
 * @param {string} name
 */
function linesOf({ state, sessionId, roomId }, name) {
  const lines = sessionId === undefined ? [] : [`CONNECTED|${sessionId}`];
  if (state === "authenticated") lines.push(JSON.stringify({ command: "NAME_OK", name }));
  if (roomId !== undefined) lines.push(JSON.stringify({ command: "JOIN_OK", roomId }));
  return lines;
}

/**
 * A line as a server without accounts says it, which is how recordings are played.
 * @param {import("./recorder/known.js").Fields} fields
 */
function plainOf(fields) {
  return ACCOUNT.has(fields.command) ? { command: "NAME_OK", name: fields.username } : fields;
}

/** A room in the form that the relay sends to a spectator. @param {import("./spectator.js").SpectatedRoom} room */
function textOf({ id, name, hostId, isActive, players }) {
  return JSON.stringify({ room: id, name, hostId, isActive, players });
}
