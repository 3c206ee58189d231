// Pictures of markers, numbers and name tags, painted once per livery and resolution and then only copied. A marker
// is a drop that points where the car goes; its outline is dark and light, so that it stands out from anything.

import { buffer, context2d } from "../element.js";
import { FONT } from "./palette.js";

/** @typedef {import("../livery.js").Livery} Livery */
/** @typedef {import("./palette.js").MapPalette} MapPalette */

/** Sizes in CSS pixels. */
export const MARKER_RADIUS = 10;
export const CHOSEN_RADIUS = 13;
/** How far the tip of the drop is from its middle, in radii. */
const TIP = 1.72;
/** Where the sides of the drop leave the disc: this far from the tip's direction, radians. */
const SHOULDER = 0.86;
const OUTLINE = 1.6;
const RIM = 1.3;
/** Half of a marker's picture, in radii: the tip and the outlines. */
const REACH = 2.15;
export const TAG_HEIGHT = 20;
const PLATE_WIDTH = 23;
const MAX_NAME_LETTERS = 16;
const DARK_INK = "#101216";

/**
 * A drop that points up, without its number.
 * @param {Livery} livery
 * @param {number} density
 * @param {boolean} chosen
 */
export function markerSprite(livery, density, chosen) {
  const radius = chosen ? CHOSEN_RADIUS : MARKER_RADIUS;
  const half = Math.ceil(radius * REACH * density);
  const canvas = buffer(2 * half, 2 * half);
  const context = context2d(canvas);
  context.setTransform(density, 0, 0, density, half, half);
  context.lineJoin = "round";
  const drop = dropPath(radius);
  outline(context, drop, 2 * (OUTLINE + RIM + (chosen ? 2.6 : 0)) + 1.6, "rgba(8, 10, 13, 0.9)");
  outline(context, drop, 2 * (OUTLINE + RIM + (chosen ? 2.2 : 0)), "#ffffff");
  outline(context, drop, 2 * OUTLINE, DARK_INK);
  context.fillStyle = livery.body;
  context.fill(drop);
  if (livery.striped) stripe(context, radius, livery);
  return canvas;
}

/**
 * The number of a marker, upright whichever way the drop points.
 * @param {Livery} livery
 * @param {number} density
 * @param {boolean} chosen
 */
export function numberSprite(livery, density, chosen) {
  const radius = chosen ? CHOSEN_RADIUS : MARKER_RADIUS;
  const half = Math.ceil(radius * density);
  const canvas = buffer(2 * half, 2 * half);
  const context = context2d(canvas);
  context.setTransform(density, 0, 0, density, half, half);
  context.fillStyle = livery.ink;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `800 ${chosen ? 13.5 : 11}px ${FONT}`;
  context.fillText(livery.label, 0, 0.7, 1.64 * radius);
  return canvas;
}

/**
 * The mark of a connection that is gone: a broken ring and a bar across.
 * @param {number} density
 * @param {number} radius
 */
export function lostSprite(density, radius) {
  const half = Math.ceil((radius + 8) * density);
  const canvas = buffer(2 * half, 2 * half);
  const context = context2d(canvas);
  context.setTransform(density, 0, 0, density, half, half);
  for (const [width, colour] of /** @type {const} */ ([
    [5, "rgba(8, 10, 13, 0.85)"],
    [2.2, "#ffffff"],
  ])) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.setLineDash([(radius + 4) * 0.62, (radius + 4) * 0.427]);
    context.beginPath();
    context.arc(0, 0, radius + 4, 0, 2 * Math.PI);
    context.stroke();
    context.setLineDash([]);
    const at = (radius + 4) * Math.SQRT1_2;
    context.beginPath();
    context.moveTo(-at, at);
    context.lineTo(at, -at);
    context.stroke();
  }
  return canvas;
}

/** @typedef {{ name: string, place: number, stale: boolean, lost: boolean, chosen: boolean }} TagText */

/**
 * A name tag: number plate, name and place.
 * @param {HTMLCanvasElement} canvas  painted over
 * @param {Livery} livery
 * @param {TagText} text
 * @param {MapPalette} palette
 * @param {number} density
 */
export function paintTag(canvas, livery, { name, place, stale, lost, chosen }, palette, density) {
  const context = context2d(canvas);
  const nameFont = `${chosen ? 700 : 600} 12px ${FONT}`;
  const smallFont = `600 10.5px ${FONT}`;
  const letters = [...name];
  const shown =
    letters.length > MAX_NAME_LETTERS ? `${letters.slice(0, MAX_NAME_LETTERS - 1).join("")}…` : name;
  const small = `${place > 0 ? `P${place}` : ""}${lost ? " lost" : stale ? " away" : ""}`.trim();
  context.font = nameFont;
  const nameWidth = Math.ceil(context.measureText(shown).width);
  context.font = smallFont;
  const smallWidth = small === "" ? 0 : Math.ceil(context.measureText(small).width) + 6;
  const width = PLATE_WIDTH + 12 + nameWidth + smallWidth;
  canvas.width = Math.ceil((width + 2) * density);
  canvas.height = Math.ceil((TAG_HEIGHT + 2) * density);
  context.setTransform(density, 0, 0, density, density, density);
  context.lineWidth = 1;
  context.fillStyle = chosen ? palette.chosen : palette.label;
  context.strokeStyle = palette.labelEdge;
  context.beginPath();
  context.roundRect(0, 0, width, TAG_HEIGHT, 5);
  context.fill();
  context.stroke();
  plate(context, livery);
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.font = nameFont;
  context.fillStyle = chosen ? palette.chosenInk : palette.labelInk;
  context.fillText(shown, PLATE_WIDTH + 6, TAG_HEIGHT / 2 + 0.5);
  if (small === "") return;
  context.font = smallFont;
  context.fillStyle = chosen ? palette.chosenMuted : palette.labelMuted;
  context.fillText(small, PLATE_WIDTH + 6 + nameWidth + 6, TAG_HEIGHT / 2 + 0.8);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Livery} livery
 */
function plate(context, livery) {
  const height = TAG_HEIGHT - 5;
  context.fillStyle = livery.body;
  context.beginPath();
  context.roundRect(2.5, 2.5, PLATE_WIDTH - 1, height, 3);
  context.fill();
  context.strokeStyle = DARK_INK;
  context.stroke();
  if (livery.striped) {
    context.fillStyle = livery.ink;
    context.fillRect(4, 3, 2, height - 1);
    context.fillRect(PLATE_WIDTH - 2, 3, 2, height - 1);
  }
  context.fillStyle = livery.ink;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `800 11px ${FONT}`;
  context.fillText(livery.label, 2.5 + (PLATE_WIDTH - 1) / 2, TAG_HEIGHT / 2 + 0.5, PLATE_WIDTH - 7);
}

/**
 * Half of the liveries wear a stripe all around, clear of the number.
 * @param {CanvasRenderingContext2D} context
 * @param {number} radius
 * @param {Livery} livery
 */
function stripe(context, radius, livery) {
  context.lineWidth = radius * 0.15;
  context.strokeStyle = livery.ink;
  context.beginPath();
  context.arc(0, 0, radius * 0.82, 0, 2 * Math.PI);
  context.stroke();
}

/** @param {number} radius */
function dropPath(radius) {
  const path = new Path2D();
  path.arc(0, 0, radius, -Math.PI / 2 + SHOULDER, -Math.PI / 2 - SHOULDER);
  path.lineTo(0, -radius * TIP);
  path.closePath();
  return path;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Path2D} path
 * @param {number} width
 * @param {string} colour
 */
function outline(context, path, width, colour) {
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke(path);
}
