// The state that the lines of a connection lead to. The recorder makes its key frames from it, and a replay its answers.

/** The recorder's own line for: the game server said that the player is in no room. */
export const LOST = "LOST";
const WELCOME = "CONNECTED|";
const OF_THE_ROOM = ["ROOM_CREATED", "JOIN_OK", "ROOM_PLAYERS", "GAME_STARTED"];
/** The longest round trip that counts as plausible. */
const MAX_ROUND_TRIP_MS = 5000;

/** @typedef {Record<string, any>} Fields */

export class Known {
  /** The session's id; empty while there is no connection. */
  id = "";
  /** @type {string | undefined} */
  roomId;
  roundTripMs = 0;
  /** The newest line of each kind that matters later, in an order in which they may be applied again. @type {Map<string, string>} */
  lines = new Map();

  /** @param {string[]} [lines]  of a key frame */
  constructor(lines = []) {
    for (const line of lines) this.apply(line);
  }

  /** The members of the newest line of a kind. @param {string} kind @returns {Fields} */
  fields(kind) {
    return fieldsOf(this.lines.get(kind)) ?? {};
  }

  /** The line that lists the room's players: at least the player itself. */
  get players() {
    const players = [{ id: this.id, name: this.fields("NAME_OK").name }];
    const line = { command: "ROOM_PLAYERS", roomId: this.roomId, players };
    return this.lines.get("ROOM_PLAYERS") ?? JSON.stringify(line);
  }

  /** The lines of a key frame. */
  key() {
    return this.id ? [WELCOME + this.id, `PONG ${this.roundTripMs}`, ...this.lines.values()] : [];
  }

  /** Take a line. Gives its kind; empty if it means nothing here. @param {string} line */
  apply(line) {
    if (line.startsWith('{"relay":')) return "RELAY";
    if (line.startsWith(WELCOME)) {
      this.close();
      this.id = line.slice(WELCOME.length).trim();
      return "CONNECTED";
    }
    const fields = fieldsOf(line);
    const [kind, number] = fields ? [wordOf(fields.command)] : line.split(" ");
    if (kind === "PONG") this.roundTripMs = Math.min(MAX_ROUND_TRIP_MS, Math.max(0, Number(number) || 0));
    if (kind === "LEAVE_OK" || kind === LOST) this.#enter(undefined);
    if (kind === "ROOM_CREATED" || kind === "JOIN_OK") this.#enter(wordOf(fields?.roomId) || undefined);
    if (kind === "GAME_STARTED" && (!this.roomId || fields?.roomId !== this.roomId)) return "";
    if (fields && (kind === "NAME_OK" || kind === "ROOM_LIST" || OF_THE_ROOM.includes(kind))) {
      this.lines.delete(kind);
      this.lines.set(kind, line);
    }
    return kind;
  }

  /** The connection has ended. */
  close() {
    this.id = "";
    this.lines.clear();
    this.#enter(undefined);
  }

  /** @param {string | undefined} roomId */
  #enter(roomId) {
    this.roomId = roomId;
    for (const kind of OF_THE_ROOM) this.lines.delete(kind);
  }
}

/** A text; empty if it is anything else. @param {unknown} value */
export function wordOf(value) {
  return typeof value === "string" ? value : "";
}

/** The members of a line of JSON; undefined if it is none. @param {string} [line] @returns {Fields | undefined} */
export function fieldsOf(line) {
  if (!line?.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
