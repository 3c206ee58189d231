// Paints the name tags, and draws them where labels.js placed them, with a line to the car if a tag is further
// away from it.

import { buffer } from "../element.js";
import { Labels, MAX_PLACES } from "./labels.js";
import { paintTag, TAG_HEIGHT } from "./marks.js";
import { LIGHT } from "./palette.js";

/**
 * @typedef {object} NamedCar  A car with a name tag.
 * @property {number} index  below MAX_PLACES; the car keeps it while it is shown
 * @property {string} name
 * @property {import("../livery.js").Livery} livery
 * @property {number} x
 * @property {number} z
 * @property {number} yaw
 * @property {boolean} stale
 * @property {boolean} [lost]  for so long that the tag says so
 * @property {number} [place]  in the standings; 0 or nothing while there are none
 * @property {boolean} [isOwn]  has no tag, but others must not cover it
 */
/** @typedef {import("./palette.js").MapPalette} MapPalette */

/** Fainter tags are not drawn. */
const SEEN = 0.03;
/** Tags painted in one frame at most, except in the first; more would delay the frame. */
const PAINTED_PER_FRAME = 6;
/** A stale car's tag is this visible. */
const STALE_ALPHA = 0.8;

/** @typedef {{ canvas: HTMLCanvasElement, name: string, place: number, stale: boolean, lost: boolean, chosen: boolean, livery: unknown }} Tag */

export class Tags {
  constructor() {
    /** By index of the car. @type {Array<Tag | undefined>} */
    this.tags = new Array(MAX_PLACES).fill(undefined);
    this.labels = new Labels();
    this.labels.height = TAG_HEIGHT;
    this.palette = LIGHT;
    this.density = 1;
    this.point = new Float64Array(2);
  }

  /**
   * @param {MapPalette} palette
   * @param {number} density
   */
  use(palette, density) {
    this.palette = palette;
    this.density = density;
    this.tags.fill(undefined);
  }

  /**
   * Write where on the screen a car is into `labels.x` and `labels.y`. Returned numbers would be boxed, and a hundred cars
   * would make garbage of that.
   * @param {NamedCar} car
   * @param {import("./view.js").View} view
   */
  locate({ index, x, z }, view) {
    view.toScreen(x, -z, this.point);
    this.labels.x[index] = this.point[0];
    this.labels.y[index] = this.point[1];
  }

  /**
   * Draw the tags of cars that have been located.
   * @param {CanvasRenderingContext2D} context  in device pixels
   * @param {readonly NamedCar[]} cars
   * @param {NamedCar | undefined} chosen
   * @param {import("./view.js").View} view
   * @param {number} step  seconds since the last frame
   * @param {boolean} reducedMotion
   */
  draw(context, cars, chosen, view, step, reducedMotion) {
    this.#measure(cars, chosen, view);
    this.labels.update(step, reducedMotion);
    this.#leaders(context);
    this.#copy(context);
  }

