// The geometry of a circuit: surfaces, barriers, and where cars start. Pure; built once from a checked file (track-file.js), and
// everything that the file leaves out follows from its centre line. Lines are in line.js, drawing in scenery.js, collision
// response in car.js.
//
// `lateral` is metres from the centre line, positive to the left of the driving direction.

import { Line } from "./line.js";
import { DEFAULT_WIDTH_METRES } from "./track-file.js";
import { Nearest } from "./viewer/nearest.js";

/** From the edge of the asphalt to the barrier, if the file does not say. */
const RUN_OFF_METRES = 19;
/** The barrier around the pit lane stands this far from the middle of the lane. */
const PIT_BARRIER_METRES = 13;
/** Kerbs lie beside the asphalt where the bend is tighter than this. */
const KERB_RADIUS_METRES = 165;
/** Gravel beds lie outside the bends that are tighter than this. */
const GRAVEL_RADIUS_METRES = 135;
export const KERB_METRES = 1.3;
/** Gravel reaches from here to here, measured from the edge of the asphalt; the rest of the run-off is grass. */
const GRAVEL_METRES = [3.5, 13];
/** A gravel bed is at least so deep. */
const LEAST_GRAVEL_METRES = 4;
/** Beside the asphalt up to here a car is still on the lap. */
const ON_LAP_METRES = 13;
/** Depth of a garage: behind and in front of the spawn row. */
const GARAGE_BACK_METRES = 5.4;
const GARAGE_FRONT_METRES = 2.4;
/** Half the width of a garage that has no neighbours. */
const GARAGE_HALF_METRES = 3;
/** The wall behind the garages begins this far before the first one. */
const FENCE_METRES = 32;
/** Points of the lane's merging, metres along the lap from its end in the file. */
const MERGE_METRES = [12, 24, 36, 50, 66, 84];
/** The middle of a car that touches something is no further away than this. */
const TOUCH_METRES = 3;
/** A fence between the pit lane and the track stands this far from the middle of the lane. */
const PIT_FENCE_METRES = 7.2;
/** The grid: cars, metres from the start line back to the middle of the first one and from car to car, share of the width beside the centre line. */
const GRID = { places: 20, firstMetres: 9, stepMetres: 6.5, aside: 0.2 };

/** @typedef {"asphalt" | "kerb" | "grass" | "gravel"} Surface */
/** @typedef {import("./line.js").Projection} Projection */
/** @typedef {import("./line.js").Place} Place */
/** @typedef {import("./track-file.js").TrackFile} TrackFile */
/**
 * A thin wall, and the box outside of which no car touches it.
 * @typedef {{ ax: number, az: number, bx: number, bz: number, left: number, right: number, low: number, high: number }} Wall
 */
/** @typedef {{ distance: number, nx: number, nz: number }} Clearance */
/** The garage row as a box; `dividers` are the walls between the bays, from east to west. @typedef {{ west: number, east: number, back: number, front: number, dividers: number[] }} Building */

