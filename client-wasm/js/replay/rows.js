// Where the cars of a recording are at any moment: between two records of theirs, as a client's own sample would be.
import { CAR_STRIDE } from "../core.js";
import { CAR_BYTES, readCar, yawOf } from "../recorder/row.js";

/** Two records that are further apart say nothing about between: the page was hidden, or the car was gone. */
const MAX_GAP_MS = 1500;
/** Further than this is a jump, not a drive, as for the spectators of docs/protocol.md. */
const JUMP_METRES = 15;
const JUMP_METRES_PER_SECOND = 200;
/** A slot is one byte. */
const MAX_CARS = 255;

export class Rows {
  /** As `sample()` of a core gives them. */
  rows = new Float32Array(MAX_CARS * CAR_STRIDE);
  count = 0;
  #recording;
  #records;
  /** The record before the moment, and the one behind it. */
  #before = new Moment();
  #after = new Moment();

  /**
   * @param {import("./recording.js").Recording} recording
   * @param {import("./recording.js").Column} records
   */
  constructor(recording, records) {
    this.#recording = recording;
    this.#records = records;
  }

  /**
   * @param {number} atMs
   * @param {(slot: number) => boolean} isThere
   */
  sample(atMs, isThere) {
    this.count = 0;
    const place = this.#recording.last(this.#records, atMs);
    if (place < 0) return this.rows;
    this.#before.load(this.#recording, this.#records.at(place));
    const next = place + 1 < this.#records.length ? this.#records.at(place + 1) : -1;
    this.#after.load(this.#recording, next);
    const gapMs = this.#after.atMs - this.#before.atMs;
    const part = gapMs > 0 && gapMs <= MAX_GAP_MS ? (atMs - this.#before.atMs) / gapMs : 0;
    for (let car = 0; car < this.#before.count; car += 1) {
      const from = car * CAR_STRIDE;
      const slot = this.#before.rows[from];
      if (isThere(slot)) this.#fill(from, part > 0 ? this.#after.rowOf(slot) : -1, part, gapMs / 1000);
    }
    return this.rows;
  }

  /**
   * @param {number} from  of the row before
   * @param {number} to  of the row behind; −1 where there is none
   * @param {number} part  of the way
   * @param {number} gapSeconds
   */
  #fill(from, to, part, gapSeconds) {
    const [a, b, out] = [this.#before.rows, this.#after.rows, this.rows];
    const at = this.count * CAR_STRIDE;
    this.count += 1;
    for (let column = 0; column < CAR_STRIDE; column += 1) out[at + column] = a[from + column];
    if (to < 0) return;
    const metres = Math.hypot(b[to + 1] - a[from + 1], b[to + 2] - a[from + 2], b[to + 3] - a[from + 3]);
    if (metres > JUMP_METRES && metres > JUMP_METRES_PER_SECOND * gapSeconds) return;
    const between = (/** @type {number} */ column) =>
      a[from + column] + (b[to + column] - a[from + column]) * part;
    for (const column of [1, 2, 3, 8]) out[at + column] = between(column);
    turn(a, from + 4, b, to + 4, part, out, at + 4);
    out[at + 11] = yawOf(out[at + 4], out[at + 5], out[at + 6], out[at + 7]);
  }
}

/** The cars of one record, read once. */
class Moment {
  atMs = 0;
  count = 0;
  rows = new Float32Array(MAX_CARS * CAR_STRIDE);
  #record = -1;

  /**
   * @param {import("./recording.js").Recording} recording
   * @param {number} record  −1: none
   */
  load(recording, record) {
    if (record === this.#record) return;
    this.#record = record;
    this.count = 0;
    if (record < 0) return;
    const view = recording.payload(record);
    this.atMs = recording.timeMs(record);
    this.count = view.byteLength / CAR_BYTES;
    for (let car = 0; car < this.count; car += 1) readCar(view, car * CAR_BYTES, this.rows, car * CAR_STRIDE);
  }

  /** @param {number} slot @returns {number} where its row begins; −1: it has none */
  rowOf(slot) {
    for (let car = 0; car < this.count; car += 1) {
      if (this.rows[car * CAR_STRIDE] === slot) return car * CAR_STRIDE;
    }
    return -1;
  }
}

/**
 * The shorter way from one turn to another: the straight line, of length one again.
 * @param {Float32Array} a
 * @param {number} from
 * @param {Float32Array} b
 * @param {number} to
 * @param {number} part
 * @param {Float32Array} out
 * @param {number} at
 */
function turn(a, from, b, to, part, out, at) {
  let dot = 0;
  for (let axis = 0; axis < 4; axis += 1) dot += a[from + axis] * b[to + axis];
  const sign = dot < 0 ? -1 : 1;
  let squares = 0;
  for (let axis = 0; axis < 4; axis += 1) {
    const value = a[from + axis] * (1 - part) + sign * b[to + axis] * part;
    out[at + axis] = value;
    squares += value * value;
  }
  const length = Math.sqrt(squares) || 1;
  for (let axis = 0; axis < 4; axis += 1) out[at + axis] /= length;
}
