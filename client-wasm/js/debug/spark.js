// A curve of the last minute and a half, in the colour that the sheet gives its canvas.

import { LOOKS } from "./series.js";

const LINE_PX = 1.5;
const FILL_ALPHA = 0.14;
const GUIDE_ALPHA = 0.25;
/** Room above the highest value. */
const HEADROOM = 1.15;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./series.js").Series} series
 * @param {number} least  the scale never ends below this
 */
export function drawSpark(canvas, series, least) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = canvas.getContext("2d");
  if (!context || width === 0 || height === 0) return;
  const ratio = globalThis.devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const colour = getComputedStyle(canvas).color;
  const top = Math.max(least, series.highest * HEADROOM);
  const x = (/** @type {number} */ index) => (index / (LOOKS - 1)) * width;
  const y = (/** @type {number} */ value) => height - LINE_PX - (value / top) * (height - 2 * LINE_PX);

  context.fillStyle = context.strokeStyle = colour;
  context.globalAlpha = GUIDE_ALPHA;
  context.fillRect(0, height - 0.5, width, 0.5);
  for (const [from, to] of runs(series)) {
    context.beginPath();
    for (let index = from; index <= to; index += 1) context.lineTo(x(index), y(series.at(index)));
    context.globalAlpha = 1;
    context.lineWidth = LINE_PX;
    context.lineJoin = "round";
    context.stroke();
    context.lineTo(x(to), height);
    context.lineTo(x(from), height);
    context.globalAlpha = FILL_ALPHA;
    context.fill();
  }
  context.globalAlpha = 1;
}

/** The parts without holes: where each begins and ends. @param {import("./series.js").Series} series */
function runs(series) {
  /** @type {Array<[number, number]>} */
  const found = [];
  for (let index = 0; index < LOOKS; index += 1) {
    if (Number.isNaN(series.at(index))) continue;
    const last = found.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else found.push([index, index]);
  }
  return found;
}
