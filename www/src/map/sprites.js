// Pictures of cars, painted once per player and resolution and then only copied.

import { buffer, context2d } from "../element.js";
import { FONT } from "./palette.js";

/** @typedef {import("../livery.js").Livery} Livery */

/** Body of the car; the picture is a little larger for wheels, halo and shadow. */
const LENGTH = 4.5;
const WIDTH = 1.95;
export const SPRITE_LENGTH = 6.4;
const SPRITE_WIDTH = 4;

/** Cars as pictures, at one scale; painted when they are first drawn. */
export class CarPictures {
  constructor() {
    /** Pixels per metre. */
    this.scale = 0;
    /** @type {Map<Livery, HTMLCanvasElement>} */
    this.plain = new Map();
    /** The one with a bright rim. @type {{ livery: Livery, picture: HTMLCanvasElement } | null} */
    this.rimmed = null;
  }

  /** @param {number} scale */
  use(scale) {
    if (scale !== this.scale) this.clear();
    this.scale = scale;
  }

  clear() {
    this.plain.clear();
    this.rimmed = null;
  }

  /**
   * Draw a car about the origin, in metres, nose up.
   * @param {CanvasRenderingContext2D} context
   * @param {Livery} livery
   * @param {boolean} isRimmed
   */
  draw(context, livery, isRimmed) {
    const picture = isRimmed ? this.#rimmed(livery) : this.#plain(livery);
    context.drawImage(picture, -SPRITE_WIDTH / 2, -SPRITE_LENGTH / 2, SPRITE_WIDTH, SPRITE_LENGTH);
  }

  /** @param {Livery} livery */
  #plain(livery) {
    let picture = this.plain.get(livery);
    if (picture === undefined) {
      picture = carSprite(livery, this.scale, false);
      this.plain.set(livery, picture);
    }
    return picture;
  }

  /** @param {Livery} livery */
  #rimmed(livery) {
    if (this.rimmed?.livery !== livery) {
      this.rimmed = { livery, picture: carSprite(livery, this.scale, true) };
    }
    return this.rimmed.picture;
  }
}

/**
 * A car seen from above, nose up, middle in the middle.
 * @param {Livery} livery
 * @param {number} scale  pixels per metre
 * @param {boolean} own  wears a bright rim
 */
function carSprite(livery, scale, own) {
  const canvas = buffer(SPRITE_WIDTH * scale, SPRITE_LENGTH * scale);
  const context = context2d(canvas);
  context.setTransform(scale, 0, 0, scale, canvas.width / 2, canvas.height / 2);
  shadow(context);
  wheels(context);
  halo(context, own);
  body(context, livery);
  cockpit(context);
  number(context, livery);
  return canvas;
}

/** @param {CanvasRenderingContext2D} context */
function shadow(context) {
  context.save();
  context.fillStyle = "rgba(0, 0, 0, 0.32)";
  context.translate(0.28, 0.34);
  hull(context, 0.1);
  context.fill();
  context.restore();
}

/** @param {CanvasRenderingContext2D} context */
function wheels(context) {
  context.fillStyle = "#0c0d10";
  for (const x of [-0.86, 0.86]) {
    for (const y of [-1.32, 1.3]) rounded(context, x - 0.2, y - 0.42, 0.4, 0.84, 0.12);
  }
}

/**
 * A dark rim, and a light one around it: the car stands out on asphalt, kerb and grass alike.
 * @param {CanvasRenderingContext2D} context
 * @param {boolean} own
 */
function halo(context, own) {
  context.lineJoin = "round";
  if (own) {
    hull(context, 0);
    context.lineWidth = 0.62;
    context.strokeStyle = "rgba(255, 255, 255, 0.95)";
    context.stroke();
  }
  hull(context, 0);
  context.lineWidth = 0.26;
  context.strokeStyle = "#101216";
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Livery} livery
 */
