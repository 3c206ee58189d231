// Places grandstands, trees and the circuit's name around its lines. Seeded, so everybody sees the same. In map metres: x right, y down.

// @ts-ignore: relative, because a proxy may serve the relay under a path; the package need not be built when types are checked.
import { seeded } from "../pkg/lab/random.js";

/** @typedef {import("./track.js").Track} Track */
/** @typedef {import("./scenery.js").Bounds} Bounds */
/** @typedef {{ x: number, y: number, radius: number, shade: number }} Tree */
/** Middle, size and turn. @typedef {{ x: number, y: number, width: number, depth: number, turn: number }} Stand */
/** @typedef {{ x: number, y: number, size: number, width: number }} Lettering */

/** The grandstands: at the start line, and at the next places along the lap with room for one. */
const STAND_METRES = [118, 84, 74, 70];
const STAND_DEPTH = 15;
/** The distance from the barrier to a grandstand; a road is between them. */
const STAND_GAP_METRES = 11.5;
/** How much further from the barrier the ends of a grandstand's front may be. */
const BEND_METRES = 6;
/** The smallest area for each tree in square metres, and the most trees in all. */
const TREE_SQUARE_METRES = 140;
const MAX_TREES = 6000;
/** Largest letters of the circuit's name, and their width as a share of their height. */
const LETTER_METRES = 25;
const LETTER_WIDTH = 0.72;
/** The search for the widest free place takes this many steps each way. */
const STEPS = 40;

/**
 * Where the circuit's name is written: in the widest place that the barrier leaves free, inside the lap if it is not small.
 * @param {Track} track
 * @returns {Lettering}
 */
export function placeName(track) {
  const { bounds, name, scratch } = track;
  const place = { x: 0, y: 0, room: 0 };
  for (let i = 1; i < STEPS; i += 1) {
    for (let j = 1; j < STEPS; j += 1) {
      const x = bounds.left + ((bounds.right - bounds.left) * i) / STEPS;
      const z = bounds.low + ((bounds.high - bounds.low) * j) / STEPS;
      track.project(x, z, scratch);
      const room = Math.abs(scratch.lateral);
      if (room > place.room) Object.assign(place, { x, y: -z, room });
    }
  }
  const width = Math.max(2 * (place.room - track.barrier - 8), 0);
  const size = Math.min(LETTER_METRES, width / (name.length * LETTER_WIDTH));
  return { x: place.x, y: place.y, size, width: size * name.length * LETTER_WIDTH };
}

/**
 * Find places for the grandstands: the first near the start line, the others spread along the lap.
 * @param {Track} track
 * @param {Lettering} name
 * @returns {Stand[]}
 */
export function placeStands(track, name) {
  /** @type {Stand[]} */
  const stands = [];
  STAND_METRES.forEach((width, i) => {
    const from = (i * track.length) / STAND_METRES.length + (i === 0 ? 20 : 0);
    for (let step = 0; step < track.length / STAND_METRES.length; step += 10) {
      const stand = [1, -1]
        .map((side) => standAt(track, from + step, side, width))
        .find((place) => isFree(track, name, place) && !stands.some((other) => touches(place, other)));
      if (!stand) continue;
      stands.push(stand);
      return;
    }
  });
  return stands;
}

/**
 * @param {Track} track
 * @param {number} s
 * @param {number} side  1 left, −1 right
 * @param {number} width
 * @returns {Stand}
 */
function standAt(track, s, side, width) {
  const place = { x: 0, z: 0, yaw: 0 };
  track.line.place(s, place);
  const lateral = side * (track.barrier + STAND_GAP_METRES + STAND_DEPTH / 2 + 1);
  const x = place.x - Math.cos(place.yaw) * lateral;
  const y = -(place.z + Math.sin(place.yaw) * lateral);
  // Its front looks at the track.
  return { x, y, width, depth: STAND_DEPTH, turn: place.yaw - (side * Math.PI) / 2 };
}

/**
 * @param {Track} track
 * @param {Lettering} name
 * @param {Stand} stand
 */
function isFree(track, name, { x, y, width, depth, turn }) {
  const clear = { distance: 0, nx: 0, nz: 0 };
  for (let along = -1; along <= 1; along += 0.25) {
    for (const across of [-1, 1]) {
      const right = (along * width) / 2;
      const down = (across * depth) / 2;
      const cornerX = x + right * Math.cos(turn) - down * Math.sin(turn);
      const cornerY = y + right * Math.sin(turn) + down * Math.cos(turn);
      track.clearance(cornerX, -cornerY, clear);
      if (clear.distance > 1 - STAND_GAP_METRES || isOnName(name, cornerX, cornerY)) return false;
      // Along a bend its ends would be far from the track.
      if (across === 1 && clear.distance < -STAND_GAP_METRES - BEND_METRES) return false;
    }
  }
  return true;
}

/**
 * @param {Stand} a
 * @param {Stand} b
 */
function touches(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y) < (a.width + b.width) / 2 + STAND_DEPTH;
}

/**
 * Trees beyond the barrier, clear of the grandstands and the name.
 * @param {Track} track
 * @param {Bounds} world
 * @param {readonly Stand[]} stands
 * @param {Lettering} name
 * @returns {Tree[]}
 */
export function strewTrees(track, world, stands, name) {
  const random = seeded(20);
  const clear = { distance: 0, nx: 0, nz: 0 };
  /** @type {Tree[]} */
  const trees = [];
  const [width, height] = [world.right - world.left, world.bottom - world.top];
  const count = Math.min((width * height) / TREE_SQUARE_METRES, MAX_TREES);
  for (let i = 0; i < count; i += 1) {
    const x = world.left + random() * width;
    const y = world.top + random() * height;
    const radius = 2 + random() * 2.6;
    track.clearance(x, -y, clear);
    const thinning = random() * 24;
    if (clear.distance > -11 - radius || -clear.distance < thinning) continue;
    if (isOnName(name, x, y) || stands.some((stand) => isOnStand(stand, x, y))) continue;
    trees.push({ x, y, radius, shade: Math.floor(random() * 3) });
  }
  return trees.sort((a, b) => a.y - b.y);
}

/**
 * @param {Lettering} name
 * @param {number} x
 * @param {number} y
 */
function isOnName(name, x, y) {
  return Math.abs(x - name.x) < name.width / 2 + 8 && Math.abs(y - name.y) < name.size / 2 + 8;
}

/**
 * @param {Stand} stand
 * @param {number} x
 * @param {number} y
 */
function isOnStand(stand, x, y) {
  const [dx, dy] = [x - stand.x, y - stand.y];
  const right = dx * Math.cos(stand.turn) + dy * Math.sin(stand.turn);
  const down = dy * Math.cos(stand.turn) - dx * Math.sin(stand.turn);
  return Math.abs(right) < stand.width / 2 + 7 && Math.abs(down) < stand.depth / 2 + 7;
}
