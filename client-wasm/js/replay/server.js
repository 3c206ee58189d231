// The game server of a replay: the other end of the client's socket. It answers each command from the recording. If the recorded
// client asked the same at about the same time, the answer comes when that client got it.
import { Known, fieldsOf } from "../recorder/known.js";
import { PlayedSocket, asWebSocket } from "./socket.js";

/** How long a command waits for the recorded answer: a little longer than a client's pause between two lists of players. */
const PATIENCE_MS = 2000;
/** The lines that the recording delivers without a command. */
const PUSHED = new Set(["GAME_STARTED", "RELAYED_MESSAGE", "CHAT", "BYE_ADMIN", "RELAY"]);
const REFUSED = new Set(["ERROR", "AUTH_FAILED"]);
const PONG = JSON.stringify({ command: "PONG" });
const BYE_OK = JSON.stringify({ command: "BYE_OK" });
const NO_ROOM = JSON.stringify({ command: "ERROR", message: "Room not found" });
const NOT_NOW = JSON.stringify({ command: "ERROR", message: "A recording is being played" });

/** @typedef {{ command?: string, roomId?: string }} Asked */
/** @typedef {{ kind: string, line: string } | undefined} Heard  A line that the recorded client got just now. */

export class Server {
  known = new Known();
  /** The replay moves the client, so it may enter and leave rooms. */
  moving = false;
  /** The session of the client's connection; empty while there is none. */
  id = "";
  /** Resolves when a client wants its first connection. @type {Promise<void>} */
  asked;
  #ask = () => {};
  /** The room that the client was let into. @type {string | undefined} */
  #roomId;
  #clock;
  #comesBack;
  #isStill;
  /** @type {PlayedSocket | null} */
  #socket = null;
  /** The command that waits for its answer. @type {Asked | null} */
  #asked = null;
  #patience = 0;
  /** The start that the client was told. @type {string | undefined} */
  #told;

