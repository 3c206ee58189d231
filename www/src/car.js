// The player's car: a bicycle model with a grip limit, advanced in fixed steps so that it drives the same at any
// frame rate. Pure: controls and a track go in, a pose comes out.

export const STEP_SECONDS = 1 / 120;
/** A longer pause than this (a hidden tab) is dropped instead of being simulated in one go. */
const MAX_FRAME_SECONDS = 0.25;

const GRAVITY = 9.81;
const MASS_KG = 1400;
const WHEELBASE = 2.5;
const FRONT = 1.3;
const REAR = WHEELBASE - FRONT;
const YAW_INERTIA = MASS_KG * 1.45 * 1.45;
export const MAX_STEER = Math.PI / 6;
const POWER_WATTS = 310_000;
const DRIVE_NEWTONS = 11_500;
const REVERSE_NEWTONS = 5_500;
const REVERSE_SPEED = 9;
const BRAKE_NEWTONS = 17_500;
const HANDBRAKE_NEWTONS = 5_500;
const AIR_DRAG = 0.55;
const ROLLING_NEWTONS = 180;
const COASTING_NEWTONS = 700;
/** Slip stiffness and shape of the tyre curve: full grip at about 9 degrees, then a gentle slide. */
const TYRE_STIFFNESS = 13;
const TYRE_SHAPE = 1.45;
/** Slip angle that full steering lock may ask of the front tyres beyond the bend itself. */
const STEER_SLIP = 0.13;
/** Below this speed the wheels simply roll where they point. */
const ROLLING_SPEED = 4;
/** Resists spins a little, as a keyboard cannot catch one. */
const STABILITY = 3.2;
/** Traction control: from this slip of the rear on the engine eases off, as a key knows no half throttle. */
const EASE_FROM = 0.1;
const EASE_PER_RADIAN = 5;
/** Share of the rear grip that driving may take from cornering. */
const MOST_USED = 0.75;
const STEER_PER_SECOND = 3.4;
const STEER_RETURN_PER_SECOND = 5.2;
/** The hull is two circles on the long axis: small enough for a garage, round enough not to catch. */
const HULL_OFFSET = 1.25;
const HULL_RADIUS = 1.02;
const BOUNCE = 0.22;
const SCRAPE = 0.12;
/** A car that a wall has stopped turns along it by itself: radians per second, below a crawl in m/s. */
const TURN_AWAY_RATE = 1.6;
const TURN_AWAY_SPEED = 2.5;

/** @typedef {import("./track.js").Track} Track */
/** @typedef {import("./track.js").Surface} Surface */

/**
 * What the driver asks for. Steering −1 (left) … 1, the others 0 … 1.
 * @typedef {object} Controls
 * @property {number} steering
 * @property {number} throttle
 * @property {number} brake
 * @property {boolean} handbrake
 * @property {boolean} analogue  true when the device already eases the steering itself
 */

/**
 * Grip, and what holds the car back: newtons standing and newtons per m/s.
 * @type {Record<Surface, { grip: number, drag: number, dragPerSpeed: number }>}
 */
const SURFACES = {
  asphalt: { grip: 1.5, drag: 0, dragPerSpeed: 0 },
  kerb: { grip: 1.35, drag: 150, dragPerSpeed: 6 },
  grass: { grip: 0.68, drag: 1300, dragPerSpeed: 125 },
  gravel: { grip: 0.6, drag: 1900, dragPerSpeed: 300 },
};

export class Car {
  constructor() {
    this.x = 0;
    this.z = 0;
    this.yaw = 0;
    /** Velocity in the car's own axes, m/s: forward and to the right. */
    this.forward = 0;
    this.side = 0;
    this.yawRate = 0;
    this.steer = 0;
    /** @type {Surface} */
    this.surface = "asphalt";
    /** How far the rear tyres are past their grip, 0 … 1: for skid marks. */
    this.slide = 0;
    /** Slip angle of the rear tyres in the step before, radians: traction control looks at it. */
    this.rearSlip = 0;
    /** Which way the wall pushes that was hit in the last step; both 0 without one. */
    this.blockedX = 0;
    this.blockedZ = 0;
    this.previousX = 0;
    this.previousZ = 0;
    this.previousYaw = 0;
    /** Simulated time owed to the clock, seconds; always less than one step between frames. */
    this.owed = 0;
    /** Pose between the last two steps, for drawing and sending. */
    this.pose = { x: 0, z: 0, yaw: 0 };
    this.clear = { distance: 0, nx: 0, nz: 0 };
  }