export class Track {
  /** @param {TrackFile} file */
  constructor(file) {
    this.name = file.name || "Circuit";
    this.width = file.widthMetres ?? DEFAULT_WIDTH_METRES;
    this.line = new Line(file.centreline, true);
    this.length = this.line.length;
    this.nearest = new Nearest(this.line);
    /** From the centre line to the barrier. */
    this.barrier = this.width / 2 + (file.runOffMetres ?? RUN_OFF_METRES);
    /** Further from the centre line than this, a car is not on the lap. */
    this.reach = this.width / 2 + ON_LAP_METRES;
    /** @type {Projection} */
    this.scratch = { s: 0, lateral: 0, index: 0, x: 0, z: 0 };
    this.pitWidth = file.pitLane?.widthMetres ?? 0;
    /** @type {Line | null} */
    this.pit = file.pitLane
      ? new Line(smooth([...file.pitLane.centreline, ...merge(this.line, file)]), false)
      : null;
    this.pitBarrier = PIT_BARRIER_METRES;
    this.garageZ = file.garages?.zMetres ?? 0;
    /** Empty if cars start from the grid. */
    this.garageXs = (this.pit && file.garages?.xMetres) ?? [];
    const radius = bendRadius(this.line);
    this.kerbs = Uint8Array.from(radius, (r) => Number(Math.abs(r) < KERB_RADIUS_METRES));
    /** Kerbs leave a gap where the pit lane comes in. By side: left, right. */
    this.kerbsBySide = [1, -1].map((side) =>
      this.kerbs.map((kerb, i) => kerb & Number(this.#farFromPit(i, (side * this.width) / 2))),
    );
    const half = this.width / 2;
    /** Where gravel begins and ends, metres from the centre line. */
    this.gravelMetres = [half + GRAVEL_METRES[0], Math.min(half + GRAVEL_METRES[1], this.barrier - 3)];
    /** The side on which gravel lies: 1 left, −1 right, 0 none. */
    this.gravel = Int8Array.from(radius, (r, i) => this.#gravelSide(r, i));
    /** @type {Building | null} */
    this.building = this.garageXs.length > 0 ? this.#building() : null;
    this.fence = this.#fence();
    this.walls = this.#walls();
    const garages = this.building ? { xMetres: this.garageXs, zMetres: this.garageZ } : undefined;
    this.bounds = boundsOf(this.line, this.pit, this.width, garages);
  }

  /** How many cars have a place to start from. */
  get starts() {
    return this.garageXs.length || GRID.places;
  }

  /**
   * Write the nearest point of the centre line into `out`.
   * @param {number} x
   * @param {number} z
   * @param {Projection} out
   * @param {number} [hint]  `out.index` of the car's last time: it stays on its part of the track where two parts meet
   */
  project(x, z, out, hint = -1) {
    this.nearest.project(x, z, out, hint, this.barrier);
  }

  /**
   * @param {number} index  of a point of the centre line
   * @param {number} lateral
   */
  #beside(index, lateral) {
    const { xs, zs, dx, dz } = this.line;
    return { x: xs[index] - dz[index] * lateral, z: zs[index] + dx[index] * lateral };
  }

  /**
   * @param {number} index
   * @param {number} lateral
   */
  #farFromPit(index, lateral) {
    if (this.pit === null) return true;
    const { x, z } = this.#beside(index, lateral);
    this.pit.project(x, z, this.scratch);
    return Math.abs(this.scratch.lateral) > this.pitWidth / 2 + (Math.abs(lateral) > this.width / 2 ? 5 : 0);
  }

  /**
   * Gravel lies outside a tight bend, unless another part of the circuit is there.
   * @param {number} radius
   * @param {number} index
   */
  #gravelSide(radius, index) {
    const [from, to] = this.gravelMetres;
    const side = Math.sign(radius);
    if (Math.abs(radius) > GRAVEL_RADIUS_METRES || to - from < LEAST_GRAVEL_METRES) return 0;
    const { x, z } = this.#beside(index, side * to);
    this.project(x, z, this.scratch);
    return Math.abs(this.scratch.lateral) > to - 1 && this.#farFromPit(index, side * from) ? side : 0;
  }

