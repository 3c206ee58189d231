// Learns the circuit from the first clean lap of any car, and says when a circuit no longer fits what is driven. Is shown
// every look at every car by the ledger; pure. The start line comes to lie where that lap closed: where the real one is,
// nobody who only sees the cars can know.

import { DEFAULT_WIDTH_METRES } from "../track-file.js";
import { Circuit } from "./circuit.js";
import { Fit } from "./fit.js";
import { closedLine } from "./lapline.js";
import { Wake } from "./wake.js";

/** Cars followed at the same time: the first to drive. One clean lap of any of them is enough. */
const MAX_FOLLOWED = 24;
/** A car that moved further in one look than this was put there. */
const MAX_SPEED = 130;
const JUMP_METRES = 5;
/** Seen or heard of less often, it may have been anywhere. */
const MAX_PAUSE_MS = 1000;
/** A stop for longer is no clean lap. */
const MAX_STOP_MS = 5000;
const MOVING_SPEED = 3;
/** A car that moves at more than this to where it looks slides or reverses. */
const FORWARD_COSINE = Math.cos((70 * Math.PI) / 180);
/** The asphalt is as wide as the cars drive apart, but for the few on the grass, and room for the outermost. */
const WIDTHS_METRES = [8, 24];
const FEW = 0.025;
const CAR_METRES = 4;
/** Further beside the lap is another part of the track, or none. */
const ASIDE_METRES = 15;
/** So many cars must have driven a third of the lap, or one knows nothing of its width. */
const MIN_WAYS = 3;

class Follower {
  constructor() {
    this.wake = new Wake();
    this.x = NaN;
    this.z = NaN;
    this.seenMs = NaN;
    this.movedMs = NaN;
  }
}

export class TrackLearner {
  /** @param {Circuit | null} [circuit]  known from an earlier visit */
  constructor(circuit = null) {
    /** The circuit, as soon as it is known. @type {Circuit | null} */
    this.circuit = circuit;
    /** @type {Fit | null} */
    this.fit = circuit === null ? null : new Fit(circuit);
    /** @type {Map<string, Follower>} */
    this.followers = new Map();
  }

  /** False when the cars have been driving somewhere else than on the circuit: begin again with a new learner. */
  get fits() {
    return this.fit === null || this.fit.fits;
  }

  /**
   * Look at a car. What went before may come again, when the ledger begins anew.
   * @param {string} id
   * @param {number} x
   * @param {number} z
   * @param {number} yaw
   * @param {number} speed
   * @param {boolean} stale
   * @param {number} atMs
   */
  handle(id, x, z, yaw, speed, stale, atMs) {
    if (this.fit !== null) {
      if (!stale) this.fit.look(x, z, speed, atMs);
      return;
    }
    const follower = this.#followerOf(id);
    if (follower === undefined) return;
    const lap = this.#follow(follower, x, z, yaw, speed, stale, atMs);
    if (lap !== null) this.#learned(lap);
  }

  /** @param {string} id */
  #followerOf(id) {
    const known = this.followers.get(id);
    if (known !== undefined || this.followers.size >= MAX_FOLLOWED) return known;
    const follower = new Follower();
    this.followers.set(id, follower);
    return follower;
  }

  /**
   * @param {Follower} follower
   * @param {number} x
   * @param {number} z
   * @param {number} yaw
   * @param {number} speed
   * @param {boolean} stale
   * @param {number} atMs
   */
  #follow(follower, x, z, yaw, speed, stale, atMs) {
    const dx = x - follower.x;
    const dz = z - follower.z;
    const passed = atMs - follower.seenMs;
    const moved = Math.hypot(dx, dz);
    const drove = passed > 0 && passed <= MAX_PAUSE_MS && moved <= JUMP_METRES + (MAX_SPEED * passed) / 1000;
    const ahead = Math.sin(yaw) * dx + Math.cos(yaw) * dz >= FORWARD_COSINE * moved;
    const isMoving = speed >= MOVING_SPEED;
    if (isMoving || Number.isNaN(follower.movedMs)) follower.movedMs = atMs;
    follower.x = x;
    follower.z = z;
    follower.seenMs = atMs;
    const clean = drove && !stale && (ahead || !isMoving) && atMs - follower.movedMs <= MAX_STOP_MS;
    if (!clean) follower.wake.clear();
    return clean && isMoving ? follower.wake.push(x, z) : null;
  }

  /** @param {Array<[number, number]>} driven */
  #learned(driven) {
    const lap = new Circuit({ centreline: driven, learned: true });
    const asides = this.#asides(lap);
    let widthMetres = DEFAULT_WIDTH_METRES;
    let centreline = driven;
    if (asides.length > 0) {
      const right = asides[Math.floor(asides.length * FEW)];
      const left = asides[Math.floor(asides.length * (1 - FEW))];
      const [least, most] = WIDTHS_METRES;
      widthMetres = Math.round(Math.min(Math.max(left - right + CAR_METRES, least), most));
      const middle = lap.line.offset((left + right) / 2);
      centreline = closedLine([...middle, middle[0]]);
    }
    this.circuit = new Circuit({ centreline, widthMetres, learned: true });
    this.fit = new Fit(this.circuit);
    this.followers.clear();
  }

  /**
   * How far beside the lap all cars drove, sorted; nothing where they are too few to tell.
   * @param {Circuit} lap
   */
  #asides(lap) {
    /** @type {number[]} */
    const asides = [];
    const at = { s: 0, lateral: 0, index: -1, x: 0, z: 0 };
    let ways = 0;
    for (const { wake } of this.followers.values()) {
      const before = asides.length;
      for (let i = 0; i < wake.xs.length; i += 1) {
        lap.project(wake.xs[i], wake.zs[i], at, at.index);
        if (Math.abs(at.lateral) < ASIDE_METRES) asides.push(at.lateral);
      }
      if (asides.length > before + lap.line.count / 3) ways += 1;
    }
    return ways < MIN_WAYS ? [] : asides.sort((a, b) => a - b);
  }
}
