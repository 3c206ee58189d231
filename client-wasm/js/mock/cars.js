// The other cars as one client sees them: a little in the past, on a smooth way through what their drivers sent.

import { CAR_STRIDE } from "../core.js";

/** @typedef {import("./room.js").Pose} Pose */

/** How far in the past a car is drawn: two positions at the usual 20 a second. */
const DELAY_MS = 100;
/** How long a car goes on as it went when nothing more comes; then it stands and is stale. */
const EXTRAPOLATION_MS = 250;
/** A car of which nothing came for so long is removed. */
export const EXPIRY_MS = 5000;
/** The most cars at once, as in the wasm client. */
const MAX_CARS = 128;
/** As many as the delay holds at the fastest rate, and some. */
const MAX_SAMPLES = 16;
/** A car that is further away than this, and than its speed explains, jumps. */
const TELEPORT_METRES = 15;
const MAX_SPEED = 200;

/** @typedef {Pose & { ms: number }} Sample */
/** @typedef {{ id: string, samples: Sample[], newestMs: number }} Car  samples oldest first, never empty */

export class Cars {
  /** By slot. @type {Array<Car | undefined>} */
  #slots = [];
  #rows = new Float32Array(MAX_CARS * CAR_STRIDE);
  #tell;
  count = 0;

  /** @param {(type: "carJoined" | "carLeft", event: { slot: number, id: string }) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /**
   * @param {string} id
   * @param {Pose} pose
   * @param {number} ms  when it would have come over a line that keeps time
   */
  arrive(id, pose, ms) {
    const sample = { ...pose, ms };
    const car = this.#slots.find((other) => other?.id === id);
    if (!car) return this.#join(id, sample);
    const last = car.samples[car.samples.length - 1];
    const seconds = Math.max(ms - last.ms, 0) / 1000;
    const metres = Math.hypot(pose.x - last.x, pose.y - last.y, pose.z - last.z);
    if (metres > Math.max(TELEPORT_METRES, MAX_SPEED * seconds)) car.samples.length = 0;
    car.samples.push(sample);
    if (car.samples.length > MAX_SAMPLES) car.samples.shift();
    car.newestMs = ms;
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
    this.count = 0;
    this.#slots.forEach((car, slot) => {
      if (!car) return;
      writeRow(this.#rows, this.count * CAR_STRIDE, slot, car, nowMs);
      this.count += 1;
    });
    return this.#rows;
  }

  /**
   * @param {string} id
   * @param {Sample} sample
   */
  #join(id, sample) {
    const free = this.#slots.findIndex((car) => !car);
    const slot = free < 0 ? this.#slots.length : free;
    if (slot >= MAX_CARS) return;
    this.#slots[slot] = { id, samples: [sample], newestMs: sample.ms };
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
 * @param {Float32Array} rows
 * @param {number} at
 * @param {number} slot
 * @param {Car} car
 * @param {number} nowMs
 */
function writeRow(rows, at, slot, car, nowMs) {
  const { samples, newestMs } = car;
  const wantedMs = nowMs - DELAY_MS;
  const lastMs = samples[samples.length - 1].ms;
  const shownMs = Math.min(Math.max(wantedMs, samples[0].ms), lastMs + EXTRAPOLATION_MS);
  let index = samples.length - 2;
  while (index > 0 && samples[index].ms > shownMs) index -= 1;
  const from = samples[Math.max(index, 0)];
  const to = samples[Math.max(index, 0) + 1] ?? from;
  const spanMs = to.ms - from.ms;
  const part = spanMs > 0 ? (shownMs - from.ms) / spanMs : 0;
  const stands = wantedMs > lastMs + EXTRAPOLATION_MS;

  rows[at] = slot;
  const slopes = slopesOf(samples, Math.max(index, 0));
  rows[at + 1] = onCurve(from.x, to.x, slopes[0], slopes[3], part);
  rows[at + 2] = onCurve(from.y, to.y, slopes[1], slopes[4], part);
  rows[at + 3] = onCurve(from.z, to.z, slopes[2], slopes[5], part);
  writeTurn(rows, at + 4, from, to, Math.min(part, 1));
  const metres = Math.hypot(to.x - from.x, to.y - from.y, to.z - from.z);
  rows[at + 8] = stands || spanMs <= 0 ? 0 : (metres * 1000) / spanMs;
  rows[at + 9] = nowMs - newestMs;
  rows[at + 10] = Number(stands);
  rows[at + 11] = yawOf(rows, at + 4);
}

/** How far x, y and z go in the span behind a sample and in the next, had they the speed of its two ends. */
const SLOPES = new Float64Array(6);

/**
 * @param {Sample[]} samples
 * @param {number} index
 */
function slopesOf(samples, index) {
  const from = samples[index];
  const to = samples[index + 1] ?? from;
  const before = samples[index - 1] ?? from;
  const after = samples[index + 2] ?? to;
  const span = to.ms - from.ms;
  slope(0, before, to, span);
  slope(3, from, after, span);
  return SLOPES;
}

/**
 * @param {number} at
 * @param {Sample} a
 * @param {Sample} b
 * @param {number} span
 */
function slope(at, a, b, span) {
  const part = b.ms > a.ms ? span / (b.ms - a.ms) : 0;
  SLOPES[at] = (b.x - a.x) * part;
  SLOPES[at + 1] = (b.y - a.y) * part;
  SLOPES[at + 2] = (b.z - a.z) * part;
}

/**
 * A cubic Hermite curve, and beyond its end straight on.
 * @param {number} from
 * @param {number} to
 * @param {number} leave
 * @param {number} arrive
 * @param {number} part
 */
function onCurve(from, to, leave, arrive, part) {
  if (part > 1) return to + arrive * (part - 1);
  const rest = 1 - part;
  return (
    rest * rest * (1 + 2 * part) * from +
    part * rest * rest * leave +
    part * part * (3 - 2 * part) * to -
    part * part * rest * arrive
  );
}

/**
 * The shortest way from one turn to the other.
 * @param {Float32Array} rows
 * @param {number} at
 * @param {Pose} a
 * @param {Pose} b
 * @param {number} part
 */
function writeTurn(rows, at, a, b, part) {
  const sign = a.qx * b.qx + a.qy * b.qy + a.qz * b.qz + a.qw * b.qw < 0 ? -1 : 1;
  const [left, right] = [1 - part, part * sign];
  const x = a.qx * left + b.qx * right;
  const y = a.qy * left + b.qy * right;
  const z = a.qz * left + b.qz * right;
  const w = a.qw * left + b.qw * right;
  const length = Math.hypot(x, y, z, w);
  rows[at] = x / length;
  rows[at + 1] = y / length;
  rows[at + 2] = z / length;
  rows[at + 3] = w / length;
}

/**
 * @param {Float32Array} rows
 * @param {number} at
 */
function yawOf(rows, at) {
  const [x, y, z, w] = [rows[at], rows[at + 1], rows[at + 2], rows[at + 3]];
  return Math.atan2(2 * (x * z + w * y), 1 - 2 * (x * x + y * y));
}
