// Name tags beside the cars, placed so that they do not cover one another. Where a crowd leaves no room a tag is
// left out: its car still wears its number.

import { tagSprite } from "./sprites.js";

/** @typedef {import("./field.js").RemoteCar} RemoteCar */
/** @typedef {import("./camera.js").Camera} Camera */

/** As many as a full room, the own car's place included; four numbers each. */
const MAX_TAGS = 20;
/** Kept free around the own car, to each side of its middle. */
const OWN_METRES = 3.2;
/** Half a car on the screen is about this many metres; the tag keeps clear of it. */
const CLEARANCE_METRES = 2.9;

/** @typedef {{ name: string, stale: boolean, density: number, sprite: HTMLCanvasElement }} Tag */

export class Tags {
  constructor() {
    /** @type {WeakMap<RemoteCar, Tag>} */
    this.byCar = new WeakMap();
    this.placed = new Float32Array(MAX_TAGS * 4);
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
    const free = OWN_METRES * camera.zoom;
    camera.toScreen(own.x, -own.z, this.point);
    this.placed.set(this.#box(this.point[0] - free, this.point[1] - free, 2 * free, 2 * free));
    this.count = 1;
    for (let i = 0; i < cars.length; i += 1) {
      const car = cars[i];
      camera.toScreen(car.x, -car.z, this.point);
      if (this.point[0] < -60 || this.point[0] > camera.width + 60) continue;
      if (this.point[1] < -40 || this.point[1] > camera.height + 40) continue;
      this.#place(context, car, camera.zoom, density);
    }
    context.globalAlpha = 1;
  }

  /**
   * Above the car if there is room, else below, right or left of it.
   * @param {CanvasRenderingContext2D} context
   * @param {RemoteCar} car
   * @param {number} zoom
   * @param {number} density
   */
  #place(context, car, zoom, density) {
    if (this.count >= MAX_TAGS) return;
    const { sprite } = this.#tagOf(car, density);
    const width = sprite.width / density;
    const height = sprite.height / density;
    const away = CLEARANCE_METRES * zoom;
    for (let side = 0; side < 4; side += 1) {
      const left = this.point[0] + (side === 2 ? away : side === 3 ? -away - width : -width / 2);
      const top = this.point[1] + (side === 0 ? -away - height : side === 1 ? away : -height / 2);
      if (!this.#isFree(left, top, width, height)) continue;
      this.placed.set(this.#box(left, top, width, height), this.count * 4);
      this.count += 1;
      context.globalAlpha = Math.max(car.alpha, 0.7);
      context.drawImage(sprite, Math.round(left * density), Math.round(top * density));
      return;
    }
  }

  /**
   * @param {number} left
   * @param {number} top
   * @param {number} width
   * @param {number} height
   */
  #box(left, top, width, height) {
    BOX[0] = left;
    BOX[1] = top;
    BOX[2] = left + width;
    BOX[3] = top + height;
    return BOX;
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
    const tag = { name: car.name, stale: car.stale, density, sprite };
    this.byCar.set(car, tag);
    return tag;
  }
}

const BOX = new Float32Array(4);
