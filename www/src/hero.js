// The picture beside the sign-in form: the circuit as a live map, with cars that are only for show.

import { context2d, fitCanvas } from "./element.js";
import { Line } from "./line.js";
import { BODIES } from "./livery.js";

const CARS = 8;
const TRAIL_DOTS = 16;
const TRAIL_METRES = 2.6;
const LAP_SECONDS = 27;

export class Hero {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Array<[number, number]>} centreline  of the circuit
   */
  constructor(canvas, centreline) {
    this.canvas = canvas;
    this.context = context2d(canvas);
    this.line = new Line(centreline, true);
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
    const wide = clientWidth > clientHeight * 1.3;
    const scale = Math.min(canvas.width / (wide ? 350 : 310), canvas.height / (wide ? 310 : 350));
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    // A wide box gets the circuit on its side.
    const turn = wide ? Math.PI / 2 : 0;
    context.translate(canvas.width / 2, canvas.height / 2);
    context.rotate(turn);
    context.scale(scale, scale);
    context.translate(0, -160);
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
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.stroke();
    }
    line.place(0, this.place);
    context.fillStyle = "#ffffff";
    context.fillRect(this.place.x - 1, -this.place.z - 8, 2, 16);
  }

  /**
   * @param {number} car
   * @param {number} nowMs
   */
  #car(car, nowMs) {
    const { context, place, line } = this;
    const sway = 22 * Math.sin(nowMs / (4000 + car * 700) + car * 2);
    const s = (nowMs / 1000 / LAP_SECONDS) * line.length - car * 34 - car * car * 3 + sway;
    context.fillStyle = BODIES[car].body;
    for (let dot = TRAIL_DOTS; dot >= 0; dot -= 1) {
      line.place(s - dot * TRAIL_METRES, place);
      context.globalAlpha = dot === 0 ? 1 : 0.42 * (1 - dot / TRAIL_DOTS);
      context.beginPath();
      context.arc(place.x, -place.z, dot === 0 ? 4.6 : 3.2 * (1 - dot / TRAIL_DOTS) + 0.4, 0, 2 * Math.PI);
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
