// Wheels and gamepads without the standard mapping: keeps the player's own mapping, and learns it.

import { keep, recall } from "./keep.js";

/** @typedef {Pick<Gamepad, "axes" | "buttons">} Device */
/** @typedef {{ at: number, rest: number, full: number }} Control  `at` counts the axes first, then the buttons */
/** @typedef {{ steer: Control, throttle: Control, brake: Control }} Mapping */

/** The `localStorage` key of the mappings, by gamepad id. */
const KEPT = "race-pads";
/** A control moved this far was moved on purpose; from stop to stop it is 2. */
const MEANT = 0.5;
/** A control counts as released after this many frames without movement. */
const STILL_LOOKS = 12;
const STILL = 0.02;

/** @param {string} id @returns {Mapping | undefined} */
export function mappingOf(id) {
  return recall(KEPT, "localStorage")?.[id];
}

/**
 * @param {string} id
 * @param {Mapping} mapping
 */
export function keepMapping(id, mapping) {
  keep(KEPT, { ...recall(KEPT, "localStorage"), [id]: mapping }, "localStorage");
}

/** The first gamepad that needs a mapping. */
export function padWithoutMapping() {
  return (navigator.getGamepads?.() ?? []).find((pad) => pad && pad.mapping !== "standard") ?? null;
}

/**
 * How far a control is from its rest position: 1 is all the way, -1 all the way to the other side.
 * @param {Device} device
 * @param {Control} control
 */
export function amount(device, { at, rest, full }) {
  return Math.max(-1, Math.min(1, (valueAt(device, at) - rest) / (full - rest)));
}

/**
 * @param {Device} device
 * @param {number} at
 */
function valueAt({ axes, buttons }, at) {
  return at < axes.length ? axes[at] : (buttons[at - axes.length]?.value ?? 0);
}

/** @param {Device} device @returns {number[]}  of the axes, then of the buttons */
const values = ({ axes, buttons }) => [...axes, ...buttons.map(({ value }) => value)];

/** Learns one control, which the player moves all the way and lets go. */
export class Learner {
  /** @type {number[]} */
  #before;
  #at = -1;
  #extreme = 0;
  #last = NaN;
  #still = 0;

  /**
   * @param {Device} device  with its controls at rest
   * @param {readonly Control[]} [taken]  controls that are already assigned
   */
  constructor(device, taken = []) {
    this.taken = taken.map(({ at }) => at);
    this.#before = values(device);
  }

  /**
   * Look at the device, once a frame.
   * @param {Device} device
   * @returns {Control | null}  null until the control was moved and released
   */
  look(device) {
    const now = values(device);
    for (const [at, value] of now.entries()) {
      const moved = Math.abs(value - this.#before[at]);
      const most = this.#at < 0 ? MEANT : Math.abs(this.#extreme - this.#before[this.#at]);
      if (!(moved > most) || this.taken.includes(at)) continue;
      this.#at = at;
      this.#extreme = value;
    }
    if (this.#at < 0) return null;
    const value = now[this.#at];
    const stands = Math.abs(value - this.#extreme) > MEANT && Math.abs(value - this.#last) < STILL;
    this.#still = stands ? this.#still + 1 : 0;
    this.#last = value;
    return this.#still < STILL_LOOKS ? null : { at: this.#at, rest: value, full: this.#extreme };
  }
}
