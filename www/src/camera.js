// Follows the own car: a little ahead of it, further away the faster it goes. Map metres: y = −z.

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

export class Camera {
  constructor() {
    this.x = 0;
    this.y = 0;
    /** CSS pixels per metre. */
    this.zoom = 10;
    /** Turn of the view, radians: 0 is north up, otherwise the car's heading. */
    this.turn = 0;
    this.headingUp = false;
    this.width = 1;
    this.height = 1;
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

  /**
   * Put the context into map metres.
   * @param {CanvasRenderingContext2D} context
   * @param {number} density  device pixels per CSS pixel
   */
  apply(context, density) {
    const scale = this.zoom * density;
    const sin = Math.sin(-this.turn) * scale;
    const cos = Math.cos(-this.turn) * scale;
    const middleX = (this.width * density) / 2;
    const middleY = this.height * this.level * density;
    context.setTransform(
      cos,
      sin,
      -sin,
      cos,
      middleX - cos * this.x + sin * this.y,
      middleY - sin * this.x - cos * this.y,
    );
  }

  /**
   * Where on the screen a map point is, in CSS pixels: x into `out[0]`, y into `out[1]`.
   * @param {number} x
   * @param {number} y
   * @param {Float64Array} out
   */
  toScreen(x, y, out) {
    const sin = Math.sin(-this.turn) * this.zoom;
    const cos = Math.cos(-this.turn) * this.zoom;
    out[0] = this.width / 2 + cos * (x - this.x) - sin * (y - this.y);
    out[1] = this.height * this.level + sin * (x - this.x) + cos * (y - this.y);
  }
}

/**
 * @param {number} rate
 * @param {number} seconds
 */
function share(rate, seconds) {
  return 1 - Math.exp(-rate * seconds);
}
