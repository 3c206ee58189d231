// The path of each car in the last seconds, coloured by its speed. Points are kept in typed arrays, one ring for each index of
// a snapshot, and drawn by colour in a few strokes, so that any number of cars makes no garbage.

import { CAR_SLOT, CAR_SPEED, CAR_STALE, CAR_STRIDE, CAR_X, CAR_Z } from "./feed.js";
import { MAX_PLACES } from "../map/labels.js";
import { SPEEDS } from "../map/palette.js";

/** @typedef {import("./cars.js").CarView} CarView */
/** @typedef {import("./cars.js").Cars} Cars */
/** @typedef {import("./feed.js").Spectator} Spectator */

/** How much of the past a trail shows if there are few cars, and the most metres of trails that are drawn. */
const SECONDS = 4;
const CARS_AT_FULL_LENGTH = 24;
const LEAST_SECONDS = 1.2;
/** The shortest time between two points. */
const EVERY_MS = 80;
/** Points of one car: enough for the whole time, and some more. */
const POINTS = 64;
/** A playhead that moved further than this between two frames has jumped. At eight times the speed and ten frames a second it
 * moves 800 ms. */
const JUMP_MS = 1500;
/** A car that moved further than this between two points was teleported. */
const JUMP_METRES = 60;
/** The last colour is for the speed of the fastest car, but at least for this speed, in metres a second. */
const LEAST_FASTEST = 25;
/** The steps in which a trail fades. */
const FADES = [0.85, 0.5, 0.24];
const BUCKETS = SPEEDS.length * FADES.length;
/** Widths in CSS pixels. */
const WIDTH = 2.4;
const CHOSEN_WIDTH = 5;
const CHOSEN_EDGE = 8;
const MAX_SEGMENTS = MAX_PLACES * POINTS;

export class Trails {
  constructor() {
    this.seconds = SECONDS;
    this.fastest = LEAST_FASTEST;
    this.lastMs = NaN;
    this.x = new Float32Array(MAX_SEGMENTS);
    this.y = new Float32Array(MAX_SEGMENTS);
    this.speed = new Float32Array(MAX_SEGMENTS);
    this.atMs = new Float64Array(MAX_SEGMENTS);
    /** By index: where the next point goes, and how many there are. */
    this.next = new Uint8Array(MAX_PLACES);
    this.count = new Uint8Array(MAX_PLACES);
    /** The segments of each colour as a linked list: its first segment, and the next of each; −1 ends it. */
    this.first = new Int32Array(BUCKETS);
    this.after = new Int32Array(MAX_SEGMENTS);
    /** Where each car is now, and its trail ends. */
    this.headX = new Float32Array(MAX_PLACES);
    this.headY = new Float32Array(MAX_PLACES);
  }

  clear() {
    this.count.fill(0);
    this.lastMs = NaN;
  }

  /**
   * Keep the current positions of the cars. After a jump of the playhead there are no trails; see `refill`.
   * @param {readonly CarView[]} list
   * @param {number} atMs  the moment shown
   */
  push(list, atMs) {
    if (!(atMs >= this.lastMs && atMs - this.lastMs < JUMP_MS)) this.clear();
    this.lastMs = atMs;
    for (let i = 0; i < list.length; i += 1) {
      const car = list[i];
      if (car.stale) this.count[car.index] = 0;
      else this.#keep(car.index, car.x, -car.z, car.speed, atMs);
    }
  }

  /**
   * Read the trails from the history, so that they are there at once after a jump. Earlier samples are no longer valid.
   * @param {Spectator} spectator
   * @param {Cars} _cars
   * @param {number} atMs  the moment that will be shown
   */
  refill(spectator, _cars, atMs) {
    this.clear();
    const from = Math.max(atMs - SECONDS * 1000, spectator.startMs);
    if (!(from <= atMs)) return;
    const steps = Math.floor((atMs - from) / 100);
    for (let step = steps; step >= 0; step -= 1) {
      const thenMs = atMs - step * 100;
      const { rows, count } = spectator.sample(thenMs);
      for (let at = 0; at < count * CAR_STRIDE; at += CAR_STRIDE) {
        if (rows[at + CAR_STALE] !== 0) this.count[rows[at + CAR_SLOT]] = 0;
        else {
          this.#keep(rows[at + CAR_SLOT], rows[at + CAR_X], -rows[at + CAR_Z], rows[at + CAR_SPEED], thenMs);
        }
      }
    }
    this.lastMs = atMs;
  }

