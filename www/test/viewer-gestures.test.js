import assert from "node:assert/strict";
import { test } from "node:test";
import { ViewCamera } from "../src/viewer/camera.js";
import { Gestures, panKeys } from "../src/viewer/gestures.js";

/** A canvas at (100, 50) of the page, without a page. */
class FakeCanvas extends EventTarget {
  style = { cursor: "" };
  captured = new Set();
  getBoundingClientRect() {
    return { left: 100, top: 50 };
  }
  setPointerCapture(id) {
    this.captured.add(id);
  }
  /** @returns {Event} as it came back */
  send(type, properties, timeStamp = 0) {
    const event = new Event(type, { cancelable: true });
    const { x = 0, y = 0 } = properties;
    const all = {
      clientX: 100 + x,
      clientY: 50 + y,
      timeStamp,
      button: 0,
      pointerId: 1,
      pointerType: "mouse",
    };
    for (const [key, value] of Object.entries({ ...all, deltaMode: 0, ...properties })) {
      Object.defineProperty(event, key, { value });
    }
    this.dispatchEvent(event);
    return event;
  }
}

/** @param {boolean} [isGreedy] */
function stage(isGreedy = true) {
  const canvas = new FakeCanvas();
  const camera = new ViewCamera();
  camera.resize(800, 600);
  camera.setBounds({ left: -400, top: -300, right: 400, bottom: 300 });
  /** @type {Array<[number, number]>} */
  const picks = [];
  let changes = 0;
  /** @type {string[]} */
  const left = [];
  const mode = { isGreedy };
  new Gestures(canvas, camera, {
    onPick: (x, y) => void picks.push([x, y]),
    onChange: () => void (changes += 1),
    onScroll: (by) => void left.push(by),
    isGreedy: () => mode.isGreedy,
  });
  return { canvas, camera, picks, left, mode, changes: () => changes };
}

/** @param {ViewCamera} camera @param {number} sx @param {number} sy */
function onMap({ x, y, middleX, middleY, zoom }, sx, sy) {
  return [x + (sx - middleX) / zoom, y + (sy - middleY) / zoom];
}

/** Let smooth zooms end. @param {ViewCamera} camera */
function settle(camera) {
  for (let i = 0; i < 120; i += 1) camera.update(null, 1 / 60, false);
}

test("a drag moves the map with the pointer and picks nothing", () => {
  const { canvas, camera, picks, changes } = stage();
  canvas.send("pointerdown", { x: 300, y: 200 });
  canvas.send("pointermove", { x: 320, y: 190 });
  canvas.send("pointerup", { x: 320, y: 190 });
  assert.ok(Math.abs(camera.x + 20 / camera.zoom) < 1e-9, String(camera.x));
  assert.ok(Math.abs(camera.y - 10 / camera.zoom) < 1e-9, String(camera.y));
  assert.equal(camera.mode, "free");
  assert.deepEqual(picks, []);
  assert.ok(changes() > 0 && canvas.captured.has(1));
});

test("a click picks where it is; a hand that trembles still clicks", () => {
  const { canvas, camera, picks } = stage();
  canvas.send("pointerdown", { x: 300, y: 200 });
  canvas.send("pointermove", { x: 302, y: 201 });
  canvas.send("pointerup", { x: 302, y: 201 });
  assert.deepEqual(picks, [[300, 200]]);
  assert.equal(camera.mode, "fit");
});

test("a double click zooms in there", () => {
  const { canvas, camera, picks } = stage();
  const { zoom } = camera;
  for (const atMs of [1000, 1180]) {
    canvas.send("pointerdown", { x: 300, y: 200 }, atMs);
    canvas.send("pointerup", { x: 300, y: 200 }, atMs + 60);
  }
  settle(camera);
  assert.equal(picks.length, 1);
  assert.ok(camera.zoom > 1.9 * zoom);
});

test("the right button does nothing", () => {
  const { canvas, camera, picks } = stage();
  canvas.send("pointerdown", { x: 300, y: 200, button: 2 });
  canvas.send("pointermove", { x: 350, y: 200 });
  canvas.send("pointerup", { x: 350, y: 200 });
  assert.equal(camera.mode, "fit");
  assert.deepEqual(picks, []);
});

