import assert from "node:assert/strict";
import { test } from "node:test";
import { track } from "./circuit.js";

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
  const beside = track.fence.filter(([x]) => x > track.building.east + 1);
  assert.ok(beside.length > 5);
  for (const [x, z] of beside) {
    track.pit.project(x, z, at);
    const metres = -at.lateral - track.pitWidth / 2;
    assert.ok(metres > 0.5 && metres < 2.5, `${metres} m beside the lane at ${x}, ${z}`);
  }
  track.clearance(track.fence[0][0], track.fence[0][1], clear);
  assert.ok(clear.distance < 0, "and begins beyond the barrier");
});

test("every garage has its own bay with walls on three sides", () => {
  const { dividers, back, front } = track.building;
  assert.equal(dividers.length, track.garageXs.length + 1);
  track.garageXs.forEach((_x, i) => {
    const { x, z, yaw } = track.garage(i);
    assert.ok(dividers[i] - x > 2 && x - dividers[i + 1] > 2, `garage ${i}`);
    assert.ok(z > back + 2.5 && z < front);
    assert.equal(yaw, 0);
  });
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
