// Mouse, wheel and fingers on the map: drag and two fingers move it, wheel and pinch zoom about where they are, a
// click or tap without movement picks, twice zooms in. In a page that scrolls, the page keeps what belongs to it: the
// wheel without ctrl, and one finger.

/** @typedef {import("./camera.js").ViewCamera} ViewCamera */

/**
 * @typedef {object} Reactions
 * @property {(sx: number, sy: number) => void} onPick  a click or tap, CSS pixels of the canvas
 * @property {() => void} onChange  the camera was moved
 * @property {"always" | "ctrl"} [wheel]  "ctrl": the viewer is part of a page that scrolls
 */

/** A pointer that moved less than this, CSS pixels, is a click. */
const SLOP = { mouse: 4, touch: 10 };
/** Two clicks or taps within this time and distance are one double click. */
const DOUBLE_MS = 320;
const DOUBLE_PIXELS = 28;
const DOUBLE_ZOOM = 2.2;
/** Natural logarithm of zoom per wheel pixel, for a wheel and for a pinch on a trackpad (ctrl+wheel in browsers). */
const WHEEL_RATE = 0.0022;
const PINCH_RATE = 0.011;
/** One event's most, so that no wheel zooms from one end to the other at a stroke. */
const WHEEL_MOST = 0.7;
/** Pixels of a wheel event in lines or pages. */
const LINE_PIXELS = 20;
const PAGE_PIXELS = 400;
/** Wheels turn in steps, which are smoothed; trackpads send many small events, which are smooth already. */
const STEP_PIXELS = 40;
const PAN_KEY_PIXELS = 90;
const ZOOM_KEY = 1.35;

/** @typedef {{ x: number, y: number }} Finger */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {ViewCamera} camera
 * @param {Reactions} reactions
 * @returns {() => void} detach
 */
export function attachGestures(canvas, camera, reactions) {
  const gestures = new Gestures(canvas, camera, reactions);
  return () => gestures.detach();
}

/**
 * Arrows pan, + and − zoom, 0 shows everything.
 * @param {KeyboardEvent} event
 * @param {ViewCamera} camera
 * @returns {boolean}  whether the key was one of them
 */
export function panKeys({ key, ctrlKey, metaKey, altKey }, camera) {
  if (ctrlKey || metaKey || altKey) return false;
  if (key === "ArrowLeft") camera.panBy(PAN_KEY_PIXELS, 0);
  else if (key === "ArrowRight") camera.panBy(-PAN_KEY_PIXELS, 0);
  else if (key === "ArrowUp") camera.panBy(0, PAN_KEY_PIXELS);
  else if (key === "ArrowDown") camera.panBy(0, -PAN_KEY_PIXELS);
  else if (key === "+" || key === "=") camera.zoomSmoothly(ZOOM_KEY);
  else if (key === "-" || key === "_") camera.zoomSmoothly(1 / ZOOM_KEY);
  else if (key === "0") camera.fit();
  else return false;
  return true;
}

