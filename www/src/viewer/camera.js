// What of the map is in view: all of it, a followed car, or what the visitor chose. Pure; north is always up, and
// nobody but the visitor changes the zoom of a followed car, so that the painted ground can be copied as it is.

import { share, View } from "../map/view.js";
import { Glide } from "./glide.js";

/** Kept free around the circuit when all of it is shown, in CSS pixels, but never more than this share of the room. */
const FIT_MARGIN = 46;
const FIT_MARGIN_SHARE = 0.1;
/** Metres across the middle of the view when a car is followed for the first time. */
const FOLLOW_METRES = 150;
/** Closer than this there is nothing more to see; the other limit is a share of the zoom that shows everything. */
const MAX_ZOOM = 26;
const MIN_FIT_SHARE = 0.4;
/** A followed car's view looks this much of a second ahead, at most this share of what is in view. */
const AHEAD_SECONDS = 0.6;
const AHEAD_MOST = 0.18;
const AHEAD_RATE = 2.4;
/** A smooth zoom makes good this share of the rest a second, as the rate of an exponential. */
const ZOOM_RATE = 16;
/** A target that moved further than this since the last frame is another one, or was put elsewhere. */
const JUMP_METRES = 8;
/** Without a circuit this much around the cars is in view. A car further than the other number from the rest does not count. */
const AROUND_METRES = 60;
const ASTRAY_METRES = 20_000;

/** @typedef {import("../map/view.js").Box} Box */
/** @typedef {{ x: number, z: number, yaw: number, speed: number }} Target */

export class ViewCamera extends View {
  /** What the cars were seen on while no circuit is known, map metres. @type {Box | null} */
  #seen = null;

  constructor() {
    super();
    /** @type {"fit" | "follow" | "free"} */
    this.mode = "fit";
    /** The circuit, map metres. @type {Box} */
    this.bounds = { left: -100, top: -100, right: 100, bottom: 100 };
    /** Where the camera is once its glide has ended. */
    this.goal = { x: 0, y: 0, zoom: 1 };
    /** The zoom of a followed car; NaN until first needed. */
    this.followZoom = NaN;
    this.glide = new Glide();
    this.ahead = { x: 0, y: 0 };
    this.last = { x: NaN, z: NaN };
    /** A smooth zoom under way: logarithm of what is left of it, and the point of the screen that stays. */
    this.zooming = { left: 0, x: 0, y: 0 };
  }

  /** The zoom that shows the whole circuit. */
  get fitZoom() {
    const { bounds, insets } = this;
    const width = this.width - insets.left - insets.right;
    const height = this.height - insets.top - insets.bottom;
    const margin = Math.min(FIT_MARGIN, FIT_MARGIN_SHARE * Math.min(width, height));
    const across = Math.max(width - 2 * margin, 1) / Math.max(bounds.right - bounds.left, 1);
    const down = Math.max(height - 2 * margin, 1) / Math.max(bounds.bottom - bounds.top, 1);
    return Math.min(across, down, MAX_ZOOM);
  }

  /** Whether it moves by itself. */
  get isMoving() {
    return this.zooming.left !== 0 || this.glide.isMoving;
  }

  /**
   * Take a new size at once; only panels that come or go are made room for smoothly.
   * @param {number} width  CSS pixels
   * @param {number} height
   * @param {Box} [insets]  what panels cover of each side, CSS pixels
   */
  resize(width, height, insets = this.insets) {
    const { middleX, middleY, width: widthBefore, height: heightBefore } = this;
    this.width = Math.max(width, 1);
    this.height = Math.max(height, 1);
    Object.assign(this.insets, insets);
    this.middleX = (insets.left + this.width - insets.right) / 2;
    this.middleY = (insets.top + this.height - insets.bottom) / 2;
    // The map stays where it is on the screen, though its middle is elsewhere now.
    this.x += (this.middleX - middleX) / this.zoom;
    this.y += (this.middleY - middleY) / this.zoom;
    if (width === widthBefore && height === heightBefore) this.#glide();
    else this.jump();
  }

  /** @param {Box} bounds  map metres */
  setBounds({ left, top, right, bottom }) {
    Object.assign(this.bounds, { left, top, right, bottom });
    this.jump();
  }

