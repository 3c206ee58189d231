// Plays a player's recording to a client with the wasm session: feeds its socket, and enters and leaves rooms as the recorded
// client did.
import { CAR, CLOSE, INPUT, KEY, LINE, OWN } from "../recorder/format.js";
import { Known, LOST, fieldsOf, wordOf } from "../recorder/known.js";
import { readPose } from "../recorder/pose.js";
import { bad } from "./chunks.js";
import { closeOf } from "./recording.js";
import { Server } from "./server.js";

/** @typedef {import("./playback.js").Playback} Playback */
/** @typedef {import("./playback.js").Show} Show */
/** @typedef {import("./recording.js").Cursor} Cursor */
/**
 * @typedef {object} DrivenClient  What a replay needs of a client.
 * @property {import("../connection.js").ClientState} state
 * @property {() => Promise<unknown>} connect
 * @property {() => void} reconnectNow
 * @property {(name: string) => Promise<unknown>} createRoom
 * @property {(id: string) => Promise<unknown>} joinRoom
 * @property {{ id: string, leave: () => Promise<unknown> } | null} room
 * @property {(type: "state", listener: () => void) => () => void} on
 */

/** A line of these kinds may move the client. */
const MOVES = new Set(["CONNECTED", "NAME_OK", "ROOM_CREATED", "JOIN_OK", "LEAVE_OK", LOST]);
/** How long to wait for a client that does not answer. */
const MAX_TURNS = 1000;
/** So many changes of state in a row without a connection: each attempt makes two, and the first one works unless the recording is damaged. */
const MAX_FAILURES = 8;

/** @implements {Show} */
export class Player {
  /** A car is drawn from its datagrams of the last second, so older ones need not be played. */
  leadMs = 2000;
  /** @type {Promise<void> | null} */
  moving = null;
  server;
  name = "Player";
  /** The own car's newest pose. @type {Float32Array | null} */
  own = null;
  #playback;
  /** @type {DrivenClient | null} */
  #client = null;
  /** Changes of state since the client should be connected and is not. */
  #failures = 0;

  /** @param {Playback} playback */
  constructor(playback) {
    this.#playback = playback;
    this.server = new Server(
      playback.clock,
      () => this.#client?.state === "reconnecting",
      () => playback.isStill,
    );
  }

  /** Read up to the first sign-in. @throws {import("../error.js").RaceError} `bad_recording` */
  async open() {
    const playback = this.#playback;
    const { cursor } = playback;
    while (!this.server.known.lines.has("NAME_OK")) {
      await cursor.ready();
      if (cursor.dueMs === Infinity) throw bad("nobody is signed in");
      playback.firstMs = cursor.isAtKey ? cursor.dueMs : cursor.dueMs + 1;
      cursor.next();
      this.note(cursor);
    }
    this.name = wordOf(this.server.known.fields("NAME_OK").name).trim() || "Player";
  }

