// The closed line that bots drive, and how fast each place of it can be taken.

import { failure } from "./failure.js";

/** Sideways, braking and accelerating, in m/s². */
const GRIP = 11;
const BRAKING = 12;
const THRUST = 7;
/** The fastest a bot drives, in m/s. */
const TOP_SPEED = 62;
/** A bend is measured over so many metres to either side. */
const BEND_METRES = 12;
/** The table of speeds has a row each so many metres. */
const STEP_METRES = 4;
/** The fewest and the most points of a track that somebody gives. */
const MIN_POINTS = 8;
const MAX_POINTS = 10_000;
const SHORTEST_METRES = 100;
/** Our own: two straights, in metres, and two bends. */
const STRAIGHT = 220;
const RADIUS = 75;
const BEND_POINTS = 48;

/** @typedef {{ x: number, z: number, yaw: number, speed: number }} Place */
/** @typedef {{ centreline: Array<[x: number, z: number]> }} TrackFile  Points in driving order, the first on the start line; as in the demo's `track.json`. */

export class Line {
  /** How long a lap takes, in seconds. */
  lapSeconds = 0;
  #points;
  /** Where each point is along the line, and the length at the end. @type {number[]} */
  #starts = [0];
  /** By table row, and once more the first. @type {number[]} */
  #speeds = [];
  /** When each row is reached. @type {number[]} */
  #times = [0];
  #step = 0;

  /** @param {TrackFile} [track] */
  constructor(track = ovalTrack()) {
    this.#points = checked(track);
    const points = this.#points;
    points.forEach(([x, z], index) => {
      const [nextX, nextZ] = points[(index + 1) % points.length];
      this.#starts.push(this.#starts[index] + Math.hypot(nextX - x, nextZ - z));
    });
    if (this.length < SHORTEST_METRES) {
      throw failure("invalid_argument", `option track must be at least ${SHORTEST_METRES} m long`);
    }
    this.#measure();
  }

  get length() {
    return this.#starts[this.#points.length];
  }

  /** @param {number} along  metres from the start line, of any lap */
  at(along) {
    const rest = modulo(along, this.length);
    const index = lastNotAbove(this.#starts, rest);
    const [x, z] = this.#points[index % this.#points.length];
    const [nextX, nextZ] = this.#points[(index + 1) % this.#points.length];
    const part = (rest - this.#starts[index]) / (this.#starts[index + 1] - this.#starts[index] || 1);
    return { x: x + (nextX - x) * part, z: z + (nextZ - z) * part };
  }

  /** @param {number} along */
  yaw(along) {
    const [before, after] = [this.at(along - 2), this.at(along + 2)];
    return Math.atan2(after.x - before.x, after.z - before.z);
  }

  /** How far a car is after so many seconds from the start line, and how fast. @param {number} seconds */
  driven(seconds) {
    const laps = Math.floor(seconds / this.lapSeconds);
    const rest = seconds - laps * this.lapSeconds;
    const row = Math.min(lastNotAbove(this.#times, rest), this.#speeds.length - 2);
    const [slow, fast] = [this.#speeds[row], this.#speeds[row + 1]];
    const passed = rest - this.#times[row];
    const speed = slow + ((fast - slow) * passed) / (this.#times[row + 1] - this.#times[row]);
    return { along: laps * this.length + row * this.#step + ((slow + speed) / 2) * passed, speed };
  }

  /** When a car passes a place of its first lap. @param {number} along */
  secondsAt(along) {
    const rows = along / this.#step;
    const row = Math.min(Math.max(Math.floor(rows), 0), this.#speeds.length - 2);
    return this.#times[row] + (this.#times[row + 1] - this.#times[row]) * (rows - row);
  }

  /** Speeds by grip, then what brakes and engine can do, then the times. */
  #measure() {
    const rows = Math.max(2, Math.round(this.length / STEP_METRES));
    this.#step = this.length / rows;
    const speeds = Array.from({ length: rows }, (_, row) => this.#byGrip(row * this.#step));
    const reach = (/** @type {number} */ speed, /** @type {number} */ force) =>
      Math.sqrt(speed * speed + 2 * force * this.#step);
    // Twice around, so that the last bend counts for the places before the line too.
    for (let row = 2 * rows; row > 0; row -= 1) {
      const before = (row - 1) % rows;
      speeds[before] = Math.min(speeds[before], reach(speeds[row % rows], BRAKING));
    }
    for (let row = 0; row < 2 * rows; row += 1) {
      const next = (row + 1) % rows;
      speeds[next] = Math.min(speeds[next], reach(speeds[row % rows], THRUST));
    }
    this.#speeds = [...speeds, speeds[0]];
    for (let row = 0; row < rows; row += 1) {
      this.#times.push(this.#times[row] + (2 * this.#step) / (this.#speeds[row] + this.#speeds[row + 1]));
    }
    this.lapSeconds = this.#times[rows];
  }

  /** @param {number} along */
  #byGrip(along) {
    const turn = this.yaw(along + BEND_METRES) - this.yaw(along - BEND_METRES);
    const bend = Math.abs(Math.atan2(Math.sin(turn), Math.cos(turn))) / (2 * BEND_METRES);
    return bend > 0 ? Math.min(Math.sqrt(GRIP / bend), TOP_SPEED) : TOP_SPEED;
  }
}

/** An oval, clockwise seen from above, with the start line in the middle of the upper straight. @returns {TrackFile} */
function ovalTrack() {
  const top = -26;
  const half = STRAIGHT / 2;
  /** @type {Array<[number, number]>} */
  const centreline = [[0, top]];
  for (const side of [1, -1]) {
    for (let index = 0; index <= BEND_POINTS; index += 1) {
      const angle = (Math.PI * index) / BEND_POINTS;
      centreline.push([
        side * (half + RADIUS * Math.sin(angle)),
        top - RADIUS + side * RADIUS * Math.cos(angle),
      ]);
    }
  }
  return { centreline };
}

/** @param {TrackFile} track */
function checked(track) {
  const points = track?.centreline;
  const isPoint = (/** @type {unknown} */ point) => Array.isArray(point) && point.every(Number.isFinite);
  if (
    !Array.isArray(points) ||
    points.length < MIN_POINTS ||
    points.length > MAX_POINTS ||
    !points.every(isPoint)
  ) {
    throw failure(
      "invalid_argument",
      `option track must have a centreline of ${MIN_POINTS} to ${MAX_POINTS} points [x, z]`,
    );
  }
  return points;
}

/**
 * @param {number} value
 * @param {number} size
 */
const modulo = (value, size) => ((value % size) + size) % size;

/**
 * @param {number[]} sorted
 * @param {number} value
 */
function lastNotAbove(sorted, value) {
  let [low, high] = [0, sorted.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}
