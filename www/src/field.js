// The other cars as this page sees them now: one entry per player, refilled every frame.

import { LapCounter, REMOTE_JUMP_METRES } from "./laps.js";
import { MAX_PLACES } from "./map/labels.js";
import { seedLaps } from "./viewer/pack.js";

/** @typedef {import("/pkg/index.js").Car} Car */
/** @typedef {import("./livery.js").Livery} Livery */

/** Beyond this number, cars that are not in this frame are forgotten. */
const MAX_KNOWN = 200;
/** A car that is silent for this long is lost. Until then it is away: a hidden page sends once a second. */
const LOST_MS = 5000;
/**
 * A car that is silent for this long is gone, even if the room's list has its player: old game servers list players for ever. The relay keeps
 * the seat of a lost connection for 30 s.
 */
const GONE_MS = 40_000;
/** Gaps at most this long apart, in seconds, are one absence. */
const SAME_ABSENCE_SECONDS = 2;
/** An absence shorter than this, in seconds, is a hiccup of the network. It is noticed `FRESH_MS` after the last position. */
const HICCUP_SECONDS = 1.25;
/** The opacity of a stale car. */
const STALE_ALPHA = 0.38;
const FADE_PER_SECOND = 3;
/** When a player joins late, all cars of the race are expected to appear within this time. */
const SEEDING_SECONDS = 1;
/** A hidden page sends once a second. If several cars are silent for longer than that at once, it is this page that hears nothing. */
const CUT_OFF_MS = 1500;
/** A car whose newest position is this much older than what the page heard last is silent. */
const FRESH_MS = 250;
/**
 * Cars that the room no longer reports have these indices: the room gives theirs to others, and uses none of these. The last index of all is
 * the own car's.
 */
const FIRST_KEPT_INDEX = 128;
const LAST_KEPT_INDEX = MAX_PLACES - 2;
/** Positions this far from the circuit are wrong: the sender is broken or malicious. The car stays at its last valid place. */
const FAR_AWAY_METRES = 2000;

export class RemoteCar {
  /**
   * @param {string} id
   * @param {Livery} livery
   * @param {import("./track.js").Track} track
   */
  constructor(id, livery, track) {
    this.id = id;
    this.livery = livery;
    this.name = "";
    this.index = 0;
    this.x = 0;
    this.z = 0;
    this.yaw = 0;
    this.speed = 0;
    /** The age of its newest position. */
    this.ageMs = Infinity;
    /** Away or lost: it stands where it was seen last, faded. */
    this.stale = false;
    this.lost = false;
    /** On the race clock: since when it sends too seldom, and when that was last seen. */
    this.awaySeconds = NaN;
    this.gapSeconds = NaN;
    this.alpha = 0;
    /** The player is still in the room, as far as the page knows. */
    this.listed = true;
    this.progress = 0;
    this.laps = new LapCounter(track.length, REMOTE_JUMP_METRES, track.reach);
    /** The part of the track that the car is on. */
    this.part = -1;
    /** The last frame in which the car was shown. */
    this.frame = -1;
  }

  /**
   * Decide whether the player is away. A short gap is only a hiccup, and a moment between two gaps does not end an absence.
   * @param {boolean} isSilent
   * @param {number} ageMs
   * @param {number} seconds  race clock
   */
  notice(isSilent, ageMs, seconds) {
    if (isSilent) {
      this.gapSeconds = seconds;
      if (Number.isNaN(this.awaySeconds)) this.awaySeconds = seconds;
    } else if (!(seconds - this.gapSeconds < SAME_ABSENCE_SECONDS)) {
      this.awaySeconds = NaN;
    }
    this.stale = seconds - this.awaySeconds >= HICCUP_SECONDS;
    this.lost = ageMs > LOST_MS;
  }
}

export class Field {
  /**
   * @param {import("./track.js").Track} track
   * @param {import("./livery.js").Liveries} liveries
   */
  constructor(track, liveries) {
    this.track = track;
    this.liveries = liveries;
    /** By the player's id. @type {Map<string, RemoteCar>} */
    this.known = new Map();
    /** The cars to draw and rank in this frame. @type {RemoteCar[]} */
    this.cars = [];
    /** @type {Map<string, string>} */
    this.names = new Map();
    /** The list that `names` was made from. @type {readonly import("./state.js").Player[]} */
    this.players = [];
    this.frame = 0;
    /** Until this time of the race clock, cars that appear count as racing since before the player joined; NaN until the first appears. */
    this.seedUntil = -Infinity;
    /** The race clock now, and seconds since the last frame. */
    this.seconds = 0;
    this.step = 0;
    /** How many of `cars` are from this frame. */
    this.shown = 0;
    /** No position of any car arrives: it is this page that is cut off. */
    this.isCutOff = false;
    /** The age of the newest position of any car, and what it would be now if none had arrived since the frame before. */
    this.newestMs = Infinity;
    this.newestBeforeMs = Infinity;
    /** How many cars were last heard of about then. */
    this.alike = 0;
    /** How long this page has heard nothing of several cars at once. Nobody is away for that. */
    this.ownMs = 0;
    this.take = this.#take.bind(this);
    this.stay = this.#stay.bind(this);
    this.at = { s: 0, lateral: 0, index: 0, x: 0, z: 0 };
  }

  /**
   * Start the others' laps over, for a new race.
   * @param {boolean} isLate  the player joins a race that is under way
   */
  restart(isLate) {
    for (const car of this.known.values()) car.laps.reset();
    this.seedUntil = isLate ? NaN : -Infinity;
  }

