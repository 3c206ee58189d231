// Plays a spectator's recording to spectators of the wasm client. A spectator remembers what it has seen, so each jump in time
// needs a new one.
import { CLOSE, KEY, LINE, SNAPSHOT } from "../recorder/format.js";
import { fieldsOf, wordOf } from "../recorder/known.js";
import { bad } from "./chunks.js";
import { closeOf } from "./recording.js";
import { PlayedSocket, asWebSocket } from "./socket.js";

/** @typedef {import("./playback.js").Playback} Playback */
/** @typedef {import("./playback.js").Show} Show */
/** @typedef {import("./recording.js").Cursor} Cursor */
/** @typedef {import("../spectator.js").SpectatorCore} SpectatorCore */

/** Stands for the relay's address. */
const NOWHERE = "https://recording.invalid";

/** @implements {Show} */
export class Watched {
  /** Enough to show the live moment and a little of the past. */
  leadMs = 10_000;
  moving = null;
  #playback;
  #make;
  /** Takes each core after the first. */
  adopt = (/** @type {SpectatorCore} */ _) => {};
  /** The newest core; set once the playback has begun. @type {any} */
  core;
  #room = "";
  /** The room's newest text; empty while there is no connection. */
  #text = "";
  /** @type {PlayedSocket | null} */
  #socket = null;

  /**
   * @param {Playback} playback
   * @param {import("../spectator.js").SpectatorFactory} make
   */
  constructor(playback, make) {
    this.#playback = playback;
    this.#make = make;
  }

  /** Read up to the room's first text. @throws {import("../error.js").RaceError} `bad_recording` */
  async open() {
    const playback = this.#playback;
    const { cursor } = playback;
    while (!this.#text) {
      await cursor.ready();
      if (cursor.dueMs === Infinity) throw bad("it has no room");
      playback.firstMs = cursor.isAtKey ? cursor.dueMs : cursor.dueMs + 1;
      cursor.next();
      this.note(cursor);
    }
    this.#room = wordOf(fieldsOf(this.#text)?.room);
  }

  /** @param {Cursor} record */
  note(record) {
    if (record.kind === KEY) this.#text = wordOf(record.list.at(-1));
    else if (record.kind === LINE) this.#text = record.text;
    else if (record.kind === CLOSE) this.#text = "";
  }

  /** @param {Cursor} record */
  play(record) {
    if (record.kind === SNAPSHOT) {
      const { buffer, byteOffset, byteLength } = record.data;
      this.#socket?.deliver(new Uint8Array(buffer, byteOffset, byteLength).slice().buffer);
    } else if (record.kind === LINE) {
      this.note(record);
      this.#tell();
    } else if (record.kind === CLOSE) {
      this.note(record);
      this.#socket?.end(...closeOf(record));
    }
  }

  async move() {
    this.#socket = null;
    const { clock } = this.#playback;
    this.core = await this.#make(NOWHERE, this.#room, { clock, webSocket: () => this.#open() }).catch(
      (thrown) => {
        throw thrown.code === "invalid_argument" ? bad("its room has no valid id", thrown) : thrown;
      },
    );
    this.adopt(this.core);
    // The spectator listens to its socket by now.
    this.#tell();
  }

  async foresee() {}

  release() {}

  close() {
    this.#socket = null;
  }

  #open() {
    const socket = new PlayedSocket();
    this.#socket = socket;
    queueMicrotask(() => this.#socket === socket && this.#tell());
    return asWebSocket(socket);
  }

  /** Send the room's text. The first one makes the spectator live. */
  #tell() {
    if (!this.#text || !this.#socket) return;
    if (this.#socket.readyState === 0) this.#socket.open();
    this.#socket.deliver(this.#text);
  }
}