test("two fingers zoom and move the map: what was under them stays under them", () => {
  const { canvas, camera, picks } = stage();
  const touch = (type, pointerId, x, y) => canvas.send(type, { pointerId, pointerType: "touch", x, y });
  const out = new Float64Array(2);
  const first = onMap(camera, 300, 300);
  const second = onMap(camera, 500, 300);
  touch("pointerdown", 1, 300, 300);
  touch("pointerdown", 2, 500, 300);
  touch("pointermove", 1, 220, 330);
  touch("pointermove", 2, 520, 330);
  camera.toScreen(first[0], first[1], out);
  assert.ok(Math.hypot(out[0] - 220, out[1] - 330) < 16, `${out}`);
  camera.toScreen(second[0], second[1], out);
  assert.ok(Math.hypot(out[0] - 520, out[1] - 330) < 16, `${out}`);
  touch("pointerup", 1, 220, 330);
  touch("pointerup", 2, 520, 330);
  assert.deepEqual(picks, []);
});

test("a tap with two fingers picks nothing", () => {
  const { canvas, picks } = stage();
  for (const type of ["pointerdown", "pointerup"]) {
    for (const pointerId of [1, 2]) {
      canvas.send(type, { pointerId, pointerType: "touch", x: 200 * pointerId, y: 300 });
    }
  }
  assert.deepEqual(picks, []);
});

test("the wheel zooms about the pointer and keeps the page from scrolling", () => {
  for (const deltaY of [-120, -3]) {
    const { canvas, camera } = stage();
    const out = new Float64Array(2);
    const before = onMap(camera, 250, 180);
    const { zoom } = camera;
    const event = canvas.send("wheel", { x: 250, y: 180, deltaY, ctrlKey: false });
    settle(camera);
    assert.equal(event.defaultPrevented, true);
    assert.ok(camera.zoom > zoom);
    camera.toScreen(before[0], before[1], out);
    assert.ok(Math.hypot(out[0] - 250, out[1] - 180) < 1e-6, `${out}`);
  }
});

test("the wheel is the page's, unless with ctrl", () => {
  const { canvas, camera, left, mode } = stage(false);
  const { zoom } = camera;
  assert.equal(
    canvas.send("wheel", { deltaY: -120, ctrlKey: false, metaKey: false }).defaultPrevented,
    false,
  );
  settle(camera);
  assert.equal(camera.zoom, zoom);
  assert.deepEqual(left, ["wheel"]);
  assert.equal(canvas.send("wheel", { deltaY: -120, ctrlKey: true, metaKey: false }).defaultPrevented, true);
  settle(camera);
  assert.ok(camera.zoom > zoom);
  // It is asked at each event: the attribute may come after the element.
  mode.isGreedy = true;
  assert.equal(canvas.send("wheel", { deltaY: 120, ctrlKey: false, metaKey: false }).defaultPrevented, true);
});

test("one finger is the page's and two are the map's", () => {
  const { canvas, camera, left } = stage(false);
  const touch = (type, pointerId, x, y) => canvas.send(type, { pointerId, pointerType: "touch", x, y });
  touch("pointerdown", 1, 300, 300);
  touch("pointermove", 1, 300, 380);
  assert.equal(camera.mode, "fit");
  assert.equal(canvas.send("touchmove", { touches: [0] }).defaultPrevented, false);
  assert.deepEqual(left, ["touch"]);
  assert.equal(canvas.send("touchmove", { touches: [0, 1] }).defaultPrevented, true);
  touch("pointerdown", 2, 500, 300);
  touch("pointermove", 2, 600, 300);
  assert.equal(camera.mode, "free");
});

test("arrows move the map, and the browser keeps its own", () => {
  const { camera } = stage();
  const press = (key, more = {}) =>
    panKeys({ key, ctrlKey: false, metaKey: false, altKey: false, ...more }, camera);
  assert.equal(press("ArrowRight"), true);
  assert.ok(camera.x > 0);
  assert.equal(press("ArrowLeft", { altKey: true }), false);
  assert.equal(press("x"), false);
});