  /** @returns {Building} */
  #building() {
    const xs = [...this.garageXs].sort((a, b) => b - a);
    const between = xs.slice(1).map((x, i) => (x + xs[i]) / 2);
    const east = between.length > 0 ? 2 * xs[0] - between[0] : xs[0] + GARAGE_HALF_METRES;
    const last = xs[xs.length - 1];
    const west = between.length > 0 ? 2 * last - between[between.length - 1] : last - GARAGE_HALF_METRES;
    const back = this.garageZ - GARAGE_BACK_METRES;
    const front = this.garageZ + GARAGE_FRONT_METRES;
    return { west, east, back, front, dividers: [east, ...between, west] };
  }

  /** The wall behind the garages, and the fence that keeps the pit lane apart from the track up to where the two merge. */
  #fence() {
    const { building, pit } = this;
    /** @type {Array<[number, number]>} */
    const points = [];
    if (building === null || pit === null) return points;
    const { west, east, back } = building;
    const eastwards = pit.xs[pit.count - 1] > (west + east) / 2;
    const [first, last] = eastwards ? [west - FENCE_METRES, east] : [east + FENCE_METRES, west];
    points.push([first, back], [last, back]);
    const side = this.#trackSide(pit);
    pit.project(last, back, this.scratch);
    // Where the garages are not between the lane and the track, the wall behind them is enough.
    if (Math.sign(this.scratch.lateral) !== side) return points;
    for (const [x, z] of pit.offset(side * PIT_FENCE_METRES)) {
      this.project(x, z, this.scratch);
      const isBeyond = eastwards ? x > last + 4 : x < last - 4;
      if (isBeyond && Math.abs(this.scratch.lateral) > this.width) points.push([x, z]);
    }
    return points;
  }

  /** The side of the pit lane on which the track is: 1 left, −1 right. @param {Line} pit */
  #trackSide(pit) {
    this.project(pit.xs[0], pit.zs[0], this.scratch);
    pit.project(this.scratch.x, this.scratch.z, this.scratch);
    return Math.sign(this.scratch.lateral);
  }

  /** @returns {Wall[]} */
  #walls() {
    const { building } = this;
    const walls = building
      ? building.dividers.map((x) => wallBetween(x, building.back, x, building.front))
      : [];
    for (let i = 0; i + 1 < this.fence.length; i += 1) {
      const [ax, az] = this.fence[i];
      const [bx, bz] = this.fence[i + 1];
      walls.push(wallBetween(ax, az, bx, bz));
    }
    return walls;
  }

  /**
   * Where a car starts: in its garage, nose out, towards the pit lane, or on the grid.
   * @param {number} index
   * @returns {Place}
   */
  start(index) {
    const place = index % this.starts;
    if (this.garageXs.length > 0) return { x: this.garageXs[place], z: this.garageZ, yaw: 0 };
    return this.gridPlace(place);
  }

  /**
   * @param {number} index
   * @returns {Place}
   */
  gridPlace(index) {
    const { places, firstMetres, stepMetres, aside } = GRID;
    // On a short circuit the grid takes at most half a lap.
    const step = Math.min(stepMetres, this.length / 2 / places);
    const place = { x: 0, z: 0, yaw: 0 };
    this.line.place(-firstMetres - step * index, place);
    const left = (index % 2 === 0 ? aside : -aside) * this.width;
    place.x -= Math.cos(place.yaw) * left;
    place.z += Math.sin(place.yaw) * left;
    return place;
  }

  /**
   * What lies under a point.
   * @param {number} x
   * @param {number} z
   * @returns {Surface}
   */
  surface(x, z) {
    const at = this.scratch;
    this.project(x, z, at);
    const half = this.width / 2;
    const { index, lateral } = at;
    const apart = Math.abs(lateral);
    if (apart <= half || this.#onPit(x, z, at)) return "asphalt";
    if (apart <= half + KERB_METRES && this.kerbs[index]) return "kerb";
    const [from, to] = this.gravelMetres;
    if (apart > from && apart < to && this.gravel[index] === Math.sign(lateral)) return "gravel";
    return "grass";
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {Projection} at
   */
  #onPit(x, z, at) {
    const { building, pit } = this;
    if (pit === null) return false;
    pit.project(x, z, at);
    if (Math.abs(at.lateral) <= this.pitWidth / 2) return true;
    if (building === null) return false;
    return x > building.west && x < building.east && z > building.back && z < pit.zs[0];
  }

  /**
   * How far a point is inside the outer barrier (negative: beyond it), and the way back in.
   * @param {number} x
   * @param {number} z
   * @param {Clearance} out
   */
  clearance(x, z, out) {
    const at = this.scratch;
    this.project(x, z, at);
    out.distance = this.barrier - Math.abs(at.lateral);
    inwards(x, z, at, out);
    if (this.pit === null || out.distance > TOUCH_METRES) return;
    const { distance, nx, nz } = out;
    this.pit.project(x, z, at);
    out.distance = this.pitBarrier - Math.abs(at.lateral);
    inwards(x, z, at, out);
    if (out.distance >= distance) return;
    out.distance = distance;
    out.nx = nx;
    out.nz = nz;
  }
}

/**
 * The box around all asphalt.
 * @param {Line} line
 * @param {Line | null} pit
 * @param {number} width
 * @param {TrackFile["garages"]} garages
 */