  /** Speed over ground, m/s. */
  get speed() {
    return Math.hypot(this.forward, this.side);
  }

  /**
   * Put the car down, standing.
   * @param {import("./line.js").Place} place
   */
  reset(place) {
    this.x = this.previousX = this.pose.x = place.x;
    this.z = this.previousZ = this.pose.z = place.z;
    this.yaw = this.previousYaw = this.pose.yaw = place.yaw;
    this.forward = this.side = this.yawRate = this.steer = this.owed = 0;
    this.slide = this.rearSlip = 0;
  }

  /**
   * Advance by the time of one frame, in whole steps, and settle the pose to draw.
   * @param {number} seconds
   * @param {Controls} controls
   * @param {Track} track
   */
  advance(seconds, controls, track) {
    this.owed += Math.min(Math.max(seconds, 0), MAX_FRAME_SECONDS);
    while (this.owed >= STEP_SECONDS) {
      this.owed -= STEP_SECONDS;
      this.step(controls, track);
    }
    const part = this.owed / STEP_SECONDS;
    this.pose.x = this.previousX + (this.x - this.previousX) * part;
    this.pose.z = this.previousZ + (this.z - this.previousZ) * part;
    this.pose.yaw = this.previousYaw + (this.yaw - this.previousYaw) * part;
  }

  /**
   * One fixed step.
   * @param {Controls} controls
   * @param {Track} track
   */
  step(controls, track) {
    this.previousX = this.x;
    this.previousZ = this.z;
    this.previousYaw = this.yaw;
    this.surface = track.surface(this.x, this.z);
    this.#turnWheels(controls);
    this.#applyForces(controls, SURFACES[this.surface]);
    this.#move();
    this.blockedX = this.blockedZ = 0;
    this.#hitWalls(track);
    this.#turnAway(controls);
  }

