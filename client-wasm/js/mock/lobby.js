// The game server of a mock: who is online, which rooms there are, and what each command does. It answers at once and knows
// nothing of connections; a refused command throws.

import { failure } from "./failure.js";
import { makeId } from "./id.js";
import { Room } from "./room.js";

/** @typedef {import("./room.js").Player} Player */

/** How many rooms there may be, as on the demo server. */
const MAX_ROOMS = 4096;
/** The longest room name, likewise. */
const MAX_ROOM_NAME = 64;

export class Lobby {
  /** @type {Map<string, Player>} */
  players = new Map();
  /** @type {Map<string, Room>} */
  rooms = new Map();
  /** By name. @type {Map<string, string>} */
  #passwords = new Map();

  /**
   * @param {import("./id.js").Random} random
   * @param {import("../clock.js").Clock} clock
   */
  constructor(random, clock) {
    this.random = random;
    this.clock = clock;
  }

  /** Let somebody in, who has no name yet. @param {Pick<Player, "take" | "isBot">} who @returns {Player} */
  welcome({ take, isBot }) {
    const player = { id: makeId(this.random), name: "Anonymous", room: null, isBot, take };
    this.players.set(player.id, player);
    return player;
  }

  /** @param {Player} player */
  remove(player) {
    this.#leave(player);
    this.players.delete(player.id);
  }

  /**
   * A password keeps others from a name while its owner is online, and only those who give one.
   * @param {Player} player
   * @param {string} name
   * @param {string} [password]
   */
  signIn(player, name, password) {
    const isTaken = [...this.players.values()].some(
      (other) => other !== player && other.name.toLowerCase() === name.toLowerCase(),
    );
    if (password !== undefined && isTaken) {
      const known = this.#passwords.get(name);
      if (!password || (known !== undefined && known !== password)) throw failure("auth_failed");
    } else if (password) {
      this.#passwords.set(name, password);
    }
    player.name = name;
    return { name, authenticated: true, udpEncryption: true };
  }

  /**
   * @param {string} name
   * @param {boolean} [isKept]  although nobody is in it
   */
  open(name, isKept = false) {
    if (name.length > MAX_ROOM_NAME) {
      throw failure("server_error", `A room name has at most ${MAX_ROOM_NAME} characters.`);
    }
    if (this.rooms.size >= MAX_ROOMS) throw failure("server_error");
    const room = new Room(makeId(this.random), name, this.clock.now(), isKept);
    this.rooms.set(room.id, room);
    return room;
  }

  /** Close a room under those who are in it; they hear of it when they next ask. @param {string} id */
  close(id) {
    for (const { player } of this.rooms.get(id)?.seats.values() ?? []) player.room = null;
    return this.rooms.delete(id);
  }

  /**
   * @param {Player} player
   * @param {string} name
   */
  create(player, name) {
    this.#leave(player);
    const room = this.open(name);
    room.add(player);
    return { roomId: room.id, name };
  }

  /**
   * The old room is left first, also where the new one then cannot be entered.
   * @param {Player} player
   * @param {string} roomId
   */
  join(player, roomId) {
    this.#leave(player);
    const room = this.rooms.get(roomId);
    if (!room) throw failure("room_not_found");
    room.add(player);
    return { roomId };
  }

  /** @param {Player} player */
  leave(player) {
    const room = player.room;
    if (!room) throw failure("not_in_room", "Cannot leave room. No room joined.");
    this.#leave(player);
    return { roomId: room.id };
  }

  list() {
    return [...this.rooms.values()].map((room) => room.listing());
  }

  /** @param {Player} player */
  playersOf({ room }) {
    if (!room) throw failure("not_in_room", "Cannot get players. No room joined.");
    return { roomId: room.id, players: room.players() };
  }

  /** @param {Player} player */
  start(player) {
    if (!player.room) throw failure("not_in_room", "Cannot start game. No room joined.");
    return player.room.start(player, this.clock.now());
  }

  /**
   * @param {Player} player
   * @param {string} targetId
   * @param {string} message
   */
  relayMessage(player, targetId, message) {
    if (!targetId || !message) {
      throw failure("server_error", "Invalid message relay request. Missing target or message.");
    }
    const target = this.players.get(targetId);
    if (!target) throw failure("player_not_found");
    target.take({ type: "message", senderId: player.id, senderName: player.name, message });
    return { targetId };
  }

  /** @param {Player} player */
  #leave(player) {
    const { room } = player;
    if (!room) return;
    room.remove(player);
    if (room.seats.size === 0 && !room.isKept) this.rooms.delete(room.id);
  }
}