  /** @param {readonly import("./state.js").Player[]} players */
  nameAll(players) {
    if (players === this.players) return;
    this.players = players;
    this.names.clear();
    for (const { id, name } of players) this.names.set(id, name);
    for (const car of this.known.values()) {
      const name = this.names.get(car.id);
      car.livery = this.liveries.of(car.id);
      car.name = name ?? car.name;
      car.listed = name !== undefined;
      // Whoever comes back, or is met in another room, is shown once there is a new position.
      if (!car.listed) car.frame = -1;
    }
  }

  /**
   * Take the current positions of the room's cars. Makes no garbage.
   * @param {Pick<import("/pkg/index.js").Room, "forEachCar">} room
   * @param {number} nowMs  the frame's time
   * @param {number} seconds  the race clock
   * @param {number} step  seconds since the last frame
   */
  update(room, nowMs, seconds, step) {
    this.frame += 1;
    this.seconds = seconds;
    this.step = step;
    this.shown = 0;
    this.newestBeforeMs = this.newestMs + step * 1000;
    this.ownMs = this.alike > 1 ? this.newestBeforeMs : 0;
    this.newestMs = Infinity;
    this.alike = 0;
    room.forEachCar(this.take, nowMs);
    this.known.forEach(this.stay);
    this.isCutOff = this.alike > 1 && this.newestMs > CUT_OFF_MS;
    this.cars.length = this.shown;
    if (!(seconds > this.seedUntil)) this.#seed(seconds);
    if (this.known.size > MAX_KNOWN) this.#forgetGone();
  }

  /**
   * Keep the cars where they were seen last, faded, while there is no connection.
   * @param {number} step  seconds since the last frame
   */
  hold(step) {
    for (const car of this.cars) car.alpha = Math.max(STALE_ALPHA, car.alpha - FADE_PER_SECOND * step);
  }

  /** @param {number} seconds */
  #seed(seconds) {
    if (this.cars.length === 0) return;
    if (Number.isNaN(this.seedUntil)) this.seedUntil = seconds + SEEDING_SECONDS;
    seedLaps(this.cars, this.track.length, true);
  }

  /** @param {Readonly<Car>} seen */
  #take(seen) {
    const { x, z } = seen;
    const isNear = this.#isNear(x, z);
    const car = isNear && seen.id ? this.#carOf(seen.id) : this.known.get(seen.id);
    if (!car) return;
    if (car.listed) this.#weigh(seen.ageMs);
    const ageMs = seen.ageMs - this.ownMs;
    car.ageMs = seen.ageMs;
    car.notice((seen.stale && ageMs > FRESH_MS) || !isNear, ageMs, this.seconds);
    // The car of a player who left the room disappears at once. That of a player who lost the connection stays, faded.
    if (seen.stale && (!car.listed || ageMs > GONE_MS)) return;
    car.index = seen.slot;
    this.#show(car);
    if (!isNear) return;
    car.x = x;
    car.z = z;
    car.yaw = seen.yaw;
    car.speed = seen.speed;
    this.track.project(x, z, this.at, car.part);
    car.part = this.at.index;
    car.laps.update(this.at.s, this.at.lateral, this.seconds);
    car.progress = car.laps.progress(this.at.s);
  }

  /** Keep a car that the room no longer reports, because it is silent, for as long as its player is listed. @param {RemoteCar} car */
  #stay(car) {
    if (car.frame !== this.frame - 1 || !this.names.has(car.id)) return;
    car.ageMs += this.step * 1000;
    this.#weigh(car.ageMs);
    const ageMs = car.ageMs - this.ownMs;
    car.notice(ageMs > FRESH_MS, ageMs, this.seconds);
    if (ageMs > GONE_MS) return;
    if (car.index < FIRST_KEPT_INDEX) car.index = this.#freeIndex();
    if (car.index > LAST_KEPT_INDEX) return;
    car.speed = 0;
    this.#show(car);
  }

  #freeIndex() {
    let index = FIRST_KEPT_INDEX;
    const isTaken = (/** @type {RemoteCar} */ car) => car.index === index && car.frame >= this.frame - 1;
    while ([...this.known.values()].some(isTaken)) index += 1;
    return index;
  }

  /** @param {RemoteCar} car */
  #show(car) {
    car.frame = this.frame;
    // An array that is emptied and filled again gets new memory each time.
    this.cars[this.shown] = car;
    this.shown += 1;
    const alpha = car.stale ? STALE_ALPHA : 1;
    const fade = FADE_PER_SECOND * this.step;
    car.alpha += Math.max(-fade, Math.min(fade, alpha - car.alpha));
  }

  /** @param {number} ageMs */
  #weigh(ageMs) {
    if (ageMs < this.newestMs) this.newestMs = ageMs;
    if (ageMs < this.newestBeforeMs + CUT_OFF_MS) this.alike += 1;
  }

  /**
   * @param {number} x
   * @param {number} z
   */
  #isNear(x, z) {
    const { left, right, low, high } = this.track.bounds;
    const far = FAR_AWAY_METRES;
    return x > left - far && x < right + far && z > low - far && z < high + far;
  }

  /** @param {string} id */
  #carOf(id) {
    const known = this.known.get(id);
    if (known) return known;
    const car = new RemoteCar(id, this.liveries.of(id), this.track);
    car.name = this.names.get(id) ?? "";
    this.known.set(id, car);
    return car;
  }

  /** Forget cars that are not shown. A player who returns has a new id. */
  #forgetGone() {
    for (const [id, car] of this.known) if (car.frame !== this.frame) this.known.delete(id);
  }
}
