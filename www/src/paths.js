// Outlines of the circuit as canvas paths, in map metres: x right, y down (so y = −z of the game).

import { Line } from "./line.js";

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
 * Everything nearer to a line than some metres, as far as it is near the bounds: a straight piece for each of its segments, and
 * a disc at each of its points. Each path fills without seams, over the other.
 * @param {import("./line.js").Line} line
 * @param {number} metres
 * @param {{ left: number, top: number, right: number, bottom: number }} bounds  map metres
 * @returns {[pieces: Path2D, discs: Path2D]}
 */
export function band(line, metres, { left, top, right, bottom }) {
  const pieces = new Path2D();
  const discs = new Path2D();
  for (let i = 0; i < line.segments; i += 1) {
    const j = (i + 1) % line.count;
    const [ax, ay, bx, by] = [line.xs[i], -line.zs[i], line.xs[j], -line.zs[j]];
    if (Math.max(ax, bx) + metres < left || Math.min(ax, bx) - metres > right) continue;
    if (Math.max(ay, by) + metres < top || Math.min(ay, by) - metres > bottom) continue;
    const [x, y] = [line.dz[i] * metres, line.dx[i] * metres];
    pieces.moveTo(ax - x, ay - y);
    pieces.lineTo(bx - x, by - y);
    pieces.lineTo(bx + x, by + y);
    pieces.lineTo(ax + x, ay + y);
    pieces.closePath();
    disc(discs, ax, ay, metres);
    if (j === line.count - 1 && !line.closed) disc(discs, bx, by, metres);
  }
  return [pieces, discs];
}

/**
 * @param {Path2D} path
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
function disc(path, x, y, radius) {
  path.moveTo(x + radius, y);
  path.arc(x, y, radius, 0, 2 * Math.PI);
}

/**
 * The stretches of a closed line whose points have a mark, as indices of its points.
 * @param {ArrayLike<number>} marks
 * @param {number} [mark]
 */
export function stretches(marks, mark = 1) {
  const count = marks.length;
  /** @type {number[][]} */
  const found = [];
  let first = 0;
  while (first < count && marks[first] === mark) first += 1;
  if (first === count) return [Array.from({ length: count + 1 }, (_, i) => i % count)];
  for (let i = first; i < first + count; i += 1) {
    if (marks[i % count] !== mark) continue;
    const stretch = [];
    for (; marks[i % count] === mark; i += 1) stretch.push(i % count);
    found.push([...stretch, i % count]);
  }
  return found;
}

/**
 * The stretches as paths beside the centre line.
 * @param {Track} track
 * @param {ArrayLike<number>} marks
 * @param {number} offset
 * @param {number} [mark]
 */
export function runs(track, marks, offset, mark = 1) {
  const points = pointsOf(track.line.offset(offset));
  return stretches(marks, mark).map((stretch) => open(stretch.map((i) => points[i])));
}

/**
 * The middle of the gravel beds on one side.
 * @param {Track} track
 * @param {number} side  1 left, −1 right
 */
export function beds({ gravel, gravelMetres: [from, to], line }, side) {
  const middle = line.offset((side * (from + to)) / 2);
  return stretches(gravel, side).map(
    (stretch) =>
      new Line(
        stretch.map((i) => middle[i]),
        false,
      ),
  );
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
