// The circuit as a line to drive along: where its middle is after so many metres, and how fast a car can be there.

/** What a bend lets a car do, in m/s², and the fastest on a straight, in m/s. */
const GRIP = 11;
const TOP_SPEED = 48;
/** A bot brakes for what is so far ahead, in metres. */
const LOOK_AHEAD = 30;

/** @typedef {{ centreline: Array<[x: number, z: number]> }} TrackFile  as a relay serves it at `/track.json` */

export class Circuit {
  /** How far along the lap each point is, in metres. @type {number[]} */
  #starts = [0];
  #points;

  /** @param {TrackFile} track */
  constructor({ centreline }) {
    this.#points = centreline;
    centreline.forEach(([x, z], i) => {
      const [nextX, nextZ] = centreline[(i + 1) % centreline.length];
      this.#starts.push(this.#starts[i] + Math.hypot(nextX - x, nextZ - z));
    });
  }

  /** Metres of a lap. */
  get length() {
    return this.#starts[this.#points.length];
  }

  /**
   * A place on the line and the way it leads there.
   * @param {number} metres  from the start line, of any lap
   * @returns {{ x: number, z: number, yaw: number }}
   */
  at(metres) {
    const [x, z] = this.#point(metres);
    const [[backX, backZ], [aheadX, aheadZ]] = [this.#point(metres - 2), this.#point(metres + 2)];
    return { x, z, yaw: Math.atan2(aheadX - backX, aheadZ - backZ) };
  }

  /** The speed that the next bend allows, in m/s. @param {number} metres */
  speedAt(metres) {
    const turn = this.at(metres + LOOK_AHEAD).yaw - this.at(metres).yaw;
    const bend = Math.abs(Math.atan2(Math.sin(turn), Math.cos(turn))) / LOOK_AHEAD;
    return bend > 0 ? Math.min(Math.sqrt(GRIP / bend), TOP_SPEED) : TOP_SPEED;
  }

  /** @param {number} metres @returns {[number, number]} */
  #point(metres) {
    const rest = ((metres % this.length) + this.length) % this.length;
    const i = Math.max(
      0,
      this.#starts.findLastIndex((start) => start <= rest),
    );
    const [x, z] = this.#points[i % this.#points.length];
    const [nextX, nextZ] = this.#points[(i + 1) % this.#points.length];
    const part = (rest - this.#starts[i]) / (this.#starts[i + 1] - this.#starts[i] || 1);
    return [x + (nextX - x) * part, z + (nextZ - z) * part];
  }
}

/** For relays that have no circuit: an oval. @returns {TrackFile} */
export function oval() {
  /** @type {Array<[number, number]>} */
  const centreline = [];
  for (let i = 0; i < 96; i += 1) {
    const angle = (2 * Math.PI * i) / 96;
    centreline.push([150 * Math.sin(angle), -100 + 75 * Math.cos(angle)]);
  }
  return { centreline };
}
