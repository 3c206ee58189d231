/**
 * A relay with rooms and bots in the page itself, without a server: for demos, Storybook and unit tests. A wasm module runs the
 * game server's own rules and bots, and clients reach it through simulated sockets. With a seed and a virtual clock every run is
 * the same.
 * @module mp-server-client/mock
 */

import { RaceClient } from "./client.js";
import { checkNumber, invalid } from "./checks.js";
import { RaceError, checkText } from "./error.js";
import { checked } from "./lab/conditions.js";
import { LabSocket } from "./lab/socket.js";
import { Backend } from "./mock/backend.js";
import { VirtualClock } from "./mock/clock.js";
import { checkFailure, closeNumber, failure, methodOf, refusal } from "./mock/failure.js";
import { loadServer } from "./mock/module.js";
import { checkFailures, checkOptions } from "./mock/options.js";
import { MockSocket } from "./mock/socket.js";
import { init } from "./wasm-core.js";

export { VirtualClock };

/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./spectator.js").SpectateOptions} SpectateOptions */
/** @typedef {{ centreline: Array<[x: number, z: number]> }} TrackFile  Points in driving order, the first on the start line; other keys as in the demo's `track.json`. */
/** @typedef {"connect" | "signIn" | "createRoom" | "joinRoom" | "leaveRoom" | "listRooms" | "roomPlayers" | "playerInfo" | "relayMessage" | "startGame" | "ping"} Method  What a client asks of a relay, and what can fail. */
/**
 * @typedef {Partial<Record<Method, string | string[]>>} Failures  By method, the code it fails with: one code for every call, or a list with one code for each call.
 */
/** @typedef {string | { name: string, bots?: number, isActive?: boolean }} RoomPlan  its name, or also what differs from the other rooms */
/** @typedef {{ id: string, name: string, isBot: boolean }} MockPlayer  A player of the mock, as it is now. */
/** @typedef {{ id: string, name: string, hostId: string | null, isActive: boolean, players: MockPlayer[] }} MockRoom  A room of the mock, as it is now; `isActive`: its race was started. */

/**
 * @typedef {object} MockOptions  What the relay has from the start, its latency, and its failures.
 * @property {number} [bots]  in each of the rooms, 0 to 20; default 6
 * @property {RoomPlan[]} [rooms]  that exist from the start, and stay when empty; default one, "Bot race"
 * @property {TrackFile} [track]  the bots' circuit, in the form of the demo's `track.json`; default the demo's
 * @property {number} [latencyMs]  of a round trip; default 20
 * @property {number} [seed]  of everything random; default 1
 * @property {Clock} [clock]  default the page's; a test gives a `VirtualClock`
 * @property {Failures} [fail]  what goes wrong
 */

/** The longest wait before a restart that may be set: a day. */
const MAX_DRAIN_SECONDS = 86_400;
/** How much of a name a message shows. */
const MAX_SHOWN = 40;
/** The mock's address. Nothing is ever requested from it. */
const ADDRESS = "http://localhost/";

/**
 * Make a relay. Loads the clients' module and the relay's own.
 * @param {MockOptions} [options]
 * @throws {RaceError} `invalid_argument`: an option is unknown or not of its type; the message names it
 */
export async function mockRelay(options = {}) {
  const plan = checkOptions(options);
  const [Server] = await Promise.all([loadServer(), init()]);
  return new MockRelay(Server, plan);
}

/** A relay in the page itself, made by `mockRelay()`. Its methods control what happens in its rooms. */
export class MockRelay {
  /** What a client needs beside its own options: `new RaceClient(url, { name, ...relay.options })` with any address. */
  options;
  /** @type {Failures} */
  #fail;
  #backend;
  #conditions;
  /** By the sockets behind them. @type {Map<MockSocket, LabSocket>} */
  #sockets = new Map();
  #isUp = true;

