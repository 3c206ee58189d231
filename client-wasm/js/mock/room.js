// The rules of rooms, as docs/protocol.md has them: twenty places, one host, who starts and who is told.

import { failure } from "./failure.js";

/** How many players a room holds. */
export const ROOM_SEATS = 20;
/** The x of each starting place in metres; all have y −2 and z 0.8. */
const SPAWN_X = [66, 60, 54, 47, 41, 35, 28, 22, 16, 9, 3, -3, -9, -15, -22, -28, -34, -41, -47, -54];

/** @typedef {{ x: number, y: number, z: number, qx: number, qy: number, qz: number, qw: number }} Pose */
/** @typedef {{ steering: number, throttle: number, brake: number }} Controls */

/**
 * @typedef {{ type: "gameStarted", start: import("../core.js").GameStarted }
 *   | { type: "message", senderId: string, senderName: string, message: string }
 *   | { type: "update", id: string, pose: Pose, sentMs: number }
 *   | { type: "input", id: string, controls: Controls }} Push  What a player is told without having asked.
 */

/**
 * @typedef {object} Player  Whoever can be in a room: a client or a bot.
 * @property {string} id
 * @property {string} name
 * @property {Room | null} room
 * @property {boolean} isBot
 * @property {(push: Push) => void} take
 */

/** @typedef {{ player: Player, spawn: number, hears: boolean }} Seat */

export class Room {
  /** In the order they came. @type {Map<string, Seat>} */
  seats = new Map();
  isActive = false;
  hostId = "";
  /** When the race was started, or the room made. */
  startedMs;

  /**
   * @param {string} id
   * @param {string} name
   * @param {number} nowMs
   * @param {boolean} isKept  although nobody is in it
   */
  constructor(id, name, nowMs, isKept) {
    this.id = id;
    this.name = name;
    this.startedMs = nowMs;
    this.isKept = isKept;
  }

  /** @param {Player} player */
  add(player) {
    if (this.seats.size >= ROOM_SEATS || this.seats.has(player.id)) throw failure("room_full");
    if (this.seats.size === 0) this.hostId = player.id;
    this.seats.set(player.id, { player, spawn: this.#freePlace(), hears: false });
    player.room = this;
  }

  /** Whoever has been here longest becomes host where the host goes. @param {Player} player */
  remove(player) {
    this.seats.delete(player.id);
    player.room = null;
    if (this.hostId === player.id) this.hostId = this.seats.keys().next().value ?? "";
  }

  /**
   * @param {Player} player  who must be the host
   * @param {number} nowMs
   * @returns {import("../core.js").GameStarted}
   */
  start(player, nowMs) {
    if (player.id !== this.hostId) throw failure("not_host");
    this.isActive = true;
    this.startedMs = nowMs;
    const spawnPositions = [...this.seats].map(([id, seat]) => ({
      id,
      x: SPAWN_X[seat.spawn],
      y: -2,
      z: 0.8,
    }));
    const start = { roomId: this.id, hostId: this.hostId, spawnPositions };
    for (const seat of this.seats.values()) seat.player.take({ type: "gameStarted", start });
    return start;
  }

  /**
   * Pass a datagram on to everybody else who has sent a place: until then none comes down.
   * @param {Player} sender
   * @param {Push} push
   */
  spread(sender, push) {
    const own = this.seats.get(sender.id);
    if (!own) return;
    if (push.type === "update") own.hears = true;
    for (const { player, hears } of this.seats.values()) {
      if (hears && player !== sender) player.take(push);
    }
  }

  /** @returns {import("../core.js").Player[]} */
  players() {
    return [...this.seats.values()].map(({ player: { id, name } }) => ({ id, name }));
  }

  /** @returns {import("../core.js").Room} */
  listing() {
    const { id, name, isActive, hostId } = this;
    return { id, name, playerCount: this.seats.size, isActive, hostId: hostId || null };
  }

  /** Which place of the grid a player has. @param {string} id */
  placeOf(id) {
    return this.seats.get(id)?.spawn ?? 0;
  }

  #freePlace() {
    const taken = new Set([...this.seats.values()].map(({ spawn }) => spawn));
    return SPAWN_X.findIndex((_, place) => !taken.has(place));
  }
}
