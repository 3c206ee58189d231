// Who is in the room, as the ledger goes through time: tells who joined and left and when the race was started. A player
// who is back after a moment (a reconnect, a relay that restarts) never left.

/** @typedef {import("./feed.js").SpectatedRoom} SpectatedRoom */
/** @typedef {import("./feed.js").Seated} Seated */
/** @typedef {import("./chronicle.js").Chronicle} Chronicle */

/** So long after a player disappeared from the room it is certain. */
const LEAVING_MS = 5000;
/** A relay that has just turned to a room hears only bit by bit who is in it and whether it races: that is no news. */
const GATHERING_MS = 3000;

export class Roll {
  /** @param {Chronicle} chronicle */
  constructor(chronicle) {
    this.chronicle = chronicle;
    /** @type {SpectatedRoom | undefined} */
    this.room = undefined;
    /** What is so by then was so before. */
    this.gatheredMs = NaN;
    /** By place in the snapshot. @type {Array<Seated | undefined>} */
    this.seats = [];
    /** Names by player. @type {Map<string, string>} */
    this.names = new Map();
    /** Gone, but not yet for certain, and since when. @type {Map<string, number>} */
    this.leaving = new Map();
  }

  get isActive() {
    return this.room?.isActive === true;
  }

  /** @param {string} id */
  has(id) {
    return this.names.has(id) && !this.leaving.has(id);
  }

  clear() {
    this.room = undefined;
    this.seats.length = 0;
    this.names.clear();
    this.leaving.clear();
  }

  /**
   * Go on to a moment.
   * @param {SpectatedRoom | undefined} room  as it is then
   * @param {number} atMs
   * @returns {boolean} the race has just been started
   */
  advance(room, atMs) {
    const started = room !== undefined && room !== this.room && this.#seat(room);
    if (this.leaving.size > 0) this.#letGo(atMs);
    return started;
  }

  /** @param {SpectatedRoom} room */
  #seat(room) {
    const before = this.room;
    this.room = room;
    if (before === undefined) this.gatheredMs = room.atMs + GATHERING_MS;
    const isNews = room.atMs > this.gatheredMs;
    this.seats.length = 0;
    const present = new Set();
    for (const player of room.players) {
      this.seats[player.index] = player;
      present.add(player.id);
      this.#meet(player, room.atMs, isNews);
    }
    for (const id of this.names.keys()) {
      if (!present.has(id) && !this.leaving.has(id)) this.leaving.set(id, room.atMs);
    }
    const started = before !== undefined && isNews && !before.isActive && room.isActive;
    if (started) this.chronicle.add({ kind: "started", atMs: room.atMs, id: "", name: "" });
    return started;
  }

  /**
   * @param {Seated} player
   * @param {number} atMs
   * @param {boolean} isNews
   */
  #meet({ id, name }, atMs, isNews) {
    const known = this.names.get(id);
    this.leaving.delete(id);
    this.names.set(id, name === "" ? (known ?? "") : name);
    if (known === undefined && isNews) this.chronicle.add({ kind: "joined", atMs, id, name });
    if (known === "" && name !== "") this.chronicle.nameAll(id, name);
  }

  /** @param {number} atMs */
  #letGo(atMs) {
    for (const [id, since] of this.leaving) {
      if (atMs - since < LEAVING_MS) continue;
      this.chronicle.add({ kind: "left", atMs: since, id, name: this.names.get(id) ?? "" });
      this.leaving.delete(id);
      this.names.delete(id);
    }
  }
}
