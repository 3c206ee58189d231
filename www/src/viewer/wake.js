// The way one car has come without a break, and whether it has begun to follow it again: then a lap lies between. Bounded;
// for the learner, which has one for each of the first cars.

import { closedLine } from "./lapline.js";

/** Points of the way lie so far apart. */
const SPACING_METRES = 3;
/** Enough for the Nordschleife; a longer way begins anew. */
const MAX_POINTS = 9000;
/** So near to where it was before and in so much the same direction, a car follows its own way. */
const SAME_METRES = 10;
const SAME_COSINE = Math.cos((35 * Math.PI) / 180);
/** It must do so for this long: not where the way crosses itself, nor where a pit lane leads onto the track. */
const FOLLOWED_METRES = 100;
/** Back on its own way after less than this is turning in circles. */
const MIN_LAP_METRES = 150;
const MIN_LOOP_METRES = 30;
/** Following, it may be further off for so long: somebody was in the way. */
const ASTRAY_METRES = 20;

export class Wake {
  constructor() {
    /** @type {number[]} */
    this.xs = [];
    /** @type {number[]} */
    this.zs = [];
    /** Direction of travel, a unit vector. @type {number[]} */
    this.dxs = [];
    /** @type {number[]} */
    this.dzs = [];
    /** Metres driven. @type {number[]} */
    this.at = [];
    /** Metres driven when it began to follow its own way; NaN while it does not. */
    this.followingSince = NaN;
    this.followedLast = NaN;
    /** Where the two rounds lie closest: points of the way, then and now. */
    this.from = 0;
    this.to = 0;
    this.apart = Infinity;
  }

  clear() {
    for (const list of [this.xs, this.zs, this.dxs, this.dzs, this.at]) list.length = 0;
    this.#loseTrack();
  }

  /**
   * The car drove on.
   * @param {number} x
   * @param {number} z
   * @returns {Array<[number, number]> | null} a closed lap, when one has just become certain
   */
  push(x, z) {
    const { length } = this.xs;
    if (length === 0) {
      this.#put(x, z, 0, 0, 0);
      return null;
    }
    const dx = x - this.xs[length - 1];
    const dz = z - this.zs[length - 1];
    const step = Math.hypot(dx, dz);
    if (step < SPACING_METRES) return null;
    if (length >= MAX_POINTS) {
      this.clear();
      return null;
    }
    this.#put(x, z, dx / step, dz / step, this.at[length - 1] + step);
    this.#follow(length);
    if (this.xs.length === 0 || !(this.at[length] - this.followingSince >= FOLLOWED_METRES)) return null;
    return this.#lap();
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {number} dx
   * @param {number} dz
   * @param {number} at
   */
  #put(x, z, dx, dz, at) {
    this.xs.push(x);
    this.zs.push(z);
    this.dxs.push(dx);
    this.dzs.push(dz);
    this.at.push(at);
  }

  /** @param {number} now  the newest point */
  #follow(now) {
    const before = this.#nearest(now);
    const at = this.at[now];
    if (before < 0) {
      if (at - this.followedLast > ASTRAY_METRES) this.#loseTrack();
      return;
    }
    if (at - this.at[before] < MIN_LAP_METRES) {
      this.clear();
      return;
    }
    if (Number.isNaN(this.followingSince)) this.followingSince = at;
    this.followedLast = at;
    const apart = Math.hypot(this.xs[now] - this.xs[before], this.zs[now] - this.zs[before]);
    if (apart > this.apart) return;
    this.apart = apart;
    this.from = before;
    this.to = now;
  }

  #loseTrack() {
    this.followingSince = NaN;
    this.followedLast = NaN;
    this.apart = Infinity;
  }

  /**
   * The nearest earlier point of the same direction; −1 for none.
   * @param {number} now
   */
  #nearest(now) {
    const { xs, zs, dxs, dzs, at } = this;
    const newest = at[now] - MIN_LOOP_METRES;
    let best = SAME_METRES * SAME_METRES;
    let found = -1;
    for (let i = 1; i < now && at[i] <= newest; i += 1) {
      const x = xs[i] - xs[now];
      const z = zs[i] - zs[now];
      const distance = x * x + z * z;
      if (distance >= best || dxs[i] * dxs[now] + dzs[i] * dzs[now] < SAME_COSINE) continue;
      best = distance;
      found = i;
    }
    return found;
  }

  /** From where the two rounds lie closest, once round. */
  #lap() {
    /** @type {Array<[number, number]>} */
    const lap = [];
    for (let i = this.from; i <= this.to; i += 1) lap.push([this.xs[i], this.zs[i]]);
    return closedLine(lap);
  }
}
