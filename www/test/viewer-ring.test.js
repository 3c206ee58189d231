import assert from "node:assert/strict";
import { test } from "node:test";
import { Dial, INNER, NO_ROOM, NOWHERE } from "../src/viewer/dial.js";

const LAP_MS = 60_000;
const SIZE = 260;

/** @param {number[]} gapsMs  by place */
function standingsOf(gapsMs) {
  return gapsMs.map((gapMs, index) => {
    const gapLaps = Math.floor(gapMs / LAP_MS);
    return { id: `car-${index}`, index, place: index + 1, gapMs, gapLaps, present: true };
  });
}

/** @param {number[]} gapsMs */
function dialOf(gapsMs, selectedId = "") {
  const dial = new Dial();
  dial.resize(SIZE);
  dial.layout(standingsOf(gapsMs), LAP_MS, selectedId);
  return dial;
}

/** @param {Dial} dial */
function assertApart(dial) {
  for (let i = 0; i < dial.count; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const [a, b] = [dial.shown[i], dial.shown[j]];
      const distance = Math.hypot(dial.x[a] - dial.x[b], dial.y[a] - dial.y[b]);
      assert.ok(distance >= 2 * dial.dot - 1e-3, `${a} and ${b}: ${distance} of ${2 * dial.dot}`);
    }
  }
}

test("the leader is at the top, the others clockwise by their gap within a lap", () => {
  const dial = dialOf([0, 15_000, 30_000, 45_000]);
  const middle = SIZE / 2;
  const at = [0, 1, 2, 3].map((index) => [Math.round(dial.x[index]), Math.round(dial.y[index])]);
  const far = Math.round(dial.radius);
  assert.deepEqual(at, [
    [middle, middle - far],
    [middle + far, middle],
    [middle, middle + far],
    [middle - far, middle],
  ]);
});

test("who is a lap behind is on the inner ring, at the gap that is left", () => {
  const dial = dialOf([0, 20_000, 75_000]);
  assert.equal(dial.row[2], INNER);
  assert.ok(Math.abs(dial.x[2] - (SIZE / 2 + dial.inner)) < 0.01);
});

test("a fight moves outwards row by row, and nobody covers another", () => {
  const dial = dialOf([0, 20_000, 20_300, 40_000]);
  assert.deepEqual(
    [...dial.row.slice(0, 4)].sort((a, b) => a - b),
    [0, 0, 0, 1],
  );
  assertApart(dial);
});

for (const count of [5, 20, 100]) {
  test(`dots of ${count} cars do not cover one another, and are in the picture`, () => {
    const dial = dialOf(Array.from({ length: count }, (_, i) => i * 700 + 300 * Math.abs(Math.sin(i * 3))));
    assertApart(dial);
    assert.ok(dial.count >= Math.min(count, 20), `${dial.count} shown`);
    for (let i = 0; i < dial.count; i += 1) {
      const index = dial.shown[i];
      const away = Math.hypot(dial.x[index] - SIZE / 2, dial.y[index] - SIZE / 2);
      assert.ok(away + dial.dot <= SIZE / 2, `${index} is ${away} px away`);
    }
  });
}

test("a fight is read clockwise in its order, within each row", () => {
  const dial = dialOf([0, 20_000, 20_040, 20_080, 20_120, 20_160, 20_200]);
  for (const row of [0, 1]) {
    const turns = [1, 2, 3, 4, 5, 6]
      .filter((index) => dial.row[index] === row)
      .map((index) => Math.atan2(dial.x[index] - SIZE / 2, SIZE / 2 - dial.y[index]));
    assert.deepEqual(
      turns,
      [...turns].sort((a, b) => a - b),
    );
  }
  assert.equal(dial.count, 7);
});

test("who has no room keeps a mark, and the chosen one has room before all others", () => {
  const gaps = Array.from({ length: 40 }, (_, i) => i * 5);
  assert.equal(dialOf(gaps).row[39], NO_ROOM);
  assert.equal(dialOf(gaps, "car-39").row[39], 0);
});

test("a car stays in its row while gaps change a little, and comes home once there is room", () => {
  const dial = dialOf([0, 20_000, 20_300]);
  assert.deepEqual([...dial.row.slice(1, 3)], [0, 1]);
  // Just far enough for the ring; not worth a move.
  const apart = ((2 * dial.dot + 1) / dial.radius / (2 * Math.PI)) * LAP_MS;
  dial.layout(standingsOf([0, 20_000, 20_000 + apart]), LAP_MS, "");
  assert.equal(dial.row[2], 1);
  dial.layout(standingsOf([0, 20_000, 26_000]), LAP_MS, "");
  assert.equal(dial.row[2], 0);
});

test("a gap that is not known is nowhere, and a lap time that is not known counts as a minute", () => {
  const dial = new Dial();
  dial.resize(SIZE);
  dial.layout(standingsOf([0, NaN, 30_000]), NaN, "");
  assert.equal(dial.row[1], NOWHERE);
  assert.ok(Math.abs(dial.angle[2] - Math.PI) < 1e-6);
});

test("a click finds the dot that is nearest, or none", () => {
  const dial = dialOf([0, 15_000, 30_000]);
  assert.equal(dial.at(dial.x[1] + 6, dial.y[1] - 4, 22), 1);
  assert.equal(dial.at(SIZE / 2, SIZE / 2, 22), -1);
});
