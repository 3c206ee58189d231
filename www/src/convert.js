// The page that converts files to circuits. The work is done by the crate `track`, in a wasm module that only this page loads.

import { element, sayLimits, setText } from "./element.js";
import { Line } from "./line.js";
import { createTheme } from "./theme.js";
import { TrackDrawing } from "./track-drawing.js";

/**
 * A file whose lap has been found, of the crate `track-wasm`.
 * @typedef {object} Source
 * @property {string} format
 * @property {string} name
 * @property {number} widthMetres
 * @property {number} lengthMetres
 * @property {(name: string, widthMetres: number, startMetres: number, reverse: boolean) => string} circuit  the text of the circuit's file
 * @property {() => void} free
 */
/** @typedef {{ default: () => Promise<unknown>, Source: new (file: Uint8Array, name: string) => Source }} Converter */

/** A pointer this near to the start line, in pixels, drags it. */
const GRIP_PIXELS = 26;
/** The largest file; the crate has the same limit. */
const MAX_BYTES = 8 * 1024 * 1024;

const page = {
  drop: element("drop", HTMLLabelElement),
  file: element("file", HTMLInputElement),
  preview: element("preview", HTMLElement),
  options: element("options", HTMLFormElement),
  error: element("track-error", HTMLElement),
  reading: element("reading", HTMLElement),
  facts: element("facts", HTMLElement),
  name: element("name", HTMLInputElement),
  width: element("width", HTMLInputElement),
  start: element("start", HTMLInputElement),
  startShown: element("start-shown", HTMLOutputElement),
  download: element("download", HTMLAnchorElement),
  canvas: element("drawing", HTMLCanvasElement),
};
const drawing = new TrackDrawing(page.canvas);
/** @type {Source | null} */
let source = null;
/** The file chosen last; an older one that was read more slowly is dropped. @type {File | null} */
let newest = null;
/** The file's width as the field shows it, rounded. */
let givenWidth = "";

createTheme(element("theme-toggle", HTMLButtonElement), () => drawing.draw());
sayLimits();

/** @returns {Promise<Converter>} */
async function loadConverter() {
  // @ts-ignore: the module need not be built when types are checked.
  const module = await import("../pkg/track/track_wasm.js");
  await module.default();
  return module;
}

/** @param {unknown} error */
function refuse(error) {
  const text = error instanceof Error ? error.message : String(error);
  setText(page.error, text);
  page.error.hidden = false;
  // What could be downloaded is not what the error is about.
  page.download.hidden = true;
}

/** @param {string} name  of the file that is being read; empty for none */
function showReading(name) {
  setText(page.reading, name && `Reading ${name}…`);
  page.reading.hidden = name === "";
}

/** @param {File} file */
async function open(file) {
  newest = file;
  page.error.hidden = true;
  showReading(file.name);
  try {
    if (file.size > MAX_BYTES) throw new Error("it is larger than 8 MB");
    const [converter, bytes] = await Promise.all([loadConverter(), file.arrayBuffer()]);
    // The page says what it does before a large file keeps it busy.
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    if (file !== newest) return;
    const found = new converter.Source(new Uint8Array(bytes), file.name);
    source?.free();
    source = found;
  } catch (error) {
    if (file !== newest) return;
    showReading("");
    refuse(new Error(`${file.name} can't be converted: ${/** @type {Error} */ (error).message}.`));
    return;
  }
  showReading("");
  page.name.value = source.name;
  page.width.value = givenWidth = shownWidth(source.widthMetres);
  page.start.max = String(Math.floor(source.lengthMetres));
  page.start.value = "0";
  /** @type {HTMLInputElement | null} */ (page.options.querySelector("[value=given]"))?.click();
  page.drop.hidden = true;
  page.preview.hidden = page.options.hidden = false;
  convert();
  page.name.focus();
}

function isReversed() {
  return new FormData(page.options).get("direction") === "reverse";
}

/** To a tenth of a metre. @param {number} metres */
function shownWidth(metres) {
  return String(Math.round(metres * 10) / 10);
}

/** The width in the field, or the file's own if nobody wrote another. @param {Source} from */
function chosenWidth({ widthMetres }) {
  const { value, validity } = page.width;
  if (validity.badInput) throw new Error("the width is not a number");
  return value === "" || value === givenWidth ? widthMetres : Number(value);
}

/** Make the circuit with the chosen options, show it, and offer it for download. */
function convert() {
  if (source === null) return;
  page.error.hidden = true;
  const start = Number(page.start.value);
  setText(page.startShown, `${start} m from the first point`);
  let json;
  try {
    json = source.circuit(page.name.value, chosenWidth(source), start, isReversed());
  } catch (error) {
    refuse(new Error(`This circuit is not valid: ${/** @type {Error} */ (error).message}.`));
    return;
  }
  const file = /** @type {import("./track-file.js").TrackFile} */ (JSON.parse(json));
  drawing.show(file);
  const { length, isClockwise } = new Line(file.centreline, true);
  const way = isClockwise ? "clockwise" : "anticlockwise";
  setText(
    page.facts,
    `${Math.round(length)} m, ${way}, ${shownWidth(file.widthMetres ?? 0)} m wide, from ${source.format}`,
  );
  page.canvas.setAttribute("aria-label", `The circuit: ${page.facts.textContent}`);
  URL.revokeObjectURL(page.download.href);
  page.download.href = URL.createObjectURL(new Blob([json], { type: "application/json" }));
  page.download.hidden = false;
  page.download.download = `${fileName(page.name.value)}.track.json`;
}

/** @param {string} name */
function fileName(name) {
  const plain = name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
  return plain.replace(/^-|-$/g, "") || "circuit";
}

/** @param {PointerEvent} event */
function isOnStart({ offsetX, offsetY }) {
  return source !== null && drawing.toStart(offsetX, offsetY) < GRIP_PIXELS;
}

/** Move the start line to the pointer. The drawing counts from the start line, in the direction of driving. @param {PointerEvent} event */
function drag({ offsetX, offsetY }) {
  const length = Number(page.start.max);
  const { s } = drawing.nearest(offsetX, offsetY);
  const moved = Number(page.start.value) + (isReversed() ? -s : s);
  page.start.value = String(Math.round(((moved % length) + length) % length));
  convert();
}

page.canvas.addEventListener("pointerdown", (event) => {
  if (!isOnStart(event)) return;
  event.preventDefault();
  page.canvas.setPointerCapture(event.pointerId);
  page.canvas.classList.add("dragging");
});
page.canvas.addEventListener("pointermove", (event) => {
  if (page.canvas.classList.contains("dragging")) drag(event);
  else page.canvas.classList.toggle("near", isOnStart(event));
});
for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) {
  page.canvas.addEventListener(type, () => page.canvas.classList.remove("dragging"));
}
// A finger on the start line moves it, and does not scroll the page.
page.canvas.addEventListener(
  "touchmove",
  (event) => {
    if (page.canvas.classList.contains("dragging")) event.preventDefault();
  },
  { passive: false },
);
page.options.addEventListener("input", convert);
page.options.addEventListener("submit", (event) => event.preventDefault());
page.file.addEventListener("change", () => {
  const [file] = page.file.files ?? [];
  if (file) void open(file);
  page.file.value = "";
});
element("again", HTMLButtonElement).addEventListener("click", () => page.file.click());

for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    const isOver = type === "dragenter" || type === "dragover";
    page.drop.classList.toggle("over", isOver);
    page.preview.classList.toggle("over", isOver);
  });
}
document.addEventListener("drop", (event) => {
  const [file] = event.dataTransfer?.files ?? [];
  if (file) void open(file);
});
