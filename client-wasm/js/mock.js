// A relay with rooms and bots in the page itself, without a server: for demos, Storybook and unit tests. Clients of one mock
// see each other and go by the rules of a real relay; with a seed and a clock of the test's own all is the same each time.

import { RaceClient } from "./client.js";
import { PAGE_CLOCK } from "./clock.js";
import { seeded } from "./lab/random.js";
import { Bot, BOT_NAMES, Bots } from "./mock/bots.js";
import { VirtualClock } from "./mock/clock.js";
import { MockCore } from "./mock/core.js";
import { failure, known } from "./mock/failure.js";
import { Line } from "./mock/line.js";
import { Lobby } from "./mock/lobby.js";
import { ROOM_SEATS } from "./mock/room.js";

export { VirtualClock };

/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./mock/line.js").TrackFile} TrackFile */
/** @typedef {"connect" | "signIn" | "createRoom" | "joinRoom" | "leaveRoom" | "listRooms" | "roomPlayers" | "playerInfo" | "relayMessage" | "startGame" | "ping"} Method  What a client asks of a relay and can fail. */
/**
 * @typedef {Partial<Record<Method, string | string[]>>} Failures  By method, the code it fails with: one for always, or a list that is used up call by call.
 */
/** @typedef {string | { name: string, bots?: number, isActive?: boolean }} RoomPlan  its name, and more where it differs from the others */
/** @typedef {{ id: string, name: string, isBot: boolean }} MockPlayer  A player of the mock, as it is now. */
/** @typedef {{ id: string, name: string, hostId: string | null, isActive: boolean, players: MockPlayer[] }} MockRoom  A room of the mock, as it is now; `isActive`: its race was started. */

/**
 * @typedef {object} MockOptions  What is in the relay from the start, how far away it is, and what goes wrong.
 * @property {number} [bots]  in each of the rooms, 0 to 20; default 6
 * @property {RoomPlan[]} [rooms]  that are there from the start, and stay when empty; default one, "Bot race"
 * @property {TrackFile} [track]  what the bots drive, as the demo's `track.json`; default a small oval
 * @property {number} [latencyMs]  of a round trip; default 20
 * @property {number} [seed]  of all that looks like chance; default 1
 * @property {Clock} [clock]  default the page's; a test gives a `VirtualClock`. Its clients go by it too
 * @property {Failures} [fail]  what goes wrong
 */

/** Where the mock is, for those who want to know; nothing is ever asked there. */
const ADDRESS = "http://localhost/";
/** The longest round trip there may be: more is a connection that does not work. */
const MAX_LATENCY_MS = 10_000;

/**
 * Make a relay.
 * @param {MockOptions} [options]
 */
export function mockRelay(options = {}) {
  return new MockRelay(options);
}

/** A relay in the page itself, made by `mockRelay()`: what happens in its rooms is up to whoever holds it. */
export class MockRelay {
  /** What fails; may be changed at any time. @type {Failures} */
  fail;
  #clock;
  #latencyMs;
  #random;
  #lobby;
  #line;
  #bots;
  /** @type {Set<MockCore>} */
  #cores = new Set();
  #isUp = true;

  /** @param {MockOptions} options */
  constructor({
    bots = 6,
    rooms = ["Bot race"],
    track,
    latencyMs = 20,
    seed = 1,
    clock = PAGE_CLOCK,
    fail = {},
  }) {
    checkNumber("latencyMs", latencyMs, MAX_LATENCY_MS);
    Object.values(fail).flat().forEach(known);
    this.fail = fail;
    this.#clock = clock;
    this.#latencyMs = latencyMs;
    this.#random = seeded(seed);
    this.#lobby = new Lobby(this.#random, clock);
    this.#line = new Line(track);
    this.#bots = new Bots(clock);
    for (const plan of rooms) this.#openRoom({ bots, ...(typeof plan === "string" ? { name: plan } : plan) });
  }

