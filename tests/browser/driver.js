// Drives a car through the keyboard: out of the garage, along the pit lane and around the oval, by aiming at a point ahead.
import { readFileSync } from "node:fs";

/** @typedef {[x: number, z: number]} Point */

const track = JSON.parse(readFileSync(new URL("../../www/track.json", import.meta.url), "utf8"));

/** How far ahead on the line the driver looks, in metres and in seconds of its speed. */
const AHEAD = { metres: 6, seconds: 0.8 };
/** For how long the car goes on turning after a key is up: the way of a key press through the browser, and the tyres. */
const LAG_SECONDS = 0.2;
/** Angles smaller than this are not steered away. */
const STRAIGHT_RADIANS = 0.06;
/** How fast it drives, in metres a second: by the angle to the point ahead, the first that is larger. */
const SPEEDS = [
  { withinRadians: 0.12, metresPerSecond: 24 },
  { withinRadians: 0.35, metresPerSecond: 14 },
  { withinRadians: Infinity, metresPerSecond: 7 },
];

/** A car that is slower stands, in metres a second. */
const STANDING = 1;

const KEYS = /** @type {const} */ (["KeyW", "KeyS", "KeyA", "KeyD"]);

export class Driver {
  /** @type {Set<string>} */
  #pressed = new Set();
  /** @type {Promise<void> | undefined} */
  #drive;
  #driving = false;

  /** @param {import("@playwright/test").Page} page */
  constructor(page) {
    this.page = page;
  }

  /** Drive until told to stop. */
  start() {
    this.#driving = true;
    this.#drive = this.#run();
    // Reported by `stop`, so that a closed page does not end the test from aside.
    this.#drive.catch(() => {});
  }

  /** Stop driving and brake until the car stands. */
  async park() {
    await this.stop();
    await this.#press(new Set(["KeyS"]));
    while ((await this.#car()).speed > STANDING);
    await this.#press(new Set());
  }

  /** Let go of the keys. */
  async stop() {
    if (!this.#driving) return;
    this.#driving = false;
    await this.#drive;
    if (!this.page.isClosed()) await this.#press(new Set());
  }

  async #run() {
    let before = await this.#car();
    const line = lineFrom(before);
    let near = 0;
    while (this.#driving && !this.page.isClosed()) {
      const now = await this.#car();
      near = nearest(line, near, now);
      const aim = ahead(line, near, AHEAD.metres + AHEAD.seconds * now.speed);
      await this.#press(keysFor(now, turnRate(before, now), aim));
      before = now;
    }
  }

  /** @returns {Promise<OwnCar & { seconds: number }>} */
  async #car() {
    const car = await this.page.evaluate(() => {
      const seconds = performance.now() / 1000;
      const own = window.race.state().car;
      return own && { ...own, seconds };
    });
    if (!car) throw new Error("no car");
    return car;
  }

  /** @param {Set<string>} wanted */
  async #press(wanted) {
    for (const key of KEYS) {
      if (wanted.has(key) && !this.#pressed.has(key)) await this.page.keyboard.down(key);
      if (!wanted.has(key) && this.#pressed.has(key)) await this.page.keyboard.up(key);
    }
    this.#pressed = wanted;
  }
}

/**
 * The line from a garage: into the pit lane, along it to its end, then two laps.
 *
 * @param {OwnCar} car
 * @returns {Point[]}
 */
function lineFrom(car) {
  /** @type {Point[]} */
  const lane = track.pitLane.centreline;
  const turnIn = car.x + 9;
  const rest = lane.filter(([x]) => x > turnIn);
  const [endX, endZ] = lane[lane.length - 1];
  /** @type {Point[]} */
  const oval = track.centreline;
  const merge = oval.reduce(
    (best, point, i) => (distance(point, endX, endZ) < distance(oval[best], endX, endZ) ? i : best),
    0,
  );
  const laps = [...oval, ...oval, ...oval].slice(merge + 3, merge + 3 + 2 * oval.length);
  /** @type {Point[]} */
  const out = [
    [car.x, car.z],
    [car.x, 4],
    [turnIn, 9],
  ];
  return dense([...out, ...rest, ...laps]);
}

/** Points at most a metre apart. @param {Point[]} line @returns {Point[]} */
function dense(line) {
  return line.slice(1).flatMap(([x, z], i) => {
    const [fromX, fromZ] = line[i];
    const steps = Math.max(1, Math.ceil(Math.hypot(x - fromX, z - fromZ)));
    return Array.from({ length: steps }, (_, step) => {
      const part = step / steps;
      return /** @type {Point} */ ([fromX + (x - fromX) * part, fromZ + (z - fromZ) * part]);
    });
  });
}

/**
 * The nearest point of the line, never behind the last one, so that the way back does not attract.
 *
 * @param {Point[]} line
 * @param {number} from
 * @param {OwnCar} car
 */
function nearest(line, from, car) {
  let best = from;
  for (let i = from; i < Math.min(from + 40, line.length); i += 1) {
    if (distance(line[i], car.x, car.z) < distance(line[best], car.x, car.z)) best = i;
  }
  return best;
}

/**
 * @param {Point[]} line
 * @param {number} from
 * @param {number} metres
 */
function ahead(line, from, metres) {
  return line[Math.min(line.length - 1, from + Math.round(metres))];
}

/**
 * How fast the car turns, in radians a second.
 *
 * @param {OwnCar & { seconds: number }} before
 * @param {OwnCar & { seconds: number }} now
 */
function turnRate(before, now) {
  const seconds = now.seconds - before.seconds;
  return seconds > 0 ? wrapped(now.yaw - before.yaw) / seconds : 0;
}

/**
 * @param {OwnCar} car
 * @param {number} rate
 * @param {Point} aim
 * @returns {Set<string>}
 */
function keysFor(car, rate, [x, z]) {
  const turn = wrapped(Math.atan2(x - car.x, z - car.z) - car.yaw);
  const left = wrapped(turn - rate * LAG_SECONDS);
  const speed = SPEEDS.find(({ withinRadians }) => Math.abs(turn) < withinRadians)?.metresPerSecond ?? 0;
  const keys = new Set();
  if (car.speed < speed) keys.add("KeyW");
  if (car.speed > speed * 1.3) keys.add("KeyS");
  if (left > STRAIGHT_RADIANS) keys.add("KeyD");
  if (left < -STRAIGHT_RADIANS) keys.add("KeyA");
  return keys;
}

/** An angle between −π and π. @param {number} radians */
function wrapped(radians) {
  return Math.atan2(Math.sin(radians), Math.cos(radians));
}

/**
 * @param {Point} point
 * @param {number} x
 * @param {number} z
 */
function distance([px, pz], x, z) {
  return Math.hypot(px - x, pz - z);
}
