// The scenery as cached squares, so that a frame only copies pixels. Squares are painted when first seen, a few per
// frame at most; until then a coarse picture of the whole world shows through.

import { buffer, context2d } from "./element.js";

/** @typedef {import("./scenery.js").Scenery} Scenery */
/** @typedef {import("./camera.js").Camera} Camera */

const TILE_METRES = 32;
/** Pixels painted beyond each side, so that no seam shows when squares are scaled or turned. */
const BLEED = 2;
/** Squares kept: a zoomed-out desktop shows about 40. At 20 px a metre each takes 1.7 MB. */
const MAX_TILES = 72;
/** Squares painted in one frame; more would be felt as a hitch. */
const PAINTED_PER_FRAME = 1;
/** Pixels per metre of the coarse picture, and how many pixels it has at most. */
const COARSE_SCALE = 2.5;
const MAX_COARSE_PIXELS = 1_600_000;

export class Tiles {
  /** @param {Scenery} scenery */
  constructor(scenery) {
    this.scenery = scenery;
    this.scale = 0;
    /** By column + row × columns, in the order of last use. @type {Map<number, HTMLCanvasElement>} */
    this.cache = new Map();
    const { left, top, right, bottom } = scenery.world;
    this.left = left;
    this.top = top;
    this.columns = Math.ceil((right - left) / TILE_METRES);
    this.rows = Math.ceil((bottom - top) / TILE_METRES);
    const [width, height] = [this.columns * TILE_METRES, this.rows * TILE_METRES];
    this.coarseScale = Math.min(COARSE_SCALE, Math.sqrt(MAX_COARSE_PIXELS / (width * height)));
    this.coarse = this.#paint(left, top, width, height, this.coarseScale, 0);
  }

  /**
   * Choose the resolution; what was painted at another is dropped.
   * @param {number} scale  pixels per metre
   */
  use(scale) {
    if (scale === this.scale) return;
    this.scale = scale;
    this.cache.clear();
  }

  /**
   * Draw what the camera sees. The context is in map metres.
   * @param {CanvasRenderingContext2D} context
   * @param {Camera} camera
   * @param {number} [budget]  squares that may be painted now
   */
  draw(context, camera, budget = PAINTED_PER_FRAME) {
    const reach = camera.reach;
    const left = this.#columnOf(camera.x - reach.x);
    const right = this.#columnOf(camera.x + reach.x);
    const top = this.#rowOf(camera.y - reach.y);
    const bottom = this.#rowOf(camera.y + reach.y);
    const { coarse, coarseScale } = this;
    context.drawImage(coarse, this.left, this.top, coarse.width / coarseScale, coarse.height / coarseScale);
    let paintable = budget;
    for (let row = top; row <= bottom; row += 1) {
      for (let column = left; column <= right; column += 1) {
        const key = column + row * this.columns;
        let tile = this.cache.get(key);
        if (tile === undefined) {
          if (paintable <= 0) continue;
          paintable -= 1;
          tile = this.#fresh(column, row);
        } else {
          this.cache.delete(key);
        }
        this.cache.set(key, tile);
        const margin = BLEED / this.scale;
        const size = TILE_METRES + 2 * margin;
        context.drawImage(
          tile,
          this.left + column * TILE_METRES - margin,
          this.top + row * TILE_METRES - margin,
          size,
          size,
        );
      }
    }
  }

  /**
   * @param {number} column
   * @param {number} row
   */
  #fresh(column, row) {
    const x = this.left + column * TILE_METRES;
    const y = this.top + row * TILE_METRES;
    if (this.cache.size < MAX_TILES) return this.#paint(x, y, TILE_METRES, TILE_METRES, this.scale, BLEED);
    const [oldest] = this.cache;
    this.cache.delete(oldest[0]);
    return this.#paint(x, y, TILE_METRES, TILE_METRES, this.scale, BLEED, oldest[1]);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width  metres
   * @param {number} height
   * @param {number} scale
   * @param {number} bleed
   * @param {HTMLCanvasElement} [into]  a square that is no longer needed
   */
  #paint(x, y, width, height, scale, bleed, into) {
    const canvas = into ?? buffer(width * scale + 2 * bleed, height * scale + 2 * bleed);
    const context = context2d(canvas, { alpha: false });
    const margin = bleed / scale;
    context.setTransform(scale, 0, 0, scale, bleed - x * scale, bleed - y * scale);
    const bounds = {
      left: x - margin,
      top: y - margin,
      right: x + width + margin,
      bottom: y + height + margin,
    };
    this.scenery.paint(context, bounds);
    return canvas;
  }

  /** @param {number} x */
  #columnOf(x) {
    return Math.min(Math.max(Math.floor((x - this.left) / TILE_METRES), 0), this.columns - 1);
  }

  /** @param {number} y */
  #rowOf(y) {
    return Math.min(Math.max(Math.floor((y - this.top) / TILE_METRES), 0), this.rows - 1);
  }
}
