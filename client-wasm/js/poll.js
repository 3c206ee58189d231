// What is done at regular intervals: asking, never twice at once, and sending the position of a car that stands.

import { PAGE_CLOCK } from "./clock.js";

export class Poll {
  #ask;
  #pauseMs;
  #clock;
  /** @type {unknown} */
  #timer;
  #running = false;
  #asking = false;
  #again = false;

  /**
   * @param {() => Promise<unknown>} ask  must handle its own failures
   * @param {number | (() => number)} pauseMs  the pause between an answer and the next request
   * @param {import("./clock.js").Clock} [clock]
   */
  constructor(ask, pauseMs, clock = PAGE_CLOCK) {
    this.#ask = ask;
    this.#pauseMs = typeof pauseMs === "number" ? () => pauseMs : pauseMs;
    this.#clock = clock;
  }

  /** Begin with a pause. */
  start() {
    if (this.#running) return;
    this.#running = true;
    this.#pause();
  }

  stop() {
    this.#running = false;
    this.#clock.clearTimeout(this.#timer);
  }

  /** Ask at once. While a request is under way, ask once more after its answer. */
  now() {
    if (!this.#running) return;
    if (this.#asking) this.#again = true;
    else void this.#turn();
  }

  async #turn() {
    this.#clock.clearTimeout(this.#timer);
    this.#asking = true;
    this.#again = false;
    try {
      await this.#ask();
    } catch {
      // `ask` handles its own failures.
    }
    this.#asking = false;
    if (!this.#running) return;
    if (this.#again) void this.#turn();
    else this.#pause();
  }

  #pause() {
    if (this.#asking) return;
    this.#timer = this.#clock.setTimeout(() => void this.#turn(), this.#pauseMs());
  }
}

/** How often the position of a car that stands is sent. Others drop a car that is silent for some seconds. */
export const STANDING_MS = 1000;

/** @typedef {Parameters<import("./core.js").Core["sendUpdate"]>} OwnPose */

/** Sends the newest position of the own car again while no newer one comes. Used beside the session: by a room, or in a worker. */
export class Standing {
  /** The newest position: x, y, z and the quaternion. @type {Float64Array | undefined} */
  #pose;
  #moved = false;
  #poll;

  /**
   * @param {(...pose: OwnPose) => void} send
   * @param {import("./clock.js").Clock} [clock]
   */
  constructor(send, clock) {
    const stand = async () => {
      const [x, y, z, qx, qy, qz, qw] = this.#pose ?? [];
      if (!this.#moved) send(x, y, z, qx, qy, qz, qw);
      this.#moved = false;
    };
    this.#poll = new Poll(stand, STANDING_MS, clock);
  }

  /**
   * Take the newest position. It is sent again only after `start()`.
   * @param {OwnPose} pose
   */
  take(...pose) {
    (this.#pose ??= new Float64Array(7)).set(pose);
    this.#moved = true;
  }

  /** Begin, or go on, with the position taken last. */
  start() {
    if (this.#pose) this.#poll.start();
  }

  stop() {
    this.#poll.stop();
  }
}