  /**
   * @param {number} index
   * @param {number} x
   * @param {number} y
   * @param {number} speed
   * @param {number} atMs
   */
  #keep(index, x, y, speed, atMs) {
    if (!(index < MAX_PLACES)) return;
    this.headX[index] = x;
    this.headY[index] = y;
    if (speed > this.fastest) this.fastest = speed;
    if (this.count[index] > 0) {
      const last = index * POINTS + ((this.next[index] + POINTS - 1) % POINTS);
      const moved = Math.abs(x - this.x[last]) + Math.abs(y - this.y[last]);
      if (moved > JUMP_METRES || atMs - this.atMs[last] > JUMP_MS) this.count[index] = 0;
      else if (atMs - this.atMs[last] < EVERY_MS) return;
    }
    const at = index * POINTS + this.next[index];
    this.x[at] = x;
    this.y[at] = y;
    this.speed[at] = speed;
    this.atMs[at] = atMs;
    this.next[index] = (this.next[index] + 1) % POINTS;
    if (this.count[index] < POINTS) this.count[index] += 1;
  }

  /**
   * @param {CanvasRenderingContext2D} context  in map metres
   * @param {readonly CarView[]} list
   * @param {CarView | undefined} chosen
   * @param {number} zoom  CSS pixels per metre
   */
  draw(context, list, chosen, zoom) {
    if (Number.isNaN(this.lastMs)) return;
    const share = Math.min(1, CARS_AT_FULL_LENGTH / Math.max(list.length, 1));
    const seconds = Math.min(this.seconds, Math.max(LEAST_SECONDS, SECONDS * share));
    context.lineJoin = "round";
    context.lineCap = "butt";
    this.first.fill(-1);
    for (let i = 0; i < list.length; i += 1) {
      if (list[i] !== chosen) this.#sort(list[i], seconds);
    }
    // Many trails must not hide the track.
    this.#stroke(context, WIDTH / zoom, 0.45 + 0.35 * share);
    if (chosen === undefined) return;
    this.first.fill(-1);
    this.#sort(chosen, this.seconds);
    context.lineCap = "round";
    this.#edge(context, zoom);
    this.#stroke(context, CHOSEN_WIDTH / zoom, 1.15);
  }

  /**
   * Put the segments of a car into the lists of their colours.
   * @param {CarView} car
   * @param {number} seconds
   */
  #sort(car, seconds) {
    const { index } = car;
    const base = index * POINTS;
    for (let i = 0; i < this.count[index]; i += 1) {
      const at = base + ((this.next[index] + 2 * POINTS - 1 - i) % POINTS);
      const age = (this.lastMs - this.atMs[at]) / (seconds * 1000);
      if (age >= 1) return;
      const fade = Math.min(FADES.length - 1, Math.floor(age * FADES.length));
      const tone = Math.min(SPEEDS.length - 1, Math.floor((this.speed[at] / this.fastest) * SPEEDS.length));
      const bucket = fade * SPEEDS.length + Math.max(tone, 0);
      this.after[at] = this.first[bucket];
      this.first[bucket] = at;
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} width
   * @param {number} strength
   */
  #stroke(context, width, strength) {
    context.lineWidth = width;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      if (this.first[bucket] < 0) continue;
      const fade = Math.floor(bucket / SPEEDS.length);
      context.globalAlpha = Math.min(1, FADES[fade] * strength);
      context.strokeStyle = SPEEDS[bucket % SPEEDS.length];
      context.beginPath();
      this.#trace(context, bucket);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  /**
   * Trace the segments of a colour: each from its point to the next, the newest to where the car is now.
   * @param {CanvasRenderingContext2D} context
   * @param {number} bucket
   */
  #trace(context, bucket) {
    let end = -1;
    for (let at = this.first[bucket]; at >= 0; at = this.after[at]) {
      const index = Math.floor(at / POINTS);
      const next = index * POINTS + ((at + 1) % POINTS);
      if (at !== end) context.moveTo(this.x[at], this.y[at]);
      end = next;
      if (next === index * POINTS + this.next[index]) context.lineTo(this.headX[index], this.headY[index]);
      else context.lineTo(this.x[next], this.y[next]);
    }
  }

  /**
   * Draw a dark edge under the trail of the chosen car, so that it stands out.
   * @param {CanvasRenderingContext2D} context
   * @param {number} zoom
   */
  #edge(context, zoom) {
    context.beginPath();
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      this.#trace(context, bucket);
    }
    context.lineWidth = CHOSEN_EDGE / zoom;
    context.globalAlpha = 0.4;
    context.strokeStyle = "#08090c";
    context.stroke();
    context.globalAlpha = 1;
  }
}
