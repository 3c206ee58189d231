// Sends the newest position of the own car again while no newer one comes. Used beside the session: by a room, or in a worker.

import { Poll } from "./poll.js";

/** How often. Others drop a car that is silent for some seconds. */
export const STANDING_MS = 1000;

/** @typedef {Parameters<import("./core.js").Core["sendUpdate"]>} OwnPose */

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
