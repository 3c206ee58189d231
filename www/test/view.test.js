import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera } from "../src/camera.js";

/** @param {Camera} camera @param {number} x @param {number} z  the game's */
function onScreen(camera, x, z) {
  const out = new Float64Array(2);
  camera.toScreen(x, -z, out);
  return [...out].map(Math.round);
}

test("with the heading up, what lies ahead of the car is above it", () => {
  const camera = new Camera();
  camera.level = 0.7;
  camera.resize(800, 600);
  camera.headingUp = true;
  const pose = { x: 100, z: -50, yaw: Math.PI / 2 };
  camera.follow(pose, 0, Infinity);
  assert.deepEqual(onScreen(camera, 100, -50), [400, 420]);
  const [x, y] = onScreen(camera, 110, -50);
  assert.equal(x, 400);
  assert.ok(y < 420 - 50);
});

test("a context is put where the points of the screen are", () => {
  const camera = new Camera();
  camera.resize(800, 600);
  camera.headingUp = true;
  camera.follow({ x: 3, z: 4, yaw: 0.6 }, 20, Infinity);
  /** @type {number[]} */
  let matrix = [];
  const context = { setTransform: (/** @type {number[]} */ ...given) => void (matrix = given) };
  camera.apply(/** @type {any} */ (context), 2);
  const [a, b, c, d, e, f] = matrix;
  const [x, y] = [30, -20];
  const there = [a * x + c * y + e, b * x + d * y + f].map((pixels) => Math.round(pixels / 2));
  assert.deepEqual(there, onScreen(camera, x, -y));
});
