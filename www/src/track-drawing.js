// Draws a circuit on a small map, with its start line and direction, for the page that makes circuits.

import { context2d } from "./element.js";
import { Line } from "./line.js";

/** @typedef {import("./track-file.js").TrackFile} TrackFile */

const MARGIN_PIXELS = 34;
/** The asphalt is drawn at least this wide, to stay visible. */
const LEAST_PIXELS = 7;
const ARROWS = 9;
/** How far the start line extends beyond the asphalt on each side. */
const START_PIXELS = 11;

export class TrackDrawing {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = context2d(canvas);
    this.line = new Line([], true);
    this.width = 0;
    this.scale = 1;
    this.left = 0;
    this.top = 0;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /** @param {TrackFile} file */
  show({ centreline, widthMetres = 12 }) {
    this.line = new Line(centreline, true);
    this.width = widthMetres;
    this.draw();
  }

  draw() {
    const { canvas, context, line } = this;
    const { clientWidth, clientHeight } = canvas;
    if (line.count === 0 || clientWidth === 0) return;
    const density = window.devicePixelRatio || 1;
    canvas.width = Math.round(clientWidth * density);
    canvas.height = Math.round(clientHeight * density);
    this.#fit(clientWidth, clientHeight);
    context.setTransform(density, 0, 0, density, 0, 0);
    context.lineJoin = context.lineCap = "round";
    const { backgroundColor, borderTopColor, caretColor, color } = getComputedStyle(canvas);
    const path = new Path2D();
    for (let i = 0; i < line.count; i += 1) path.lineTo(...this.#at(line.xs[i], line.zs[i]));
    path.closePath();
    const width = Math.max(this.width * this.scale, LEAST_PIXELS);
    context.strokeStyle = borderTopColor;
    context.lineWidth = width + 3;
    context.stroke(path);
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke(path);
    this.#arrows(backgroundColor, width);
    this.#start(caretColor, backgroundColor, width / 2 + START_PIXELS);
  }

  /**
   * The place on the lap nearest to a point of the canvas.
   * @param {number} x  CSS pixels
   * @param {number} y
   * @returns {{ s: number, pixels: number }} metres along, and how far beside
   */
  nearest(x, y) {
    const at = { s: 0, lateral: 0, index: 0, x: 0, z: 0 };
    this.line.project((x - this.left) / this.scale, (this.top - y) / this.scale, at);
    return { s: at.s, pixels: Math.abs(at.lateral) * this.scale };
  }

  /** Pixels from a point of the canvas to the start line. @param {number} x @param {number} y */
  toStart(x, y) {
    const [startX, startY] = this.#at(this.line.xs[0], this.line.zs[0]);
    return Math.hypot(x - startX, y - startY);
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  #fit(width, height) {
    const { xs, zs } = this.line;
    const [left, right] = [Math.min(...xs), Math.max(...xs)];
    const [low, high] = [Math.min(...zs), Math.max(...zs)];
    this.scale = Math.min(
      (width - 2 * MARGIN_PIXELS) / Math.max(right - left, 1),
      (height - 2 * MARGIN_PIXELS) / Math.max(high - low, 1),
    );
    this.left = width / 2 - ((left + right) / 2) * this.scale;
    this.top = height / 2 + ((low + high) / 2) * this.scale;
  }

  /**
   * @param {number} x
   * @param {number} z
   * @returns {[number, number]}
   */
  #at(x, z) {
    return [this.left + x * this.scale, this.top - z * this.scale];
  }

  /**
   * Draw with the place `s` metres along as the origin, and the direction of driving to the right.
   * @param {number} s
   * @param {() => void} draw
   */
  #along(s, draw) {
    const place = { x: 0, z: 0, yaw: 0 };
    this.line.place(s, place);
    this.context.save();
    this.context.translate(...this.#at(place.x, place.z));
    this.context.rotate(place.yaw - Math.PI / 2);
    draw();
    this.context.restore();
  }

  /**
   * @param {string} colour
   * @param {number} width  pixels of the asphalt
   */
  #arrows(colour, width) {
    const { context, line } = this;
    const size = Math.max(width * 0.32, 2.8);
    context.strokeStyle = colour;
    context.lineWidth = Math.max(width * 0.16, 1.8);
    for (let i = 1; i < ARROWS; i += 1) {
      this.#along((i / ARROWS) * line.length, () => {
        context.beginPath();
        context.moveTo(-size, -size);
        context.lineTo(0, 0);
        context.lineTo(-size, size);
        context.stroke();
      });
    }
  }

  /**
   * The start line as a handle, with an arrow in the direction of driving beside it.
   * @param {string} colour
   * @param {string} halo
   * @param {number} reach  pixels to each side
   */
  #start(colour, halo, reach) {
    const { context } = this;
    this.#along(0, () => {
      for (const [stroke, more] of /** @type {Array<[string, number]>} */ ([
        [halo, 4],
        [colour, 0],
      ])) {
        context.strokeStyle = stroke;
        context.lineWidth = 4 + more;
        context.beginPath();
        context.moveTo(0, -reach);
        context.lineTo(0, reach);
        context.moveTo(6, -reach);
        context.lineTo(26, -reach);
        context.moveTo(20, -reach - 6);
        context.lineTo(26, -reach);
        context.lineTo(20, -reach + 6);
        context.stroke();
      }
    });
  }
}