  /**
   * Nose against a wall and foot on the throttle: swing round towards where the driver steers, or else where the wall
   * leads, so that nobody is stuck who does not think of reversing.
   * @param {Controls} controls
   */
  #turnAway({ throttle, steering }) {
    if (throttle === 0 || this.speed > TURN_AWAY_SPEED || (this.blockedX === 0 && this.blockedZ === 0)) {
      return;
    }
    const sin = Math.sin(this.yaw);
    const cos = Math.cos(this.yaw);
    if (this.blockedX * sin + this.blockedZ * cos > -0.2) return;
    const side = steering || this.blockedX * cos - this.blockedZ * sin;
    this.yaw += (side < 0 ? -1 : 1) * TURN_AWAY_RATE * STEP_SECONDS;
    // About the nose, which stays where it touches.
    this.x += HULL_OFFSET * (sin - Math.sin(this.yaw));
    this.z += HULL_OFFSET * (cos - Math.cos(this.yaw));
  }

  /** @param {Controls} controls */
  #turnWheels(controls) {
    const grip = SURFACES[this.surface].grip * GRAVITY;
    const speed = Math.max(Math.abs(this.forward), 1);
    const most = Math.min(MAX_STEER, (WHEELBASE * grip) / (speed * speed) + STEER_SLIP);
    const wanted = controls.steering * most;
    const back = Math.abs(wanted) < Math.abs(this.steer) || wanted * this.steer < 0;
    const rate = controls.analogue ? 12 : back ? STEER_RETURN_PER_SECOND : STEER_PER_SECOND;
    const step = rate * MAX_STEER * STEP_SECONDS;
    this.steer += clamp(wanted - this.steer, -step, step);
  }

  /**
   * @param {Controls} controls
   * @param {{ grip: number, drag: number, dragPerSpeed: number }} ground
   */
  #applyForces(controls, ground) {
    const u = this.forward;
    const load = MASS_KG * GRAVITY * ground.grip;
    const rearLoad = (load * FRONT) / WHEELBASE;
    const frontLoad = load - rearLoad;
    const easing = 1 - clamp((this.rearSlip - EASE_FROM) * EASE_PER_RADIAN, 0, 0.85);
    const drive = clamp(this.#drive(controls), -rearLoad, rearLoad) * easing;
    const braking = this.#braking(controls, load);
    const used = Math.min(Math.abs(drive) / rearLoad, MOST_USED);
    const rearGrip = rearLoad * Math.sqrt(1 - used * used) * (controls.handbrake ? 0.55 : 1.06);

    const rolling = Math.min(Math.abs(u) / ROLLING_SPEED, 1);
    const facing = u < 0 ? -1 : 1;
    const base = Math.max(Math.abs(u), 2);
    const slipFront = Math.atan2(this.side + FRONT * this.yawRate, base) - this.steer * facing;
    const slipRear = Math.atan2(this.side - REAR * this.yawRate, base);
    const front = -frontLoad * tyre(slipFront) * rolling;
    const rear = -rearGrip * tyre(slipRear) * rolling;
    this.rearSlip = Math.abs(slipRear) * rolling;
    this.slide = rolling * clamp((Math.abs(slipRear) - 0.13) * 5, 0, 1);

    const along = drive - front * Math.sin(this.steer) * facing;
    const across = front * Math.cos(this.steer) + rear;
    const moment = FRONT * front * Math.cos(this.steer) - REAR * rear;
    const dt = STEP_SECONDS;
    this.forward += (along / MASS_KG + this.side * this.yawRate) * dt;
    this.side += (across / MASS_KG - u * this.yawRate) * dt;
    this.yawRate += (moment / YAW_INERTIA) * dt;
    this.yawRate -=
      this.yawRate * Math.min(STABILITY * rolling * dt, 1) * Math.min(Math.abs(slipRear) * 4, 1);
    this.#holdBack(braking + this.#resistance(controls, ground));
    this.#roll(1 - rolling);
  }

  /**
   * @param {Controls} controls
   * @returns {number} newtons at the rear wheels
   */
  #drive(controls) {
    const { throttle, brake } = controls;
    if (throttle > 0 && this.forward > -0.5) {
      return throttle * Math.min(DRIVE_NEWTONS, POWER_WATTS / Math.max(this.forward, 1));
    }
    if (brake > 0 && throttle === 0 && this.forward < 0.5 && this.forward > -REVERSE_SPEED) {
      return -brake * REVERSE_NEWTONS;
    }
    return 0;
  }

  /**
   * @param {Controls} controls
   * @param {number} load
   * @returns {number} newtons against the motion
   */
  #braking({ throttle, brake, handbrake }, load) {
    let newtons = handbrake ? HANDBRAKE_NEWTONS : 0;
    if (this.forward > 0.5) newtons += brake * BRAKE_NEWTONS;
    else if (this.forward < -0.5) newtons += throttle * BRAKE_NEWTONS;
    return Math.min(newtons, load);
  }

  /**
   * @param {Controls} controls
   * @param {{ drag: number, dragPerSpeed: number }} ground
   */
  #resistance(controls, ground) {
    const speed = this.speed;
    const idle = controls.throttle === 0 && controls.brake === 0;
    return (
      ROLLING_NEWTONS +
      (idle ? COASTING_NEWTONS : 0) +
      AIR_DRAG * speed * speed +
      ground.drag +
      ground.dragPerSpeed * speed
    );
  }

  /**
   * Take newtons from the speed without ever turning it round.
   * @param {number} newtons
   */
  #holdBack(newtons) {
    const loss = (newtons / MASS_KG) * STEP_SECONDS;
    if (Math.abs(this.forward) <= loss) this.forward = 0;
    else this.forward -= Math.sign(this.forward) * loss;
  }

  /**
   * Follow the wheels without slip; `part` 1 at a standstill, 0 at speed.
   * @param {number} part
   */
  #roll(part) {
    if (part <= 0) return;
    const turn = (this.forward * Math.tan(this.steer)) / WHEELBASE;
    const blend = Math.min(part * 20 * STEP_SECONDS, 1);
    this.yawRate += (turn - this.yawRate) * blend;
    this.side += (REAR * turn - this.side) * blend;
    if (this.forward === 0) this.side *= 0.8;
  }

  #move() {
    const sin = Math.sin(this.yaw);
    const cos = Math.cos(this.yaw);
    this.x += (this.forward * sin + this.side * cos) * STEP_SECONDS;
    this.z += (this.forward * cos - this.side * sin) * STEP_SECONDS;
    this.yaw += this.yawRate * STEP_SECONDS;
  }

  /** @param {Track} track */
  #hitWalls(track) {
    const { walls } = track;
    for (let end = -1; end <= 1; end += 2) {
      this.#hitOuter(track, end);
      for (let i = 0; i < walls.length; i += 1) {
        const wall = walls[i];
        if (this.x < wall.left || this.x > wall.right || this.z < wall.low || this.z > wall.high) continue;
        this.#hitSegment(wall, end);
      }
    }
  }

  /**
   * @param {Track} track
   * @param {number} end  1 for the front circle of the hull, −1 for the rear one
   */
  #hitOuter(track, end) {
    const clear = this.clear;
    const x = this.x + end * HULL_OFFSET * Math.sin(this.yaw);
    const z = this.z + end * HULL_OFFSET * Math.cos(this.yaw);
    track.clearance(x, z, clear);
    if (clear.distance < HULL_RADIUS) {
      this.#push(clear.nx, clear.nz, HULL_RADIUS - clear.distance, end);
    }
  }

  /**
   * @param {import("./track.js").Wall} wall
   * @param {number} end
   */
  #hitSegment(wall, end) {
    const x = this.x + end * HULL_OFFSET * Math.sin(this.yaw);
    const z = this.z + end * HULL_OFFSET * Math.cos(this.yaw);
    const dx = wall.bx - wall.ax;
    const dz = wall.bz - wall.az;
    const part = clamp(((x - wall.ax) * dx + (z - wall.az) * dz) / (dx * dx + dz * dz), 0, 1);
    this.#hitCircle(wall.ax + part * dx, wall.az + part * dz, 0.15, end);
  }

  /**
   * @param {number} cx
   * @param {number} cz
   * @param {number} radius
   * @param {number} end
   */
  #hitCircle(cx, cz, radius, end) {
    const dx = this.x + end * HULL_OFFSET * Math.sin(this.yaw) - cx;
    const dz = this.z + end * HULL_OFFSET * Math.cos(this.yaw) - cz;
    const reach = HULL_RADIUS + radius;
    const square = dx * dx + dz * dz;
    if (square >= reach * reach || square === 0) return;
    const distance = Math.sqrt(square);
    this.#push(dx / distance, dz / distance, reach - distance, end);
  }

  /**
   * Leave a wall: out of it at once, and an impulse at the touched end that stops the approach, turns the car
   * along the wall and lets it slide on.
   * @param {number} nx
   * @param {number} nz
   * @param {number} depth
   * @param {number} end
   */
  #push(nx, nz, depth, end) {
    this.x += nx * depth;
    this.z += nz * depth;
    this.blockedX = nx;
    this.blockedZ = nz;
    const sin = Math.sin(this.yaw);
    const cos = Math.cos(this.yaw);
    const arm = end * HULL_OFFSET;
    const normalAlong = nx * sin + nz * cos;
    const normalAcross = nx * cos - nz * sin;
    const approach = this.forward * normalAlong + (this.side + arm * this.yawRate) * normalAcross;
    if (approach >= 0) return;
    const lever = arm * normalAcross;
    const impulse = (-(1 + BOUNCE) * approach) / (1 / MASS_KG + (lever * lever) / YAW_INERTIA);
    this.forward += (impulse * normalAlong) / MASS_KG;
    this.side += (impulse * normalAcross) / MASS_KG;
    this.yawRate += (impulse * lever) / YAW_INERTIA;
    const slow = Math.min((SCRAPE * impulse) / MASS_KG / Math.max(this.speed, 0.1), 0.5);
    this.forward *= 1 - slow;
    this.side *= 1 - slow;
  }
}

/**
 * Share of the grip a tyre gives at a slip angle.
 * @param {number} slip
 */
function tyre(slip) {
  return Math.sin(TYRE_SHAPE * Math.atan(TYRE_STIFFNESS * slip));
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function clamp(value, low, high) {
  return value < low ? low : value > high ? high : value;
}
