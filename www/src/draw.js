// One frame of the race on the canvas. Reads the race, changes nothing in it, and makes no garbage: scenery, cars
// and tags are copied from pictures painted before.

import { context2d, fitCanvas } from "./element.js";
import { MAX_PLACES } from "./map/labels.js";
import { DARK } from "./map/palette.js";
import { beamSprite, CarPictures } from "./map/sprites.js";
import { Tags } from "./map/tags.js";
import { DAY, NIGHT } from "./palette.js";
import { Scenery } from "./scenery.js";
import { Tiles } from "./tiles.js";

/** @typedef {import("./livery.js").Livery} Livery */
/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {import("./car.js").Car} Car */
/** @typedef {import("./field.js").RemoteCar} RemoteCar */

/** Marks of sliding tyres that stay on the road; the oldest give way. */
const MAX_SKIDS = 480;
const SKID_FROM = 0.15;
/** Free of tags around a car. */
const CAR_METRES = 2.7;
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
    this.pictures = new CarPictures();
    /** The own car among those with tags. @type {import("./map/tags.js").NamedCar | null} */
    this.own = null;
    /** All of them; the same array each time. @type {import("./map/tags.js").NamedCar[]} */
    this.cars = [];
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
    const density = fitCanvas(this.canvas);
    if (density === 0) return;
    this.density = density;
    this.camera.resize(this.canvas.clientWidth, this.canvas.clientHeight);
    this.scale = Math.ceil(this.camera.nearZoom * this.density);
    this.forgetCars();
    this.firstTiles = FIRST_TILES;
  }

  /** Paint cars anew: another resolution, or other players. */
  forgetCars() {
    this.pictures.clear();
    this.pictures.use(this.scale);
    this.beam = null;
    this.tags.use(DARK, this.density);
  }

  clearSkids() {
    this.skidCount = this.skidNext = 0;
    this.lastX = NaN;
  }

  /**
   * @param {Car} own
   * @param {Livery} livery
   * @param {readonly RemoteCar[]} cars
   * @param {number} step  seconds since the last frame
   */
  draw(own, livery, cars, step) {
    const { context, camera, density } = this;
    camera.apply(context, density);
    this.#scenery();
    this.#keepSkid(own);
    this.#drawSkids();
    for (let i = 0; i < cars.length; i += 1) this.#car(cars[i], cars[i].alpha);
    this.own ??= { index: MAX_PLACES - 1, name: "", livery, x: 0, z: 0, yaw: 0, stale: false, isOwn: true };
    this.own.x = own.pose.x;
    this.own.z = own.pose.z;
    this.own.yaw = own.pose.yaw;
    this.own.livery = livery;
    this.#car(this.own, 1);
    context.setTransform(1, 0, 0, 1, 0, 0);
    this.#drawTags(cars, this.own, step);
  }

  /**
   * @param {readonly RemoteCar[]} cars
   * @param {import("./map/tags.js").NamedCar} own
   * @param {number} step
   */
  #drawTags(cars, own, step) {
    const { tags, camera, context } = this;
    this.cars.length = cars.length + 1;
    for (let i = 0; i < cars.length; i += 1) this.cars[i] = cars[i];
    this.cars[cars.length] = own;
    for (let i = 0; i < this.cars.length; i += 1) tags.locate(this.cars[i], camera);
    tags.labels.radius = CAR_METRES * camera.zoom;
    tags.draw(context, this.cars, undefined, camera, step, false);
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

  /**
   * @param {import("./map/tags.js").NamedCar} car
   * @param {number} alpha
   */
  #car({ x, z, yaw, livery, isOwn = false }, alpha) {
    const { context } = this;
    context.save();
    context.translate(x, -z);
    context.rotate(yaw);
    context.globalAlpha = alpha;
    if (this.night && alpha === 1) {
      this.beam ??= beamSprite(this.scale / 2);
      context.drawImage(this.beam, -7, -24.2, 14, 22);
    }
    this.pictures.draw(context, livery, isOwn);
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
