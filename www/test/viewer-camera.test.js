import assert from "node:assert/strict";
import { test } from "node:test";
import { ViewCamera } from "../src/viewer/camera.js";

const BOUNDS = { left: -300, top: -120, right: 500, bottom: 280 };
const STEP = 1 / 60;

/** @param {Partial<{ left: number, top: number, right: number, bottom: number }>} [insets] */
function cameraOf(insets = {}) {
  const camera = new ViewCamera();
  camera.resize(1200, 800, { left: 0, top: 0, right: 0, bottom: 0, ...insets });
  camera.setBounds(BOUNDS);
  return camera;
}

/** @param {ViewCamera} camera @param {number} x @param {number} y */
function onScreen(camera, x, y) {
  const out = new Float64Array(2);
  camera.toScreen(x, y, out);
  return { x: out[0], y: out[1] };
}

/** @param {ViewCamera} camera @param {number} sx @param {number} sy */
function onMap(camera, sx, sy) {
  const { x, y, middleX, middleY, zoom } = camera;
  return { x: x + (sx - middleX) / zoom, y: y + (sy - middleY) / zoom };
}

/** @param {{ x: number, y: number }} a @param {{ x: number, y: number }} b @param {number} [within] */
function assertNear(a, b, within = 1e-6) {
  assert.ok(Math.hypot(a.x - b.x, a.y - b.y) < within, `${JSON.stringify(a)} is not ${JSON.stringify(b)}`);
}

/**
 * A car on a straight road, at some speed to the east.
 * @param {ViewCamera} camera
 * @param {number} seconds
 * @param {{ from?: number, speed?: number, still?: boolean, look?: () => void }} [options]
 */
function drive(camera, seconds, { from = 0, speed = 40, still = false, look = () => {} } = {}) {
  const target = { x: from, z: 50, yaw: Math.PI / 2, speed };
  for (let t = 0; t < seconds; t += STEP) {
    target.x = from + speed * t;
    camera.update(target, STEP, still);
    look();
  }
  return target;
}

test("fit shows the whole circuit in what panels leave free, in its middle", () => {
  const camera = cameraOf({ left: 340, bottom: 100 });
  const leftTop = onScreen(camera, BOUNDS.left, BOUNDS.top);
  const rightBottom = onScreen(camera, BOUNDS.right, BOUNDS.bottom);
  assert.ok(leftTop.x >= 340 && leftTop.y >= 0, JSON.stringify(leftTop));
  assert.ok(rightBottom.x <= 1200 && rightBottom.y <= 700, JSON.stringify(rightBottom));
  assertNear(onScreen(camera, 100, 80), { x: (340 + 1200) / 2, y: 700 / 2 });
});

test("screen and map are each other's inverse", () => {
  const camera = cameraOf({ right: 200 });
  camera.zoomBy(1.7, 300, 200);
  const { x, y } = onMap(camera, 123, 456);
  assertNear(onScreen(camera, x, y), { x: 123, y: 456 });
});

test("zoom about a point keeps what is there", () => {
  const camera = cameraOf();
  const before = onMap(camera, 450, 520);
  camera.zoomBy(2.5, 450, 520);
  assertNear(onMap(camera, 450, 520), before);
  camera.zoomBy(0.8, 450, 520);
  assertNear(onMap(camera, 450, 520), before);
  assert.equal(camera.mode, "free");
});

test("a smooth zoom keeps it too, in every frame, and arrives", () => {
  const camera = cameraOf();
  const before = onMap(camera, 450, 420);
  const { zoom } = camera;
  camera.zoomSmoothly(2, 450, 420);
  for (let i = 0; i < 60; i += 1) {
    camera.update(null, STEP, false);
    assertNear(onMap(camera, 450, 420), before);
  }
  assert.ok(Math.abs(camera.zoom / zoom - 2) < 1e-9, String(camera.zoom / zoom));
  assert.equal(camera.isMoving, false);
});

test("zoom has an end on both sides", () => {
  const camera = cameraOf();
  for (let i = 0; i < 100; i += 1) camera.zoomBy(2);
  const closest = camera.zoom;
  for (let i = 0; i < 100; i += 1) camera.zoomBy(0.5);
  assert.ok(closest > 10 && closest < 60, String(closest));
  assert.ok(camera.zoom > 0.2 * camera.fitZoom && camera.zoom < camera.fitZoom, String(camera.zoom));
});

