import assert from "node:assert/strict";
import { test } from "node:test";
import { Field } from "../src/field.js";
import { Liveries } from "../src/livery.js";
import { track } from "./circuit.js";

const AT = { s: 0, lateral: 0, index: 0, x: 0, z: 0 };

/** A room with the cars it is given. */
class Reporter {
  /** @param {Array<{ id: string, x?: number, z?: number, yaw?: number, ageMs?: number, stale?: boolean }>} cars */
  constructor(cars) {
    this.list = cars;
  }

  *cars() {
    /** As in the client: one object, filled anew for each car. */
    const car = { id: "", slot: 0, x: 0, z: 0, yaw: 0, speed: 20, ageMs: 0, stale: false };
    for (const [slot, { id, x = 0, z = -26, yaw = 1, ageMs = 30, stale = false }] of this.list.entries()) {
      yield Object.assign(car, { id, slot, x, z, yaw, ageMs, stale });
    }
  }
}

/** @param {Reporter} reporter */
function fieldOf(reporter) {
  const field = new Field(track, new Liveries());
  const look = (seconds = 0) => field.update(/** @type {any} */ (reporter.cars()), seconds, 1 / 60);
  return { field, look, ids: () => field.cars.map((car) => car.id) };
}

test("takes place, heading and name of each car", () => {
  const reporter = new Reporter([{ id: "a", x: 5, z: -30, yaw: 1.5 }, { id: "b" }]);
  const { field, look } = fieldOf(reporter);
  for (let i = 0; i < 10; i += 1) look();
  // The list comes after the cars.
  field.liveries.assign([
    { id: "a", name: "Ann" },
    { id: "b", name: "Bo" },
  ]);
  field.nameAll([{ id: "a", name: "Ann" }]);
  const [ann, other] = field.cars;
  assert.deepEqual([ann.id, ann.name, ann.x, ann.z, ann.yaw], ["a", "Ann", 5, -30, 1.5]);
  assert.notEqual(ann.livery.number, other.livery.number);
});

test("a car keeps its number in the list, wherever on the track it is", () => {
  const reporter = new Reporter([
    { id: "a", x: 5, z: -30 },
    { id: "b", x: -60, z: 30 },
  ]);
  const { field, look } = fieldOf(reporter);
  for (let i = 0; i < 3; i += 1) look();
  assert.deepEqual(
    field.cars.map(({ index }) => index),
    [0, 1],
  );
});

test("whoever left is forgotten, so that a long race among many does not grow", () => {
  const reporter = new Reporter([]);
  const { field, look, ids } = fieldOf(reporter);
  for (let i = 0; i < 1000; i += 1) {
    reporter.list = [{ id: `${i}` }, { id: "here" }];
    look();
  }
  assert.deepEqual(ids().toSorted(), ["999", "here"]);
  assert.ok(field.known.size <= 201, `${field.known.size}`);
});

test("leaves out what cannot be a place", () => {
  const reporter = new Reporter([{ id: "nan", x: NaN }, { id: "far", z: 1e9 }, { id: "" }, { id: "here" }]);
  const { look, ids } = fieldOf(reporter);
  look();
  assert.deepEqual(ids(), ["here"]);
});

test("a lost car fades; one whose player left the room goes at once", () => {
  const reporter = new Reporter([{ id: "a", stale: true, ageMs: 900 }, { id: "b" }]);
  const { field, look, ids } = fieldOf(reporter);
  for (let i = 0; i < 180; i += 1) look(i / 60);
  assert.ok(field.cars[0].alpha < 0.5 && field.cars[1].alpha === 1);
  field.nameAll([{ id: "b", name: "Bo" }]);
  look();
  assert.deepEqual(ids(), ["b"]);
});

test("a hiccup of the network is no absence; a hidden page's car is away, not lost, without a flicker", () => {
  const reporter = new Reporter([{ id: "a", stale: true, ageMs: 500 }]);
  const { field, look } = fieldOf(reporter);
  for (let ms = 0; ms < 500; ms += 20) look(ms / 1000);
  reporter.list = [{ id: "a" }];
  for (let ms = 500; ms < 5000; ms += 20) look(ms / 1000);
  assert.equal(field.cars[0].stale, false);
  /** @type {Set<string>} */
  const seen = new Set();
  for (let ms = 5000; ms < 60_000; ms += 20) {
    // Once a second, as browsers let a hidden page: fresh for a quarter of it.
    reporter.list = [{ id: "a", ageMs: ms % 1000, stale: ms % 1000 > 250 }];
    look(ms / 1000);
    if (ms > 7000) seen.add(`${field.cars[0].stale} ${field.cars[0].lost}`);
  }
  assert.deepEqual([...seen], ["true false"]);
  reporter.list = [{ id: "a", ageMs: 5000, stale: true }];
  look(60);
  assert.equal(field.cars[0].lost, true);
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
    reporter.list = [{ id: "a", ...place }];
    look(s / 30);
  }
  track.line.project(place.x, place.z, AT);
  assert.equal(field.cars[0].laps.lap, 2);
  assert.ok(Math.abs(field.cars[0].progress - (track.length + AT.s)) < 1);
});
