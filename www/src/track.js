// The geometry of the circuit: surfaces, and where the barriers stand. Pure; built once from track.json. Lines are in
// line.js, drawing in scenery.js, collision response in car.js.
//
// `lateral` is metres from the centre line, positive to the left of the driving direction (the outside).

import { Line } from "./line.js";

/** Grass between the edge of the oval and the outer barrier ends this far from the centre line. */
const OVAL_BARRIER_METRES = 27;
/** The barrier around the pit lane stands this far from the middle of the lane. */
const PIT_BARRIER_METRES = 13;
/** Kerbs lie beside the asphalt where the bend is tighter than this. */
const KERB_RADIUS_METRES = 165;
/** Gravel beds lie outside the bends that are tighter than this. */
const GRAVEL_RADIUS_METRES = 135;
/** Nearer to the oval's barrier than this a point may be in the pit area, where that barrier does not stand. */
const BARRIER_REACH_METRES = 4;
export const KERB_METRES = 1.3;
/** Gravel reaches from here to here, measured outwards from the centre line. */
export const GRAVEL_METRES = /** @type {const} */ ([11.5, 21]);
/** Depth of a garage: behind and in front of the spawn row. */
const GARAGE_BACK_METRES = 5.4;
const GARAGE_FRONT_METRES = 2.4;
/** Points of the lane's merging, metres along the lap from its end in the file. */
const MERGE_METRES = [12, 24, 36, 50, 66, 84];
/** The middle of a car that touches something is no further away than this. */
const TOUCH_METRES = 3;
/** A fence between the pit lane and the track stands this far from the middle of the lane. */
const PIT_FENCE_METRES = 7.2;

/** @typedef {"asphalt" | "kerb" | "grass" | "gravel"} Surface */
/** @typedef {import("./line.js").Projection} Projection */
/** @typedef {import("./line.js").Place} Place */
/**
 * A thin wall, and the box outside of which no car touches it.
 * @typedef {{ ax: number, az: number, bx: number, bz: number, left: number, right: number, low: number, high: number }} Wall
 */
/** @typedef {{ x: number, z: number, radius: number }} Post */
/** @typedef {{ distance: number, nx: number, nz: number }} Clearance */

/**
 * @typedef {object} TrackFile
 * @property {string} name
 * @property {number} lengthMetres
 * @property {number} widthMetres
 * @property {Array<[number, number]>} centreline
 * @property {{ widthMetres: number, centreline: Array<[number, number]> }} pitLane
 * @property {{ zMetres: number, xMetres: number[] }} garages
 */

export class Track {
  /** @param {TrackFile} file */
  constructor(file) {
    this.name = file.name;
    this.width = file.widthMetres;
    this.pitWidth = file.pitLane.widthMetres;
    this.line = new Line(file.centreline, true);
    this.pit = new Line(smooth([...file.pitLane.centreline, ...merge(this.line, file)]), false);
    this.length = this.line.length;
    this.garageZ = file.garages.zMetres;
    this.garageXs = file.garages.xMetres;
    this.barrierMetres = { oval: OVAL_BARRIER_METRES, pit: PIT_BARRIER_METRES };
    /** @type {Projection} */
    this.scratch = { s: 0, lateral: 0, index: 0, x: 0, z: 0 };
    const radius = bendRadius(this.line);
    this.kerbs = Uint8Array.from(radius, (r) => Number(Math.abs(r) < KERB_RADIUS_METRES));
    this.gravel = Uint8Array.from(radius, (r, i) =>
      Number(r > 0 && r < GRAVEL_RADIUS_METRES && this.#farFromPit(i, GRAVEL_METRES[0])),
    );
    /** The kerb on the outside leaves a gap where the pit lane comes in. */
    this.outerKerbs = this.kerbs.map((kerb, i) => kerb & Number(this.#farFromPit(i, this.width / 2)));
    this.building = this.#building();
    this.fence = this.#fence();
    this.walls = this.#walls();
    this.posts = groves();
  }

  /**
   * @param {number} index  of a point of the centre line
   * @param {number} lateral
   */
  #farFromPit(index, lateral) {
    const x = this.line.xs[index] - this.line.dz[index] * lateral;
    const z = this.line.zs[index] + this.line.dx[index] * lateral;
    this.pit.project(x, z, this.scratch);
    return Math.abs(this.scratch.lateral) > this.pitWidth / 2 + (lateral > this.width / 2 ? 5 : 0);
  }

  /** The garage row as a box; bays[i] are the x of the dividers, from east to west. */
  #building() {
    const xs = this.garageXs;
    const dividers = [];
    for (let i = 0; i + 1 < xs.length; i += 1) dividers.push((xs[i] + xs[i + 1]) / 2);
    const east = xs[0] + (xs[0] - dividers[0]);
    const west = xs[xs.length - 1] - (dividers[dividers.length - 1] - xs[xs.length - 1]);
    const back = this.garageZ - GARAGE_BACK_METRES;
    const front = this.garageZ + GARAGE_FRONT_METRES;
    return { west, east, back, front, dividers: [east, ...dividers, west] };
  }

  /** The fence that keeps the pit lane apart from the track up to where the two merge. */
  #fence() {
    const { west, east, back } = this.building;
    /** @type {Array<[number, number]>} */
    const points = [
      [west - 32, back],
      [east, back],
    ];
    for (const [x, z] of this.pit.offset(-PIT_FENCE_METRES)) {
      if (x > east + 4 && z > -44) points.push([x, z]);
    }
    return points;
  }

