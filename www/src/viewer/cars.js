// The cars at the moment shown: one object for each index of a snapshot, refilled every frame, so that drawing makes no
// garbage.

import { MAX_PLACES } from "../map/labels.js";
import { CAR_AGE_MS, CAR_SLOT, CAR_SPEED, CAR_STALE, CAR_STRIDE, CAR_X, CAR_YAW, CAR_Z } from "./feed.js";

/** @typedef {import("./feed.js").Spectator} Spectator */
/** @typedef {import("./feed.js").SpectatedRoom} SpectatedRoom */
/** @typedef {import("../livery.js").Livery} Livery */

/** The opacity of a car whose datagrams have stopped. */
const STALE_ALPHA = 0.4;
const FADE_PER_SECOND = 3;
/**
 * A car that snapshots no longer have stays for this long after its last one, if its player is in the room: the relay keeps the seat of a lost
 * connection for 30 s. Old game servers list players for ever.
 */
export const GONE_MS = 40_000;
/** Versions of the room that are kept. Beyond that the oldest is dropped. */
const MAX_ROSTERS = 1024;

export class CarView {
  /** @param {number} index */
  constructor(index) {
    this.index = index;
    this.id = "";
    this.name = "";
    /** @type {Livery} */
    this.livery = NO_LIVERY;
    this.x = 0;
    this.z = 0;
    this.yaw = 0;
    this.speed = 0;
    this.ageMs = 0;
    this.stale = false;
    this.alpha = 0;
    /** Place in the standings, 0 while there are none. */
    this.place = 0;
    this.frame = -1;
    /** The moment of the last snapshot that had the car, and whose it was then. */
    this.seenMs = NaN;
    this.seenId = "";
  }
}

/** @type {Livery} */
const NO_LIVERY = { number: 0, label: "", index: 0, body: "#f4f6f8", ink: "#14161a", striped: false };

/** Which player had which index, and since when. */
export class Rosters {
  constructor() {
    /** Oldest first. @type {SpectatedRoom[]} */
    this.rooms = [];
  }

  /** @param {SpectatedRoom} room */
  add(room) {
    const { rooms } = this;
    while (rooms.length > 0 && rooms[rooms.length - 1].atMs >= room.atMs) rooms.pop();
    rooms.push(room);
    if (rooms.length > MAX_ROSTERS) rooms.shift();
  }

  /**
   * Give the room as it was at a moment. Moments before the first version get the first version.
   * @param {number} atMs
   * @returns {SpectatedRoom | undefined}
   */
  at(atMs) {
    const { rooms } = this;
    let low = 0;
    let high = rooms.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (rooms[middle].atMs <= atMs) low = middle;
      else high = middle - 1;
    }
    return rooms[low];
  }
}

export class Cars {
  /** @param {import("../livery.js").Liveries} liveries */
  constructor(liveries) {
    this.liveries = liveries;
    this.views = Array.from({ length: MAX_PLACES }, (_, index) => new CarView(index));
    /** Those on the track at the moment shown. @type {CarView[]} */
    this.list = [];
    /** How many of them the snapshots have. */
    this.present = 0;
    /** The room the places are named after. @type {SpectatedRoom | undefined} */
    this.room = undefined;
    this.frame = 0;
  }

  /**
   * Move all cars to where they are at a moment.
   * @param {Spectator} spectator
   * @param {number} atMs
   * @param {SpectatedRoom | undefined} room  as it was then
   * @param {number} step  seconds since the last frame
   */
  update(spectator, atMs, room, step) {
    this.frame += 1;
    if (room !== this.room) this.#seat(room);
    const { rows, count } = spectator.sample(atMs);
    let kept = 0;
    for (let row = 0; row < count; row += 1) {
      const car = this.#take(rows, row * CAR_STRIDE, step);
      if (car === undefined) continue;
      car.seenMs = atMs;
      car.seenId = car.id;
      this.list[kept] = car;
      kept += 1;
    }
    this.present = kept;
    for (let i = 0; i < this.views.length; i += 1) {
      const car = this.views[i];
      if (!this.#isLost(car, atMs)) continue;
      this.#fade(car, step);
      this.list[kept] = car;
      kept += 1;
    }
    this.list.length = kept;
  }

  /**
   * The player is in the room, but its car is no longer in the snapshots.
   * @param {CarView} car
   * @param {number} atMs
   */
  #isLost({ id, frame, seenId, seenMs }, atMs) {
    return (
      id !== "" && id === seenId && frame === this.frame - 1 && atMs >= seenMs && atMs < seenMs + GONE_MS
    );
  }

  /**
   * @param {CarView} car
   * @param {number} step
   */
  #fade(car, step) {
    car.frame = this.frame;
    car.stale = true;
    car.speed = 0;
    car.ageMs += step * 1000;
    car.alpha = Math.max(STALE_ALPHA, car.alpha - FADE_PER_SECOND * step);
  }

  /**
   * Find the car of a player, if it is on the track.
   * @param {string} id
   */
  find(id) {
    for (let i = 0; i < this.list.length; i += 1) if (this.list[i].id === id) return this.list[i];
    return undefined;
  }

  /** @param {SpectatedRoom | undefined} room */
  #seat(room) {
    this.room = room;
    for (const view of this.views) view.id = "";
    if (room === undefined) return;
    this.liveries.assign(room.players);
    for (const { index, id, name } of room.players) {
      const view = this.views[index];
      if (view === undefined) continue;
      view.id = id;
      view.name = name;
      view.livery = this.liveries.of(id);
    }
  }

  /**
   * @param {Float32Array} rows
   * @param {number} at
   * @param {number} step
   */
  #take(rows, at, step) {
    const car = this.views[rows[at + CAR_SLOT]];
    // The room names this player's index in a moment.
    if (car === undefined || car.id === "") return undefined;
    const isNew = car.frame !== this.frame - 1;
    car.frame = this.frame;
    car.x = rows[at + CAR_X];
    car.z = rows[at + CAR_Z];
    car.yaw = rows[at + CAR_YAW];
    car.speed = rows[at + CAR_SPEED];
    car.ageMs = rows[at + CAR_AGE_MS];
    car.stale = rows[at + CAR_STALE] !== 0;
    const alpha = car.stale ? STALE_ALPHA : 1;
    const fade = isNew ? 1 : FADE_PER_SECOND * step;
    car.alpha += Math.max(-fade, Math.min(fade, alpha - car.alpha));
    return car;
  }
}
