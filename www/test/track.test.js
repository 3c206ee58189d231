import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { stretches } from "../src/paths.js";
import { Track } from "../src/track.js";
import { readTrack } from "../src/track-file.js";
import { readCircuit, track } from "./circuit.js";

const at = { s: 0, lateral: 0, index: 0, x: 0, z: 0 };
const place = { x: 0, z: 0, yaw: 0 };
const clear = { distance: 0, nx: 0, nz: 0 };

test("is as long as its file says", () => {
  assert.ok(Math.abs(track.length - 927.1) < 0.5);
});

test("finds its own places again", () => {
  for (let s = 1; s < track.length; s += 7.3) {
    track.line.place(s, place);
    track.line.project(place.x, place.z, at);
    assert.ok(Math.abs(at.s - s) < 0.01 && Math.abs(at.lateral) < 1e-6, `${s} became ${at.s}`);
  }
});

test("left of the driving direction is the outside, and positive", () => {
  track.line.project(0, -20, at);
  assert.ok(at.lateral > 5.9 && at.lateral < 6.1, `${at.lateral}`);
  track.line.project(0, -160, at);
  assert.ok(at.lateral < -100, "the infield is on the right");
});

test("knows what lies where", () => {
  assert.equal(track.surface(0, -26), "asphalt");
  assert.equal(track.surface(0, 9), "asphalt", "the pit lane");
  assert.equal(track.surface(3, 0.8), "asphalt", "a garage");
  assert.equal(track.surface(0, -160), "grass", "the infield");
  assert.equal(track.surface(0, -14), "grass", "between garages and track");
  track.line.place(390, place);
  const left = (/** @type {number} */ metres) =>
    track.surface(place.x - Math.cos(place.yaw) * metres, place.z + Math.sin(place.yaw) * metres);
  assert.equal(left(8.6), "kerb");
  assert.equal(left(16), "gravel");
  assert.equal(left(-8.6), "kerb");
  assert.equal(left(-16), "grass", "no gravel on the inside");
});

test("the barrier stands behind the run-off and leads back inside", () => {
  for (const [x, z] of [
    [175, -160],
    [0, 40],
    [-170, -150],
    [0, -340],
    [140, -20],
    [0, -160],
  ]) {
    track.clearance(x, z, clear);
    assert.ok(clear.distance < 0, `${x}, ${z} is outside`);
    const inX = x + clear.nx * (1 - clear.distance);
    const inZ = z + clear.nz * (1 - clear.distance);
    track.clearance(inX, inZ, clear);
    assert.ok(clear.distance > 0.5, `${inX}, ${inZ} is inside again`);
  }
});

test("no barrier crosses the pit lane, its merging or the track", () => {
  assert.ok(track.pit);
  for (const line of [track.line, track.pit]) {
    for (let s = 0; s < line.length; s += 1) {
      line.place(s, place);
      track.clearance(place.x, place.z, clear);
      assert.ok(clear.distance > 3, `${clear.distance} m at ${place.x}, ${place.z}`);
      for (const wall of track.walls) {
        assert.ok(distanceTo(wall, place) > 3, `a wall at ${place.x}, ${place.z}`);
      }
    }
  }
});

test("a fence keeps the pit lane apart from the track, close to the lane", () => {
  assert.ok(track.pit && track.building);
  const { pit, building } = track;
  const beside = track.fence.filter(([x]) => x > building.east + 1);
  assert.ok(beside.length > 5);
  for (const [x, z] of beside) {
    pit.project(x, z, at);
    const metres = -at.lateral - track.pitWidth / 2;
    assert.ok(metres > 0.5 && metres < 2.5, `${metres} m beside the lane at ${x}, ${z}`);
  }
  track.clearance(track.fence[0][0], track.fence[0][1], clear);
  assert.ok(clear.distance < 0, "and begins beyond the barrier");
});

test("every garage has its own bay with walls on three sides", () => {
  assert.ok(track.building);
  const { dividers, back, front } = track.building;
  assert.equal(dividers.length, track.garageXs.length + 1);
  track.garageXs.forEach((_x, i) => {
    const { x, z, yaw } = track.start(i);
    assert.ok(dividers[i] - x > 2 && x - dividers[i + 1] > 2, `garage ${i}`);
    assert.ok(z > back + 2.5 && z < front);
    assert.equal(yaw, 0);
  });
});

