// One frame of the race on the canvas. Reads the race, changes nothing in it, and makes no garbage: scenery, cars
// and tags are copied from pictures painted before.

import { context2d } from "./element.js";
import { DAY, NIGHT } from "./palette.js";
import { Scenery } from "./scenery.js";
import { beamSprite, carSprite, SPRITE_LENGTH, SPRITE_WIDTH } from "./sprites.js";
import { Tags } from "./tags.js";
import { Tiles } from "./tiles.js";

/** @typedef {import("./livery.js").Livery} Livery */
/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {import("./car.js").Car} Car */
/** @typedef {import("./field.js").RemoteCar} RemoteCar */

/** Beyond this density the eye sees no difference, but the graphics memory does. */
const MAX_DENSITY = 2;
/** Marks of sliding tyres that stay on the road; the oldest give way. */
const MAX_SKIDS = 480;
const SKID_FROM = 0.15;
/** Painted at once when the race comes up, so that it opens crisp. */
const FIRST_TILES = 60;

export class Painter {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./track.js").Track} track
   * @param {Camera} camera
   */
  constructor(canvas, track, camera) {
    this.canvas = canvas;
    this.context = context2d(canvas, { alpha: false });
    this.track = track;
    this.camera = camera;
    this.density = 1;
    this.scale = 1;
    this.night = false;
    /** @type {Tiles | null} */
    this.tiles = null;
    this.tags = new Tags();
    /** Car pictures by livery, and the own one. @type {WeakMap<Livery, HTMLCanvasElement>} */
    this.sprites = new WeakMap();
    /** @type {HTMLCanvasElement | null} */
    this.ownSprite = null;
    /** @type {HTMLCanvasElement | null} */
    this.beam = null;
    this.skids = new Float32Array(MAX_SKIDS * 4);
    this.skidNext = 0;
    this.skidCount = 0;
    this.lastX = NaN;
    this.lastY = NaN;
    this.firstTiles = FIRST_TILES;
  }

  /** @param {boolean} night */
  useNight(night) {
    this.night = night;
    this.tiles = null;
    this.firstTiles = FIRST_TILES;
  }

  /** Fit the canvas to its box. */
  resize() {
    const { clientWidth, clientHeight } = this.canvas;
    if (clientWidth === 0 || clientHeight === 0) return;
    this.density = Math.min(window.devicePixelRatio || 1, MAX_DENSITY);
    this.canvas.width = Math.round(clientWidth * this.density);
    this.canvas.height = Math.round(clientHeight * this.density);
    this.camera.resize(clientWidth, clientHeight);
    this.scale = Math.ceil(this.camera.nearZoom * this.density);
    this.forgetCars();
    this.firstTiles = FIRST_TILES;
  }

  /** Paint cars anew: another resolution, or other players. */
  forgetCars() {
    this.sprites = new WeakMap();
    this.ownSprite = null;
    this.beam = null;
    this.tags.clear();
  }

  clearSkids() {
    this.skidCount = this.skidNext = 0;
    this.lastX = NaN;
  }

  /**
   * @param {Car} own
   * @param {Livery} livery
   * @param {readonly RemoteCar[]} cars
   */
  draw(own, livery, cars) {
    const { context, camera, density } = this;
    camera.apply(context, density);
    this.#scenery();
    this.#keepSkid(own);
    this.#drawSkids();
    for (let i = 0; i < cars.length; i += 1) {
      this.#car(cars[i].x, cars[i].z, cars[i].yaw, this.#sprite(cars[i].livery), cars[i].alpha);
    }
    this.ownSprite ??= carSprite(livery, this.scale, true);
    this.#car(own.pose.x, own.pose.z, own.pose.yaw, this.ownSprite, 1);
    context.setTransform(1, 0, 0, 1, 0, 0);
    this.tags.draw(context, cars, own.pose, camera, density);
  }

  #scenery() {
    this.tiles ??= new Tiles(new Scenery(this.track, this.night ? NIGHT : DAY));
    this.tiles.use(this.scale);
    if (this.firstTiles > 0) {
      this.tiles.draw(this.context, this.camera, this.firstTiles);
      this.firstTiles = 0;
    } else {
      this.tiles.draw(this.context, this.camera);
    }
  }

  /** @param {Livery} livery */
  #sprite(livery) {
    let sprite = this.sprites.get(livery);
    if (sprite === undefined) {
      sprite = carSprite(livery, this.scale, false);
      this.sprites.set(livery, sprite);
    }
    return sprite;
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {number} yaw
   * @param {HTMLCanvasElement} sprite
   * @param {number} alpha
   */
  #car(x, z, yaw, sprite, alpha) {
    const { context } = this;
    context.save();
    context.translate(x, -z);
    context.rotate(yaw);
    context.globalAlpha = alpha;
    if (this.night && alpha === 1) {
      this.beam ??= beamSprite(this.scale / 2);
      context.drawImage(this.beam, -7, -24.2, 14, 22);
    }
    context.drawImage(sprite, -SPRITE_WIDTH / 2, -SPRITE_LENGTH / 2, SPRITE_WIDTH, SPRITE_LENGTH);
    context.restore();
  }

  /** @param {Car} own */
  #keepSkid(own) {
    const x = own.pose.x - Math.sin(own.pose.yaw) * 1.3;
    const y = -own.pose.z + Math.cos(own.pose.yaw) * 1.3;
    const moved = Math.hypot(x - this.lastX, y - this.lastY);
    if (own.slide > SKID_FROM && moved > 0.2 && moved < 4) {
      const at = this.skidNext * 4;
      this.skids[at] = this.lastX;
      this.skids[at + 1] = this.lastY;
      this.skids[at + 2] = x;
      this.skids[at + 3] = y;
      this.skidNext = (this.skidNext + 1) % MAX_SKIDS;
      this.skidCount = Math.min(this.skidCount + 1, MAX_SKIDS);
    }
    if (!(moved <= 0.2)) {
      this.lastX = x;
      this.lastY = y;
    }
  }

  #drawSkids() {
    if (this.skidCount === 0) return;
    const { context, skids } = this;
    context.beginPath();
    for (let i = 0; i < this.skidCount * 4; i += 4) {
      const dx = skids[i + 2] - skids[i];
      const dy = skids[i + 3] - skids[i + 1];
      const length = Math.hypot(dx, dy) || 1;
      const sideX = (-dy / length) * 0.8;
      const sideY = (dx / length) * 0.8;
      context.moveTo(skids[i] + sideX, skids[i + 1] + sideY);
      context.lineTo(skids[i + 2] + sideX, skids[i + 3] + sideY);
      context.moveTo(skids[i] - sideX, skids[i + 1] - sideY);
      context.lineTo(skids[i + 2] - sideX, skids[i + 3] - sideY);
    }
    context.strokeStyle = "rgba(10, 11, 13, 0.34)";
    context.lineWidth = 0.3;
    context.stroke();
  }
}
