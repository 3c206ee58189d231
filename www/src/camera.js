// Follows the own car: a little ahead of it, further away the faster it goes.

import { share, View } from "./map/view.js";

/** Metres across the middle of the view, standing and at top speed. */
const NEAR_METRES = 74;
const FAR_METRES = 132;
const FAR_SPEED = 75;
/** How much of a second of driving the view looks ahead, and at most how much of its own size. */
const AHEAD_SECONDS = 0.55;
const AHEAD_MOST = 0.24;
/** Shares of the way made good per second, as rates of an exponential. */
const FOLLOW_RATE = 7;
const ZOOM_RATE = 1.6;
const TURN_RATE = 5;

export class Camera extends View {
  constructor() {
    super();
    this.headingUp = false;
    /** Where on the height of the view the camera points: higher up where fingers cover the bottom. */
    this.level = 0.5;
    this.aheadX = 0;
    this.aheadY = 0;
    /** Half of what is seen, metres, whichever way the view is turned. */
    this.reach = { x: 1, y: 1 };
  }

  /** The closest zoom of this viewport: what tiles and sprites are painted for. */
  get nearZoom() {
    return Math.sqrt(this.width * this.height) / NEAR_METRES;
  }

  /**
   * @param {number} width  CSS pixels
   * @param {number} height
   */
  resize(width, height) {
    this.width = Math.max(width, 1);
    this.height = Math.max(height, 1);
    this.middleX = this.width / 2;
    this.middleY = this.height * this.level;
    this.zoom = this.nearZoom;
    this.#measure();
  }

  /**
   * @param {{ x: number, z: number, yaw: number }} pose
   * @param {number} speed
   * @param {number} seconds  since the last frame; Infinity to jump there
   */
  follow(pose, speed, seconds) {
    const wanted =
      this.nearZoom *
      (NEAR_METRES / (NEAR_METRES + (FAR_METRES - NEAR_METRES) * Math.min(speed / FAR_SPEED, 1)));
    this.zoom += (wanted - this.zoom) * share(ZOOM_RATE, seconds);
    const span = Math.min(this.width, this.height) / this.zoom;
    const ahead = Math.min(speed * AHEAD_SECONDS, span * AHEAD_MOST);
    const part = share(FOLLOW_RATE * 0.35, seconds);
    this.aheadX += (Math.sin(pose.yaw) * ahead - this.aheadX) * part;
    this.aheadY += (-Math.cos(pose.yaw) * ahead - this.aheadY) * part;
    this.x = pose.x + this.aheadX;
    this.y = -pose.z + this.aheadY;
    const turn = this.headingUp ? pose.yaw : Math.round(this.turn / (2 * Math.PI)) * 2 * Math.PI;
    this.turn += (turn - this.turn) * share(TURN_RATE, seconds);
    this.#measure();
  }

  #measure() {
    const sin = Math.abs(Math.sin(this.turn));
    const cos = Math.abs(Math.cos(this.turn));
    const half = this.height * Math.max(this.level, 1 - this.level);
    this.reach.x = ((this.width / 2) * cos + half * sin) / this.zoom;
    this.reach.y = ((this.width / 2) * sin + half * cos) / this.zoom;
  }
}
