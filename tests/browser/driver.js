// Drives a car through the keyboard: out of the garage, along the pit lane and around the oval, by aiming at a point ahead.
import { readFileSync } from "node:fs";

/** @typedef {[x: number, z: number]} Point */

const track = JSON.parse(readFileSync(new URL("../../www/track.json", import.meta.url), "utf8"));

/** How far ahead on the line the driver looks, in metres and in seconds of its speed. */
const AHEAD = { metres: 7, seconds: 0.7 };
/** Angles smaller than this are not steered away. */
const STRAIGHT_RADIANS = 0.05;
/** How fast it drives where the line is straight and where it bends. */
const SPEED = { straight: 20, bend: 9 };
/** What bends, as the angle to the point ahead. */
const BEND_RADIANS = 0.35;

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

  async stop() {
    if (!this.#driving) return;
    this.#driving = false;
    await this.#drive;
    if (!this.page.isClosed()) await this.#press(new Set());
  }

  async #run() {
    const car = await this.#car();
    const line = lineFrom(car);
    let near = 0;
    while (this.#driving && !this.page.isClosed()) {
      const now = await this.#car();
      near = nearest(line, near, now);
      await this.#press(keysFor(now, ahead(line, near, AHEAD.metres + AHEAD.seconds * now.speed)));
    }
  }

  /** @returns {Promise<OwnCar>} */
  async #car() {
    const handle = await this.page.waitForFunction(() => window.race.state().car);
    const car = await handle.jsonValue();
    await handle.dispose();
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
 * @param {OwnCar} car
 * @param {Point} aim
 * @returns {Set<string>}
 */
function keysFor(car, [x, z]) {
  const wanted = Math.atan2(x - car.x, z - car.z);
  const turn = Math.atan2(Math.sin(wanted - car.yaw), Math.cos(wanted - car.yaw));
  const speed = Math.abs(turn) > BEND_RADIANS ? SPEED.bend : SPEED.straight;
  const keys = new Set();
  if (car.speed < speed) keys.add("KeyW");
  if (car.speed > speed * 1.3) keys.add("KeyS");
  if (turn > STRAIGHT_RADIANS) keys.add("KeyD");
  if (turn < -STRAIGHT_RADIANS) keys.add("KeyA");
  return keys;
}

/**
 * @param {Point} point
 * @param {number} x
 * @param {number} z
 */
function distance([px, pz], x, z) {
  return Math.hypot(px - x, pz - z);
}
