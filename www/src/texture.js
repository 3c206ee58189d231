// Repeating textures. Everything scattered at random uses the package's seeded generator: the same seed gives the same world on
// every page and in every tile.

// @ts-ignore: relative, because a proxy may serve the relay under a path; the package need not be built when types are checked.
import { seeded } from "../pkg/lab/random.js";
import { buffer, context2d } from "./element.js";

/** Pixels per metre inside a texture. */
const TEXTURE_SCALE = 8;
const GRASS_METRES = 32;
const ASPHALT_METRES = 24;

/**
 * Mown grass: diagonal stripes that meet at the edges, and blades as fine noise.
 * @param {readonly string[]} colours
 */
export function grassPattern([even, odd]) {
  const size = GRASS_METRES * TEXTURE_SCALE;
  const canvas = buffer(size, size);
  const context = context2d(canvas);
  context.fillStyle = even;
  context.fillRect(0, 0, size, size);
  context.fillStyle = odd;
  for (let i = -1; i < 2; i += 1) {
    context.beginPath();
    context.moveTo(i * size, size);
    context.lineTo(i * size + size / 2, size);
    context.lineTo(i * size + size * 1.5, 0);
    context.lineTo(i * size + size, 0);
    context.fill();
  }
  speckle(context, size, 2600, 1, 0.035);
  return asPattern(context, canvas);
}

/** @param {string} colour */
export function asphaltPattern(colour) {
  const size = ASPHALT_METRES * TEXTURE_SCALE;
  const canvas = buffer(size, size);
  const context = context2d(canvas);
  context.fillStyle = colour;
  context.fillRect(0, 0, size, size);
  speckle(context, size, 3800, 2, 0.045);
  return asPattern(context, canvas);
}

/**
 * @param {string} colour
 * @param {string} dot
 */
export function gravelPattern(colour, dot) {
  const size = 12 * TEXTURE_SCALE;
  const canvas = buffer(size, size);
  const context = context2d(canvas);
  const random = seeded(3);
  context.fillStyle = colour;
  context.fillRect(0, 0, size, size);
  context.fillStyle = dot;
  for (let i = 0; i < 500; i += 1) context.fillRect(random() * size, random() * size, 1.4, 1.4);
  speckle(context, size, 600, 4, 0.12);
  return asPattern(context, canvas);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} size
 * @param {number} count
 * @param {number} seed
 * @param {number} strength
 */
function speckle(context, size, count, seed, strength) {
  const random = seeded(seed);
  for (let i = 0; i < count; i += 1) {
    const alpha = (random() * strength).toFixed(3);
    context.fillStyle = random() < 0.5 ? `rgba(0,0,0,${alpha})` : `rgba(255,255,255,${alpha})`;
    const grain = 1 + random() * 2;
    context.fillRect(random() * size, random() * size, grain, grain);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLCanvasElement} canvas
 */
function asPattern(context, canvas) {
  const pattern = context.createPattern(canvas, "repeat");
  if (!pattern) throw new Error("no canvas pattern");
  pattern.setTransform(new DOMMatrix().scale(1 / TEXTURE_SCALE));
  return pattern;
}