  /**
   * @param {Awaited<ReturnType<typeof loadServer>>} Server
   * @param {import("./mock/options.js").Checked} options
   */
  constructor(Server, { track, latencyMs, seed, clock, fail, rooms }) {
    this.#fail = fail;
    this.options = { webSocket: this.#webSocket, clock, config: { generation: "first" } };
    this.#conditions = checked({ latencyMs: latencyMs / 2 }, 0);
    try {
      this.#backend = new Backend(new Server(seed, track && JSON.stringify(track)), clock);
    } catch (why) {
      throw new RaceError("invalid_argument", `option track: ${why}`);
    }
    for (const { name, bots, isActive } of rooms) this.#openRoom(name, bots, isActive);
  }

  /** What fails; may be changed at any time. */
  get fail() {
    return this.#fail;
  }

  set fail(plan) {
    checkFailures(plan);
    this.#fail = plan;
  }

  /**
   * A client that is connected and signed in. With a `VirtualClock` the promise resolves once the clock advances.
   * @param {string} name
   * @param {Partial<import("./client.js").RaceOptions>} [options]
   */
  connect(name, options) {
    return RaceClient.connect(ADDRESS, { ...this.options, ...options, name });
  }

  /**
   * Watch a room, as `RaceClient.spectate` does.
   * @param {string} roomId
   * @param {SpectateOptions} [options]
   */
  spectate(roomId, options) {
    const { webSocket, clock } = this.options;
    return RaceClient.spectate(ADDRESS, roomId, { webSocket, clock, ...options });
  }

  /** The rooms as they are now. @returns {MockRoom[]} */
  get rooms() {
    return this.#call((server) => JSON.parse(server.rooms()));
  }

  /**
   * Add a bot. In an empty room it becomes the host.
   * @param {string} roomId
   * @param {string} [name]
   * @returns {MockPlayer}
   */
  addPlayer(roomId, name) {
    checkText(roomId, "a room's id");
    if (name !== undefined) checkText(name, "a bot's name");
    try {
      return this.#call((server) => JSON.parse(server.addBot(roomId, name)));
    } catch (thrown) {
      if (codeOf(thrown) !== "auth_failed") throw thrown;
      const called =
        name === undefined
          ? "no bot more can sign in"
          : `no bot called "${name.slice(0, MAX_SHOWN)}" can sign in`;
      throw failure("auth_failed", `${called}: the name is taken or not valid, or the game server is full`);
    }
  }

  /** A bot leaves. @param {string} player  id or name */
  removePlayer(player) {
    const bot = this.#bot(player);
    this.#call((server) => server.removeBot(bot));
  }

  /**
   * A bot says something to one player, or to everybody else in its room.
   * @param {string} player  id or name
   * @param {string} text
   * @param {string} [targetId]
   */
  say(player, text, targetId) {
    checkText(text, "what is said");
    const bot = this.#bot(player);
    if (targetId !== undefined) this.#find(targetId);
    this.#call((server) => server.say(bot, text, targetId));
  }

  /** The host of a room starts the race, even if the host is a bot. @param {string} roomId */
  startRace(roomId) {
    checkText(roomId, "a room's id");
    this.#call((server) => server.startRace(roomId));
  }

  /** Close a room that may have players. They notice when they next ask for its players. @param {string} roomId */
  closeRoom(roomId) {
    checkText(roomId, "a room's id");
    this.#call((server) => server.closeRoom(roomId));
  }

  /**
   * An administrator ends a client's session.
   * @param {string} player  id or name
   * @param {string} [message]
   */
  kick(player, message = "Disconnected by administrator") {
    checkText(message, "the message");
    const conn = this.#find(player);
    this.#socketOf(conn);
    this.#call((server) => server.kick(conn, message));
  }

  /**
   * A client's connection breaks.
   * @param {string} player  id or name
   * @param {string} [code]  of the end; default "connection_lost"
   */
  drop(player, code = "connection_lost") {
    checkFailure("drop", code);
    this.#end(this.#socketOf(this.#find(player)), code);
  }

  /** The relay restarts: every client is told, and disconnected after `seconds`. @param {number} [seconds] */
  drain(seconds = 5) {
    checkNumber("seconds", seconds, { to: MAX_DRAIN_SECONDS, whole: true });
    this.#call((server) => server.drain(seconds));
  }

  /** The relay stops: every connection ends, and no client can connect any more. */
  stop() {
    this.#isUp = false;
    for (const socket of [...this.#sockets.values()]) socket.break();
  }

  /** @type {(url: string, protocols: string[]) => WebSocket} */
  #webSocket = (url, protocols) => {
    const [, room] = /\/spectate\/([^/?]+)/.exec(url) ?? [];
    const socket = new MockSocket(url, protocols[0] ?? "", {
      take: (from, data) => this.#take(from, data),
      ended: (from) => this.#backend.ended(from),
      later: (deliver) => this.#backend.later(deliver),
    });
    const { clock } = this.options;
    const gone = () => this.#sockets.delete(socket);
    const conditions = () => this.#conditions;
    // The lab adds the latency in both directions.
    const before = new LabSocket(/** @type {any} */ (socket), { conditions, clock, seed: 0, gone });
    this.#sockets.set(socket, before);
    const code = this.#isUp ? this.#failing("connect") : "relay_unreachable";
    if (code !== "timeout") {
      clock.setTimeout(() => this.#open(socket, room, code), this.#conditions.latencyMs);
    }
    return /** @type {WebSocket} */ (/** @type {unknown} */ (before));
  };

  /**
   * @param {MockSocket} socket
   * @param {string | undefined} room
   * @param {string | undefined} code
   */
  #open(socket, room, code) {
    if (socket.readyState !== socket.CONNECTING) return;
    if (code === "relay_unreachable") return socket.end(1006);
    socket.opened();
    if (code) this.#end(socket, code);
    else this.#backend.open(socket, room);
  }

  /**
   * Take a frame from a client. A command that is to fail does not reach the server.
   * @param {MockSocket} socket
   * @param {string | Uint8Array} data
   */
  #take(socket, data) {
    if (typeof data !== "string" || Object.keys(this.fail).length === 0) {
      return this.#backend.take(socket, data);
    }
    const line = JSON.parse(data);
    if (line.messages) {
      return line.messages.forEach((/** @type {object} */ one) => this.#take(socket, JSON.stringify(one)));
    }
    const method = methodOf(line);
    const code = method && this.#failing(method);
    if (!method || !code) return this.#backend.take(socket, data);
    if (code === "timeout") return undefined;
    if (closeNumber(code)) return this.#end(socket, code);
    return this.#backend.later(() => socket.received(refusal(method, code)));
  }

  /** End a connection as a relay does, or as a broken network does. @param {MockSocket} socket @param {string} code */
  #end(socket, code) {
    if (code === "connection_lost") this.#sockets.get(socket)?.break();
    else socket.end(closeNumber(code) ?? 1006);
  }

  /** @param {Method} method */
  #failing(method) {
    const plan = this.fail[method];
    const code = Array.isArray(plan) ? plan.shift() : plan;
    if (code !== undefined) checkFailure(method, code);
    return code;
  }

