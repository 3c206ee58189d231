// The datagrams of one client: its own places and controls on their way up, the others' on their way down, and the cars
// that come of them.

import { Cars, EXPIRY_MS } from "./cars.js";
import { failure } from "./failure.js";
import { Pacer } from "./pacer.js";
import { Traffic } from "./traffic.js";

/** @typedef {import("./room.js").Player} Player */
/** @typedef {import("./room.js").Pose} Pose */
/** @typedef {import("./room.js").Controls} Controls */

/**
 * @typedef {object} Line  the client's own side
 * @property {import("../clock.js").Clock} clock
 * @property {(arrive: () => void) => void} up
 * @property {() => Player | undefined} player
 * @property {() => void} look  let `expire` be called after a while
 * @property {<T extends "carJoined" | "carLeft" | "input">(type: T, event: import("../core.js").CoreEvents[T]) => void} tell
 */

const DEFAULT_HZ = 20;
const MAX_HZ = 60;
/** Looked at five times while a car's time runs out: it goes at most a fifth too late. */
export const LOOK_MS = EXPIRY_MS / 5;

export class Datagrams {
  #line;
  #updates;
  #inputs;
  #sent = new Traffic();
  #received = new Traffic();
  #isLooking = false;
  cars;

  /**
   * @param {Line} line
   * @param {number} [updateHz]
   */
  constructor(line, updateHz = DEFAULT_HZ) {
    if (!(updateHz >= 1 && updateHz <= MAX_HZ)) {
      throw failure("invalid_argument", `option updateHz must be a number from 1 to ${MAX_HZ}`);
    }
    this.#line = line;
    this.cars = new Cars(line.tell);
    this.#updates = new Pacer(updateHz, line.clock, (/** @type {Pose} */ pose) => {
      const sentMs = line.clock.now();
      this.#spread((id) => ({ type: "update", id, pose, sentMs }));
    });
    this.#inputs = new Pacer(updateHz, line.clock, (/** @type {Controls} */ controls) =>
      this.#spread((id) => ({ type: "input", id, controls })),
    );
  }

  /** Says whether it went now. @param {Pose} pose  its turn of any length */
  offerPose({ x, y, z, qx, qy, qz, qw }) {
    const length = Math.hypot(qx, qy, qz, qw);
    return this.#updates.offer({
      x,
      y,
      z,
      qx: qx / length,
      qy: qy / length,
      qz: qz / length,
      qw: qw / length,
    });
  }

  /** Says whether they went now. @param {Controls} controls  limited to what they can be */
  offerControls({ steering, throttle, brake }) {
    return this.#inputs.offer({
      steering: clamp(steering, -1),
      throttle: clamp(throttle, 0),
      brake: clamp(brake, 0),
    });
  }

  /** @param {Extract<import("./room.js").Push, { type: "update" | "input" }>} push */
  receive(push) {
    const nowMs = this.#line.clock.now();
    this.#received.add(nowMs);
    if (push.type === "input") return this.#line.tell("input", { id: push.id, ...push.controls });
    this.cars.arrive(push.id, push.pose, push.sentMs, nowMs);
    this.#look();
  }

  /** Remove cars of which nothing comes any more. */
  expire() {
    this.cars.expire(this.#line.clock.now());
    this.#isLooking = false;
    if (!this.cars.isEmpty) this.#look();
  }

  sample() {
    return this.cars.sample(this.#line.clock.now());
  }

  /** @param {number} lost  on the way down */
  metrics(lost) {
    const nowMs = this.#line.clock.now();
    const [sent, received] = [this.#sent, this.#received];
    return {
      sent: sent.count,
      received: received.count,
      refused: 0,
      lost,
      lossPercent: lost > 0 ? (100 * lost) / (lost + received.count) : 0,
      lossEstimated: true,
      sentPerSecond: sent.perSecond(nowMs),
      receivedPerSecond: received.perSecond(nowMs),
      bytesSent: sent.bytes,
      bytesReceived: received.bytes,
    };
  }

  /** What waits to be sent is dropped: the room it was for is left. */
  silence() {
    this.#updates.reset();
    this.#inputs.reset();
  }

  /** The connection is gone, and with it every timer. */
  end() {
    this.#isLooking = false;
    this.cars.clear();
  }

  #look() {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#line.look();
  }

  /** @param {(id: string) => import("./room.js").Push} make */
  #spread(make) {
    this.#sent.add(this.#line.clock.now());
    this.#line.up(() => {
      const player = this.#line.player();
      player?.room?.spread(player, make(player.id));
    });
  }
}

/**
 * @param {number} value
 * @param {number} low
 */
const clamp = (value, low) => Math.min(Math.max(value, low), 1);
