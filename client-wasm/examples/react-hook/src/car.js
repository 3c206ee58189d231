// The own car: a few lines of physics, enough to have something to send.

/** In m/s², but for the last, which is what the air takes of each m/s. */
const [THRUST, BRAKES, GRIP, DRAG] = [11, 18, 13, 0.2];
/** The tightest bend in metres, and the fastest backwards in m/s. */
const [TIGHTEST, REVERSE] = [7, 6];

/** What the driver does: steering −1 (left) to 1, the others 0 to 1. @typedef {{ steering: number, throttle: number, brake: number }} Controls */

export class Car {
  speed = 0;

  /** @param {{ x: number, z: number, yaw: number }} place */
  constructor({ x, z, yaw }) {
    this.x = x;
    this.z = z;
    this.yaw = yaw;
  }

  /**
   * Go on for a moment.
   * @param {Controls} controls
   * @param {number} seconds
   */
  drive({ steering, throttle, brake }, seconds) {
    const braking = this.speed > 0 ? BRAKES : THRUST / 2;
    this.speed += (throttle * THRUST - brake * braking - DRAG * this.speed) * seconds;
    this.speed = Math.max(this.speed, -REVERSE);
    // The radius grows with the speed, or the tyres would slip.
    const radius = Math.max(TIGHTEST, this.speed ** 2 / GRIP);
    this.yaw += (steering * this.speed * seconds) / radius;
    this.x += Math.sin(this.yaw) * this.speed * seconds;
    this.z += Math.cos(this.yaw) * this.speed * seconds;
  }

  /** As `room.sendState` takes it: the turn about the upright axis is a quaternion. */
  get state() {
    return {
      position: { x: this.x, y: 0, z: this.z },
      rotation: { x: 0, y: Math.sin(this.yaw / 2), z: 0, w: Math.cos(this.yaw / 2) },
    };
  }
}