  /** @returns {Wall[]} */
  #walls() {
    const { back, front, dividers } = this.building;
    const walls = dividers.map((x) => wallBetween(x, back, x, front));
    for (let i = 0; i + 1 < this.fence.length; i += 1) {
      const [ax, az] = this.fence[i];
      const [bx, bz] = this.fence[i + 1];
      walls.push(wallBetween(ax, az, bx, bz));
    }
    return walls;
  }

  /**
   * Where a car stands in garage `index`: nose out, towards the pit lane.
   * @param {number} index
   * @returns {Place}
   */
  garage(index) {
    const xs = this.garageXs;
    return { x: xs[((index % xs.length) + xs.length) % xs.length], z: this.garageZ, yaw: 0 };
  }

  /**
   * What lies under a point.
   * @param {number} x
   * @param {number} z
   * @returns {Surface}
   */
  surface(x, z) {
    const at = this.scratch;
    this.line.project(x, z, at);
    const half = this.width / 2;
    const out = at.lateral;
    const apart = Math.abs(out);
    const index = at.index;
    if (apart <= half) return "asphalt";
    if (this.#onPit(x, z, at)) return "asphalt";
    if (apart <= half + KERB_METRES && this.kerbs[index]) return "kerb";
    if (this.gravel[index] && out > GRAVEL_METRES[0] && out < GRAVEL_METRES[1]) return "gravel";
    return "grass";
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {Projection} at
   */
  #onPit(x, z, at) {
    const { west, east, back } = this.building;
    this.pit.project(x, z, at);
    if (Math.abs(at.lateral) <= this.pitWidth / 2) return true;
    return x > west && x < east && z > back && z < this.pit.zs[0];
  }

  /**
   * How far a point is inside the outer barrier (negative: beyond it), and the way back in.
   * @param {number} x
   * @param {number} z
   * @param {Clearance} out
   */
  clearance(x, z, out) {
    const at = this.scratch;
    this.line.project(x, z, at);
    out.distance = OVAL_BARRIER_METRES - at.lateral;
    inwards(x, z, at, out);
    if (out.distance > BARRIER_REACH_METRES) return;
    const oval = out.distance;
    const { nx, nz } = out;
    this.pit.project(x, z, at);
    out.distance = PIT_BARRIER_METRES - Math.abs(at.lateral);
    inwards(x, z, at, out);
    if (out.distance >= oval) return;
    out.distance = oval;
    out.nx = nx;
    out.nz = nz;
  }
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
 * Signed radius of the bend at each point of a closed line, smoothed over its neighbours.
 * @param {Line} line
 * @returns {Float64Array}
 */
function bendRadius(line) {
  const reach = 4;
  const { count } = line;
  return Float64Array.from({ length: count }, (_, i) => {
    const before = (i - reach + count) % count;
    const after = (i + reach) % count;
    const turn = line.dx[before] * line.dz[after] - line.dz[before] * line.dx[after];
    const metres = 2 * reach * line.lengths[i];
    return Math.abs(turn) < 1e-6 ? Infinity : -metres / turn;
  });
}

/**
 * The end of the pit lane, led on beside the track until it has melted into it. The file ends it where the two meet.
 * @param {Line} line
 * @param {Pick<TrackFile, "pitLane">} file
 * @returns {Array<[number, number]>}
 */
export function merge(line, { pitLane }) {
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

/** Groves of trees on the infield, each behind a ring of tyres. @returns {Post[]} */
function groves() {
  return [
    { x: -78, z: -92, radius: 15 },
    { x: 74, z: -100, radius: 12 },
    { x: 78, z: -236, radius: 16 },
    { x: -62, z: -232, radius: 13 },
  ];
}
