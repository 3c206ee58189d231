// Whether a circuit is the one that is being driven.

/** @typedef {import("./circuit.js").Circuit} Circuit */

/** Further from the line than this, a car is elsewhere; a pit lane is nearer. */
const OFF_METRES = 40;
const MOVING_SPEED = 5;
/** Judged from so much time, of which cars moved in at least so many looks. */
const WINDOW_MS = 20_000;
const MIN_LOOKS = 50;

export class Fit {
  /** @param {Circuit} circuit */
  constructor(circuit) {
    this.circuit = circuit;
    this.fits = true;
    this.at = { s: 0, lateral: 0, index: 0, x: 0, z: 0 };
    /** Start of the window; NaN before the first look. */
    this.beganMs = NaN;
    this.looks = 0;
    this.off = 0;
  }

  /** @param {number} atMs */
  #begin(atMs) {
    this.beganMs = atMs;
    this.looks = 0;
    this.off = 0;
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {number} speed
   * @param {number} atMs
   */
  look(x, z, speed, atMs) {
    if (!(speed >= MOVING_SPEED)) return;
    if (!(atMs >= this.beganMs)) this.#begin(atMs);
    if (atMs - this.beganMs >= WINDOW_MS) this.#judge(atMs);
    this.looks += 1;
    this.circuit.project(x, z, this.at);
    if (Math.abs(this.at.lateral) > OFF_METRES) this.off += 1;
  }

  /** @param {number} atMs */
  #judge(atMs) {
    if (this.looks >= MIN_LOOKS && this.off > this.looks / 2) this.fits = false;
    this.#begin(atMs);
  }
}