  /**
   * What makes the clients: `new RaceClient(url, { core: relay.core })` with any address.
   * @type {import("./core.js").CoreFactory}
   */
  core = async (options) => {
    const relay = this;
    return new MockCore(
      {
        lobby: relay.#lobby,
        clock: relay.#clock,
        latencyMs: relay.#latencyMs,
        failing: (method) => relay.#failing(/** @type {Method} */ (method)),
        attach: (core) => void relay.#cores.add(core),
        detach: (core) => void relay.#cores.delete(core),
        wake: () => relay.#bots.wake(),
        makeSeed: () => Math.floor(relay.#random() * 2 ** 32),
        get isUp() {
          return relay.#isUp;
        },
      },
      options,
    );
  };

  /**
   * A client that is connected and signed in. With a `VirtualClock` it comes as soon as that goes on.
   * @param {string} name
   * @param {Partial<import("./client.js").RaceOptions>} [options]
   */
  connect(name, options) {
    return RaceClient.connect(ADDRESS, { config: {}, clock: this.#clock, ...options, name, core: this.core });
  }

  /** The rooms as they are now. @returns {MockRoom[]} */
  get rooms() {
    return [...this.#lobby.rooms.values()].map(({ id, name, hostId, isActive, seats }) => ({
      id,
      name,
      hostId: hostId || null,
      isActive,
      players: [...seats.values()].map(({ player }) => ({
        id: player.id,
        name: player.name,
        isBot: player.isBot,
      })),
    }));
  }

  /**
   * One more bot. Where the room is empty it becomes the host.
   * @param {string} roomId
   * @param {string} [name]
   * @returns {MockPlayer}
   */
  addPlayer(roomId, name) {
    const room = this.#room(roomId);
    if (room.seats.size >= ROOM_SEATS) throw failure("room_full");
    const player = this.#lobby.welcome({ isBot: true, take: () => {} });
    player.name = name ?? nameOf(this.#bots.count);
    room.add(player);
    this.#bots.add(new Bot(player, this.#line, this.#random));
    this.#bots.wake();
    return { id: player.id, name: player.name, isBot: true };
  }

  /** A bot leaves. @param {string} player  id or name */
  removePlayer(player) {
    const bot = this.#player(player);
    if (!bot.isBot) throw failure("invalid_argument", "that player is no bot: kick or drop it");
    this.#bots.remove(bot.id);
    this.#lobby.remove(bot);
  }

  /**
   * A bot says something to one player, or to everybody else in its room.
   * @param {string} player  id or name
   * @param {string} text
   * @param {string} [targetId]
   */
  say(player, text, targetId) {
    const sender = this.#player(player);
    const others = [...(sender.room?.seats.keys() ?? [])].filter((id) => id !== sender.id);
    for (const id of targetId ? [targetId] : others) this.#lobby.relayMessage(sender, id, text);
  }

  /** The host of a room starts the race, also where it is a bot. @param {string} roomId */
  startRace(roomId) {
    const room = this.#room(roomId);
    const host = this.#lobby.players.get(room.hostId);
    if (!host) throw failure("not_host", "the room has no host: nobody is in it");
    room.start(host, this.#clock.now());
  }

  /** Close a room under those who are in it; they hear of it when they next ask who is there. @param {string} roomId */
  closeRoom(roomId) {
    const room = this.#room(roomId);
    for (const { player } of [...room.seats.values()]) if (player.isBot) this.removePlayer(player.id);
    this.#lobby.close(room.id);
  }

  /**
   * An administrator ends a client's session.
   * @param {string} player  id or name
   * @param {string} [message]
   */
  kick(player, message = "Disconnected by administrator") {
    this.#client(player).kick(message);
  }

  /**
   * A client's connection breaks.
   * @param {string} player  id or name
   * @param {string} [code]  of the end; default "connection_lost"
   */
  drop(player, code = "connection_lost") {
    this.#client(player).end(known(code));
  }

  /** The relay restarts: everybody is told, and cut off so much later. @param {number} [seconds] */
  drain(seconds = 5) {
    for (const core of this.#cores) core.drain(seconds);
  }

  /** The relay ends, and with it every connection; nobody can connect any more. */
  stop() {
    this.#isUp = false;
    this.#bots.stop();
    for (const core of [...this.#cores]) core.end("connection_lost");
  }

  /** @param {{ name: string, bots: number, isActive?: boolean }} plan */
  #openRoom({ name, bots, isActive = false }) {
    checkNumber("bots", bots, ROOM_SEATS);
    const room = this.#lobby.open(name, true);
    for (let index = 0; index < bots; index += 1) this.addPlayer(room.id);
    room.isActive = isActive;
  }

  /** @param {Method} method */
  #failing(method) {
    const plan = this.fail[method];
    const code = Array.isArray(plan) ? plan.shift() : plan;
    return code === undefined ? undefined : known(code);
  }

  /** @param {string} id */
  #room(id) {
    const room = this.#lobby.rooms.get(id);
    if (!room) throw failure("room_not_found");
    return room;
  }

  /** @param {string} idOrName */
  #player(idOrName) {
    const all = this.#lobby.players;
    const player = all.get(idOrName) ?? [...all.values()].find(({ name }) => name === idOrName);
    if (!player) throw failure("player_not_found");
    return player;
  }

  /** @param {string} idOrName */
  #client(idOrName) {
    const player = this.#player(idOrName);
    const core = [...this.#cores].find((one) => one.player === player);
    if (!core) throw failure("invalid_argument", "that player is a bot: it has no connection");
    return core;
  }
}

/** @param {number} index */
function nameOf(index) {
  const round = Math.floor(index / BOT_NAMES.length);
  return BOT_NAMES[index % BOT_NAMES.length] + (round > 0 ? ` ${round + 1}` : "");
}

/**
 * @param {string} name
 * @param {number} value
 * @param {number} max
 */
function checkNumber(name, value, max) {
  if (value >= 0 && value <= max) return;
  throw failure("invalid_argument", `option ${name} must be a number from 0 to ${max}`);
}
