// The nearest point of a line, for a hundred cars sixty times a second: walks from where the car was last. Only a car that
// is not found there is searched along the whole line. Writes into the object it is given.

/** @typedef {import("../line.js").Line} Line */
/** @typedef {import("../line.js").Projection} Projection */

/** How many segments beyond the nearest so far are tried: on a noisy line the distance rises and falls. */
const LOOK_BEYOND = 4;
/** The walk ends after this many segments; a car that moved further is searched along the whole line. */
const MAX_WALK = 64;

export class Nearest {
  /** @param {Line} line */
  constructor(line) {
    this.line = line;
    /** Square of the distance to the nearest segment so far, and which it is. */
    this.best = Infinity;
    this.index = 0;
  }

  /**
   * Write the nearest point of the line into `out`.
   * @param {number} x
   * @param {number} z
   * @param {Projection} out
   * @param {number} hint  the segment it was near to last; −1 for none
   * @param {number} reach  farther from the line than this, the walk is not trusted
   */
  project(x, z, out, hint, reach) {
    this.best = Infinity;
    if (hint >= 0 && hint < this.line.segments) this.#walk(x, z, hint);
    if (this.best > reach * reach) this.line.project(x, z, out);
    else this.line.projectOn(x, z, this.index, out);
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {number} hint
   */
  #walk(x, z, hint) {
    this.#look(x, z, hint);
    this.#stride(x, z, hint, 1);
    this.#stride(x, z, hint, -1);
    const { segments } = this.line;
    const apart = Math.abs(this.index - hint);
    // Still coming nearer where the walk ended: the car is elsewhere.
    if (Math.min(apart, segments - apart) >= MAX_WALK - LOOK_BEYOND) this.best = Infinity;
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {number} from
   * @param {1 | -1} way
   */
  #stride(x, z, from, way) {
    const { segments } = this.line;
    let index = from;
    let since = 0;
    for (let steps = 0; steps < MAX_WALK && since < LOOK_BEYOND; steps += 1) {
      index += way;
      if (index < 0 || index >= segments) {
        index = index < 0 ? segments - 1 : 0;
      }
      since = this.#look(x, z, index) ? 0 : since + 1;
    }
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {number} i  a segment
   * @returns {boolean} it is the nearest so far
   */
  #look(x, z, i) {
    const square = this.line.square(x, z, i);
    if (square >= this.best) return false;
    this.best = square;
    this.index = i;
    return true;
  }
}
