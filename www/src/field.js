// The other cars as this page sees them now: one entry per slot of the session's sample, refilled every frame.

import { CAR_AGE_MS, CAR_SLOT, CAR_SPEED, CAR_STALE, CAR_STRIDE, CAR_X, CAR_YAW, CAR_Z } from "./row.js";
import { LapCounter, REMOTE_JUMP_METRES } from "./laps.js";

/** @typedef {import("./net.js").Session} Session */
/** @typedef {import("./livery.js").Livery} Livery */

/** A car that has been silent for so long is taken off the track: its player is not coming back. */
const GONE_MS = 20_000;
/** A faded car is this visible. */
const STALE_ALPHA = 0.38;
const FADE_PER_SECOND = 3;
/** Positions beyond this are not on any track; the sender is broken or worse. */
const FAR_AWAY_METRES = 2000;

export class RemoteCar {
  /**
   * @param {string} id
   * @param {Livery} livery
   * @param {number} trackLength
   */
  constructor(id, livery, trackLength) {
    this.id = id;
    this.livery = livery;
    this.name = "";
    this.x = 0;
    this.z = 0;
    this.yaw = 0;
    this.speed = 0;
    this.stale = false;
    this.alpha = 0;
    /** Still among the players of the room, as far as we know. */
    this.listed = true;
    this.progress = 0;
    this.laps = new LapCounter(trackLength, REMOTE_JUMP_METRES);
    /** Frame in which the session last reported it. */
    this.frame = -1;
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
    /** By slot of the session; a slot's car changes when its player does. @type {Array<RemoteCar | undefined>} */
    this.slots = [];
    /** Those to be drawn and ranked in this frame. @type {RemoteCar[]} */
    this.cars = [];
    /** @type {Map<string, string>} */
    this.names = new Map();
    /** The list that `names` was made from. @type {readonly import("./state.js").Player[]} */
    this.players = [];
    this.frame = 0;
    this.at = { s: 0, lateral: 0, index: 0, x: 0, z: 0 };
  }

  /** Forget all cars: another session numbers its slots anew. */
  clear() {
    this.slots.length = 0;
    this.cars.length = 0;
  }

  /** @param {number} slot */
  forget(slot) {
    this.slots[slot] = undefined;
  }

  /** Start the others' laps over, for a new race. */
  restart() {
    for (const car of this.slots) car?.laps.reset();
  }

  /** @param {readonly import("./state.js").Player[]} players */
  nameAll(players) {
    if (players === this.players) return;
    this.players = players;
    this.names.clear();
    for (const { id, name } of players) this.names.set(id, name);
    for (const car of this.slots) {
      if (!car) continue;
      const name = this.names.get(car.id);
      car.name = name ?? car.name;
      car.listed = name !== undefined;
    }
  }

  /**
   * Take over the session's sample.
   * @param {Session} session
   * @param {number} seconds  race clock
   * @param {number} step  since the last frame
   */
  update(session, seconds, step) {
    this.frame += 1;
    const rows = session.sample();
    const count = session.carCount();
    for (let row = 0; row < count; row += 1) this.#take(session, rows, row * CAR_STRIDE, seconds, step);
    let kept = 0;
    for (let slot = 0; slot < this.slots.length; slot += 1) {
      const car = this.slots[slot];
      if (car && car.frame === this.frame) {
        this.cars[kept] = car;
        kept += 1;
      }
    }
    this.cars.length = kept;
  }

  /**
   * @param {Session} session
   * @param {Float32Array} rows
   * @param {number} at
   * @param {number} seconds
   * @param {number} step
   */
  #take(session, rows, at, seconds, step) {
    const x = rows[at + CAR_X];
    const z = rows[at + CAR_Z];
    if (!(Math.abs(x) < FAR_AWAY_METRES) || !(Math.abs(z) < FAR_AWAY_METRES)) return;
    if (rows[at + CAR_AGE_MS] > GONE_MS) return;
    const car = this.#carOf(session, rows[at + CAR_SLOT]);
    if (!car) return;
    car.stale = rows[at + CAR_STALE] !== 0;
    // Whoever left the room leaves the track at once; whoever only lost the connection stays, faded.
    if (car.stale && !car.listed) return;
    car.frame = this.frame;
    car.x = x;
    car.z = z;
    car.yaw = rows[at + CAR_YAW];
    car.speed = rows[at + CAR_SPEED];
    const alpha = car.stale ? STALE_ALPHA : 1;
    const fade = FADE_PER_SECOND * step;
    car.alpha += Math.max(-fade, Math.min(fade, alpha - car.alpha));
    this.track.line.project(x, z, this.at);
    car.laps.update(this.at.s, this.at.lateral, seconds);
    car.progress = car.laps.progress(this.at.s);
  }

  /**
   * @param {Session} session
   * @param {number} slot
   */
  #carOf(session, slot) {
    const known = this.slots[slot];
    if (known) return known;
    const id = session.carId(slot);
    if (id === undefined) return undefined;
    const car = new RemoteCar(id, this.liveries.of(id), this.track.length);
    car.name = this.names.get(id) ?? "";
    while (this.slots.length < slot) this.slots.push(undefined);
    this.slots[slot] = car;
    return car;
  }
}
