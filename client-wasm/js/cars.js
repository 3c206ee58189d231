// The other cars at a moment: as rows of numbers, as objects, or as one object that is reused for each car.

import { CAR_STRIDE } from "./core.js";

/** @typedef {import("./core.js").Core} Core */
/**
 * @typedef {object} CarSample  The other cars as rows of `CAR_STRIDE` numbers: slot, x, y, z (metres), qx, qy, qz, qw, speed (m/s), age of what is known
 *   (ms), stale (0 or 1), yaw (radians, 0 along +z, positive towards +x).
 * @property {Float32Array} rows  valid until the next sample; it may be longer than `count` rows
 * @property {number} count  the number of rows
 */
/**
 * @typedef {object} Car  Another car at a moment.
 * @property {number} slot  a small number that the car keeps while it is there
 * @property {string} id  the player's id
 * @property {string} name  the player's name; empty while it is unknown
 * @property {number} x
 * @property {number} y
 * @property {number} z  metres, z to the north
 * @property {number} qx
 * @property {number} qy
 * @property {number} qz
 * @property {number} qw
 * @property {number} speed  metres a second
 * @property {number} ageMs  the time since its newest datagram
 * @property {boolean} stale  its datagrams have stopped, so it stands still
 * @property {number} yaw  radians, 0 along +z, positive towards +x
 */

export const NOTHING = new Float32Array(0);

/** The cars of a room. */
export class Cars {
  /** Whose car a slot is. @type {Map<number, string>} */
  #ids = new Map();
  #core;
  reader;
  /** @type {CarSample} */
  #sample = { rows: NOTHING, count: 0 };
  /** @type {number | undefined} */
  #sampledAt;

  /**
   * @param {() => Core | null} core
   * @param {(id: string) => string} nameOf
   */
  constructor(core, nameOf) {
    this.#core = core;
    this.reader = new Reader((slot) => this.#ownerOf(slot), nameOf);
  }

  /**
   * @param {number} slot
   * @param {string | undefined} id  undefined: the car has left
   */
  setOwner(slot, id) {
    if (id === undefined) this.#ids.delete(slot);
    else this.#ids.set(slot, id);
  }

  /** @param {number} [now]  callers with the same number share a sample */
  sample(now) {
    if (now !== undefined && now === this.#sampledAt) return this.#sample;
    const core = this.#core();
    this.#sampledAt = now;
    this.#sample.rows = core?.sample() ?? NOTHING;
    this.#sample.count = core?.carCount() ?? 0;
    return this.#sample;
  }

  /** @param {number} slot */
  #ownerOf(slot) {
    const known = this.#ids.get(slot);
    if (known !== undefined) return known;
    const id = this.#core()?.carId(slot);
    if (id !== undefined) this.#ids.set(slot, id);
    return id ?? "";
  }
}

/** Reads samples. */
export class Reader {
  #ownerOf;
  #nameOf;
  /** The reused object. It gets its members when it is first filled. */
  #car = /** @type {Car} */ ({});

  /**
   * @param {(slot: number) => string} ownerOf
   * @param {(id: string, slot: number) => string} nameOf
   */
  constructor(ownerOf, nameOf) {
    this.#ownerOf = ownerOf;
    this.#nameOf = nameOf;
  }

  /**
   * @param {CarSample} sample
   * @returns {Car[]}
   */
  list(sample) {
    /** @type {Car[]} */
    const cars = [];
    this.forEach(sample, (car) => cars.push({ ...car }));
    return cars;
  }

  /**
   * @param {CarSample} sample
   * @param {(car: Car) => void} work
   */
  forEach({ rows, count }, work) {
    const car = this.#car;
    for (let at = 0; at < count * CAR_STRIDE; at += CAR_STRIDE) {
      car.slot = rows[at];
      car.id = this.#ownerOf(car.slot);
      car.name = this.#nameOf(car.id, car.slot);
      car.x = rows[at + 1];
      car.y = rows[at + 2];
      car.z = rows[at + 3];
      car.qx = rows[at + 4];
      car.qy = rows[at + 5];
      car.qz = rows[at + 6];
      car.qw = rows[at + 7];
      car.speed = rows[at + 8];
      car.ageMs = rows[at + 9];
      car.stale = rows[at + 10] === 1;
      car.yaw = rows[at + 11];
      work(car);
    }
  }
}
