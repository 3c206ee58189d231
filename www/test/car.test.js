import assert from "node:assert/strict";
import { test } from "node:test";
import { Car, STEP_SECONDS } from "../src/car.js";
import { controls, driveOut, plain, track } from "./circuit.js";

/**
 * @param {Car} car
 * @param {number} seconds
 * @param {Partial<import("../src/car.js").Controls>} asked
 * @param {any} where
 */
function drive(car, seconds, asked, where = plain("asphalt")) {
  for (let i = 0; i < seconds / STEP_SECONDS; i += 1) car.step(controls(asked), where);
  return car;
}

/** @param {number} forward */
function rolling(forward) {
  const car = new Car();
  car.forward = forward;
  return car;
}

test("accelerates to a believable top speed and no further", () => {
  const car = drive(new Car(), 4, { throttle: 1 });
  assert.ok(car.speed * 3.6 > 80 && car.speed * 3.6 < 140, `${car.speed * 3.6} km/h after 4 s`);
  drive(car, 60, { throttle: 1 });
  assert.ok(car.speed * 3.6 > 240 && car.speed * 3.6 < 320, `${car.speed * 3.6} km/h in the end`);
});

test("brakes to a stand and then reverses slowly", () => {
  const car = drive(rolling(40), 3.6, { brake: 1 });
  assert.ok(car.forward < 1, `${car.forward} m/s after braking`);
  drive(car, 6, { brake: 1 });
  assert.ok(car.forward < -5 && car.forward > -10, `${car.forward} m/s in reverse`);
});

test("rolls out and stands still when nothing is pressed", () => {
  const car = drive(rolling(10), 60, {});
  assert.equal(car.forward, 0);
  const { x, z } = car;
  drive(car, 5, {});
  assert.ok(Math.hypot(car.x - x, car.z - z) < 1e-6);
});

test("steers to the side asked for, by yaw that grows clockwise", () => {
  const right = drive(rolling(15), 1, { steering: 1 });
  const left = drive(rolling(15), 1, { steering: -1 });
  assert.ok(right.yaw > 0.3 && right.x > 1, `yaw ${right.yaw}, x ${right.x}`);
  assert.ok(Math.abs(left.yaw + right.yaw) < 1e-9 && Math.abs(left.x + right.x) < 1e-9);
});

test("does not turn standing", () => {
  const car = drive(new Car(), 2, { steering: 1 });
  assert.equal(car.yaw, 0);
});

test("turns wider at speed, as grip limits it", () => {
  const radius = (/** @type {number} */ speed) => {
    const car = drive(rolling(speed), 2, { steering: 1, throttle: 0.3 });
    return car.speed / car.yawRate;
  };
  assert.ok(radius(45) > 2 * radius(20), `${radius(45)} m against ${radius(20)} m`);
  assert.ok(radius(8) < 14, `${radius(8)} m when slow`);
});

test("full lock asks the front wheels for no more than they can give", () => {
  assert.ok(drive(rolling(45), 1, { steering: 1, throttle: 0.4 }).steer < 0.2);
  assert.ok(drive(rolling(5), 1, { steering: 1, throttle: 0.1 }).steer > 0.5);
});

test("never pulls more than the grip it has", () => {
  const car = rolling(50);
  const velocity = () => [
    car.forward * Math.sin(car.yaw) + car.side * Math.cos(car.yaw),
    car.forward * Math.cos(car.yaw) - car.side * Math.sin(car.yaw),
  ];
  for (let i = 0; i < 40; i += 1) {
    const [beforeX, beforeZ] = velocity();
    drive(car, 0.1, { steering: 1, throttle: 1 });
    const [x, z] = velocity();
    const pull = Math.hypot(x - beforeX, z - beforeZ) / 0.1 / 9.81;
    assert.ok(pull < 1.7, `${pull} g`);
  }
});

test("full throttle and full lock, to and fro, do not spin the car", () => {
  const car = rolling(20);
  for (let i = 0; i < 1200; i += 1) {
    const steering = i % 240 < 120 ? 1 : -1;
    car.step(controls({ steering, throttle: 1 }), plain("asphalt"));
    const slip = Math.abs(Math.atan2(car.side, Math.max(car.forward, 3)));
    assert.ok(slip < 0.35, `slipping by ${slip} rad after ${i} steps`);
  }
});

test("the handbrake lets the rear slide", () => {
  const gripped = drive(rolling(28), 0.7, { steering: 1 });
  const slid = drive(rolling(28), 0.7, { steering: 1, handbrake: true });
  assert.ok(slid.slide > 0.15, `slide ${slid.slide}`);
  assert.ok(slid.yaw > gripped.yaw * 1.05, `${slid.yaw} against ${gripped.yaw}`);
});