  /**
   * Tell the layout of the cars, and how wide their tags are.
   * @param {readonly NamedCar[]} cars
   * @param {NamedCar | undefined} chosen
   * @param {import("./view.js").View} view
   */
  #measure(cars, chosen, { insets, width, height, turn }) {
    const { labels } = this;
    labels.chosen = chosen?.index ?? -1;
    labels.free.left = insets.left + 4;
    labels.free.top = insets.top + 4;
    labels.free.right = width - insets.right - 4;
    labels.free.bottom = height - insets.bottom - 4;
    labels.count = cars.length;
    let budget = PAINTED_PER_FRAME;
    for (let i = 0; i < cars.length; i += 1) {
      const car = cars[i];
      const { index } = car;
      labels.cars[i] = index;
      labels.rank[index] = rankOf(car);
      labels.isAcross[index] = Number(Math.abs(Math.sin(car.yaw - turn)) > 0.7);
      let tag = this.tags[index];
      if (car.isOwn) tag = undefined;
      else if (tag === undefined) tag = this.#fresh(car, car === chosen);
      else if (budget > 0 && !isCurrent(tag, car, car === chosen)) {
        this.#paint(tag, car, car === chosen);
        budget -= 1;
      }
      labels.width[index] = tag === undefined ? 0 : tag.canvas.width / this.density - 2;
    }
  }

  /** @param {CanvasRenderingContext2D} context */
  #copy(context) {
    const { density, labels } = this;
    for (let i = labels.count - 1; i >= 0; i -= 1) {
      const index = labels.cars[i];
      const tag = this.tags[index];
      const alpha = labels.alpha[index];
      if (tag === undefined || alpha < SEEN) continue;
      if (alpha < 1 || tag.stale) context.globalAlpha = tag.stale ? alpha * STALE_ALPHA : alpha;
      const left = (labels.x[index] + labels.offsetX[index] - 1) * density;
      const top = (labels.y[index] + labels.offsetY[index] - 1) * density;
      // Whole pixels: crisp, and not boxed.
      context.drawImage(tag.canvas, Math.round(left) | 0, Math.round(top) | 0);
      context.globalAlpha = 1;
    }
  }

  /**
   * Whether the tag of a car is at a point.
   * @param {number} index
   * @param {number} sx
   * @param {number} sy
   */
  isAt(index, sx, sy) {
    const { labels } = this;
    if (labels.slot[index] === 0) return false;
    const x = sx - labels.x[index] - labels.offsetX[index];
    const y = sy - labels.y[index] - labels.offsetY[index];
    return x >= 0 && y >= 0 && x <= labels.width[index] && y <= labels.height;
  }

  /** @param {CanvasRenderingContext2D} context */
  #leaders(context) {
    const { labels } = this;
    context.beginPath();
    for (let i = 0; i < labels.count; i += 1) {
      const index = labels.cars[i];
      if (labels.alpha[index] > 0.5 && labels.hasLeader(index)) this.#leader(context, index);
    }
    context.lineWidth = 3.4 * this.density;
    context.strokeStyle = this.palette.markHalo;
    context.stroke();
    context.lineWidth = 1.3 * this.density;
    context.strokeStyle = this.palette.leader;
    context.stroke();
  }

  /**
   * From the edge of the marker to the nearest point of the tag.
   * @param {CanvasRenderingContext2D} context
   * @param {number} index
   */
  #leader(context, index) {
    const { labels } = this;
    const x = labels.x[index];
    const y = labels.y[index];
    const left = labels.offsetX[index];
    const top = labels.offsetY[index];
    const toX = Math.max(left, Math.min(left + labels.width[index], 0));
    const toY = Math.max(top, Math.min(top + labels.height, 0));
    // Not `hypot`, which boxes its numbers.
    const distance = Math.sqrt(toX * toX + toY * toY);
    if (distance <= labels.radius) return;
    const from = (labels.radius - 1) / distance;
    context.moveTo((x + toX * from) * this.density, (y + toY * from) * this.density);
    context.lineTo((x + toX) * this.density, (y + toY) * this.density);
  }

  /**
   * @param {NamedCar} car
   * @param {boolean} isChosen
   */
  #fresh(car, isChosen) {
    const unpainted = { name: "", place: 0, stale: false, lost: false, chosen: false, livery: car.livery };
    const tag = { canvas: buffer(1, 1), ...unpainted };
    this.#paint(tag, car, isChosen);
    this.tags[car.index] = tag;
    return tag;
  }

  /**
   * @param {Tag} tag
   * @param {NamedCar} car
   * @param {boolean} isChosen
   */
  #paint(tag, car, isChosen) {
    tag.name = car.name;
    tag.place = car.place ?? 0;
    tag.stale = car.stale;
    tag.lost = car.lost ?? false;
    tag.chosen = isChosen;
    tag.livery = car.livery;
    paintTag(tag.canvas, car.livery, tag, this.palette, this.density);
  }
}

/**
 * @param {Tag} tag
 * @param {NamedCar} car
 * @param {boolean} isChosen
 */
function isCurrent(tag, car, isChosen) {
  return (
    tag.chosen === isChosen &&
    tag.place === (car.place ?? 0) &&
    tag.stale === car.stale &&
    tag.lost === (car.lost ?? false) &&
    tag.name === car.name &&
    tag.livery === car.livery
  );
}

/** Rank of a car whose place is not known: behind all others. */
const NO_PLACE = 300;

/** Smaller is more important. @param {NamedCar} car */
export function rankOf({ place = 0, index }) {
  return place > 0 ? place : NO_PLACE + index;
}
