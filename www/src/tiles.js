// The scenery as cached squares, so that a frame only copies pixels. Squares are painted when first seen, a few per
// frame at most; until then a coarse picture of the whole world shows through.

import { buffer, context2d } from "./element.js";
import { WORLD } from "./scenery.js";

/** @typedef {import("./scenery.js").Scenery} Scenery */
/** @typedef {import("./camera.js").Camera} Camera */

const TILE_METRES = 32;
/** Pixels painted beyond each side, so that no seam shows when squares are scaled or turned. */
const BLEED = 2;
/** Squares kept: a zoomed-out desktop shows about 40. At 20 px a metre each takes 1.7 MB. */
const MAX_TILES = 72;
/** Squares painted in one frame; more would be felt as a hitch. */
const PAINTED_PER_FRAME = 1;
const COARSE_SCALE = 2.5;
const COLUMNS = Math.ceil((WORLD.right - WORLD.left) / TILE_METRES);
const ROWS = Math.ceil((WORLD.bottom - WORLD.top) / TILE_METRES);

export class Tiles {
  /** @param {Scenery} scenery */
  constructor(scenery) {
    this.scenery = scenery;
    this.scale = 0;
    /** By column + row × COLUMNS, in the order of last use. @type {Map<number, HTMLCanvasElement>} */
    this.cache = new Map();
    this.coarse = this.#paint(
      WORLD.left,
      WORLD.top,
      COLUMNS * TILE_METRES,
      ROWS * TILE_METRES,
      COARSE_SCALE,
      0,
    );
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
    const left = columnOf(camera.x - reach.x);
    const right = columnOf(camera.x + reach.x);
    const top = rowOf(camera.y - reach.y);
    const bottom = rowOf(camera.y + reach.y);
    const { coarse } = this;
    context.drawImage(
      coarse,
      WORLD.left,
      WORLD.top,
      coarse.width / COARSE_SCALE,
      coarse.height / COARSE_SCALE,
    );
    let paintable = budget;
    for (let row = top; row <= bottom; row += 1) {
      for (let column = left; column <= right; column += 1) {
        const key = column + row * COLUMNS;
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
          WORLD.left + column * TILE_METRES - margin,
          WORLD.top + row * TILE_METRES - margin,
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
    const x = WORLD.left + column * TILE_METRES;
    const y = WORLD.top + row * TILE_METRES;
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
}

/** @param {number} x */
function columnOf(x) {
  return Math.min(Math.max(Math.floor((x - WORLD.left) / TILE_METRES), 0), COLUMNS - 1);
}

/** @param {number} y */
function rowOf(y) {
  return Math.min(Math.max(Math.floor((y - WORLD.top) / TILE_METRES), 0), ROWS - 1);
}