test("grass is slower than asphalt and gravel slower still, yet neither holds for ever", () => {
  const top = (/** @type {any} */ surface) => drive(new Car(), 30, { throttle: 1 }, plain(surface)).speed;
  assert.ok(top("grass") < top("asphalt") / 2);
  assert.ok(top("gravel") < top("grass") / 2);
  assert.ok(top("gravel") > 4, `${top("gravel")} m/s on gravel`);
});

test("grass is slippery", () => {
  const on = (/** @type {any} */ surface) => drive(rolling(20), 1.5, { steering: 1 }, plain(surface)).yaw;
  assert.ok(on("grass") < on("asphalt") * 0.75, `${on("grass")} against ${on("asphalt")}`);
});

test("drives the same at any frame rate", () => {
  const after = (/** @type {number} */ hertz) => {
    const car = new Car();
    for (let frame = 0; frame < 4 * hertz; frame += 1) {
      car.advance(1 / hertz, controls({ throttle: 1, steering: 0.3 }), plain("asphalt"));
    }
    return car;
  };
  const fine = after(240);
  for (const hertz of [30, 60, 144]) {
    const car = after(hertz);
    const apart = Math.hypot(car.pose.x - fine.pose.x, car.pose.z - fine.pose.z);
    assert.ok(apart < 0.5, `${apart} m apart at ${hertz} Hz`);
  }
});

test("the drawn pose moves evenly between steps", () => {
  const car = rolling(30);
  const moves = [];
  for (let frame = 0; frame < 200; frame += 1) {
    const before = car.pose.z;
    car.advance(1 / 144, controls({ throttle: 0.2 }), plain("asphalt"));
    moves.push(car.pose.z - before);
  }
  const steady = moves.slice(10);
  assert.ok(
    Math.max(...steady) < 1.05 * Math.min(...steady),
    `${Math.min(...steady)} … ${Math.max(...steady)}`,
  );
});

test("a long pause does not shoot the car across the map", () => {
  const car = rolling(50);
  car.advance(30, controls(), plain("asphalt"));
  assert.ok(car.z < 15, `${car.z} m`);
});

test("no wall lets a car through, whatever it hits and however fast", () => {
  const clear = { distance: 0, nx: 0, nz: 0 };
  for (let heading = 0; heading < 72; heading += 1) {
    const car = rolling(80);
    car.reset({ x: 0, z: -160, yaw: (heading / 72) * 2 * Math.PI });
    car.forward = 80;
    drive(car, 6, { throttle: 1 }, track);
    track.clearance(car.x, car.z, clear);
    assert.ok(clear.distance > 0, `outside at ${car.x}, ${car.z} with heading ${heading}`);
    assert.ok(Number.isFinite(car.x + car.z + car.yaw + car.forward + car.side + car.yawRate));
  }
});

test("a wall does not trap: scraping along it the car keeps going", () => {
  const car = new Car();
  const at = { x: 0, z: 0, yaw: 0 };
  track.line.place(300, at);
  const left = { x: at.x - Math.cos(at.yaw) * 24, z: at.z + Math.sin(at.yaw) * 24, yaw: at.yaw - 0.3 };
  car.reset(left);
  car.forward = 20;
  drive(car, 3, { throttle: 1 }, track);
  assert.ok(Math.hypot(car.x - left.x, car.z - left.z) > 25, "slid along");
  assert.ok(car.speed > 6, `${car.speed} m/s`);
});

test("a wall does not trap: with the foot down the car turns along it and goes on", () => {
  for (const steering of [-1, 0, 1]) {
    const car = new Car();
    car.reset({ x: 9, z: 19.6, yaw: 0 });
    drive(car, 4, { throttle: 1, steering }, track);
    assert.ok(car.speed > 4, `${car.speed} m/s, steering ${steering}`);
    if (steering !== 0) assert.equal(Math.sign(car.x - 9), steering);
  }
});

test("a wall does not trap: nose against it the car backs away", () => {
  const car = new Car();
  car.reset({ x: 9, z: 12, yaw: 0 });
  drive(car, 1.6, { throttle: 1 }, track);
  const stuck = car.z;
  assert.ok(car.speed < 3, "the barrier stops it");
  drive(car, 3, { brake: 1 }, track);
  assert.ok(stuck - car.z > 5, `${stuck - car.z} m back`);
});

test("every garage can be left, and the way leads round the track", () => {
  for (const garage of [0, 9, 19]) {
    let nearest = Infinity;
    const car = driveOut(garage, 45, (_car, at, seconds) => {
      if (seconds > 30) nearest = Math.min(nearest, Math.abs(at.lateral));
    });
    assert.ok(nearest < 2, `garage ${garage}: ended at ${car.x}, ${car.z}`);
  }
});
