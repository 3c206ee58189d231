// Connects the sockets of a mock to its wasm module, which has the rules and the bots. Sets the module's clock, and wakes it when it asks.

import { failure } from "./failure.js";

/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {import("./socket.js").MockSocket} MockSocket */
/**
 * @typedef {object} MockServer  The module's class; see `mock-wasm/src/binding.rs`.
 * @property {(nowMs: number) => void} advance
 * @property {() => number} wakeAt
 * @property {() => [conn: number, data: string | Uint8Array | number, reason?: string] | undefined} poll
 * @property {() => number} connect
 * @property {(room: string) => number} spectate
 * @property {(conn: number, line: string) => void} text
 * @property {(conn: number, datagram: Uint8Array) => void} binary
 * @property {(conn: number) => void} disconnect
 * @property {(name: string, bots: number, isActive: boolean) => void} openRoom
 * @property {(room: string, name?: string) => string} addBot
 * @property {(conn: number) => void} removeBot
 * @property {(conn: number, text: string, target?: string) => void} say
 * @property {(room: string) => void} startRace
 * @property {(room: string) => void} closeRoom
 * @property {(conn: number, message: string) => void} kick
 * @property {(seconds: number) => void} drain
 * @property {(player: string) => number | undefined} find
 * @property {(conn: number) => boolean} isBot
 * @property {() => string} rooms
 */

export class Backend {
  /** @type {Map<number, MockSocket>} */
  #sockets = new Map();
  /** @type {Map<MockSocket, number>} */
  #conns = new Map();
  /** @type {Array<() => void>} */
  #deliveries = [];
  #server;
  #clock;
  #startMs;
  /** @type {unknown} */
  #timer;

  /**
   * @param {MockServer} server
   * @param {Clock} clock
   */
  constructor(server, clock) {
    this.#server = server;
    this.#clock = clock;
    this.#startMs = clock.now();
  }

  /**
   * Call the module at the current time, and deliver what it answers.
   * @template T
   * @param {(server: MockServer) => T} work  may throw a code
   * @returns {T}
   */
  call(work) {
    try {
      this.#server.advance(this.#nowMs());
      return work(this.#server);
    } catch (thrown) {
      throw typeof thrown === "string" ? failure(thrown) : thrown;
    } finally {
      this.#collect();
    }
  }

  /**
   * A socket is open: for a player, or to watch a room.
   * @param {MockSocket} socket
   * @param {string | undefined} room
   */
  open(socket, room) {
    this.call((server) => {
      const conn = room === undefined ? server.connect() : server.spectate(room);
      this.#sockets.set(conn, socket);
      this.#conns.set(socket, conn);
    });
  }

  /** @param {MockSocket} socket @param {string | Uint8Array} data */
  take(socket, data) {
    const conn = this.#conns.get(socket);
    if (conn === undefined) return;
    this.call((server) => (typeof data === "string" ? server.text(conn, data) : server.binary(conn, data)));
  }

  /** @param {MockSocket} socket */
  ended(socket) {
    const conn = this.#conns.get(socket);
    if (conn === undefined) return;
    this.#conns.delete(socket);
    this.#sockets.delete(conn);
    this.call((server) => server.disconnect(conn));
  }

  /** @param {() => void} deliver  called as soon as possible, but not now */
  later(deliver) {
    this.#deliveries.push(deliver);
    this.#plan();
  }

  /** The socket of a player; undefined for a bot. @param {number} conn */
  socketOf(conn) {
    return this.#sockets.get(conn);
  }

  #nowMs() {
    return this.#clock.now() - this.#startMs;
  }

  #collect() {
    for (let frame; (frame = this.#server.poll());) {
      const [conn, data, reason] = frame;
      const socket = this.#sockets.get(conn);
      if (!socket) continue;
      this.#deliveries.push(() =>
        typeof data === "number" ? socket.end(data, reason) : socket.received(data),
      );
    }
    this.#plan();
  }

  #plan() {
    this.#clock.clearTimeout(this.#timer);
    const isIdle = this.#deliveries.length === 0;
    const delayMs = isIdle ? this.#server.wakeAt() - this.#nowMs() : 0;
    if (delayMs === Infinity) return;
    this.#timer = this.#clock.setTimeout(() => this.#run(), Math.max(0, delayMs));
    // In Node, the bots' timer must not keep the process alive.
    if (isIdle) /** @type {{ unref?: () => void }} */ (this.#timer).unref?.();
  }

  #run() {
    this.call(() => {});
    for (const deliver of this.#deliveries.splice(0)) deliver();
    this.#plan();
  }
}