test("dragging moves the map with the pointer, and not away from the circuit", () => {
  const camera = cameraOf();
  camera.zoomBy(4);
  const before = onScreen(camera, 100, 80);
  camera.panBy(60, -40);
  assertNear(onScreen(camera, 100, 80), { x: before.x + 60, y: before.y - 40 });
  for (let i = 0; i < 100; i += 1) camera.panBy(5000, 5000);
  assertNear(camera, { x: BOUNDS.left, y: BOUNDS.top });
});

test("follow arrives at the car, and looks ahead of it", () => {
  const camera = cameraOf();
  camera.follow();
  const target = drive(camera, 3);
  const car = onScreen(camera, target.x, -target.z);
  assert.ok(Math.abs(car.y - 400) < 1, JSON.stringify(car));
  assert.ok(car.x < 600 && car.x > 600 - 0.2 * 1200, JSON.stringify(car));
});

test("a followed car stands still on the screen at a steady speed", () => {
  const camera = cameraOf();
  camera.follow();
  drive(camera, 5, { speed: 60 });
  /** @type {number[]} */
  const xs = [];
  const target = { x: 300, z: 50, yaw: Math.PI / 2, speed: 60 };
  for (let i = 1; i < 60; i += 1) {
    target.x = 300 + i;
    camera.update(target, STEP, false);
    xs.push(onScreen(camera, target.x, -target.z).x);
  }
  assert.ok(Math.max(...xs) - Math.min(...xs) < 0.01, `${Math.min(...xs)} … ${Math.max(...xs)}`);
});

test("another car is glided to, without a jump and without swinging past it", () => {
  const camera = cameraOf();
  camera.follow();
  drive(camera, 3, { speed: 0 });
  let lastX = camera.x;
  drive(camera, 2, {
    from: 200,
    speed: 0,
    look: () => {
      assert.ok(camera.x >= lastX - 1e-6 && camera.x - lastX < 25, `${lastX} → ${camera.x}`);
      lastX = camera.x;
    },
  });
  assert.ok(Math.abs(camera.x - 200) < 0.5 && camera.x <= 200 + 1e-6, String(camera.x));
});

test("with reduced motion it is there at once", () => {
  const camera = cameraOf();
  camera.follow();
  drive(camera, STEP, { speed: 0, still: true });
  assertNear(camera, { x: 0, y: -50 });
  camera.fit();
  camera.update(null, STEP, true);
  assertNear(camera, { x: 100, y: 80 });
  assert.equal(camera.zoom, camera.fitZoom);
});

test("zooming while following goes on following", () => {
  const camera = cameraOf();
  camera.follow();
  drive(camera, 3, { speed: 0 });
  const { zoom } = camera;
  camera.zoomBy(1.5, 0, 0);
  assert.equal(camera.mode, "follow");
  const target = drive(camera, 1, { speed: 0 });
  assert.ok(Math.abs(camera.zoom / zoom - 1.5) < 1e-9, String(camera.zoom / zoom));
  assertNear(onScreen(camera, target.x, -target.z), { x: 600, y: 400 }, 0.5);
});

test("stays where it is while there is nobody to follow", () => {
  const camera = cameraOf();
  const { x, y, zoom } = camera;
  camera.follow();
  for (let i = 0; i < 60; i += 1) camera.update(null, STEP, false);
  assert.deepEqual([camera.x, camera.y, camera.zoom], [x, y, zoom]);
});

test("a panel that opens moves a fitted map smoothly, and a free one not at all", () => {
  const fitted = cameraOf();
  const before = onScreen(fitted, 100, 80);
  fitted.resize(1200, 800, { left: 300, top: 0, right: 0, bottom: 0 });
  fitted.update(null, STEP, false);
  assertNear(onScreen(fitted, 100, 80), before, 12);
  for (let i = 0; i < 120; i += 1) fitted.update(null, STEP, false);
  assertNear(onScreen(fitted, 100, 80), { x: 750, y: 400 }, 0.1);

  const free = cameraOf();
  free.zoomBy(2);
  const there = onScreen(free, 50, 20);
  free.resize(1200, 800, { left: 300, top: 0, right: 0, bottom: 0 });
  assertNear(onScreen(free, 50, 20), there);
});
