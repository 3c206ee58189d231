// One frame of the live map: ground, trails, cars, tags. Reads the cars, changes nothing in them, and makes no
// garbage: ground, cars and tags are copied from pictures painted before.

import { context2d, fitCanvas } from "../element.js";
import { CHOSEN_RADIUS, lostSprite, MARKER_RADIUS, markerSprite, numberSprite } from "../map/marks.js";
import { DARK, LIGHT, OVERLAY } from "../map/palette.js";
import { CarPictures, SPRITE_LENGTH } from "../map/sprites.js";
import { rankOf, Tags } from "../map/tags.js";
import { Ground } from "./ground.js";
import { paintGrid, Ribbon } from "./ribbon.js";
import { Trails } from "./trails.js";

/** @typedef {import("./cars.js").CarView} CarView */
/** @typedef {import("./cars.js").Cars} Cars */
/** @typedef {import("./camera.js").ViewCamera} ViewCamera */
/** @typedef {import("../livery.js").Livery} Livery */

/** From this zoom cars are drawn as cars, below the other one as markers; CSS pixels per metre. */
const CARS_FROM_ZOOM = 5.7;
const MARKERS_FROM_ZOOM = 5.1;
/** A car is never drawn shorter than this, CSS pixels. */
const CAR_PIXELS = 48;
/** Car pictures are painted for multiples of this many pixels per metre. */
const SPRITE_STEP = 6;
/** Liveries with pictures; players come and go, and beyond it all are painted anew. */
const MAX_LIVERIES = 512;
/** A click this near picks a car; fingers need that much. CSS pixels. */
const PICK_PIXELS = 22;
/** Beyond the view by this much a car is not drawn. */
const BEYOND_PIXELS = 60;
/** The chosen car is never fainter than this, nor a marker's number. */
const CHOSEN_ALPHA = 0.75;

export class Painter {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {ViewCamera} camera
   */
  constructor(canvas, camera) {
    this.canvas = canvas;
    this.context = context2d(canvas);
    this.camera = camera;
    this.density = 1;
    this.reducedMotion = false;
    this.trails = new Trails();
    this.ground = new Ground();
    this.tags = new Tags();
    /** @type {Ribbon | null} */
    this.ribbon = null;
    this.theme = "light";
    this.overVideo = false;
    this.palette = LIGHT;
    this.areCars = false;
    /** Pixels of a car's picture: markers are painted for theirs, bodies in metres. */
    this.turnScale = 1;
    this.pictures = new CarPictures();
    /** @type {Map<Livery, HTMLCanvasElement>} */
    this.markers = new Map();
    /** @type {Map<Livery, HTMLCanvasElement>} */
    this.numbers = new Map();
    /** The chosen car's marker and number. @type {{ livery: Livery, marker: HTMLCanvasElement, number: HTMLCanvasElement } | null} */
    this.chosen = null;
    /** @type {HTMLCanvasElement | null} */
    this.lost = null;
    /** Cars from the last place to the first, so that those ahead are painted over the others. @type {CarView[]} */
    this.order = [];
  }

  /** Whether nothing is painted behind the track. */
  get transparent() {
    return this.overVideo;
  }

  set transparent(wanted) {
    if (wanted === this.overVideo) return;
    this.overVideo = wanted;
    this.#repaint();
  }

  /** @param {import("./ribbon.js").Course | null} circuit  null while none is known */
  setCircuit(circuit) {
    this.ribbon = circuit === null ? null : new Ribbon(circuit);
    this.#repaint();
  }

  /** @param {"light" | "dark"} theme */
  useTheme(theme) {
    if (theme === this.theme) return;
    this.theme = theme;
    this.#repaint();
  }

  /** Fit the canvas to its box; the camera is resized by its owner. */
  resize() {
    const density = fitCanvas(this.canvas);
    if (density === 0) return;
    this.density = density;
    this.#repaint();
  }

  /**
   * @param {Cars} cars
   * @param {string} selectedId  "" for none
   * @param {number} step  seconds since the last frame
   */
  draw(cars, selectedId, step) {
    if (this.ground.paint === null) this.#repaint();
    const { context, camera, density } = this;
    const { list } = cars;
    const chosen = selectedId === "" ? undefined : cars.find(selectedId);
    this.ground.draw(context, camera, density);
    camera.apply(context, density);
    this.trails.draw(context, list, chosen, camera.zoom);
    this.#choosePictures();
    this.#sortCars(list);
    for (let i = 0; i < this.order.length; i += 1) {
      if (this.order[i] !== chosen) this.#car(this.order[i], false);
    }
    if (chosen !== undefined) this.#car(chosen, true);
    context.setTransform(1, 0, 0, 1, 0, 0);
    const { labels } = this.tags;
    if (this.areCars) labels.radius = this.carScale * 2.7;
    else labels.radius = chosen === undefined ? MARKER_RADIUS + 3 : CHOSEN_RADIUS + 4;
    this.tags.draw(context, this.order, chosen, camera, step, this.reducedMotion);
  }