test("a file with a centre line is enough: cars start from a grid on the start straight", () => {
  const plain = readCircuit("../../track/tests/circuits/minimal.json");
  assert.equal(plain.name, "Plain ring");
  assert.deepEqual([plain.pit, plain.building, plain.walls, plain.starts], [null, null, [], 20]);
  for (let i = 0; i < plain.starts; i += 1) {
    const { x, z, yaw } = plain.start(i);
    assert.equal(plain.surface(x, z), "asphalt");
    plain.project(x, z, at);
    assert.ok(plain.length - at.s > 8 && plain.length - at.s < 140, `place ${i} is behind the line`);
    plain.line.place(at.s, place);
    assert.ok(Math.cos(yaw - place.yaw) > 0.95, `place ${i} looks along the track`);
    for (let j = 0; j < i; j += 1) {
      const other = plain.start(j);
      assert.ok(Math.hypot(other.x - x, other.z - z) > 5, `${i} and ${j} are apart`);
    }
  }
  assert.deepEqual(plain.start(20), plain.start(0));
  const { left, right, low, high } = plain.bounds;
  assert.ok(left < -288 && right > 275 && low < -140 && high > 135);
});

test("a ring whose last point repeats the first is the same circuit", () => {
  const closed = readCircuit("../../track/tests/circuits/closed.json");
  const open = readCircuit("../../track/tests/circuits/minimal.json");
  assert.equal(closed.length, open.length);
  assert.equal(closed.line.count, 64);
});

test("a file of a wrong form is refused, as the relay does; a wrong shape is only drawn", () => {
  const url = new URL("../../track/tests/circuits/refused.json", import.meta.url);
  /** @type {Array<{ why: string, form: boolean, file: unknown }>} */
  const cases = JSON.parse(readFileSync(url, "utf8"));
  for (const { why, form, file } of cases) {
    if (form) assert.throws(() => readTrack(file), /the circuit cannot be used: .+; .+/u, why);
    else assert.ok(readTrack(file), `${why}: only its shape is wrong`);
  }
});

// The crate `track` has the same numbers: page and bots must agree.
test("the grid is two columns behind the start line", () => {
  const behind = (/** @type {number} */ index) => {
    const { x, z } = track.gridPlace(index);
    track.project(x, z, at);
    return [Math.round(track.length - at.s), Math.round(at.lateral * 10) / 10];
  };
  assert.deepEqual(
    [behind(0), behind(1), behind(19)],
    [
      [9, 3.2],
      [16, -3.2],
      [133, -3.2],
    ],
  );
});

test("a pit lane without garages is no place to start from, nor are garages without a pit lane", () => {
  const file = JSON.parse(readFileSync(new URL("../track.json", import.meta.url), "utf8"));
  for (const left of ["garages", "pitLane"]) {
    const other = new Track(readTrack({ ...file, [left]: undefined }));
    assert.deepEqual(other.start(3), track.gridPlace(3), `without ${left}`);
    assert.equal(other.building, null);
    assert.equal(other.surface(0, -26), "asphalt");
  }
});

test("walls, run-off and lap of a narrow circuit follow from its file", () => {
  const street = readCircuit("../tracks/street.json");
  assert.equal(street.barrier, 5.5 + 4);
  street.line.place(50, place);
  const beside = (/** @type {number} */ metres) => [
    place.x - Math.cos(place.yaw) * metres,
    place.z + Math.sin(place.yaw) * metres,
  ];
  for (const side of [1, -1]) {
    const [x, z] = beside(side * 11);
    street.clearance(x, z, clear);
    assert.ok(Math.abs(clear.distance + 1.5) < 0.1, `${clear.distance}`);
  }
});

test("kerbs all around are one stretch", () => {
  assert.deepEqual(stretches([1, 1, 1]), [[0, 1, 2, 0]]);
  assert.deepEqual(stretches([0, 1, 1, 0, 1]), [
    [1, 2, 3],
    [4, 0],
  ]);
  assert.deepEqual(stretches([0, 1, -1], -1), [[2, 0]]);
});

/**
 * @param {import("../src/track.js").Wall} wall
 * @param {{ x: number, z: number }} point
 */
function distanceTo({ ax, az, bx, bz }, { x, z }) {
  const dx = bx - ax;
  const dz = bz - az;
  const part = Math.max(0, Math.min(1, ((x - ax) * dx + (z - az) * dz) / (dx * dx + dz * dz)));
  return Math.hypot(x - ax - part * dx, z - az - part * dz);
}