  /** Connect the client, which shows the recording from now on. @param {DrivenClient} client */
  async drive(client) {
    this.#client = client;
    const connecting = client.connect();
    // Only loading the module takes real time.
    await Promise.race([connecting, this.server.asked]);
    if (!(await this.#settled(connecting))) throw bad("no session begins with it");
    await connecting.catch((cause) => {
      throw bad("no session begins with it", cause);
    });
    client.on("state", () => this.#stateChanged(client.state));
    await this.#playback.begin();
  }

  /** @param {Cursor} record */
  note(record) {
    const { server } = this;
    if (record.kind === KEY) server.known = new Known(record.list.map(wordOf));
    else if (record.kind === LINE) server.known.apply(record.text);
    else if (record.kind === CLOSE) server.known.close();
    else if (record.kind === OWN) this.own = poseOf(record.data);
  }

  /**
   * A client asks for the players of its room only when it is in it.
   * @param {Cursor} next
   * @param {number} atMs
   */
  async foresee(next, atMs) {
    const { known } = this.server;
    const missing = new Set(["ROOM_PLAYERS", "ROOM_LIST"].filter((kind) => !known.lines.has(kind)));
    while (missing.size > 0) {
      if (!next.isReady) await next.ready();
      if (next.dueMs > atMs + this.leadMs) break;
      next.next();
      const fields = next.kind === LINE ? fieldsOf(next.text) : undefined;
      const isOurs = fields && (fields.roomId ?? known.roomId) === known.roomId;
      if (isOurs && missing.delete(fields.command)) known.apply(next.text);
    }
  }

  /** @param {Cursor} record */
  play(record) {
    const { kind } = record;
    if (kind === CAR || kind === INPUT) this.#datagram(record);
    else if (kind === OWN) this.own = poseOf(record.data);
    else if (kind === LINE && MOVES.has(this.server.hear(record.text))) this.#moveSoon();
    else if (kind === CLOSE) {
      this.server.known.close();
      this.server.end(...closeOf(record));
    }
  }

  /** @param {Cursor} record */
  #datagram({ kind, data, players }) {
    const sessionId = players[data.getUint8(0)];
    if (sessionId === undefined || this.#playback.clock.lateMs > this.leadMs) return;
    if (kind === CAR) this.server.datagram({ command: "UPDATE", sessionId, ...readPose(data, 1) });
    else this.server.datagram({ command: "INPUT", sessionId, input: controlsOf(data) });
  }

  /** @param {DrivenClient["state"]} state */
  #stateChanged(state) {
    const isExpected = this.server.known.lines.has("NAME_OK");
    this.#failures = isExpected && state === "reconnecting" ? this.#failures + 1 : 0;
    if (this.#failures < MAX_FAILURES) return this.#moveSoon();
    this.#failures = 0;
    return this.#playback.fail(bad("a session in it cannot be shown"));
  }

  /** Move the client once everything that is due at the same time has happened. */
  #moveSoon() {
    if (this.server.moving) return;
    const moved = this.moving ?? Promise.resolve();
    const moving = moved.then(() => this.move(false));
    this.moving = moving;
    void moving.then(() => {
      if (this.moving === moving) this.moving = null;
    });
  }

  /** @param {boolean} back */
  async move(back) {
    const { server } = this;
    server.moving = true;
    try {
      await this.#move(back);
    } catch {
      // The connection has ended meanwhile. The next state moves the client on.
    } finally {
      server.moving = false;
    }
  }

  /** @param {boolean} back */
  async #move(back) {
    const { server } = this;
    const { known } = server;
    const client = this.#client;
    if (!client || client.state === "closed") return;
    const isOther = server.id !== known.id;
    if (client.state === "connected" && client.room && (back || isOther || client.room.id !== known.roomId)) {
      // The recorded client keeps its room when it loses the connection.
      if (back || known.id) await this.#settled(client.room.leave());
    }
    if (isOther && server.id) server.end(1006, "");
    if (!known.lines.has("NAME_OK")) return;
    if (client.state !== "connected") {
      client.reconnectNow();
      if (!this.#playback.clock.paused) return;
      await this.#settled(connected(client));
    }
    if (known.roomId !== undefined && client.room?.id !== known.roomId) {
      const name = wordOf(known.fields("ROOM_CREATED").name);
      await this.#settled(name ? client.createRoom(name) : client.joinRoom(known.roomId));
    }
    server.start();
  }

  /**
   * Wait for a promise. On a paused clock, timers are called until it settles. Says whether it has.
   * @param {Promise<unknown>} work
   */
  async #settled(work) {
    let isDone = false;
    const finish = () => void (isDone = true);
    work.then(finish, finish);
    const playback = this.#playback;
    for (let turns = 0; !isDone && !playback.error && turns < MAX_TURNS; turns += 1) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (!isDone && playback.clock.paused) playback.clock.fireNext();
    }
    return isDone;
  }

  release() {
    this.server.release();
  }

  close() {
    this.server.end(1006, "");
  }
}

/** @param {DrivenClient} client @returns {Promise<void>} */
function connected(client) {
  return new Promise((resolve) => {
    const stop = client.on("state", () => {
      if (client.state !== "connected" && client.state !== "closed") return;
      stop();
      resolve();
    });
  });
}

/** @param {DataView} data */
function poseOf(data) {
  const { position, rotation } = readPose(data, 0);
  const { x, y, z } = position;
  return Float32Array.of(x, y, z, rotation.x, rotation.y, rotation.z, rotation.w);
}

/** @param {DataView} data  of an input */
function controlsOf(data) {
  const [throttle, brake] = [data.getUint8(2) / 255, data.getUint8(3) / 255];
  return { steering: data.getInt8(1) / 127, throttle, brake };
}
