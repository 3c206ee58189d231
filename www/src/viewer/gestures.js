// Mouse, wheel and fingers on the map: drag and two fingers move it, wheel and pinch zoom about where they are, a
// click or tap without movement picks, twice zooms in. The wheel without ctrl and one finger scroll the page around the map, unless
// the map may take them. `touch-action` is set by the styles.

/** @typedef {import("./camera.js").ViewCamera} ViewCamera */

/**
 * @typedef {object} Reactions
 * @property {(sx: number, sy: number) => void} onPick  a click or tap, CSS pixels of the canvas
 * @property {() => void} onChange  the camera was moved
 * @property {(by: "wheel" | "touch") => void} onScroll  the gesture was left to the page, which scrolls
 * @property {() => boolean} isGreedy  the map takes the wheel without ctrl and one finger, too; asked at each event
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
/** The most zoom in one event, because some wheels send very large steps. */
const WHEEL_MOST = 0.7;
/** Pixels of a wheel event in lines or pages. */
const LINE_PIXELS = 20;
const PAGE_PIXELS = 400;
/** Wheels turn in steps, which are smoothed; trackpads send many small events, which are smooth already. */
const STEP_PIXELS = 40;
const PAN_KEY_PIXELS = 90;

/** @typedef {{ x: number, y: number }} Finger */

/**
 * Arrows move the map.
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
  else return false;
  return true;
}

export class Gestures {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {ViewCamera} camera
   * @param {Reactions} reactions
   */
  constructor(canvas, camera, reactions) {
    this.canvas = canvas;
    this.camera = camera;
    this.reactions = reactions;
    /** Pointers that are down, by id. @type {Map<number, Finger>} */
    this.fingers = new Map();
    this.down = { x: 0, y: 0 };
    this.isClick = false;
    this.last = { x: 0, y: 0, atMs: -Infinity };
    this.origin = { left: 0, top: 0 };
    canvas.addEventListener("pointerdown", (event) => this.#start(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#end(event));
    canvas.addEventListener("pointercancel", (event) => this.#lose(event));
    // Not passive: a wheel that zooms must not scroll the page too.
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    // Two fingers are ours even where one scrolls the page.
    canvas.addEventListener("touchmove", (event) => this.#keep(event), { passive: false });
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
    else if (event.pointerType !== "touch" || this.reactions.isGreedy()) {
      this.camera.panBy(x - finger.x, y - finger.y);
    }
    finger.x = x;
    finger.y = y;
    this.canvas.style.cursor = "grabbing";
    this.reactions.onChange();
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
      this.reactions.onChange();
    } else {
      this.reactions.onPick(x, y);
    }
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!event.ctrlKey && !event.metaKey && !this.reactions.isGreedy()) {
      this.reactions.onScroll("wheel");
      return;
    }
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
    this.reactions.onChange();
  }

  /** @param {TouchEvent} event */
  #keep(event) {
    if (event.touches.length > 1) event.preventDefault();
    else if (!this.reactions.isGreedy()) this.reactions.onScroll("touch");
  }
}

/** @param {PointerEvent} event */
function slop({ pointerType }) {
  return pointerType === "touch" ? SLOP.touch : SLOP.mouse;
}
