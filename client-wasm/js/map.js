/**
 * A small map of a race on a canvas: the circuit, the cars with their names, and the own car in the middle.
 *
 * ```js
 * const map = new RaceMap(canvas, { track: await fetchTrack(url) });
 * map.draw(room.cars(now), own); // each frame
 * ```
 * @module mp-server-client/map
 */

import { Track } from "./track.js";

export { Track };

/** @typedef {import("./track.js").Place} Place */
/** @typedef {import("./track.js").Point} Point */
/** @typedef {import("./track.js").TrackFile} TrackFile */
/** @typedef {Place & { slot?: number, name?: string, stale?: boolean }} MapCar  A car to draw: one of `room.cars()` or of your own. */
/**
 * @typedef {object} MapLook  The colours of a map, as CSS has them.
 * @property {string} ground
 * @property {string} track  the road
 * @property {string} line  the middle of the road, and the start
 * @property {string} own  the own car
 * @property {string} name  the names of the cars
 * @property {string[]} cars  the other cars, by their slots
 */
/**
 * @typedef {object} MapOptions  What a map shows, and how.
 * @property {Track | TrackFile | Point[] | null} [track]  the circuit, or the points of its centreline; without one the map draws road where cars have driven
 * @property {"light" | "dark"} [theme]  default: the visitor's own setting
 * @property {Partial<MapLook>} [look]  your own colours
 * @property {number} [nearMetres]  metres across the canvas's shorter side while the map follows the own car; default 130; Infinity: always the whole circuit
 */

const CARS = ["#2e86ab", "#c98a00", "#7b5ea7", "#0f8b6d", "#c2185b", "#5c7c00", "#00838f", "#e4572e"];
/** @type {Record<"light" | "dark" | "forced", MapLook>} */
const LOOKS = {
  light: {
    ground: "#e6ede2",
    track: "#bfc5cb",
    line: "#ffffff",
    own: "#e10600",
    name: "#14161a",
    cars: CARS,
  },
  dark: { ground: "#11161a", track: "#343b44", line: "#7d8794", own: "#ff4d4d", name: "#e6eaf0", cars: CARS },
  forced: {
    ground: "Canvas",
    track: "GrayText",
    line: "Canvas",
    own: "Highlight",
    name: "CanvasText",
    cars: ["CanvasText"],
  },
};
const NEAR_METRES = 130;
const MARGIN_METRES = 25;
const [CAR_METRES, CAR_WIDTH_METRES] = [4.6, 2];
/** A car is never drawn shorter than this, in pixels. */
const SHORTEST_PX = 15;
const STALE_ALPHA = 0.4;
const FONT = "600 12px system-ui, sans-serif";
const MAX_NAME = 24;
/** The road that is learned from cars: its width, the distance between its points, and the distance from which a move is a jump. */
const [LEARNED_METRES, STEP_METRES, JUMP_METRES] = [9, 4, 40];
/** The bounds of the view before there is a circuit or a car. */
const NOWHERE = { left: -100, right: 100, low: -100, high: 100 };

/** A map on a canvas. It has the canvas's layout size and the screen's pixel density. */
export class RaceMap {
  /** May be changed at any time; undefined: the visitor's own setting. @type {"light" | "dark" | undefined} */
  theme;
  #canvas;
  #context;
  #look;
  #nearMetres;
  /** @type {Track | null} */
  #track = null;
  /** The circuit, or where cars have driven. */
  #road = new Path2D();
  /** Without a circuit: the last point of each car's road, by slot. @type {Map<number, { x: number, z: number }>} */
  #driven = new Map();
  /** Without a circuit: the grid cells that already have road. The path must not grow with every lap. @type {Set<string>} */
  #known = new Set();
  #bounds = NOWHERE;
  /** CSS pixels per metre. */
  #scale = 1;
  #dark = matchMedia("(prefers-color-scheme: dark)");
  #forced = matchMedia("(forced-colors: active)");

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {MapOptions} [options]
   */
  constructor(canvas, options) {
    const { track = null, theme, look = {}, nearMetres = NEAR_METRES } = options ?? {};
    this.#canvas = canvas;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.#look = look;
    this.#nearMetres = nearMetres;
    this.theme = theme;
    this.setTrack(track);
  }

  /** Show another circuit. Throws `bad_track` if it is not valid. @param {MapOptions["track"]} track */
  setTrack(track) {
    const file = Array.isArray(track) ? { centreline: track } : /** @type {TrackFile | null} */ (track);
    this.#track = file instanceof Track || !file ? file : new Track(file);
    this.#road = new Path2D();
    this.#driven.clear();
    this.#known.clear();
    this.#bounds = NOWHERE;
    if (!this.#track) return;
    const { centreline } = this.#track;
    for (const [x, z] of centreline) this.#road.lineTo(x, z);
    this.#road.closePath();
    const [xs, zs] = [centreline.map(([x]) => x), centreline.map(([, z]) => z)];
    this.#bounds = {
      left: Math.min(...xs) - MARGIN_METRES,
      right: Math.max(...xs) + MARGIN_METRES,
      low: Math.min(...zs) - MARGIN_METRES,
      high: Math.max(...zs) + MARGIN_METRES,
    };
  }