export function boundsOf(line, pit, width, garages) {
  const xs = [...line.xs, ...(pit?.xs ?? []), ...(garages?.xMetres ?? [])];
  const zs = [...line.zs, ...(pit?.zs ?? []), ...(garages ? [garages.zMetres] : [])];
  const least = (/** @type {number[]} */ all) => all.reduce((a, b) => Math.min(a, b)) - width / 2;
  const most = (/** @type {number[]} */ all) => all.reduce((a, b) => Math.max(a, b)) + width / 2;
  return { left: least(xs), right: most(xs), low: least(zs), high: most(zs) };
}

/**
 * @param {number} x
 * @param {number} z
 * @param {Projection} at
 * @param {Clearance} out
 */
function inwards(x, z, at, out) {
  const dx = at.x - x;
  const dz = at.z - z;
  const length = Math.hypot(dx, dz) || 1;
  out.nx = dx / length;
  out.nz = dz / length;
}

/**
 * Signed radius of the bend at each point of a closed line, over some metres to either side; positive to the right.
 * @param {Line} line
 * @returns {Float64Array}
 */
function bendRadius(line) {
  const reachMetres = 18;
  const { at, count, dx, dz, length } = line;
  return Float64Array.from({ length: count }, (_, i) => {
    let before = i;
    let after = i;
    while (forward(at[before], at[i], length) < reachMetres) before = (before + count - 1) % count;
    while (forward(at[i], at[after], length) < reachMetres) after = (after + 1) % count;
    const turn = Math.atan2(
      dx[before] * dz[after] - dz[before] * dx[after],
      dx[before] * dx[after] + dz[before] * dz[after],
    );
    const metres = forward(at[before], at[after], length);
    return Math.abs(turn) < 1e-6 ? Infinity : -metres / turn;
  });
}

/**
 * Metres on from one place of a lap to another.
 * @param {number} from
 * @param {number} to
 * @param {number} length
 */
function forward(from, to, length) {
  return to < from ? to - from + length : to - from;
}

/**
 * The end of the pit lane, led on beside the track until it has melted into it. The file ends it where the two meet.
 * @param {Line} line
 * @param {Pick<TrackFile, "pitLane">} file
 * @returns {Array<[number, number]>}
 */
export function merge(line, { pitLane }) {
  if (!pitLane) return [];
  const [x, z] = pitLane.centreline[pitLane.centreline.length - 1];
  const at = { s: 0, lateral: 0, index: 0, x: 0, z: 0 };
  line.project(x, z, at);
  const place = { x: 0, z: 0, yaw: 0 };
  return MERGE_METRES.map((ahead) => {
    line.place(at.s + ahead, place);
    const lateral = at.lateral * (1 - ahead / MERGE_METRES[MERGE_METRES.length - 1]) + 1;
    return [place.x - Math.cos(place.yaw) * lateral, place.z + Math.sin(place.yaw) * lateral];
  });
}

/**
 * An open line with points between its points, on a Catmull-Rom curve through all of them.
 * @param {Array<[number, number]>} points
 * @returns {Array<[number, number]>}
 */
export function smooth(points) {
  const parts = 5;
  const last = points.length - 1;
  /** @type {Array<[number, number]>} */
  const curve = [];
  for (let i = 0; i < last; i += 1) {
    const around = [points[Math.max(i - 1, 0)], points[i], points[i + 1], points[Math.min(i + 2, last)]];
    for (let part = 0; part < parts; part += 1) {
      curve.push([curveAt(around, 0, part / parts), curveAt(around, 1, part / parts)]);
    }
  }
  return [...curve, points[last]];
}

/**
 * @param {Array<[number, number]>} around  the points before, at, after and beyond
 * @param {0 | 1} axis
 * @param {number} t  0 … 1 from the second to the third
 */
function curveAt(around, axis, t) {
  const [a, b, c, d] = around.map((point) => point[axis]);
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/**
 * @param {number} ax
 * @param {number} az
 * @param {number} bx
 * @param {number} bz
 * @returns {Wall}
 */
function wallBetween(ax, az, bx, bz) {
  const left = Math.min(ax, bx) - TOUCH_METRES;
  const right = Math.max(ax, bx) + TOUCH_METRES;
  const low = Math.min(az, bz) - TOUCH_METRES;
  const high = Math.max(az, bz) + TOUCH_METRES;
  return { ax, az, bx, bz, left, right, low, high };
}
