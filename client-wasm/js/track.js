// A circuit: checks the file that a relay serves, and finds places along the lap.

import { ask, relayAddress } from "./address.js";
import { RaceError } from "./error.js";

/** @typedef {[x: number, z: number]} Point  A place on the ground in metres. */
/** @typedef {{ name?: string, widthMetres?: number, centreline: Point[] }} TrackFile  A circuit as a relay serves it at `/track.json`: the middle of the road as a closed line. */
/** @typedef {{ x: number, z: number, yaw: number }} Place  Metres on the ground, and a direction in radians: 0 along +z, positive towards +x. */

const DEFAULT_WIDTH_METRES = 12;
/** The direction at a place is that of a chord of this length, with the place in its middle. */
const CHORD_METRES = 4;

/** A circuit whose file has been checked. */
export class Track {
  /** @type {string} */
  name;
  /** @type {number} */
  widthMetres;
  /** The middle of the road in the direction of the race, from the start line on. The last point leads to the first. @type {Point[]} */
  centreline;
  /** How far along the lap each point is, and the length of the lap. @type {number[]} */
  #starts = [0];

  /** A small oval, for a game without a circuit of its own. */
  static oval() {
    const angles = Array.from({ length: 96 }, (_, i) => (2 * Math.PI * i) / 96);
    const centreline = angles.map(
      (angle) => /** @type {Point} */ ([150 * Math.sin(angle), 75 * Math.cos(angle)]),
    );
    return new Track({ name: "Oval", widthMetres: 14, centreline });
  }

  /** @param {TrackFile} file  throws `bad_track` if it is not valid */
  constructor(file) {
    const { name = "", widthMetres = DEFAULT_WIDTH_METRES, centreline } = file ?? {};
    const isPoint = (/** @type {unknown} */ point) =>
      Array.isArray(point) && Number.isFinite(point[0]) && Number.isFinite(point[1]);
    if (!Array.isArray(centreline) || !centreline.every(isPoint)) {
      throw bad("centreline must be a list of [x, z] in metres");
    }
    if (!(Number.isFinite(widthMetres) && widthMetres > 0)) {
      throw bad("widthMetres must be a positive number");
    }
    // A ring may be written with its first point again at the end.
    this.centreline = centreline.filter(([x, z], i) => {
      const [nextX, nextZ] = centreline[(i + 1) % centreline.length];
      return x !== nextX || z !== nextZ;
    });
    if (this.centreline.length < 3) throw bad("centreline must have at least three different points");
    this.name = String(name);
    this.widthMetres = widthMetres;
    this.centreline.forEach(([x, z], i) => {
      const [nextX, nextZ] = this.#nth(i + 1);
      this.#starts.push(this.#starts[i] + Math.hypot(nextX - x, nextZ - z));
    });
  }

  /** The length of a lap. */
  get lengthMetres() {
    return this.#starts[this.centreline.length];
  }

  /**
   * A place along the circuit.
   * @param {number} metres  from the start line; negative values are before it, and values beyond a lap count on into the next
   * @param {number} [rightMetres]  to the right of the middle of the road
   * @returns {Place}
   */
  at(metres, rightMetres = 0) {
    const [x, z] = this.#middle(metres);
    const [backX, backZ] = this.#middle(metres - CHORD_METRES / 2);
    const [aheadX, aheadZ] = this.#middle(metres + CHORD_METRES / 2);
    const yaw = Math.atan2(aheadX - backX, aheadZ - backZ);
    return { x: x + rightMetres * Math.cos(yaw), z: z - rightMetres * Math.sin(yaw), yaw };
  }

  /** @param {number} metres @returns {Point} */
  #middle(metres) {
    const lap = this.lengthMetres;
    const rest = ((metres % lap) + lap) % lap;
    const i = Math.max(
      0,
      this.#starts.findLastIndex((start) => start <= rest),
    );
    const [[x, z], [nextX, nextZ]] = [this.#nth(i), this.#nth(i + 1)];
    const part = (rest - this.#starts[i]) / (this.#starts[i + 1] - this.#starts[i] || 1);
    return [x + (nextX - x) * part, z + (nextZ - z) * part];
  }

  /** @param {number} i */
  #nth(i) {
    return this.centreline[i % this.centreline.length];
  }
}

/**
 * Fetch the circuit of a relay.
 * @param {string | URL} url
 * @param {{ fetch?: typeof fetch, signal?: AbortSignal }} options
 */
export async function fetched(url, { fetch: request, signal }) {
  const file = `${relayAddress(url).base}track.json`;
  const response = await ask(file, request, signal).catch((thrown) => {
    signal?.throwIfAborted();
    throw thrown;
  });
  if (!response.ok) throw bad(`${file} answers ${response.status}: this relay serves no circuit`);
  const json = await response.json().catch(() => undefined);
  try {
    return new Track(json);
  } catch (cause) {
    throw new RaceError(
      "bad_track",
      `${file} is not a valid circuit: ${/** @type {Error} */ (cause).message}`,
      {
        cause,
      },
    );
  }
}

/** @param {string} message */
function bad(message) {
  return new RaceError("bad_track", message);
}
