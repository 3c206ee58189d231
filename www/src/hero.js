// The picture beside the sign-in form: the circuit as a live map, with cars that are only for show.

import { context2d, fitCanvas } from "./element.js";
import { BODIES } from "./bodies.js";

const CARS = 8;
const TRAIL_DOTS = 16;
const TRAIL_METRES = 2.6;
const LAP_SECONDS = 27;
/** The sizes below are for a circuit of this size. */
const UNIT_METRES = 274;
const MARGIN_METRES = 76;

export class Hero {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./line.js").Line} line  the circuit
   */
  constructor(canvas, line) {
    this.canvas = canvas;
    this.context = context2d(canvas);
    this.line = line;
    const [left, right] = [Math.min(...line.xs), Math.max(...line.xs)];
    const [low, high] = [Math.min(...line.zs), Math.max(...line.zs)];
    this.middle = { x: (left + right) / 2, y: -(low + high) / 2 };
    this.size = { x: right - left, y: high - low };
    /** Lines and cars scale with the circuit, to stay visible. */
    this.unit = Math.max(this.size.x, this.size.y) / UNIT_METRES;
    this.running = false;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.place = { x: 0, z: 0, yaw: 0 };
    this.frame = this.frame.bind(this);
    this.still.addEventListener("change", () => this.run(this.running));
    new ResizeObserver(() => this.draw(performance.now())).observe(canvas);
  }

  /** @param {boolean} wanted */
  run(wanted) {
    const fresh = wanted && !this.running;
    this.running = wanted;
    if (fresh) requestAnimationFrame(this.frame);
  }

  /** @param {number} nowMs */
  frame(nowMs) {
    if (!this.running) return;
    this.draw(nowMs);
    if (!this.still.matches) requestAnimationFrame(this.frame);
    else this.running = false;
  }

  /** @param {number} nowMs */
  draw(nowMs) {
    const { canvas, context } = this;
    const { clientWidth, clientHeight } = canvas;
    const density = fitCanvas(canvas);
    if (density === 0) return;
    const { size, unit } = this;
    // A wide box gets a tall circuit on its side, and the other way round.
    const isTall = size.y > size.x;
    const turned = isTall ? clientWidth > clientHeight * 1.3 : clientHeight > clientWidth * 1.3;
    const across = (turned ? size.y : size.x) + MARGIN_METRES * unit;
    const down = (turned ? size.x : size.y) + MARGIN_METRES * unit;
    const scale = Math.min(canvas.width / across, canvas.height / down);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.translate(canvas.width / 2, canvas.height / 2);
    context.rotate(turned ? Math.PI / 2 : 0);
    context.scale(scale, scale);
    context.translate(-this.middle.x, -this.middle.y);
    this.#road();
    const still = this.still.matches;
    for (let car = 0; car < CARS; car += 1) this.#car(car, still ? 9000 : nowMs);
    // It comes after the form, so it fades in.
    canvas.classList.add("drawn");
  }

  #road() {
    const { context, line } = this;
    context.beginPath();
    for (let i = 0; i < line.count; i += 1) context.lineTo(line.xs[i], -line.zs[i]);
    context.closePath();
    context.lineJoin = "round";
    for (const [width, colour] of LAYERS) {
      context.lineWidth = width * this.unit;
      context.strokeStyle = colour;
      context.stroke();
    }
    line.place(0, this.place);
    const { unit } = this;
    context.save();
    context.translate(this.place.x, -this.place.z);
    context.rotate(this.place.yaw - Math.PI / 2);
    context.fillStyle = "#ffffff";
    context.fillRect(-unit, -8 * unit, 2 * unit, 16 * unit);
    context.restore();
  }

  /**
   * @param {number} car
   * @param {number} nowMs
   */
  #car(car, nowMs) {
    const { context, place, line, unit } = this;
    const sway = 22 * Math.sin(nowMs / (4000 + car * 700) + car * 2);
    const s = (nowMs / 1000 / LAP_SECONDS) * line.length - (car * 34 + car * car * 3 - sway) * unit;
    context.fillStyle = BODIES[car].body;
    for (let dot = TRAIL_DOTS; dot >= 0; dot -= 1) {
      line.place(s - dot * TRAIL_METRES * unit, place);
      context.globalAlpha = dot === 0 ? 1 : 0.42 * (1 - dot / TRAIL_DOTS);
      context.beginPath();
      const radius = dot === 0 ? 4.6 : 3.2 * (1 - dot / TRAIL_DOTS) + 0.4;
      context.arc(place.x, -place.z, radius * unit, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
  }
}

/** Widths in metres, from the glow inwards. @type {Array<[number, string]>} */
const LAYERS = [
  [46, "rgba(255, 255, 255, 0.018)"],
  [32, "rgba(255, 255, 255, 0.022)"],
  [20, "rgba(255, 255, 255, 0.16)"],
  [17.5, "#22262d"],
  [1, "rgba(255, 255, 255, 0.1)"],
];

/**
 * Describe a circuit: length, direction, start.
 * @param {import("./line.js").Line} line
 * @param {number} garages  0 if cars start from the grid
 */
export function trackFacts(line, garages) {
  const start = garages > 0 ? `${garages} garages` : "grid start";
  return `${Math.round(line.length)} m, ${line.isClockwise ? "clockwise" : "anticlockwise"}, ${start}`;
}