  /**
   * The car at a point of the canvas: the nearest one, or the one whose name is there.
   * @param {number} sx  CSS pixels
   * @param {number} sy
   * @returns {CarView | null}
   */
  pick(sx, sy) {
    let best = null;
    const { labels } = this.tags;
    let nearest = Math.max(PICK_PIXELS, labels.radius);
    for (const car of this.order) {
      const distance = Math.hypot(labels.x[car.index] - sx, labels.y[car.index] - sy);
      if (distance >= nearest) continue;
      nearest = distance;
      best = car;
    }
    if (best !== null && nearest < MARKER_RADIUS) return best;
    return this.order.find((car) => this.tags.isAt(car.index, sx, sy)) ?? best;
  }

  #repaint() {
    const { ribbon } = this;
    const palette = this.overVideo ? OVERLAY : this.theme === "dark" ? DARK : LIGHT;
    this.palette = palette;
    const bounds = ribbon?.course.bounds ?? this.camera.bounds;
    this.ground.use((context, box, zoom, isCoarse) => {
      paintGrid(context, box, zoom, palette);
      ribbon?.paint(context, zoom, palette, !isCoarse);
    }, bounds);
    this.tags.use(palette, this.density);
    this.#forget();
    this.lost = null;
  }

  /** Paint cars anew. */
  #forget() {
    this.markers.clear();
    this.numbers.clear();
    this.pictures.clear();
    this.chosen = null;
  }

  /** Cars or markers, and for which resolution. */
  #choosePictures() {
    const { zoom } = this.camera;
    if (this.markers.size > MAX_LIVERIES || this.pictures.plain.size > MAX_LIVERIES) this.#forget();
    this.areCars = zoom > (this.areCars ? MARKERS_FROM_ZOOM : CARS_FROM_ZOOM);
    this.turnScale = this.areCars ? this.carScale * this.density : 1;
    if (!this.areCars || (this.camera.isMoving && this.pictures.scale > 0)) return;
    this.pictures.use(Math.ceil((this.carScale * this.density) / SPRITE_STEP) * SPRITE_STEP);
  }

  /** CSS pixels per metre of a car. */
  get carScale() {
    return Math.max(this.camera.zoom, CAR_PIXELS / SPRITE_LENGTH);
  }

  /** @param {readonly CarView[]} list */
  #sortCars(list) {
    const { order } = this;
    order.length = list.length;
    for (let i = 0; i < list.length; i += 1) {
      const car = list[i];
      let at = i;
      while (at > 0 && rankOf(order[at - 1]) < rankOf(car)) {
        order[at] = order[at - 1];
        at -= 1;
      }
      order[at] = car;
    }
  }

  /**
   * @param {CarView} car
   * @param {boolean} isChosen
   */
  #car(car, isChosen) {
    const { camera, tags } = this;
    tags.locate(car, camera);
    const x = tags.labels.x[car.index];
    const y = tags.labels.y[car.index];
    if (x < -BEYOND_PIXELS || x > camera.width + BEYOND_PIXELS) return;
    if (y < -BEYOND_PIXELS || y > camera.height + BEYOND_PIXELS) return;
    if (this.areCars) this.#body(car, isChosen);
    else this.#marker(car, isChosen);
    if (!car.stale) return;
    this.lost ??= lostSprite(this.density, MARKER_RADIUS);
    this.#upright(this.lost, car.index);
  }

  /**
   * @param {CarView} car
   * @param {boolean} isChosen
   */
  #body(car, isChosen) {
    const { context } = this;
    this.#turn(car);
    context.globalAlpha = isChosen ? Math.max(car.alpha, CHOSEN_ALPHA) : car.alpha;
    this.pictures.draw(context, car.livery, isChosen);
    context.globalAlpha = 1;
  }

  /**
   * @param {CarView} car
   * @param {boolean} isChosen
   */
  #marker(car, isChosen) {
    const { context, density } = this;
    const { livery } = car;
    let marker = this.markers.get(livery);
    let number = this.numbers.get(livery);
    if (isChosen) {
      if (this.chosen?.livery !== livery) {
        marker = markerSprite(livery, density, true);
        number = numberSprite(livery, density, true);
        this.chosen = { livery, marker, number };
      }
      ({ marker, number } = this.chosen);
    } else if (marker === undefined || number === undefined) {
      marker = markerSprite(livery, density, false);
      number = numberSprite(livery, density, false);
      this.markers.set(livery, marker);
      this.numbers.set(livery, number);
    }
    context.globalAlpha = isChosen ? Math.max(car.alpha, CHOSEN_ALPHA) : car.alpha;
    this.#turn(car);
    context.drawImage(marker, -marker.width / 2, -marker.height / 2);
    context.globalAlpha = Math.max(car.alpha, CHOSEN_ALPHA);
    this.#upright(number, car.index);
    context.globalAlpha = 1;
  }

  /**
   * @param {CarView} car
   */
  #turn({ index, yaw }) {
    const { density, tags } = this;
    const cos = Math.cos(yaw) * this.turnScale;
    const sin = Math.sin(yaw) * this.turnScale;
    this.context.setTransform(
      cos,
      sin,
      -sin,
      cos,
      tags.labels.x[index] * density,
      tags.labels.y[index] * density,
    );
  }

  /**
   * @param {HTMLCanvasElement} picture
   * @param {number} index  of the car
   */
  #upright(picture, index) {
    const { context, density, tags } = this;
    context.setTransform(1, 0, 0, 1, tags.labels.x[index] * density, tags.labels.y[index] * density);
    context.drawImage(picture, -picture.width / 2, -picture.height / 2);
  }
}