  /**
   * Draw a frame.
   * @param {Iterable<MapCar>} cars  the others
   * @param {Place | null} [own]  the map follows it; without it the whole circuit is in view
   */
  draw(cars, own = null) {
    const others = [...cars];
    if (!this.#track) for (const car of own ? [...others, own] : others) this.#learn(car);
    const look = { ...LOOKS[this.#lookName()], ...(this.#forced.matches ? {} : this.#look) };
    this.#aim(own, look);
    this.#drawRoad(this.#track?.widthMetres ?? LEARNED_METRES, look);
    for (const car of others) {
      this.#drawCar(car, look.cars[(car.slot ?? 0) % look.cars.length], car.stale ? STALE_ALPHA : 1);
    }
    if (own) this.#drawCar(own, look.own, 1);
    for (const car of others) this.#drawName(car, look.name);
  }

  #lookName() {
    if (this.#forced.matches) return "forced";
    return this.theme ?? (this.#dark.matches ? "dark" : "light");
  }

  /** Extend the bounds to a car, and add its path to the road. @param {MapCar} car */
  #learn({ x, z, slot = -1 }) {
    const last = this.#driven.get(slot);
    const metres = last ? Math.hypot(x - last.x, z - last.z) : Infinity;
    if (metres < STEP_METRES) return;
    this.#driven.set(slot, { x, z });
    const cell = `${Math.round(x / STEP_METRES)} ${Math.round(z / STEP_METRES)}`;
    if (last && metres < JUMP_METRES && !this.#known.has(cell)) {
      this.#known.add(cell);
      this.#road.moveTo(last.x, last.z);
      this.#road.lineTo(x, z);
    }
    const { left, right, low, high } = this.#bounds;
    this.#bounds = {
      left: Math.min(left, x - MARGIN_METRES),
      right: Math.max(right, x + MARGIN_METRES),
      low: Math.min(low, z - MARGIN_METRES),
      high: Math.max(high, z + MARGIN_METRES),
    };
  }

  /**
   * Clear the canvas, and set its coordinates to metres with z upwards.
   * @param {Place | null} own
   * @param {MapLook} look
   */
  #aim(own, look) {
    const [canvas, context] = [this.#canvas, this.#context];
    const pixels = globalThis.devicePixelRatio || 1;
    const [width, height] = [
      Math.round(canvas.clientWidth * pixels),
      Math.round(canvas.clientHeight * pixels),
    ];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const { left, right, low, high } = this.#bounds;
    const whole = Math.min(width / (right - left), height / (high - low));
    const followed = this.#nearMetres < Infinity ? own : null;
    const scale = followed ? Math.max(whole, Math.min(width, height) / this.#nearMetres) : whole;
    const middle = followed ?? { x: (left + right) / 2, z: (low + high) / 2 };
    this.#scale = scale / pixels;
    context.resetTransform();
    context.fillStyle = look.ground;
    context.fillRect(0, 0, width, height);
    context.translate(width / 2, height / 2);
    context.scale(scale, -scale);
    context.translate(-middle.x, -middle.z);
  }

  /**
   * @param {number} widthMetres
   * @param {MapLook} look
   */
  #drawRoad(widthMetres, look) {
    const context = this.#context;
    context.lineCap = "round";
    context.lineJoin = "round";
    context.strokeStyle = look.track;
    context.lineWidth = widthMetres;
    context.stroke(this.#road);
    if (!this.#track) return;
    context.strokeStyle = look.line;
    context.lineWidth = 1.5 / this.#scale;
    context.setLineDash([6, 10]);
    context.stroke(this.#road);
    context.setLineDash([]);
    this.#at(this.#track.at(0), () => {
      context.fillStyle = look.line;
      context.fillRect(-widthMetres / 2, -0.8, widthMetres, 1.6);
    });
  }

  /**
   * @param {Place} place
   * @param {string} colour
   * @param {number} alpha
   */
  #drawCar(place, colour, alpha) {
    const context = this.#context;
    const length = Math.max(CAR_METRES, SHORTEST_PX / this.#scale);
    const width = (CAR_WIDTH_METRES * length) / CAR_METRES;
    this.#at(place, () => {
      context.globalAlpha = alpha;
      context.fillStyle = colour;
      context.beginPath();
      context.roundRect(-width / 2, -length / 2, width, length, width * 0.35);
      context.fill();
      // The windscreen shows where the front is.
      context.fillStyle = "rgb(255 255 255 / 0.7)";
      context.fillRect(-width * 0.32, length * 0.08, width * 0.64, length * 0.16);
    });
  }

  /**
   * @param {MapCar} car
   * @param {string} colour
   */
  #drawName({ x, z, name = "" }, colour) {
    const context = this.#context;
    this.#at({ x, z, yaw: 0 }, () => {
      context.scale(1 / this.#scale, -1 / this.#scale);
      context.font = FONT;
      context.textAlign = "center";
      context.fillStyle = colour;
      context.fillText(name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name, 0, -14);
    });
  }

  /**
   * @param {Place} place
   * @param {() => void} draw
   */
  #at({ x, z, yaw }, draw) {
    const context = this.#context;
    context.save();
    context.translate(x, z);
    context.rotate(-yaw);
    draw();
    context.restore();
  }
}
