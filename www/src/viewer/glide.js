// The way that a camera still has to make good after its goal jumped: a critically damped spring, in pixels of the
// screen rather than metres, so that a glide looks the same at every zoom and never swings.

/** Radians a second: settles in about 0.7 s. */
const RATE = 7.5;
/** What is left below this is dropped: pixels, and the logarithm of the zoom. */
const STILL_PIXELS = 0.05;
const STILL_ZOOM = 1e-4;

/** @typedef {{ x: number, y: number, zoom: number }} View */

export class Glide {
  constructor() {
    /** Left of the way: x and y in CSS pixels, zoom as a logarithm; then how fast each changes. */
    this.left = new Float64Array(3);
    this.rate = new Float64Array(3);
    this.isMoving = false;
    /** Factor on the goal's zoom. */
    this.zoom = 1;
  }

  /** CSS pixels beside the goal. */
  get x() {
    return this.left[0];
  }

  get y() {
    return this.left[1];
  }

  stop() {
    this.left.fill(0);
    this.rate.fill(0);
    this.zoom = 1;
    this.isMoving = false;
  }

  /**
   * Start from a view, with the speed of the glide under way.
   * @param {View} view
   * @param {View} goal
   */
  from(view, goal) {
    this.left[0] = (view.x - goal.x) * view.zoom;
    this.left[1] = (view.y - goal.y) * view.zoom;
    this.left[2] = Math.log(view.zoom / goal.zoom);
    this.zoom = view.zoom / goal.zoom;
    this.isMoving = true;
  }

  /** @param {number} step  seconds */
  advance(step) {
    if (!this.isMoving) return;
    const { left, rate } = this;
    const decay = Math.exp(-RATE * step);
    for (let i = 0; i < 3; i += 1) {
      const push = rate[i] + RATE * left[i];
      left[i] = (left[i] + push * step) * decay;
      rate[i] = (rate[i] - RATE * push * step) * decay;
    }
    this.zoom = Math.exp(left[2]);
    const isStill = Math.abs(left[0]) + Math.abs(left[1]) < STILL_PIXELS && Math.abs(left[2]) < STILL_ZOOM;
    if (isStill && Math.abs(rate[0]) + Math.abs(rate[1]) < 1) this.stop();
  }
}
