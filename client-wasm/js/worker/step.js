// One car's step from a sample to the next, and any part of it: what is between them, or a little behind.

import { CAR_STRIDE } from "../core.js";

/** A car that got farther in a second was put elsewhere, and does not drive. */
const FASTEST_METRES_PER_SECOND = 250;
/** Columns of a row. */
export const SLOT = 0;
export const AGE_MS = 9;
const X = 1;
const Y = 2;
const Z = 3;
const QX = 4;
const SPEED = 8;
const YAW = 11;

/**
 * The row of a slot: usually at the same place as in the other sample.
 * @param {Float32Array} rows
 * @param {number} count
 * @param {number} slot
 * @param {number} likely
 */
export function find(rows, count, slot, likely) {
  const end = count * CAR_STRIDE;
  if (likely < end && rows[likely + SLOT] === slot) return likely;
  for (let at = 0; at < end; at += CAR_STRIDE) if (rows[at + SLOT] === slot) return at;
  return -1;
}

/**
 * Move a car by a share of the step that brought it where it is: above 0 on from there, below 0 back towards where it was.
 * @param {Float32Array} to
 * @param {number} at  where its row begins
 * @param {Float32Array} before
 * @param {number} from  where its row begins there
 * @param {number} stepMs  how long the step took
 * @param {number} share
 */
export function moveBy(to, at, before, from, stepMs, share) {
  const dx = to[at + X] - before[from + X];
  const dy = to[at + Y] - before[from + Y];
  const dz = to[at + Z] - before[from + Z];
  if (Math.hypot(dx, dy, dz) > (FASTEST_METRES_PER_SECOND * stepMs) / 1000) return;
  to[at + X] += dx * share;
  to[at + Y] += dy * share;
  to[at + Z] += dz * share;
  to[at + SPEED] += Math.max((to[at + SPEED] - before[from + SPEED]) * share, -to[at + SPEED]);
  to[at + YAW] = wrapped(to[at + YAW] + wrapped(to[at + YAW] - before[from + YAW]) * share);
  turnBy(to, at + QX, before, from + QX, share);
}

/** An angle between −π and π. @param {number} angle */
function wrapped(angle) {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
}

/**
 * Turn a quaternion by a share of the step it made; such steps are small, so a straight line is near enough.
 * @param {Float32Array} to
 * @param {number} at
 * @param {Float32Array} before
 * @param {number} from
 * @param {number} share
 */
function turnBy(to, at, before, from, share) {
  let dot = 0;
  for (let part = 0; part < 4; part++) dot += to[at + part] * before[from + part];
  const sign = dot < 0 ? -1 : 1;
  let square = 0;
  for (let part = 0; part < 4; part++) {
    to[at + part] += (to[at + part] - sign * before[from + part]) * share;
    square += to[at + part] ** 2;
  }
  const length = Math.sqrt(square) || 1;
  for (let part = 0; part < 4; part++) to[at + part] /= length;
}
