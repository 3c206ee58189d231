// The view of the map: its middle, scale and rotation. Map metres: y = −z of the game. Pure.

/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box */

/**
 * The share of a distance that is covered in a time by following at a rate.
 * @param {number} rate
 * @param {number} seconds
 */
export const share = (rate, seconds) => 1 - Math.exp(-rate * seconds);

export class View {
  constructor() {
    /** What is in the middle: map metres. */
    this.x = 0;
    this.y = 0;
    /** CSS pixels per metre. */
    this.zoom = 1;
    /** Radians: 0 is north up, otherwise the heading that is up. */
    this.turn = 0;
    /** CSS pixels. */
    this.width = 1;
    this.height = 1;
    this.middleX = 0.5;
    this.middleY = 0.5;
    /** What panels cover of each side, CSS pixels. @type {Box} */
    this.insets = { left: 0, top: 0, right: 0, bottom: 0 };
  }

  /**
   * Put a context into map metres.
   * @param {CanvasRenderingContext2D} context
   * @param {number} density  device pixels per CSS pixel
   */
  apply(context, density) {
    const scale = this.zoom * density;
    const sin = -Math.sin(this.turn) * scale;
    const cos = Math.cos(this.turn) * scale;
    const left = this.middleX * density - cos * this.x + sin * this.y;
    const top = this.middleY * density - sin * this.x - cos * this.y;
    context.setTransform(cos, sin, -sin, cos, left, top);
  }

  /**
   * Where on the screen a map point is, in CSS pixels: x into `out[0]`, y into `out[1]`.
   * @param {number} x
   * @param {number} y
   * @param {Float64Array} out
   */
  toScreen(x, y, out) {
    const sin = -Math.sin(this.turn) * this.zoom;
    const cos = Math.cos(this.turn) * this.zoom;
    out[0] = this.middleX + cos * (x - this.x) - sin * (y - this.y);
    out[1] = this.middleY + sin * (x - this.x) + cos * (y - this.y);
  }
}
