// The other cars as one client sees them: a little in the past, on a smooth way through what their drivers sent.

import { CAR_STRIDE } from "../core.js";
import { writePose } from "./curve.js";

/** @typedef {import("./room.js").Pose} Pose */
/** @typedef {import("./curve.js").Sample} Sample */

/** How far in the past a car is drawn, beyond what its positions need to come: two of them at the usual 20 a second. */
const DELAY_MS = 100;
/** How fast what they need is learned, and how much of its spread is waited for. */
const GAIN = 0.03;
const SPREADS = 2.5;
/** The delay changes by at most this part of the time that passes, so that nobody sees it. */
const SLEW = 0.1;
/** Whoever has not looked for so long sees a jump anyway. */
const LOOKED_AWAY_MS = 1000;
/** A car of which nothing came for so long is removed. */
export const EXPIRY_MS = 5000;
/** The most cars at once, as in the wasm client. */
const MAX_CARS = 128;
/** As many as the delay holds at the fastest rate, and some. */
const MAX_SAMPLES = 48;
/** A car that is further away than this, and than its speed explains, jumps. */
const TELEPORT_METRES = 15;
const MAX_SPEED = 200;

/** @typedef {{ id: string, samples: Sample[], newestMs: number }} Car  samples oldest first, never empty */

export class Cars {
  /** By slot. @type {Array<Car | undefined>} */
  #slots = [];
  #rows = new Float32Array(MAX_CARS * CAR_STRIDE);
  #tell;
  /** What positions need to come, on average, and by how much they differ from that. */
  #transitMs = NaN;
  #spreadMs = 0;
  #delayMs = 0;
  #lookedMs = -Infinity;
  count = 0;

  /** @param {(type: "carJoined" | "carLeft", event: { slot: number, id: string }) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /**
   * @param {string} id
   * @param {Pose} pose
   * @param {number} sentMs
   * @param {number} nowMs
   */
  arrive(id, pose, sentMs, nowMs) {
    this.#learn(nowMs - sentMs);
    const sample = { ...pose, ms: sentMs };
    const car = this.#slots.find((other) => other?.id === id);
    if (!car) return this.#join(id, sample, nowMs);
    car.newestMs = nowMs;
    const { samples } = car;
    if (leaps(samples[samples.length - 1], sample)) samples.length = 0;
    // One that was overtaken goes to its own place.
    let place = samples.length;
    while (place > 0 && samples[place - 1].ms > sentMs) place -= 1;
    samples.splice(place, 0, sample);
    if (samples.length > MAX_SAMPLES) samples.shift();
  }

  /** Remove cars of which nothing comes any more. @param {number} nowMs */
  expire(nowMs) {
    this.#removeWhere((car) => nowMs - car.newestMs >= EXPIRY_MS);
  }

  clear() {
    this.#removeWhere(() => true);
  }

  get isEmpty() {
    return this.#slots.every((car) => !car);
  }

  /** @param {number} slot */
  idOf(slot) {
    return this.#slots[slot]?.id;
  }

  /** @param {number} nowMs */
  sample(nowMs) {
    const rows = this.#rows;
    const shownMs = nowMs - this.#delay(nowMs);
    this.count = 0;
    this.#slots.forEach((car, slot) => {
      if (!car) return;
      const at = this.count * CAR_STRIDE;
      const stands = writePose(rows, at, car.samples, shownMs);
      rows[at] = slot;
      rows[at + 9] = nowMs - car.newestMs;
      rows[at + 10] = Number(stands);
      this.count += 1;
    });
    return rows;
  }

  /** @param {number} transitMs  that a position needed to come */
  #learn(transitMs) {
    if (Number.isNaN(this.#transitMs)) this.#transitMs = transitMs;
    const more = transitMs - this.#transitMs;
    this.#transitMs += GAIN * more;
    this.#spreadMs += GAIN * (Math.abs(more) - this.#spreadMs);
  }

  /** @param {number} nowMs */
  #delay(nowMs) {
    if (Number.isNaN(this.#transitMs)) return DELAY_MS;
    const wanted = this.#transitMs + SPREADS * this.#spreadMs + DELAY_MS;
    const passed = nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    if (!(passed < LOOKED_AWAY_MS)) this.#delayMs = wanted;
    const change = wanted - this.#delayMs;
    this.#delayMs += Math.sign(change) * Math.min(Math.abs(change), SLEW * passed);
    return this.#delayMs;
  }

  /**
   * @param {string} id
   * @param {Sample} sample
   * @param {number} nowMs
   */
  #join(id, sample, nowMs) {
    const free = this.#slots.findIndex((car) => !car);
    const slot = free < 0 ? this.#slots.length : free;
    if (slot >= MAX_CARS) return;
    this.#slots[slot] = { id, samples: [sample], newestMs: nowMs };
    this.#tell("carJoined", { slot, id });
  }

  /** @param {(car: Car) => boolean} isGone */
  #removeWhere(isGone) {
    this.#slots.forEach((car, slot) => {
      if (!car || !isGone(car)) return;
      this.#slots[slot] = undefined;
      this.#tell("carLeft", { slot, id: car.id });
    });
  }
}

/**
 * Whether a car is somewhere else all of a sudden.
 * @param {Sample} from
 * @param {Sample} to
 */
function leaps(from, to) {
  const metres = Math.hypot(to.x - from.x, to.y - from.y, to.z - from.z);
  return metres > Math.max(TELEPORT_METRES, (MAX_SPEED * Math.abs(to.ms - from.ms)) / 1000);
}
