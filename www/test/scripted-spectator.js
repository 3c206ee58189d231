// A spectator whose cars do what a test says: a function from the moment to where each car is.

import { CAR_AGE_MS, CAR_SPEED, CAR_STALE, CAR_STRIDE, CAR_X, CAR_YAW, CAR_Z } from "../src/viewer/feed.js";

/** @typedef {import("../src/viewer/feed.js").SpectatedRoom} SpectatedRoom */
/**
 * Where a car is: along the line, or at a point. Nothing: it is not in the snapshot.
 * @typedef {{ s?: number, lateral?: number, x?: number, z?: number, yaw?: number, speed?: number, ageMs?: number, stale?: boolean } | null} Shown
 */

export class Scripted {
  /**
   * @param {import("../src/track.js").Line} line
   * @param {Array<(seconds: number) => Shown>} cars  by index
   */
  constructor(line, cars) {
    this.line = line;
    this.cars = cars;
    this.startMs = 0;
    this.liveMs = 0;
    this.rows = new Float32Array(cars.length * CAR_STRIDE);
    this.count = 0;
    this.place = { x: 0, z: 0, yaw: 0 };
  }

  /** @param {number} atMs */
  sample(atMs) {
    this.count = 0;
    this.cars.forEach((car, index) => {
      const shown = car(atMs / 1000);
      if (shown === null) return;
      this.#put(this.count * CAR_STRIDE, index, shown);
      this.count += 1;
    });
    return { rows: this.rows, count: this.count };
  }

  /**
   * @param {number} at
   * @param {number} index
   * @param {NonNullable<Shown>} shown
   */
  #put(at, index, { s = 0, lateral = 0, x, z, yaw, speed = 40, ageMs = 60, stale = false }) {
    const { rows, place } = this;
    this.line.place(s, place);
    rows[at] = index;
    rows[at + CAR_X] = x ?? place.x - Math.cos(place.yaw) * lateral;
    rows[at + CAR_Z] = z ?? place.z + Math.sin(place.yaw) * lateral;
    rows[at + CAR_YAW] = yaw ?? place.yaw;
    rows[at + CAR_SPEED] = speed;
    rows[at + CAR_AGE_MS] = ageMs;
    rows[at + CAR_STALE] = Number(stale);
  }
}

/**
 * @param {number} players
 * @param {Partial<SpectatedRoom>} [but]
 * @returns {SpectatedRoom}
 */
export function roomOf(players, but = {}) {
  const seated = Array.from({ length: players }, (_, index) => ({
    index,
    id: `p${index}`,
    name: `N${index}`,
  }));
  return { id: "r", name: "R", hostId: "p0", isActive: true, players: seated, atMs: 0, ...but };
}

/** A round circuit of exactly this length, in so many straight pieces. @param {number} metres @param {number} pieces */
export function ring(metres, pieces) {
  /** @type {Array<[number, number]>} */
  const points = [];
  const radius = metres / pieces / 2 / Math.sin(Math.PI / pieces);
  for (let i = 0; i < pieces; i += 1) {
    const angle = (i / pieces) * 2 * Math.PI;
    points.push([radius * Math.sin(angle), radius * Math.cos(angle)]);
  }
  return points;
}
