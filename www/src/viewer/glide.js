// The way that a camera still has to make good after its goal jumped: a critically damped spring, which never swings.
// While the zoom changes too, the one point that start and goal show at the same place of the screen stays there, so
// that the view never wanders off on its way.

/** Radians a second: settles in about 0.7 s. */
const RATE = 7.5;
/** What is left below this is dropped: CSS pixels, and the logarithm of the zoom. */
const STILL_PIXELS = 0.2;
const STILL_ZOOM = 3e-4;

/** @typedef {{ x: number, y: number, zoom: number }} View */

export class Glide {
  constructor() {
    /** The whole way: metres, and the logarithm of the zoom. */
    this.wayX = 0;
    this.wayY = 0;
    this.wayZoom = 0;
    /** What is left of it, from 1 to 0, and how fast that changes. */
    this.left = 0;
    this.rate = 0;
    /** Beside the goal, metres; and a factor on its zoom. */
    this.x = 0;
    this.y = 0;
    this.zoom = 1;
    this.isMoving = false;
  }

  stop() {
    this.left = this.rate = 0;
    this.x = this.y = 0;
    this.zoom = 1;
    this.isMoving = false;
  }

  /**
   * Start from a view.
   * @param {View} view
   * @param {View} goal
   */
  from(view, goal) {
    this.wayX = view.x - goal.x;
    this.wayY = view.y - goal.y;
    this.wayZoom = Math.log(view.zoom / goal.zoom);
    this.left = 1;
    this.rate = 0;
    this.isMoving = true;
    this.#stand();
  }

  /**
   * @param {number} step  seconds
   * @param {number} zoom  of the goal
   */
  advance(step, zoom) {
    if (!this.isMoving) return;
    const push = this.rate + RATE * this.left;
    const decay = Math.exp(-RATE * step);
    this.left = (this.left + push * step) * decay;
    this.rate = (this.rate - RATE * push * step) * decay;
    this.#stand();
    const pixels = (Math.abs(this.x) + Math.abs(this.y)) * zoom;
    if (pixels < STILL_PIXELS && Math.abs(this.wayZoom * this.left) < STILL_ZOOM) this.stop();
  }

  #stand() {
    const { wayZoom, left } = this;
    this.zoom = Math.exp(wayZoom * left);
    // Without a change of zoom this is just what is left.
    const share = Math.abs(wayZoom) < 1e-6 ? left : Math.expm1(-wayZoom * left) / Math.expm1(-wayZoom);
    this.x = this.wayX * share;
    this.y = this.wayY * share;
  }
}