  /**
   * @param {import("./clock.js").PlayClock} clock
   * @param {() => boolean} comesBack  the client is reconnecting
   * @param {() => boolean} isStill  no time passes: it is paused, and no seek is under way
   */
  constructor(clock, comesBack, isStill) {
    this.#clock = clock;
    this.#comesBack = comesBack;
    this.#isStill = isStill;
    this.asked = new Promise((resolve) => (this.#ask = resolve));
  }

  webSocket = () => {
    const socket = new PlayedSocket((line) => this.#socket === socket && this.#take(line));
    this.#socket = socket;
    this.#forget();
    this.#ask();
    // Later, because the client sets its listeners after this call.
    queueMicrotask(() => this.greet());
    return asWebSocket(socket);
  };

  /** Welcome a client that waits, if there is a connection at this time of the recording. */
  greet() {
    const { id } = this.known;
    if (!id || this.#socket?.readyState !== 0) return;
    this.id = id;
    this.#socket.open();
    this.#socket.deliver(`CONNECTED|${id}`);
  }

  /**
   * Take a line of the recording.
   * @param {string} line
   * @returns {string}  its kind
   */
  hear(line) {
    const kind = this.known.apply(line);
    if (kind === "GAME_STARTED") this.start();
    else if (PUSHED.has(kind)) this.#socket?.deliver(line);
    else if (kind === "CONNECTED") this.greet();
    else this.#answer({ kind, line });
    return kind;
  }

  /** @param {Record<string, unknown>} datagram */
  datagram(datagram) {
    if (this.#socket?.readyState !== 1) return;
    this.#socket.deliver(new TextEncoder().encode(JSON.stringify(datagram)).buffer);
  }

  /** Tell the client that the race has started, unless it knows or is not in the room yet. */
  start() {
    const line = this.known.lines.get("GAME_STARTED");
    if (line === undefined || line === this.#told || this.#roomId !== this.known.roomId) return;
    this.#told = line;
    this.#socket?.deliver(line);
  }

  /** Answer the waiting command with what is known now. */
  release() {
    this.#answer(undefined, true);
  }

  /**
   * Close the client's connection.
   * @param {number} code
   * @param {string} reason
   */
  end(code, reason) {
    const socket = this.#socket;
    this.#socket = null;
    this.#forget();
    socket?.end(code, reason);
  }

  #forget() {
    this.id = "";
    this.#roomId = undefined;
    this.#asked = null;
    this.#told = undefined;
    this.#clock.clearTimeout(this.#patience);
  }

  /** @param {string} line */
  #take(line) {
    const { command, roomId } = fieldsOf(line) ?? {};
    this.#asked = { command, roomId };
    this.#clock.clearTimeout(this.#patience);
    // The time of a pause passes for nobody, so its answer would never be due.
    if (command === "PING" && !this.#isStill()) {
      this.#patience = this.#clock.setTimeout(() => this.release(), this.known.roundTripMs);
    } else {
      this.#answer(undefined, this.#clock.paused);
      if (this.#asked) this.#patience = this.#clock.setTimeout(() => this.release(), PATIENCE_MS);
    }
  }

  /**
   * @param {Heard} heard
   * @param {boolean} [now]  do not wait any longer
   */
  #answer(heard, now = false) {
    if (!this.#asked) return;
    const line = this.#lineFor(this.#asked, heard, now);
    if (line === undefined) return;
    this.#clock.clearTimeout(this.#patience);
    this.#asked = null;
    this.#socket?.deliver(line);
  }

  /**
   * The answer to a command; undefined if it has to wait.
   * @param {Asked} asked
   * @param {Heard} heard
   * @param {boolean} now
   * @returns {string | undefined}
   */
  #lineFor({ command, roomId }, heard, now) {
    const { known } = this;
    const refusal = heard && REFUSED.has(heard.kind) ? heard.line : undefined;
    switch (command) {
      case "NAME":
        return known.lines.get("NAME_OK") ?? refusal;
      case "PING":
        return now ? PONG : undefined;
      case "GET_ROOM_PLAYERS":
        // The client has left the room since, because the time has gone back to before it.
        if (known.roomId === undefined) return NOT_NOW;
        return now || heard?.kind === "ROOM_PLAYERS" ? known.players : refusal;
      case "LIST_ROOMS":
        return this.#rooms(now);
      case "CREATE_ROOM":
        return this.#enter(known.lines.get("ROOM_CREATED"));
      case "JOIN_ROOM":
        return this.#join(roomId, heard, now);
      case "LEAVE_ROOM":
        return this.#leave();
      case "BYE":
        return BYE_OK;
      default:
        return NOT_NOW;
    }
  }

  /** All rooms of the last list; the race of the player's own may have started since. @param {boolean} now */
  #rooms(now) {
    const { roomId, lines } = this.known;
    const { rooms } = this.known.fields("ROOM_LIST");
    /** @type {any[]} */
    const list = Array.isArray(rooms) ? rooms : [];
    const own = roomId === undefined ? undefined : list.find((room) => room?.id === roomId);
    if (!now && roomId !== undefined && !own) return undefined;
    if (own && lines.has("GAME_STARTED")) own.isActive = true;
    return JSON.stringify({ command: "ROOM_LIST", rooms: list });
  }

  /**
   * @param {string | undefined} roomId
   * @param {Heard} heard
   * @param {boolean} now
   */
  #join(roomId, heard, now) {
    if (roomId === this.known.roomId) return this.#enter(JSON.stringify({ command: "JOIN_OK", roomId }));
    if (!this.#comesBack()) return NOT_NOW;
    // The recorded client was not let back in, or did not try.
    return now || heard ? (heard?.kind === "ERROR" ? heard.line : NO_ROOM) : undefined;
  }

  /** @param {string | undefined} line */
  #enter(line) {
    if (!line || !(this.moving || this.#comesBack())) return NOT_NOW;
    this.#roomId = this.known.roomId;
    this.#told = undefined;
    return line;
  }

  #leave() {
    if (!this.moving && !this.#comesBack()) return NOT_NOW;
    const roomId = this.#roomId;
    this.#roomId = undefined;
    return JSON.stringify({ command: "LEAVE_OK", roomId });
  }
}
