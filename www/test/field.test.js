import assert from "node:assert/strict";
import { test } from "node:test";
import { Field } from "../src/field.js";
import { Liveries } from "../src/livery.js";
import { CAR_STRIDE } from "../src/row.js";
import { track } from "./circuit.js";

const AT = { s: 0, lateral: 0, index: 0, x: 0, z: 0 };

/** A session that reports the cars it is given. */
class Reporter {
  /** @param {Array<{ id: string, x?: number, z?: number, yaw?: number, ageMs?: number, stale?: boolean }>} cars */
  constructor(cars) {
    this.cars = cars;
    this.asked = 0;
  }

  carCount() {
    return this.cars.length;
  }

  /** @param {number} slot */
  carId(slot) {
    this.asked += 1;
    return this.cars[slot]?.id;
  }

  sample() {
    const rows = new Float32Array(this.cars.length * CAR_STRIDE);
    this.cars.forEach(({ x = 0, z = -26, yaw = 1, ageMs = 30, stale = false }, slot) => {
      rows.set([slot, x, 0, z, 0, 0, 0, 1, 20, ageMs, Number(stale), yaw], slot * CAR_STRIDE);
    });
    return rows;
  }
}

/** @param {Reporter} reporter */
function fieldOf(reporter) {
  const field = new Field(track, new Liveries());
  const look = (seconds = 0) => field.update(/** @type {any} */ (reporter), seconds, 1 / 60);
  return { field, look, ids: () => field.cars.map((car) => car.id) };
}

test("takes place, heading and name of each car, and asks for an id only once", () => {
  const reporter = new Reporter([{ id: "a", x: 5, z: -30, yaw: 1.5 }, { id: "b" }]);
  const { field, look } = fieldOf(reporter);
  field.nameAll([{ id: "a", name: "Ann" }]);
  for (let i = 0; i < 10; i += 1) look();
  const [ann, other] = field.cars;
  assert.deepEqual([ann.id, ann.name, ann.x, ann.z, ann.yaw], ["a", "Ann", 5, -30, 1.5]);
  assert.notEqual(ann.livery.number, other.livery.number);
  assert.equal(reporter.asked, 2);
});

test("a slot that went to another player is another car", () => {
  const reporter = new Reporter([{ id: "a" }]);
  const { field, look, ids } = fieldOf(reporter);
  look();
  reporter.cars = [{ id: "b" }];
  field.forget(0);
  look();
  assert.deepEqual(ids(), ["b"]);
});

test("leaves out what cannot be a place, and cars silent for too long", () => {
  const reporter = new Reporter([
    { id: "nan", x: NaN },
    { id: "far", z: 1e9 },
    { id: "gone", ageMs: 60_000, stale: true },
    { id: /** @type {any} */ (undefined) },
    { id: "here" },
  ]);
  const { look, ids } = fieldOf(reporter);
  look();
  assert.deepEqual(ids(), ["here"]);
});

test("a lost car fades; one whose player left the room goes at once", () => {
  const reporter = new Reporter([{ id: "a", stale: true, ageMs: 900 }, { id: "b" }]);
  const { field, look, ids } = fieldOf(reporter);
  for (let i = 0; i < 120; i += 1) look();
  assert.ok(field.cars[0].alpha < 0.5 && field.cars[1].alpha === 1);
  field.nameAll([{ id: "b", name: "Bo" }]);
  look();
  assert.deepEqual(ids(), ["b"]);
});

test("a car that drives is shown even if the list does not have it yet", () => {
  const { field, look, ids } = fieldOf(new Reporter([{ id: "new" }]));
  field.nameAll([{ id: "b", name: "Bo" }]);
  look();
  assert.deepEqual(ids(), ["new"]);
});

test("counts the laps of others from what is seen of them", () => {
  const reporter = new Reporter([{ id: "a" }]);
  const { field, look } = fieldOf(reporter);
  const place = { x: 0, z: 0, yaw: 0 };
  for (let s = 300; s < 300 + 2.2 * track.length; s += 3) {
    track.line.place(s, place);
    reporter.cars = [{ id: "a", ...place }];
    look(s / 30);
  }
  track.line.project(place.x, place.z, AT);
  assert.equal(field.cars[0].laps.lap, 2);
  assert.ok(Math.abs(field.cars[0].progress - (track.length + AT.s)) < 1);
});
