// A wheel without the standard mapping, as the browser gives it: its pedals rest at their ends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { amount, Learner } from "../src/pads.js";

function wheel() {
  const axes = [0, 1, -1, 1];
  return { axes, buttons: Array.from({ length: 25 }, () => ({ value: 0, pressed: false, touched: false })) };
}

/**
 * Move an axis to its end and let it go, and look at it all the time.
 * @param {Learner} learner @param {ReturnType<typeof wheel>} device @param {number} axis @param {number} end
 */
function move(learner, device, axis, end) {
  const rest = device.axes[axis];
  const way = [0, 0.3, 0.7, 1, 1, 1, 0.8, 0.2, ...Array(30).fill(0)];
  for (const part of way) {
    device.axes[axis] = rest + (end - rest) * part;
    const control = learner.look(device);
    if (control) return control;
  }
  return null;
}

test("turning and pressing teach which axis is which, where it rests and how far it goes", () => {
  const device = wheel();
  const steer = move(new Learner(device), device, 0, 1);
  assert.deepEqual(steer, { at: 0, rest: 0, full: 1 });
  const throttle = move(new Learner(device, [steer]), device, 1, -1);
  assert.deepEqual(throttle, { at: 1, rest: 1, full: -1 });
  const brake = move(new Learner(device, [steer, throttle]), device, 2, 1);
  assert.deepEqual(brake, { at: 2, rest: -1, full: 1 });
  assert.deepEqual(
    [steer, throttle, brake].map((control) => Math.abs(amount(device, control))),
    [0, 0, 0],
  );
  Object.assign(device.axes, [-0.5, 0, 1]);
  assert.deepEqual(
    [steer, throttle, brake].map((control) => amount(device, control)),
    [-0.5, 0.5, 1],
  );
});

test("a pedal that was silent until it was touched, a held one, and one that has its meaning already", () => {
  const device = wheel();
  // Browsers give 0 for an axis that has not moved yet; this one rests at 1.
  device.axes[3] = 0;
  const learner = new Learner(device);
  for (const value of [0.8, 0, -1, -1, 0.4, 1]) {
    device.axes[3] = value;
    assert.equal(learner.look(device), null);
  }
  for (let look = 0; look < 11; look += 1) learner.look(device);
  assert.deepEqual(learner.look(device), { at: 3, rest: 1, full: -1 });

  const held = new Learner(device);
  device.axes[1] = -1;
  for (let look = 0; look < 100; look += 1) assert.equal(held.look(device), null);

  const next = new Learner(device, [{ at: 1, rest: -1, full: 1 }]);
  assert.equal(move(next, device, 1, 1), null);
  device.buttons[4] = { value: 1, pressed: true, touched: true };
  next.look(device);
  device.buttons[4] = { value: 0, pressed: false, touched: false };
  for (let look = 0; look < 12; look += 1) next.look(device);
  assert.deepEqual(next.look(device), { at: 8, rest: 0, full: 1 });
});
