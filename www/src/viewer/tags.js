// The pictures of the name tags, and drawing them where labels.js put them: a line to the car where a tag is further
// off, so that it is clear whose it is.

import { buffer } from "../element.js";
import { MAX_PLACES } from "./cars.js";
import { paintTag } from "./marks.js";
import { LIGHT } from "./palette.js";

/** @typedef {import("./cars.js").CarView} CarView */
/** @typedef {import("./labels.js").Labels} Labels */
/** @typedef {import("./palette.js").MapPalette} MapPalette */

/** Fainter tags are not drawn. */
const SEEN = 0.03;
/** Tags painted in one frame at most, beside the first time; more would be felt. */
const PAINTED_PER_FRAME = 6;
/** A stale car's tag is this visible. */
const STALE_ALPHA = 0.8;

/** @typedef {{ canvas: HTMLCanvasElement, name: string, place: number, stale: boolean, chosen: boolean, livery: unknown }} Tag */

export class Tags {
  constructor() {
    /** By index of the car. @type {Array<Tag | undefined>} */
    this.tags = new Array(MAX_PLACES).fill(undefined);
    this.palette = LIGHT;
    this.density = 1;
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
   * Tell the layout how wide the tags are.
   * @param {Labels} labels
   * @param {readonly CarView[]} list
   * @param {CarView | undefined} chosen
   */
  measure(labels, list, chosen) {
    let budget = PAINTED_PER_FRAME;
    for (let i = 0; i < list.length; i += 1) {
      const car = list[i];
      const isChosen = car === chosen;
      let tag = this.tags[car.index];
      if (tag === undefined) tag = this.#fresh(car, isChosen);
      else if (budget > 0 && !isCurrent(tag, car, isChosen)) {
        this.#paint(tag, car, isChosen);
        budget -= 1;
      }
      labels.width[car.index] = tag.canvas.width / this.density - 2;
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context  in device pixels
   * @param {Labels} labels
   */
  draw(context, labels) {
    this.#leaders(context, labels);
    const { density } = this;
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
   * @param {Labels} labels
   * @param {number} index
   * @param {number} sx
   * @param {number} sy
   */
  isAt(labels, index, sx, sy) {
    if (labels.slot[index] === 0) return false;
    const x = sx - labels.x[index] - labels.offsetX[index];
    const y = sy - labels.y[index] - labels.offsetY[index];
    return x >= 0 && y >= 0 && x <= labels.width[index] && y <= labels.height;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Labels} labels
   */
  #leaders(context, labels) {
    context.beginPath();
    for (let i = 0; i < labels.count; i += 1) {
      const index = labels.cars[i];
      if (labels.alpha[index] > 0.5 && labels.hasLeader(index)) this.#leader(context, labels, index);
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
   * @param {Labels} labels
   * @param {number} index
   */
  #leader(context, labels, index) {
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
   * @param {CarView} car
   * @param {boolean} isChosen
   */
  #fresh(car, isChosen) {
    const tag = { canvas: buffer(1, 1), name: "", place: 0, stale: false, chosen: false, livery: car.livery };
    this.#paint(tag, car, isChosen);
    this.tags[car.index] = tag;
    return tag;
  }

  /**
   * @param {Tag} tag
   * @param {CarView} car
   * @param {boolean} isChosen
   */
  #paint(tag, car, isChosen) {
    tag.name = car.name;
    tag.place = car.place;
    tag.stale = car.stale;
    tag.chosen = isChosen;
    tag.livery = car.livery;
    paintTag(tag.canvas, car.livery, tag, this.palette, this.density);
  }
}

/**
 * @param {Tag} tag
 * @param {CarView} car
 * @param {boolean} isChosen
 */
function isCurrent(tag, car, isChosen) {
  return (
    tag.chosen === isChosen &&
    tag.place === car.place &&
    tag.stale === car.stale &&
    tag.name === car.name &&
    tag.livery === car.livery
  );
}
