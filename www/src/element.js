// Typed access to the page's own elements. A missing one is our mistake, so it fails loudly and at once.

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export const element = (id, kind) => find(document, `#${id}`, kind);

/**
 * A part of our own markup.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(root, selector, kind) {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`${selector} is not a ${kind.name}`);
  return found;
}

/**
 * The 2D context of a canvas; every browser that runs this page has one.
 * @param {HTMLCanvasElement | OffscreenCanvas} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 * @returns {CanvasRenderingContext2D}
 */
export function context2d(canvas, settings) {
  const context = canvas.getContext("2d", settings);
  if (!context) throw new Error("no 2D canvas");
  return /** @type {CanvasRenderingContext2D} */ (context);
}

/**
 * Fit a canvas to its box. Gives its device pixels per CSS pixel, at most 2, since beyond that the eye sees no difference, but
 * the memory does; 0 while the box has no size.
 * @param {HTMLCanvasElement} canvas
 */
export function fitCanvas(canvas) {
  const density = Math.min(window.devicePixelRatio || 1, 2);
  const width = Math.round(canvas.clientWidth * density);
  const height = Math.round(canvas.clientHeight * density);
  if (width === 0 || height === 0) return 0;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return density;
}

/**
 * A canvas that is never shown.
 * @param {number} width
 * @param {number} height
 */
export function buffer(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.ceil(width));
  canvas.height = Math.max(1, Math.ceil(height));
  return canvas;
}

/**
 * Set text only where it differs, so that nothing is laid out or read aloud again for no reason.
 * @param {Element} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Say below a field that its text has reached the field's limit: browsers cut the rest without a word. */
export function sayLimits() {
  const note = make("p", "note limit");
  note.setAttribute("role", "status");
  document.addEventListener("input", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.maxLength < 0) return;
    if (target.nextSibling !== note) target.after(note);
    setText(note, target.value.length < target.maxLength ? "" : `At most ${target.maxLength} characters.`);
  });
  document.addEventListener("submit", () => setText(note, ""));
}

/**
 * A new element with a class and text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} className
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
