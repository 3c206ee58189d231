// The ground as pictures, so that a frame only copies pixels: one of the part in view at exactly the zoom of the
// camera, painted anew a strip per frame when the camera leaves it, and ahead of time where it glides to. Until then
// the picture before shows through, and a coarse one of everything.

import { buffer, context2d } from "../element.js";

/** @typedef {import("./camera.js").ViewCamera} ViewCamera */
/** @typedef {import("./camera.js").Box} Box */
/** @typedef {(context: CanvasRenderingContext2D, box: Box, zoom: number, isCoarse: boolean) => void} Paint */

/** Painted beyond each side of the view, as a share of it, so that a moving camera has something to move into. */
const MARGIN_SHARE = 0.22;
/** Device pixels of one picture at most: 50 MB. A larger screen gets a smaller margin. */
const MAX_PIXELS = 12.5e6;
/** A picture is painted in strips of so many pixels, one a frame, so that none is felt; and in at least so many. */
const STRIP_PIXELS = 0.75e6;
const LEAST_STRIPS = 4;
/** Longer side of the coarse picture, and what it shows around the circuit, as a share of it. */
const COARSE_PIXELS = 1024;
const COARSE_SHARE = 0.6;
/** A picture is painted anew once so much of its margin is used up. */
const USED_SHARE = 0.45;
/** A glide to more than so many times the zoom is painted in steps; each is for what the zoom is a moment later. */
const FAR_RATIO = 2.2;
const STEP_IN = 1.5;
const STEP_OUT = 0.45;
/** Frames of an unchanged zoom after which the ground is painted at it. */
const SETTLED_FRAMES = 3;

class Picture {
  constructor() {
    this.canvas = buffer(1, 1);
    this.context = context2d(this.canvas);
    /** Map metres of its left top corner, and what a pixel is. */
    this.left = 0;
    this.top = 0;
    /** Device pixels per metre; 0 while there is no picture. */
    this.scale = 0;
    this.box = { left: 0, top: 0, right: 0, bottom: 0 };
  }

  /**
   * @param {number} width  device pixels
   * @param {number} height
   */
  resize(width, height) {
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  /**
   * Paint some of its rows.
   * @param {number} from  device pixels
   * @param {number} to
   * @param {number} density
   * @param {Paint} paint
   * @param {boolean} [isCoarse]
   */
  paint(from, to, density, paint, isCoarse = false) {
    const { context, canvas, box, scale } = this;
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.beginPath();
    context.rect(0, from, canvas.width, to - from);
    context.clip();
    context.clearRect(0, from, canvas.width, to - from);
    context.setTransform(scale, 0, 0, scale, -this.left * scale, -this.top * scale);
    box.left = this.left;
    box.right = this.left + canvas.width / scale;
    box.top = this.top + from / scale;
    box.bottom = this.top + to / scale;
    paint(context, box, scale / density, isCoarse);
    context.restore();
  }
}

export class Ground {
  constructor() {
    /** @type {Paint | null} */
    this.paint = null;
    this.front = new Picture();
    this.back = new Picture();
    /** Strips of `back` that are painted, of how many; all while none is under way. */
    this.strips = LEAST_STRIPS;
    this.allStrips = LEAST_STRIPS;
    /** @type {Picture | null} */
    this.coarse = null;
    this.bounds = { left: 0, top: 0, right: 0, bottom: 0 };
    /** What a picture is wanted of: the middle of the canvas in map metres, and CSS pixels per metre. */
    this.wanted = { x: 0, y: 0, zoom: 1 };
    this.lastZoom = 0;
    this.settled = 0;
    /** Pictures painted so far, for tests. */
    this.painted = 0;
  }

  /** Whether no picture is under way. */
  get isIdle() {
    return this.strips === this.allStrips;
  }

  /**
   * Show something else, or the same in other colours.
   * @param {Paint | null} paint
   * @param {Box} bounds  the circuit, map metres
   */
  use(paint, bounds) {
    this.paint = paint;
    Object.assign(this.bounds, bounds);
    this.front.scale = this.back.scale = 0;
    this.coarse = null;
    this.strips = this.allStrips;
  }

  /**
   * Copy what the camera sees onto all of a canvas.
   * @param {CanvasRenderingContext2D} context
   * @param {ViewCamera} camera
   * @param {number} density
   */
  draw(context, camera, density) {
    this.#keepUp(camera, density);
    context.setTransform(1, 0, 0, 1, 0, 0);
    const before = this.isIdle ? this.back : null;
    // Where a picture covers everything nothing has to be mixed, and no seam shows.
    context.globalCompositeOperation = "copy";
    if (this.#covers(this.front, camera, density)) this.#copy(context, this.front, camera, density);
    else if (before !== null && this.#covers(before, camera, density)) {
      this.#copy(context, before, camera, density);
    } else this.#patch(context, camera, density);
    context.globalCompositeOperation = "source-over";
  }

  /**
   * Put together what there is, the finest on top.
   * @param {CanvasRenderingContext2D} context
   * @param {ViewCamera} camera
   * @param {number} density
   */
  #patch(context, camera, density) {
    context.globalCompositeOperation = "source-over";
    context.clearRect(0, 0, camera.width * density + 1, camera.height * density + 1);
    if (this.coarse !== null) this.#copy(context, this.coarse, camera, density);
    if (this.isIdle && this.back.scale > 0) this.#copy(context, this.back, camera, density);
    if (this.front.scale > 0) this.#copy(context, this.front, camera, density);
  }

