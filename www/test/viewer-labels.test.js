import assert from "node:assert/strict";
import { test } from "node:test";
import { Labels } from "../src/map/labels.js";

const STEP = 1 / 60;
const WIDTH = 90;

/**
 * Labels of cars at these points, in the order of their places.
 * @param {Array<[number, number]>} points
 * @param {{ width?: number, height?: number, chosen?: number }} [options]
 */
function labelsOf(points, { width = 1400, height = 900, chosen = -1 } = {}) {
  const labels = new Labels();
  labels.free = { left: 0, top: 0, right: width, bottom: height };
  labels.chosen = chosen;
  place(labels, points);
  return labels;
}

/** @param {Labels} labels @param {Array<[number, number]>} points */
function place(labels, points) {
  labels.count = points.length;
  points.forEach(([x, y], index) => {
    labels.cars[index] = index;
    labels.x[index] = x;
    labels.y[index] = y;
    labels.width[index] = WIDTH;
    labels.rank[index] = index + 1;
  });
}

/** @param {Labels} labels @param {number} index */
function boxOf(labels, index) {
  const left = labels.x[index] + labels.offsetX[index];
  const top = labels.y[index] + labels.offsetY[index];
  return { index, left, top, right: left + WIDTH, bottom: top + labels.height };
}

/** @param {Labels} labels */
function shown(labels) {
  const boxes = [];
  for (let index = 0; index < labels.count; index += 1) {
    if (labels.slot[index] > 0) boxes.push(boxOf(labels, index));
  }
  return boxes;
}

/** @param {ReturnType<typeof boxOf>} a @param {ReturnType<typeof boxOf>} b */
function overlap(a, b) {
  return a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
}

/** Cars around an oval. @param {number} count @param {number} [turn] @returns {Array<[number, number]>} */
function oval(count, turn = 0) {
  return Array.from({ length: count }, (_, i) => {
    const angle = turn + (i / count) * 2 * Math.PI;
    return [700 + 420 * Math.cos(angle), 450 + 300 * Math.sin(angle)];
  });
}

for (const count of [5, 20, 100]) {
  test(`tags of ${count} cars cover neither one another nor a car`, () => {
    const labels = labelsOf(oval(count));
    labels.layout();
    const boxes = shown(labels);
    assert.ok(boxes.length >= Math.min(count, 20), `${boxes.length} shown`);
    for (const a of boxes) {
      for (const b of boxes) assert.ok(a === b || !overlap(a, b), `${a.index} over ${b.index}`);
      for (let car = 0; car < count; car += 1) {
        const x = labels.x[car];
        const y = labels.y[car];
        const isClear = x < a.left || x > a.right || y < a.top || y > a.bottom;
        assert.ok(isClear, `${a.index} over the car ${car}`);
      }
    }
  });
}

test("where there is no room for all, the chosen car and those ahead have their tags", () => {
  /** @type {Array<[number, number]>} */
  const crowd = Array.from({ length: 60 }, (_, i) => [350 + (i % 10) * 9, 250 + Math.floor(i / 10) * 9]);
  const labels = labelsOf(crowd, { width: 800, height: 560, chosen: 41 });
  labels.layout();
  const names = shown(labels).map(({ index }) => index);
  assert.ok(names.includes(41), String(names));
  assert.ok(names.includes(0) && names.includes(1), String(names));
  assert.ok(names.length < 30, `${names.length} shown`);
  const boxes = shown(labels);
  for (const a of boxes) {
    for (const b of boxes) assert.ok(a === b || !overlap(a, b), `${a.index} over ${b.index}`);
  }
});

test("the chosen car has its tag from behind a full field, over nobody's", () => {
  const labels = labelsOf(oval(100), { chosen: 99 });
  labels.layout();
  const boxes = shown(labels);
  const chosen = boxes.find(({ index }) => index === 99);
  assert.ok(chosen, "not shown");
  for (const other of boxes) assert.ok(other === chosen || !overlap(other, chosen), `over ${other.index}`);
});

test("a tag keeps to a worse side for a while, then goes to the better one", () => {
  const labels = labelsOf([[700, 400]]);
  labels.update(STEP, true);
  const beside = labels.slot[0];
  // Now it drives across, and above it is better.
  labels.isAcross[0] = 1;
  for (let t = 0; t < 1; t += STEP) labels.update(STEP, true);
  assert.equal(labels.slot[0], beside);
  for (let t = 0; t < 1; t += STEP) labels.update(STEP, true);
  assert.notEqual(labels.slot[0], beside);
  assert.equal(labels.offsetX[0], -WIDTH / 2);
});

test("a tag stays in the free area, and a car out of it has none", () => {
  const labels = labelsOf([
    [3, 300],
    [1398, 300],
    [700, 2],
    [700, 898],
    [-20, 300],
    [700, 1000],
  ]);
  labels.layout();
  const boxes = shown(labels);
  assert.deepEqual(
    boxes.map(({ index }) => index),
    [0, 1, 2, 3],
  );
  for (const { left, top, right, bottom } of boxes) {
    assert.ok(left >= 0 && top >= 0 && right <= 1400 && bottom <= 900);
  }
});

