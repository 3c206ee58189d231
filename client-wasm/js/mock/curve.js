// The way of a car through what its driver sent: a smooth curve, and for a while straight on behind its end.

/** @typedef {import("./room.js").Pose & { ms: number }} Sample */

/** How long a car goes on as it went when nothing more comes; then it stands and is stale. */
const EXTRAPOLATION_MS = 250;

/**
 * Write a car's place, turn, speed and yaw into a row.
 * @param {Float32Array} rows
 * @param {number} at  where the row begins
 * @param {readonly Sample[]} samples  oldest first, at least one
 * @param {number} wantedMs  the moment that is to be shown
 * @returns {boolean}  the car stands: nothing came of it for too long
 */
export function writePose(rows, at, samples, wantedMs) {
  const lastMs = samples[samples.length - 1].ms;
  const shownMs = Math.min(Math.max(wantedMs, samples[0].ms), lastMs + EXTRAPOLATION_MS);
  let index = samples.length - 2;
  while (index > 0 && samples[index].ms > shownMs) index -= 1;
  const from = samples[Math.max(index, 0)];
  const to = samples[Math.max(index, 0) + 1] ?? from;
  const spanMs = to.ms - from.ms;
  const part = spanMs > 0 ? (shownMs - from.ms) / spanMs : 0;
  const stands = wantedMs > lastMs + EXTRAPOLATION_MS;

  const slopes = slopesOf(samples, Math.max(index, 0));
  rows[at + 1] = onCurve(from.x, to.x, slopes[0], slopes[3], part);
  rows[at + 2] = onCurve(from.y, to.y, slopes[1], slopes[4], part);
  rows[at + 3] = onCurve(from.z, to.z, slopes[2], slopes[5], part);
  writeTurn(rows, at + 4, from, to, Math.min(part, 1));
  const metres = Math.hypot(to.x - from.x, to.y - from.y, to.z - from.z);
  rows[at + 8] = stands || spanMs <= 0 ? 0 : (metres * 1000) / spanMs;
  rows[at + 11] = yawOf(rows, at + 4);
  return stands;
}

/** How far x, y and z go in the span behind a sample and in the next, had they the speed of its two ends. */
const SLOPES = new Float64Array(6);

/**
 * @param {readonly Sample[]} samples
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
 * @param {Sample} a
 * @param {Sample} b
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