  /**
   * Paint what will be needed.
   * @param {ViewCamera} camera
   * @param {number} density
   */
  #keepUp(camera, density) {
    if (this.paint === null) return;
    this.coarse ??= this.#paintCoarse(density);
    this.#want(camera);
    if (this.front.scale === 0) {
      this.#begin(camera, density);
      while (!this.isIdle) this.#paintStrip(density);
    } else if (!this.isIdle) {
      this.#paintStrip(density);
      // What glides leaves its picture soon.
      if (camera.glide.isMoving && !this.isIdle) this.#paintStrip(density);
    } else if (this.#isDue(camera, density)) {
      this.#begin(camera, density);
    }
  }

  /**
   * What is in view now, or where the camera glides to; on a long way, a step of it.
   * @param {ViewCamera} camera
   */
  #want(camera) {
    const { wanted } = this;
    const { isMoving } = camera.glide;
    const ratio = camera.goal.zoom / camera.zoom;
    const isFar = ratio > FAR_RATIO || ratio * FAR_RATIO < 1;
    const view = isMoving && !isFar ? camera.goal : camera;
    wanted.zoom = view.zoom;
    if (isMoving && isFar) wanted.zoom *= ratio > 1 ? STEP_IN : STEP_OUT;
    wanted.x = view.x + (camera.width / 2 - camera.middleX) / view.zoom;
    wanted.y = view.y + (camera.height / 2 - camera.middleY) / view.zoom;
    this.settled = isMoving || view.zoom === this.lastZoom ? this.settled + 1 : 0;
    this.lastZoom = view.zoom;
  }

  /**
   * @param {ViewCamera} camera
   * @param {number} density
   */
  #isDue(camera, density) {
    const { front, wanted } = this;
    if (this.settled < SETTLED_FRAMES) return false;
    if (front.scale !== wanted.zoom * density) return true;
    const middleX = front.left + front.canvas.width / front.scale / 2;
    const middleY = front.top + front.canvas.height / front.scale / 2;
    const spareX = (front.canvas.width - camera.width * density) / front.scale / 2;
    const spareY = (front.canvas.height - camera.height * density) / front.scale / 2;
    return (
      Math.abs(wanted.x - middleX) > spareX * USED_SHARE || Math.abs(wanted.y - middleY) > spareY * USED_SHARE
    );
  }

  /**
   * Start a picture around what is wanted.
   * @param {ViewCamera} camera
   * @param {number} density
   */
  #begin(camera, density) {
    const { back } = this;
    const viewWidth = camera.width * density;
    const viewHeight = camera.height * density;
    const spare = Math.sqrt(MAX_PIXELS / (viewWidth * viewHeight)) - 1;
    const share = Math.max(0.02, Math.min(MARGIN_SHARE, spare / 2));
    const width = Math.ceil(viewWidth * (1 + 2 * share));
    const height = Math.ceil(viewHeight * (1 + 2 * share));
    back.resize(width, height);
    back.scale = this.wanted.zoom * density;
    back.left = this.wanted.x - width / back.scale / 2;
    back.top = this.wanted.y - height / back.scale / 2;
    this.strips = 0;
    this.allStrips = Math.max(LEAST_STRIPS, Math.ceil((width * height) / STRIP_PIXELS));
  }

  /** @param {number} density */
  #paintStrip(density) {
    const { back, paint } = this;
    if (paint === null) return;
    const { height } = back.canvas;
    const from = Math.floor((height * this.strips) / this.allStrips);
    const to = Math.floor((height * (this.strips + 1)) / this.allStrips);
    back.paint(from, to, density, paint);
    this.strips += 1;
    if (!this.isIdle) return;
    this.back = this.front;
    this.front = back;
    this.painted += 1;
  }

  /** @param {number} density */
  #paintCoarse(density) {
    const picture = new Picture();
    const { left, top, right, bottom } = this.bounds;
    const size = Math.max(right - left, bottom - top, 1);
    const margin = size * COARSE_SHARE;
    picture.scale = COARSE_PIXELS / (size + 2 * margin);
    picture.left = left - margin;
    picture.top = top - margin;
    const width = Math.ceil((right - left + 2 * margin) * picture.scale);
    const height = Math.ceil((bottom - top + 2 * margin) * picture.scale);
    picture.resize(width, height);
    if (this.paint !== null) picture.paint(0, height, density, this.paint, true);
    return picture;
  }

  /**
   * @param {Picture} picture
   * @param {ViewCamera} camera
   * @param {number} density
   */
  #covers(picture, camera, density) {
    if (picture.scale === 0) return false;
    const scale = camera.zoom * density;
    const left = camera.middleX * density + (picture.left - camera.x) * scale;
    const top = camera.middleY * density + (picture.top - camera.y) * scale;
    const ratio = scale / picture.scale;
    return (
      left <= 0 &&
      top <= 0 &&
      left + picture.canvas.width * ratio >= camera.width * density &&
      top + picture.canvas.height * ratio >= camera.height * density
    );
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Picture} picture
   * @param {ViewCamera} camera
   * @param {number} density
   */
  #copy(context, picture, camera, density) {
    const scale = camera.zoom * density;
    const left = camera.middleX * density + (picture.left - camera.x) * scale;
    const top = camera.middleY * density + (picture.top - camera.y) * scale;
    const { width, height } = picture.canvas;
    // At its own scale it is moved by whole pixels, which costs a copy and stays crisp.
    if (picture.scale === scale) {
      context.drawImage(picture.canvas, Math.round(left), Math.round(top));
      return;
    }
    const ratio = scale / picture.scale;
    context.drawImage(picture.canvas, left, top, width * ratio, height * ratio);
  }
}
