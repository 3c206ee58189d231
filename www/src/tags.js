// Name tags beside the cars, placed so that they do not cover one another. Where a crowd leaves no room a tag is
// left out: its car still wears its number.

import { tagSprite } from "./sprites.js";

/** @typedef {import("./field.js").RemoteCar} RemoteCar */
/** @typedef {import("./camera.js").Camera} Camera */

/** Rectangles to keep apart: the cars of a full room, and a tag for each. Four numbers each. */
const MAX_PLACED = 41;
/** Kept free around the middle of each car, and of the own one. */
const CAR_METRES = 1.5;
const OWN_METRES = 2.8;
/** Places to try around a car: above, below, right, left, and the same again further off. */
const SIDES = 8;
const NEAR_METRES = 2.9;
const FAR_METRES = 5.6;

/** @typedef {{ name: string, stale: boolean, density: number, sprite: HTMLCanvasElement, side: number }} Tag */

export class Tags {
  constructor() {
    /** @type {WeakMap<RemoteCar, Tag>} */
    this.byCar = new WeakMap();
    this.placed = new Float32Array(MAX_PLACED * 4);
    this.count = 0;
    this.point = new Float64Array(2);
  }

  clear() {
    this.byCar = new WeakMap();
  }

  /**
   * @param {CanvasRenderingContext2D} context  in device pixels
   * @param {readonly RemoteCar[]} cars
   * @param {{ x: number, z: number }} own  the car that no tag may cover
   * @param {Camera} camera
   * @param {number} density
   */
  draw(context, cars, own, camera, density) {
    this.count = 0;
    this.#keepFree(own.x, own.z, OWN_METRES, camera);
    for (let i = 0; i < cars.length; i += 1) this.#keepFree(cars[i].x, cars[i].z, CAR_METRES, camera);
    for (let i = 0; i < cars.length; i += 1) {
      camera.toScreen(cars[i].x, -cars[i].z, this.point);
      if (this.#isInView(camera)) this.#place(context, cars[i], camera.zoom, density);
    }
    context.globalAlpha = 1;
  }

  /** @param {Camera} camera */
  #isInView({ width, height }) {
    const x = this.point[0];
    const y = this.point[1];
    return x > -60 && x < width + 60 && y > -40 && y < height + 40;
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {number} metres
   * @param {Camera} camera
   */
  #keepFree(x, z, metres, camera) {
    const half = metres * camera.zoom;
    camera.toScreen(x, -z, this.point);
    if (this.#isInView(camera)) this.#take(this.point[0] - half, this.point[1] - half, 2 * half, 2 * half);
  }

  /**
   * Where the tag was before if there is still room, else at the first free side.
   * @param {CanvasRenderingContext2D} context
   * @param {RemoteCar} car
   * @param {number} zoom
   * @param {number} density
   */
  #place(context, car, zoom, density) {
    const tag = this.#tagOf(car, density);
    const width = tag.sprite.width / density;
    const height = tag.sprite.height / density;
    for (let attempt = -1; attempt < SIDES; attempt += 1) {
      const side = attempt < 0 ? tag.side : attempt;
      const away = (side < 4 ? NEAR_METRES : FAR_METRES) * zoom;
      const at = side % 4;
      const left = this.point[0] + (at === 2 ? away : at === 3 ? -away - width : -width / 2);
      const top = this.point[1] + (at === 0 ? -away - height : at === 1 ? away : -height / 2);
      if (!this.#isFree(left, top, width, height)) continue;
      tag.side = side;
      this.#take(left, top, width, height);
      context.globalAlpha = Math.max(car.alpha, 0.7);
      context.drawImage(tag.sprite, Math.round(left * density), Math.round(top * density));
      return;
    }
  }

  /**
   * @param {number} left
   * @param {number} top
   * @param {number} width
   * @param {number} height
   */
  #take(left, top, width, height) {
    if (this.count >= MAX_PLACED) return;
    const at = this.count * 4;
    this.placed[at] = left;
    this.placed[at + 1] = top;
    this.placed[at + 2] = left + width;
    this.placed[at + 3] = top + height;
    this.count += 1;
  }

  /**
   * @param {number} left
   * @param {number} top
   * @param {number} width
   * @param {number} height
   */
  #isFree(left, top, width, height) {
    const { placed } = this;
    for (let i = 0; i < this.count * 4; i += 4) {
      const apart =
        left > placed[i + 2] ||
        left + width < placed[i] ||
        top > placed[i + 3] ||
        top + height < placed[i + 1];
      if (!apart) return false;
    }
    return true;
  }

  /**
   * @param {RemoteCar} car
   * @param {number} density
   * @returns {Tag}
   */
  #tagOf(car, density) {
    const known = this.byCar.get(car);
    if (known && known.name === car.name && known.stale === car.stale && known.density === density) {
      return known;
    }
    const sprite = tagSprite(car.livery, car.name || "…", density, car.stale);
    const tag = { name: car.name, stale: car.stale, density, sprite, side: known?.side ?? 0 };
    this.byCar.set(car, tag);
    return tag;
  }
}
