// Outlines of the circuit as canvas paths, in map metres: x right, y down (so y = −z of the game).

import { Line } from "./line.js";
import { GRAVEL_METRES } from "./track.js";

/** @typedef {import("./track.js").Track} Track */

const ARROW_EVERY_METRES = 58;

/** @param {Array<[number, number]>} points @returns {Array<[number, number]>} */
export function pointsOf(points) {
  return points.map(([x, z]) => [x, -z]);
}

/** @param {Array<[number, number]>} points */
export function open(points) {
  const path = new Path2D();
  points.forEach(([x, y], i) => (i === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
  return path;
}

/** @param {Array<[number, number]>} points */
export function closed(points) {
  const path = open(points);
  path.closePath();
  return path;
}

/**
 * The outline of an open line, made wide, with round ends.
 * @param {import("./line.js").Line} line
 * @param {number} metres  to each side
 * @returns {Array<[number, number]>}
 */
export function capsule(line, metres) {
  const last = line.segments - 1;
  const left = line.offset(metres);
  const right = line.offset(-metres).reverse();
  const end = halfTurn(
    line.xs[line.count - 1],
    line.zs[line.count - 1],
    Math.atan2(line.dx[last], line.dz[last]),
    metres,
  );
  const start = halfTurn(line.xs[0], line.zs[0], Math.atan2(-line.dx[0], -line.dz[0]), metres);
  return [...left, ...end, ...right, ...start];
}

/**
 * @param {number} x
 * @param {number} z
 * @param {number} yaw
 * @param {number} radius
 * @returns {Array<[number, number]>} from the left of the heading over its front to the right
 */
function halfTurn(x, z, yaw, radius) {
  return Array.from({ length: 17 }, (_, i) => {
    const turn = yaw - Math.PI / 2 + (i / 16) * Math.PI;
    return /** @type {[number, number]} */ ([x + Math.sin(turn) * radius, z + Math.cos(turn) * radius]);
  });
}

/**
 * The stretches of a closed line where `flags` is set, as indices of its points.
 * @param {Uint8Array} flags
 */
export function stretches(flags) {
  const count = flags.length;
  /** @type {number[][]} */
  const found = [];
  const first = flags.indexOf(0);
  for (let i = first; i < first + count; i += 1) {
    if (!flags[i % count]) continue;
    const stretch = [];
    for (; flags[i % count]; i += 1) stretch.push(i % count);
    found.push([...stretch, i % count]);
  }
  return found;
}

/**
 * The stretches as paths beside the centre line.
 * @param {Track} track
 * @param {Uint8Array} flags
 * @param {number} offset
 */
export function runs(track, flags, offset) {
  const points = pointsOf(track.line.offset(offset));
  return stretches(flags).map((stretch) => open(stretch.map((i) => points[i])));
}

/**
 * A gravel bed along a stretch, with rounded ends.
 * @param {Track} track
 * @param {number[]} stretch
 */
export function bed(track, stretch) {
  const middle = track.line.offset((GRAVEL_METRES[0] + GRAVEL_METRES[1]) / 2);
  const line = new Line(
    stretch.map((i) => middle[i]),
    false,
  );
  return closed(pointsOf(capsule(line, (GRAVEL_METRES[1] - GRAVEL_METRES[0]) / 2)));
}

/**
 * @param {Track} track
 * @param {1 | -1} side
 */
export function edgePath(track, side) {
  return closed(pointsOf(track.line.offset(side * (track.width / 2 - 0.45))));
}

/** Chevrons in the driving direction. @param {Track} track */
export function arrows(track) {
  const path = new Path2D();
  const place = { x: 0, z: 0, yaw: 0 };
  for (let s = 22; s < track.length - 70; s += ARROW_EVERY_METRES) {
    for (const gap of [0, 2.4]) {
      track.line.place(s + gap, place);
      const ahead = [Math.sin(place.yaw), -Math.cos(place.yaw)];
      const right = [Math.cos(place.yaw), Math.sin(place.yaw)];
      const x = place.x;
      const y = -place.z;
      path.moveTo(x - right[0] * 1.9 - ahead[0] * 1.9, y - right[1] * 1.9 - ahead[1] * 1.9);
      path.lineTo(x, y);
      path.lineTo(x + right[0] * 1.9 - ahead[0] * 1.9, y + right[1] * 1.9 - ahead[1] * 1.9);
    }
  }
  return path;
}