class Gestures {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {ViewCamera} camera
   * @param {Reactions} reactions
   */
  constructor(canvas, camera, { onPick, onChange, wheel = "always" }) {
    this.canvas = canvas;
    this.camera = camera;
    this.onPick = onPick;
    this.onChange = onChange;
    this.isEmbedded = wheel === "ctrl";
    /** Pointers that are down, by id. @type {Map<number, Finger>} */
    this.fingers = new Map();
    this.down = { x: 0, y: 0 };
    this.isClick = false;
    this.last = { x: 0, y: 0, atMs: -Infinity };
    this.origin = { left: 0, top: 0 };
    this.ending = new AbortController();
    canvas.style.touchAction = this.isEmbedded ? "pan-x pan-y" : "none";
    const { signal } = this.ending;
    canvas.addEventListener("pointerdown", (event) => this.#start(event), { signal });
    canvas.addEventListener("pointermove", (event) => this.#move(event), { signal });
    canvas.addEventListener("pointerup", (event) => this.#end(event), { signal });
    canvas.addEventListener("pointercancel", (event) => this.#lose(event), { signal });
    // Not passive: a wheel that zooms must not scroll the page too.
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
    if (!this.isEmbedded) return;
    // Two fingers are ours even where one scrolls the page.
    canvas.addEventListener("touchmove", (event) => this.#keep(event), { signal, passive: false });
  }

  detach() {
    this.ending.abort();
    this.canvas.style.touchAction = "";
  }

  /** @param {PointerEvent} event */
  #start(event) {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    const box = this.canvas.getBoundingClientRect();
    this.origin.left = box.left;
    this.origin.top = box.top;
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    this.fingers.set(event.pointerId, { x, y });
    this.isClick = this.fingers.size === 1;
    this.down.x = x;
    this.down.y = y;
    this.canvas.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const finger = this.fingers.get(event.pointerId);
    if (finger === undefined) return;
    const x = event.clientX - this.origin.left;
    const y = event.clientY - this.origin.top;
    if (this.isClick && Math.hypot(x - this.down.x, y - this.down.y) < slop(event)) return;
    this.isClick = false;
    if (this.fingers.size === 2) this.#pinch(finger, x, y);
    else if (!this.isEmbedded || event.pointerType !== "touch") this.camera.panBy(x - finger.x, y - finger.y);
    finger.x = x;
    finger.y = y;
    this.canvas.style.cursor = "grabbing";
    this.onChange();
  }

  /**
   * One of two fingers moved: what lay between them stays between them.
   * @param {Finger} finger
   * @param {number} x
   * @param {number} y
   */
  #pinch(finger, x, y) {
    const other = this.#otherThan(finger);
    const before = Math.hypot(finger.x - other.x, finger.y - other.y);
    const now = Math.hypot(x - other.x, y - other.y);
    // A followed car stays followed while fingers only zoom.
    if (this.camera.mode !== "follow") this.camera.panBy((x - finger.x) / 2, (y - finger.y) / 2);
    if (before > 1 && now > 1) this.camera.zoomBy(now / before, (x + other.x) / 2, (y + other.y) / 2);
  }

  /** @param {Finger} finger */
  #otherThan(finger) {
    for (const other of this.fingers.values()) if (other !== finger) return other;
    return finger;
  }

  /** @param {PointerEvent} event */
  #end(event) {
    const wasClick = this.isClick && this.fingers.has(event.pointerId);
    this.#lose(event);
    if (wasClick) this.#click(this.down.x, this.down.y, event.timeStamp);
  }

  /** @param {PointerEvent} event */
  #lose(event) {
    this.fingers.delete(event.pointerId);
    this.isClick = false;
    this.canvas.style.cursor = "";
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} atMs
   */
  #click(x, y, atMs) {
    const { last } = this;
    const isDouble = atMs - last.atMs < DOUBLE_MS && Math.hypot(x - last.x, y - last.y) < DOUBLE_PIXELS;
    last.x = x;
    last.y = y;
    last.atMs = isDouble ? -Infinity : atMs;
    if (isDouble) {
      this.camera.zoomSmoothly(DOUBLE_ZOOM, x, y);
      this.onChange();
    } else {
      this.onPick(x, y);
    }
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (this.isEmbedded && !event.ctrlKey && !this.#hasFocus()) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? LINE_PIXELS : event.deltaMode === 2 ? PAGE_PIXELS : 1;
    const pixels = event.deltaY * unit;
    const isStep = Math.abs(pixels) >= STEP_PIXELS;
    const rate = event.ctrlKey && !isStep ? PINCH_RATE : WHEEL_RATE;
    const factor = Math.exp(Math.max(-WHEEL_MOST, Math.min(WHEEL_MOST, -pixels * rate)));
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    if (isStep) this.camera.zoomSmoothly(factor, x, y);
    else this.camera.zoomBy(factor, x, y);
    this.onChange();
  }

  /** @param {TouchEvent} event */
  #keep(event) {
    if (event.touches.length > 1) event.preventDefault();
  }

  /** Whether the visitor is at work in the viewer, and not just scrolling past it. */
  #hasFocus() {
    const root = /** @type {Document | ShadowRoot} */ (this.canvas.getRootNode());
    return root.activeElement === this.canvas;
  }
}

/** @param {PointerEvent} event */
function slop({ pointerType }) {
  return pointerType === "touch" ? SLOP.touch : SLOP.mouse;
}
