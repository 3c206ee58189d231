// The real circuit, and a driver for it, for the tests.

import { readFileSync } from "node:fs";
import { Car } from "../src/car.js";
import { Track } from "../src/track.js";
import { readTrack } from "../src/track-file.js";

/** A circuit of the page, or from elsewhere. @param {string} path  from this folder */
export function readCircuit(path) {
  return new Track(readTrack(JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"))));
}

export const track = readCircuit("../track.json");

/** A plane without end or walls. @param {import("../src/track.js").Surface} surface */
export function plain(surface) {
  return {
    surface: () => surface,
    clearance: (_x, _z, out) => void (out.distance = Infinity),
    walls: [],
  };
}

/** @param {Partial<import("../src/car.js").Controls>} asked */
export function controls(asked = {}) {
  return { steering: 0, throttle: 0, brake: 0, handbrake: false, analogue: false, ...asked };
}

/**
 * Drive a car from its garage, along the pit lane and round the track, calling `look` after every step.
 * @param {number} garage
 * @param {number} seconds
 * @param {(car: Car, at: { s: number, lateral: number }, seconds: number) => void} look
 */
export function driveOut(garage, seconds, look) {
  const car = new Car();
  const at = { s: 0, lateral: 0, index: 0, x: 0, z: 0 };
  const aim = { x: 0, z: 0, yaw: 0 };
  car.reset(track.start(garage));
  let inPit = true;
  for (let step = 0; step < seconds * 120; step += 1) {
    const line = inPit && track.pit ? track.pit : track.line;
    line.project(car.x, car.z, at);
    line.place(at.s + 6 + car.speed * 0.45, aim);
    const turn = Math.atan2(aim.x - car.x, aim.z - car.z) - car.yaw;
    const steering = Math.max(-1, Math.min(1, 3 * Math.atan2(Math.sin(turn), Math.cos(turn))));
    const wanted = inPit ? 13 : 31;
    car.step(controls({ steering, throttle: Number(car.speed < wanted), analogue: true }), track);
    track.line.project(car.x, car.z, at);
    if (Math.abs(at.lateral) < track.width / 2) inPit = false;
    look(car, at, (step + 1) / 120);
  }
  return car;
}