test("tags do not flicker: while the field laps, few change their side and fewer come and go", () => {
  const labels = labelsOf(oval(30));
  labels.update(STEP, false);
  let changes = 0;
  let vanished = 0;
  for (let frame = 1; frame < 600; frame += 1) {
    const before = labels.slot.slice();
    place(labels, oval(30, (frame / 600) * 2));
    labels.update(STEP, false);
    for (let index = 0; index < 30; index += 1) {
      if (before[index] > 0 && labels.slot[index] === 0) vanished += 1;
      else if (before[index] !== labels.slot[index]) changes += 1;
    }
  }
  // Ten seconds and a third of a lap, in which every tag has to change sides once or twice.
  assert.ok(changes < 30 * 4, `${changes} changes`);
  assert.ok(vanished <= 30, `${vanished} vanished`);
});

test("a tag that lost its room stays away for a while", () => {
  const labels = labelsOf([
    [400, 400],
    [700, 400],
  ]);
  labels.update(STEP, false);
  assert.ok(labels.slot[1] > 0);
  // Out of view and back within a moment.
  labels.x[1] = 2000;
  for (let i = 0; i < 10; i += 1) labels.update(STEP, false);
  assert.equal(labels.slot[1], 0);
  labels.x[1] = 700;
  for (let i = 0; i < 20; i += 1) labels.update(STEP, false);
  assert.equal(labels.slot[1], 0);
  for (let i = 0; i < 40; i += 1) labels.update(STEP, false);
  assert.ok(labels.slot[1] > 0);
});

test("a tag that changes sides is there at once, faintly, or at full strength with reduced motion", () => {
  for (const reducedMotion of [false, true]) {
    const labels = labelsOf([[400, 400]]);
    for (let i = 0; i < 60; i += 1) labels.update(STEP, reducedMotion);
    assert.equal(labels.alpha[0], 1);
    const from = labels.offsetX[0];
    // Now the right-hand side is beyond the view.
    labels.x[0] = 1390;
    labels.layout();
    labels.update(STEP, reducedMotion);
    assert.notEqual(labels.offsetX[0], from);
    assert.equal(labels.alpha[0] === 1, reducedMotion);
    for (let i = 0; i < 60; i += 1) labels.update(STEP, reducedMotion);
    assert.equal(labels.alpha[0], 1);
  }
});

test("nothing covers anything in any frame, while the field laps", () => {
  const labels = labelsOf(oval(30));
  for (let frame = 0; frame < 300; frame += 1) {
    place(labels, oval(30, frame / 300));
    labels.update(STEP, false);
    const boxes = shown(labels);
    for (const a of boxes) {
      for (const b of boxes) {
        // Between two layouts tags follow their cars, so that some pixels may be lost.
        const lost = { ...b, left: b.left + 4, top: b.top + 4, right: b.right - 4, bottom: b.bottom - 4 };
        assert.ok(a === b || !overlap(a, lost), `frame ${frame}: ${a.index} over ${b.index}`);
      }
    }
  }
});

test("a tag leads to its car with a line only where it is further off", () => {
  /** @type {Array<[number, number]>} */
  const crowd = Array.from({ length: 16 }, (_, i) => [600 + (i % 4) * 24, 400 + Math.floor(i / 4) * 24]);
  const labels = labelsOf(crowd);
  labels.layout();
  const led = shown(labels).filter(({ index }) => labels.hasLeader(index));
  assert.ok(led.length > 0, "none leads");
  for (const { index, left, top, right, bottom } of shown(labels)) {
    const dx = Math.max(left - labels.x[index], labels.x[index] - right, 0);
    const dy = Math.max(top - labels.y[index], labels.y[index] - bottom, 0);
    const gap = Math.hypot(dx, dy) - labels.radius;
    assert.equal(labels.hasLeader(index), gap > 12, `${index}: ${gap}`);
  }
});

test("a car without a name has no tag, and none covers it", () => {
  const labels = labelsOf([
    [700, 450],
    [760, 450],
  ]);
  labels.width[1] = 0;
  for (let i = 0; i < 60; i += 1) labels.update(STEP, false);
  const [tag, ...others] = shown(labels);
  assert.deepEqual(others, []);
  const { radius } = labels;
  const covers =
    tag.left < 760 + radius &&
    tag.right > 760 - radius &&
    tag.top < 450 + radius &&
    tag.bottom > 450 - radius;
  assert.ok(!covers, JSON.stringify(tag));
});

test("no tag is where a panel lies over the map, and a tag that a panel comes over gives way", () => {
  const labels = labelsOf([
    [300, 300],
    [700, 300],
  ]);
  labels.update(STEP, true);
  assert.equal(shown(labels).length, 2);
  // Over the first car and all around it, and to the right of the second one.
  const panels = [
    { index: 0, left: 100, top: 200, right: 500, bottom: 400 },
    { index: 1, left: 705, top: 250, right: 900, bottom: 350 },
  ];
  for (const { left, top, right, bottom } of panels) labels.cover(left, top, right, bottom);
  for (let i = 0; i < 60; i += 1) labels.update(STEP, true);
  const boxes = shown(labels);
  assert.deepEqual(
    boxes.map(({ index }) => index),
    [1],
  );
  assert.ok(panels.every((panel) => !overlap(boxes[0], panel)));
  labels.uncover();
  for (let i = 0; i < 60; i += 1) labels.update(STEP, true);
  assert.equal(shown(labels).length, 2);
});
