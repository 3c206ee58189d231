// Being in a room: keeps its players, host and race in step with the server, which tells of none of them by itself.
// What a page sees of it is `Room`.

import { Cars } from "./cars.js";
import { emit, end } from "./emitter.js";
import { raceError } from "./error.js";
import { Roster } from "./players.js";
import { Poll } from "./poll.js";
import { Room } from "./room.js";

/** @typedef {import("./core.js").Core} Core */
/** @typedef {import("./core.js").CoreEvents} CoreEvents */
/** @typedef {import("./error.js").RaceError} RaceError */
/** @typedef {import("./room.js").RoomEvents} RoomEvents */
/**
 * @typedef {object} Surroundings
 * @property {() => Core | null} core  while it is connected
 * @property {<T>(work: (core: Core) => Promise<T>) => Promise<T>} command  rejects with a `RaceError`
 * @property {(membership: Membership) => Promise<void>} leave
 * @property {(membership: Membership, why: RaceError) => void} ended  the server says that one is in it no more
 * @property {(type: string, wanted: boolean) => void} demand  somebody begins or nobody goes on to listen to an event
 */

/** How often is asked who is there. */
const POLL_MS = 1500;
/** Messages of strangers that wait for the next list of players. */
const MAX_UNDECIDED = 20;
/** What the server says when the room is gone, or we from it. */
const GONE = new Set(["not_in_room", "room_not_found"]);

export class Membership {
  id;
  name;
  /** @type {string | null} */
  hostId = null;
  isActive = false;
  /** Why it ended; null while it goes on. @type {RaceError | null} */
  ended = null;
  roster = new Roster();
  around;
  cars;
  room;
  /** Messages of senders who are not among the players yet. @type {CoreEvents["message"][]} */
  #undecided = [];
  #poll = new Poll(() => this.refresh(), POLL_MS);

  /**
   * @param {Surroundings} around
   * @param {{ id: string, name: string, hostId: string | null }} room
   */
  constructor(around, { id, name, hostId }) {
    this.around = around;
    this.id = id;
    this.name = name;
    this.hostId = hostId;
    this.cars = new Cars(around.core, (player) => this.roster.view.get(player)?.name ?? "");
    this.room = new Room(this);
  }

  /**
   * Ask who is there, and then go on asking.
   * @param {Core} core  connected, though perhaps not yet officially
   */
  async begin(core) {
    await this.#ask(core);
    if (!this.ended) this.#poll.start();
  }

  /** The connection is lost: nobody can be asked. */
  pause() {
    this.#poll.stop();
  }

  /** Ask who is there. */
  async refresh() {
    const core = this.around.core();
    if (core) await this.#ask(core);
  }

  /**
   * There is nothing more to say.
   * @param {RaceError} why
   * @param {boolean} tell  it was not our wish
   */
  end(why, tell) {
    if (this.ended) return;
    this.ended = why;
    this.#poll.stop();
    const { code, message, retryable } = why;
    if (tell) this.#tell("lost", { code, reason: message, retryable });
    end(this.room);
  }

  /** @param {CoreEvents["gameStarted"]} started */
  handleStart({ roomId, hostId, spawnPositions }) {
    if (roomId !== this.id) return;
    this.isActive = true;
    if (hostId !== undefined) this.#setHost(hostId);
    const mine = spawnPositions.find(({ id }) => id === this.around.core()?.sessionId) ?? null;
    this.#tell("started", { spawnPositions, mine });
    this.#poll.now();
  }

  /**
   * Anybody can write to anybody, but only those count who are in the room. A sender who is not known may have come just now, so
   * the message waits until that is known.
   * @param {CoreEvents["message"]} message
   */
  handleMessage(message) {
    if (this.roster.view.has(message.senderId)) return this.#tellMessage(message);
    if (this.#undecided.length < MAX_UNDECIDED) this.#undecided.push(message);
    this.#poll.now();
  }

  /** The list of all rooms, which tells what the list of players does not. @param {import("./core.js").Room[]} rooms */
  handleRooms(rooms) {
    const listed = rooms.find(({ id }) => id === this.id);
    if (!listed || this.ended) return;
    this.name = listed.name;
    this.isActive = listed.isActive;
    this.#setHost(listed.hostId);
  }

  /** @param {CoreEvents["input"]} input */
  handleInput(input) {
    this.#tell("input", input);
  }

  /**
   * @param {number} slot
   * @param {string | undefined} id  nobody's any more
   */
  handleCar(slot, id) {
    this.cars.setOwner(slot, id);
    this.#poll.now();
  }

  /** @param {Core} core */
  async #ask(core) {
    try {
      const { roomId, players } = await core.roomPlayers();
      if (this.ended || roomId !== this.id) return;
      this.#take(players, core);
      if (!players.some(({ id }) => id === this.hostId)) await this.#askForHost(core);
    } catch (thrown) {
      const error = raceError(thrown);
      if (GONE.has(error.code)) this.around.ended(this, error);
      // All else passes, or the connection's end tells it.
    }
  }

  /** @param {Core} core */
  async #askForHost(core) {
    this.handleRooms(await core.listRooms());
  }

  /**
   * @param {import("./core.js").Player[]} players
   * @param {Core} core
   */
  #take(players, core) {
    const { joined, left } = this.roster.update(players, this.hostId, core.sessionId);
    for (const player of left) this.#tell("left", player);
    for (const player of joined) this.#tell("joined", player);
    for (const message of this.#undecided.splice(0)) {
      if (this.roster.view.has(message.senderId)) this.#tellMessage(message);
    }
  }

  /** @param {CoreEvents["message"]} message */
  #tellMessage({ senderId, senderName, message }) {
    this.#tell("message", { senderId, senderName, text: message });
  }

  /** @param {string | null} hostId */
  #setHost(hostId) {
    if (hostId === this.hostId) return;
    this.hostId = hostId;
    this.roster.setHost(hostId);
    this.#tell("host", { hostId, isHost: this.room.isHost });
  }

  /**
   * @template {keyof RoomEvents} T
   * @param {T} type
   * @param {RoomEvents[T]} event
   */
  #tell(type, event) {
    emit(this.room, type, event);
  }
}