  /** @param {string} player  id or name */
  #find(player) {
    checkText(player, "a player's id or name");
    const conn = this.#call((server) => server.find(player));
    if (conn === undefined) throw failure("player_not_found");
    return conn;
  }

  /** @param {string} player  id or name */
  #bot(player) {
    const conn = this.#find(player);
    if (this.#call((server) => server.isBot(conn))) return conn;
    throw failure("invalid_argument", "that player is not a bot: kick or drop it");
  }

  /** @param {number} conn */
  #socketOf(conn) {
    const socket = this.#backend.socketOf(conn);
    if (socket) return socket;
    throw failure("invalid_argument", "that player is a bot: it has no connection");
  }

  /**
   * @param {string} name
   * @param {number} bots
   * @param {boolean} isActive
   */
  #openRoom(name, bots, isActive) {
    try {
      this.#call((server) => server.openRoom(name, bots, isActive));
    } catch (thrown) {
      const code = codeOf(thrown);
      if (code === "auth_failed") throw invalid("option rooms: the game server does not take so many bots");
      if (code === "room_full") throw invalid("option rooms: the game server does not take so many rooms");
      throw thrown;
    }
  }

  /**
   * @template T
   * @param {(server: import("./mock/backend.js").MockServer) => T} work
   */
  #call(work) {
    return this.#backend.call(work);
  }
}

/** @param {unknown} thrown */
function codeOf(thrown) {
  return thrown instanceof RaceError ? thrown.code : "";
}
