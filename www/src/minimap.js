// The whole circuit, small, with every car on it.

import { buffer, context2d, fitCanvas } from "./element.js";

/** @typedef {import("./track.js").Track} Track */

/** Room for the dots, which are larger than the lane they stand on. */
const MARGIN_PIXELS = 14;

export class MiniMap {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Track} track
   */
  constructor(canvas, track) {
    this.canvas = canvas;
    this.context = context2d(canvas);
    this.track = track;
    this.dark = false;
    /** @type {HTMLCanvasElement | null} */
    this.ground = null;
    this.scale = 1;
    this.left = 0;
    this.top = 0;
    this.density = 1;
  }

  resize() {
    const density = fitCanvas(this.canvas);
    if (density === 0) return;
    this.density = density;
    const { left, right, low, high } = this.track.bounds;
    const margins = 2 * MARGIN_PIXELS * this.density;
    this.scale = Math.min(
      Math.max(this.canvas.width - margins, 1) / (right - left),
      Math.max(this.canvas.height - margins, 1) / (high - low),
    );
    this.left = this.canvas.width / 2 - ((left + right) / 2) * this.scale;
    this.top = this.canvas.height / 2 + ((low + high) / 2) * this.scale;
    this.ground = null;
  }

  /** @param {boolean} dark */
  useDark(dark) {
    this.dark = dark;
    this.ground = null;
  }

  /** The circuit without cars. */
  drawGround() {
    this.ground ??= this.#paintGround();
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.context.drawImage(this.ground, 0, 0);
  }

  /**
   * @param {import("./car.js").Car} own
   * @param {import("./livery.js").Livery} livery
   * @param {readonly import("./field.js").RemoteCar[]} cars
   */
  draw(own, livery, cars) {
    this.drawGround();
    for (let i = 0; i < cars.length; i += 1) {
      this.#dot(cars[i].x, cars[i].z, cars[i].livery.body, 3.4, cars[i].alpha);
    }
    this.#dot(own.pose.x, own.pose.z, "#ffffff", 6.4, 1);
    this.#dot(own.pose.x, own.pose.z, livery.body, 4.2, 1);
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {string} colour
   * @param {number} radius  CSS pixels
   * @param {number} alpha
   */
  #dot(x, z, colour, radius, alpha) {
    const { context, density } = this;
    context.globalAlpha = alpha;
    context.beginPath();
    context.arc(this.left + x * this.scale, this.top - z * this.scale, radius * density, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
    context.lineWidth = 1.2 * density;
    context.strokeStyle = "#101216";
    context.stroke();
    context.globalAlpha = 1;
  }

  #paintGround() {
    const { canvas, track, dark } = this;
    const ground = buffer(canvas.width, canvas.height);
    const context = context2d(ground);
    context.lineJoin = context.lineCap = "round";
    const lap = this.#path(track.line, true);
    const { density } = this;
    if (track.pit) {
      this.#stroke(context, this.#path(track.pit, false), dark ? "#4a515b" : "#a9b0b9", 2.5 * density);
    }
    this.#stroke(context, lap, dark ? "#0b0d10" : "#ffffff", 8 * density);
    this.#stroke(context, lap, dark ? "#e9edf2" : "#2a2e35", 4.5 * density);
    const place = { x: 0, z: 0, yaw: 0 };
    track.line.place(0, place);
    context.translate(this.left + place.x * this.scale, this.top - place.z * this.scale);
    context.rotate(place.yaw - Math.PI / 2);
    context.fillStyle = "#e10600";
    context.fillRect(-1.5 * density, -6 * density, 3 * density, 12 * density);
    return ground;
  }

  /**
   * @param {import("./line.js").Line} line
   * @param {boolean} closed
   */
  #path(line, closed) {
    const path = new Path2D();
    for (let i = 0; i < line.count; i += 1) {
      path.lineTo(this.left + line.xs[i] * this.scale, this.top - line.zs[i] * this.scale);
    }
    if (closed) path.closePath();
    return path;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Path2D} path
   * @param {string} colour
   * @param {number} width
   */
  #stroke(context, path, colour, width) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke(path);
  }
}
