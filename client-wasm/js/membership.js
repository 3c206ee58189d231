// The player's membership of a room. It keeps the room's players, host and race up to date by asking, because most servers do
// not announce them. A page sees it as `Room`.

import { Cars } from "./cars.js";
import { unpack } from "./custom-message.js";
import { emit, end } from "./emitter.js";
import { raceError } from "./error.js";
import { Roster } from "./players.js";
import { Poll, Standing } from "./poll.js";
import { Room } from "./room.js";

/** @typedef {import("./core.js").Core} Core */
/** @typedef {import("./core.js").CoreEvents} CoreEvents */
/** @typedef {import("./error.js").RaceError} RaceError */
/** @typedef {import("./room.js").RoomEvents} RoomEvents */
/**
 * @typedef {object} Surroundings
 * @property {() => Core | null} core  null while it is not connected
 * @property {() => Readonly<import("./capabilities.js").Capabilities>} capabilities
 * @property {import("./clock.js").Clock} clock
 * @property {<T>(work: (core: Core) => Promise<T>) => Promise<T>} command  runs a command; rejects with a `RaceError`
 * @property {(membership: Membership) => Promise<void>} leave
 * @property {(membership: Membership, why: RaceError) => void} ended  called when the server says that the player is no longer in the room
 * @property {(message: RoomEvents["message"]) => void} chatted  called with a text to the room
 * @property {(type: string, wanted: boolean) => void} demand  called when an event gets its first listener or loses its last
 */

/** How often the players are listed while they gather. */
const POLL_MS = 1500;
/** How often they are listed in a race, in which new cars are seen. */
const RACE_POLL_MS = 5000;
/** How often they are listed where the server announces them: an announcement may be lost. */
const PUSHED_POLL_MS = 15_000;
/** Messages of unknown senders that may wait for the next list of players. */
const MAX_UNDECIDED = 20;
/** The errors that mean that the room is gone, or that the player is no longer in it. */
const GONE = new Set(["not_in_room", "room_not_found"]);

export class Membership {
  id;
  name;
  /** @type {string | null} */
  hostId = null;
  isActive = false;
  /** Why it ended; null while the player is in the room. @type {RaceError | null} */
  ended = null;
  roster = new Roster();
  around;
  cars;
  room;
  /** Messages of senders who are not among the players yet, and texts to the room. @type {Array<CoreEvents["message"] | CoreEvents["chat"]>} */
  #undecided = [];
  #poll;
  #standing;

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
    this.#poll = new Poll(
      () => this.refresh(),
      () => this.#pauseMs,
      around.clock,
    );
    this.#standing = new Standing((...pose) => around.core()?.sendUpdate(...pose), around.clock);
    this.room = new Room(this);
  }

  get #pauseMs() {
    if (this.around.capabilities().pushes) return PUSHED_POLL_MS;
    return this.isActive ? RACE_POLL_MS : POLL_MS;
  }

  /**
   * List the players, and then keep listing them.
   * @param {Core} core  connected, though the client's state may not say so yet
   */
  async begin(core) {
    await this.#ask(core);
    if (this.ended) return;
    this.#poll.start();
    if (!core.standing) this.#standing.start();
  }

  /** Stop listing the players, because the connection is lost. */
  pause() {
    this.#poll.stop();
    this.#standing.stop();
  }

  /** List the players once. */
  async refresh() {
    const core = this.around.core();
    if (core) await this.#ask(core);
  }

  /**
   * End it for good.
   * @param {RaceError} why
   * @param {boolean} tell  the room gets the event `lost`, because the player did not ask to leave
   */
  end(why, tell) {
    if (this.ended) return;
    this.ended = why;
    this.pause();
    const { code, message, retryable } = why;
    if (tell) this.#tell("lost", { code, reason: message, retryable });
    end(this.room);
  }

  /**
   * Offer the player's own pose. Without a newer one it is sent again each second, so that the car of a hidden page stands where it is.
   * @param {import("./poll.js").OwnPose} pose
   */
  move(...pose) {
    this.#standing.take(...pose);
    const core = this.around.core();
    if (!core) return false;
    if (!core.standing) this.#standing.start();
    return core.sendUpdate(...pose);
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
   * Any player can write to any other, but only messages from players in the room count. An unknown sender may have just joined,
   * so the message waits for the next list of players.
   * @param {CoreEvents["message"]} message
   */
  handleMessage(message) {
    if (this.roster.view.has(message.senderId)) this.#tellMessage(message);
    else this.#postpone(message);
  }

  /** A text to the room, of which the server tells only the sender's name. @param {CoreEvents["chat"]} chat */
  handleChat(chat) {
    if (this.roster.named(chat.senderName).length > 0) this.#tellChat(chat);
    else this.#postpone(chat);
  }

  /** Wait for the next list of players. @param {CoreEvents["message"] | CoreEvents["chat"]} message */
  #postpone(message) {
    if (this.#undecided.length < MAX_UNDECIDED) this.#undecided.push(message);
    this.#poll.now();
  }

  /** @param {CoreEvents["playerJoined"]} player */
  handleJoined(player) {
    const joined = this.roster.add(player, this.hostId);
    if (joined) this.#tell("joined", joined);
  }

  /** @param {CoreEvents["playerLeft"]} player */
  handleLeft({ id }) {
    const left = this.roster.remove(id);
    if (!left) return;
    this.#tell("left", left);
    // The server names another host, if at all, only when it is asked.
    if (left.isHost) this.#poll.now();
  }

  /** Take name, host and race from the list of all rooms; the list of players does not have them. @param {import("./core.js").Room[]} rooms */
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
   * @param {string | undefined} id  undefined: the car has left
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
      // Other errors pass, or the end of the connection reports them.
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
      if (!("senderId" in message)) this.#tellChat(message);
      else if (this.roster.view.has(message.senderId)) this.#tellMessage(message);
    }
  }

  /** @param {CoreEvents["chat"]} chat */
  #tellChat({ senderName, message: text }) {
    const [sender, another] = this.roster.named(senderName);
    const message = { senderId: another ? null : (sender?.id ?? null), senderName, text };
    this.around.chatted(message);
    this.#tell("message", message);
  }

  /** @param {CoreEvents["message"]} message */
  #tellMessage({ senderId, senderName, message }) {
    const custom = unpack(message);
    if (
      custom &&
      emit(this.room, `message:${custom.type}`, { senderId, senderName, payload: custom.payload })
    ) {
      return;
    }
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