  /**
   * While no circuit is known, take in all that the cars were seen on, smoothly.
   * @param {readonly { x: number, z: number, stale: boolean }[]} cars
   */
  see(cars) {
    for (const { x, z, stale } of cars) {
      if (stale || !(Math.abs(x) + Math.abs(z) < Infinity)) continue;
      const seen = this.#seen ?? { left: x, top: -z, right: x, bottom: -z };
      if (Math.hypot(x - seen.left, z + seen.top) > ASTRAY_METRES) continue;
      this.#seen = {
        left: Math.min(seen.left, x),
        top: Math.min(seen.top, -z),
        right: Math.max(seen.right, x),
        bottom: Math.max(seen.bottom, -z),
      };
    }
    const seen = this.#seen;
    if (seen === null) return;
    const { left, top, right, bottom } = this.bounds;
    const isInView = seen.left >= left && seen.right <= right && seen.top >= top && seen.bottom <= bottom;
    if (isInView) return;
    Object.assign(this.bounds, {
      left: seen.left - AROUND_METRES,
      top: seen.top - AROUND_METRES,
      right: seen.right + AROUND_METRES,
      bottom: seen.bottom + AROUND_METRES,
    });
    if (this.mode === "fit") this.#glide();
  }

  /** Forget what the cars were seen on. */
  forget() {
    this.#seen = null;
  }

  /** Show the whole circuit. */
  fit() {
    this.mode = "fit";
    this.#glide();
  }

  /** Show the target of `update`, from now on. */
  follow() {
    this.mode = "follow";
    if (Number.isNaN(this.followZoom)) {
      const room = Math.sqrt(this.width * this.height);
      this.followZoom = this.#within(Math.max(room / FOLLOW_METRES, this.fitZoom));
    }
    this.last.x = NaN;
    this.#glide();
  }

  /** End every glide where it leads to. */
  jump() {
    this.zooming.left = 0;
    this.glide.stop();
    this.#aim();
    this.#stand();
  }

  /**
   * Zoom about a point of the screen. Who follows a car keeps following it, about its own place.
   * @param {number} factor
   * @param {number} [sx]  CSS pixels
   * @param {number} [sy]
   */
  zoomBy(factor, sx = this.middleX, sy = this.middleY) {
    this.zooming.left = 0;
    this.#zoom(factor, sx, sy);
  }

  /**
   * The same, smoothly.
   * @param {number} factor
   * @param {number} [sx]
   * @param {number} [sy]
   */
  zoomSmoothly(factor, sx = this.middleX, sy = this.middleY) {
    this.zooming.left += Math.log(factor);
    this.zooming.x = sx;
    this.zooming.y = sy;
  }

  /**
   * Move the map under the screen, and let go of a followed car.
   * @param {number} dx  CSS pixels
   * @param {number} dy
   */
  panBy(dx, dy) {
    this.#release();
    this.x -= dx / this.zoom;
    this.y -= dy / this.zoom;
    this.#keepInView();
  }

  /**
   * @param {Target | null} target  what to follow
   * @param {number} step  seconds since the last frame
   * @param {boolean} reducedMotion  jump where it would glide
   */
  update(target, step, reducedMotion) {
    if (this.zooming.left !== 0) this.#zoomOn(step, reducedMotion);
    if (this.mode === "free") return;
    if (this.mode === "follow" && target !== null) this.#lookAt(target, step);
    this.#aim();
    if (reducedMotion) this.glide.stop();
    else this.glide.advance(step, this.goal.zoom);
    this.#stand();
  }

  /** Glide from what is in view now to what the mode asks for. */
  #glide() {
    this.zooming.left = 0;
    this.#aim();
    this.glide.from(this, this.goal);
  }

  /** Set the goal of the mode. */
  #aim() {
    const { goal, bounds } = this;
    if (this.mode === "fit") {
      goal.x = (bounds.left + bounds.right) / 2;
      goal.y = (bounds.top + bounds.bottom) / 2;
      goal.zoom = this.fitZoom;
    } else if (this.mode === "follow" && !Number.isNaN(this.last.x)) {
      goal.x = this.last.x + this.ahead.x;
      goal.y = -this.last.z + this.ahead.y;
      goal.zoom = this.followZoom;
    } else {
      goal.x = this.x;
      goal.y = this.y;
      goal.zoom = this.zoom;
    }
  }

  /** Stand where the goal and what is left of the glide say. */
  #stand() {
    const { goal, glide } = this;
    this.zoom = goal.zoom * glide.zoom;
    this.x = goal.x + glide.x;
    this.y = goal.y + glide.y;
  }

  /**
   * @param {Target} target
   * @param {number} step
   */
  #lookAt({ x, z, yaw, speed }, step) {
    const { ahead, last } = this;
    const { left, top, right, bottom } = this.insets;
    const span = Math.min(this.width - left - right, this.height - top - bottom) / this.followZoom;
    const metres = Math.min(Math.max(speed, 0) * AHEAD_SECONDS, Math.max(span, 0) * AHEAD_MOST);
    const aheadX = Math.sin(yaw) * metres;
    const aheadY = -Math.cos(yaw) * metres;
    const moved = Math.abs(x - last.x) + Math.abs(z - last.z);
    const isSame = moved < JUMP_METRES + 2 * Math.max(speed, 0) * step;
    const part = isSame ? share(AHEAD_RATE, step) : 1;
    ahead.x += (aheadX - ahead.x) * part;
    ahead.y += (aheadY - ahead.y) * part;
    last.x = x;
    last.z = z;
    if (isSame) return;
    this.#aim();
    this.glide.from(this, this.goal);
  }

  /**
   * @param {number} step
   * @param {boolean} reducedMotion
   */
  #zoomOn(step, reducedMotion) {
    const { zooming } = this;
    const isLast = reducedMotion || Math.abs(zooming.left) < 0.004;
    const now = isLast ? zooming.left : zooming.left * share(ZOOM_RATE, step);
    zooming.left = isLast ? 0 : zooming.left - now;
    this.#zoom(Math.exp(now), zooming.x, zooming.y);
  }

  /**
   * @param {number} factor
   * @param {number} sx
   * @param {number} sy
   */
  #zoom(factor, sx, sy) {
    if (this.mode === "follow") {
      this.followZoom = this.#within(this.followZoom * factor);
      this.goal.zoom = this.followZoom;
      this.#stand();
      return;
    }
    this.#release();
    const zoom = this.#within(this.zoom * factor);
    const change = 1 / this.zoom - 1 / zoom;
    this.x += (sx - this.middleX) * change;
    this.y += (sy - this.middleY) * change;
    this.zoom = zoom;
    this.#keepInView();
  }

  #release() {
    this.mode = "free";
    this.glide.stop();
  }

  /** The middle of the view stays on the circuit or close to it, so that nobody gets lost. */
  #keepInView() {
    const { bounds } = this;
    this.x = Math.min(Math.max(this.x, bounds.left), bounds.right);
    this.y = Math.min(Math.max(this.y, bounds.top), bounds.bottom);
    this.#aim();
  }

  /** @param {number} zoom */
  #within(zoom) {
    return Math.min(Math.max(zoom, this.fitZoom * MIN_FIT_SHARE), MAX_ZOOM);
  }
}