function body(context, livery) {
  hull(context, 0);
  context.fillStyle = livery.body;
  context.fill();
  context.save();
  context.clip();
  if (livery.striped) {
    context.fillStyle = "#101216";
    context.fillRect(-0.62, -LENGTH / 2, 0.26, LENGTH);
    context.fillRect(0.36, -LENGTH / 2, 0.26, LENGTH);
  }
  const light = context.createLinearGradient(-WIDTH / 2, 0, WIDTH / 2, 0);
  light.addColorStop(0, "rgba(255, 255, 255, 0.28)");
  light.addColorStop(0.35, "rgba(255, 255, 255, 0)");
  light.addColorStop(1, "rgba(0, 0, 0, 0.24)");
  context.fillStyle = light;
  context.fillRect(-WIDTH / 2, -LENGTH / 2, WIDTH, LENGTH);
  context.restore();
}

/** Glass, lights and rear wing: what shows where the nose is. @param {CanvasRenderingContext2D} context */
function cockpit(context) {
  context.fillStyle = "#15181d";
  context.beginPath();
  context.moveTo(-0.62, -0.62);
  context.quadraticCurveTo(0, -0.98, 0.62, -0.62);
  context.lineTo(0.52, -0.16);
  context.quadraticCurveTo(0, -0.32, -0.52, -0.16);
  context.fill();
  rounded(context, -0.52, 1.26, 1.04, 0.36, 0.1);
  context.fillStyle = "#101216";
  rounded(context, -0.92, 1.94, 1.84, 0.26, 0.06);
  context.fillStyle = "#fffbe6";
  rounded(context, -0.74, -2.12, 0.34, 0.2, 0.08);
  rounded(context, 0.4, -2.12, 0.34, 0.2, 0.08);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Livery} livery
 */
function number(context, { body: colour, ink, label }) {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(0, 0.55, 0.68, 0, 2 * Math.PI);
  context.fill();
  context.lineWidth = 0.08;
  context.strokeStyle = ink;
  context.stroke();
  context.fillStyle = ink;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `800 0.86px ${FONT}`;
  context.fillText(label, 0, 0.59, 1.14);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} more
 */
function hull(context, more) {
  const half = WIDTH / 2 + more;
  const nose = -LENGTH / 2 - more;
  const tail = LENGTH / 2 + more;
  context.beginPath();
  context.moveTo(-half * 0.62, nose + 0.22);
  context.quadraticCurveTo(0, nose - 0.12, half * 0.62, nose + 0.22);
  context.quadraticCurveTo(half * 0.98, nose + 0.5, half * 0.96, nose + 1.3);
  context.quadraticCurveTo(half * 0.84, 0, half, 0.9);
  context.lineTo(half * 0.94, tail - 0.3);
  context.quadraticCurveTo(half * 0.9, tail, half * 0.6, tail);
  context.lineTo(-half * 0.6, tail);
  context.quadraticCurveTo(-half * 0.9, tail, -half * 0.94, tail - 0.3);
  context.lineTo(-half, 0.9);
  context.quadraticCurveTo(-half * 0.84, 0, -half * 0.96, nose + 1.3);
  context.quadraticCurveTo(-half * 0.98, nose + 0.5, -half * 0.62, nose + 0.22);
  context.closePath();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @param {number} radius
 */
function rounded(context, x, y, width, height, radius) {
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.fill();
}

/**
 * Two beams in front of a car at night; the nose is at the bottom middle.
 * @param {number} scale
 */
export function beamSprite(scale) {
  const canvas = buffer(14 * scale, 22 * scale);
  const context = context2d(canvas);
  context.setTransform(scale, 0, 0, scale, 7 * scale, 22 * scale);
  const light = context.createRadialGradient(0, 0, 0.5, 0, 0, 21);
  light.addColorStop(0, "rgba(255, 246, 214, 0.34)");
  light.addColorStop(1, "rgba(255, 246, 214, 0)");
  context.fillStyle = light;
  context.beginPath();
  context.moveTo(-0.8, 0);
  context.lineTo(-5.4, -21);
  context.quadraticCurveTo(0, -22.5, 5.4, -21);
  context.lineTo(0.8, 0);
  context.fill();
  return canvas;
}
