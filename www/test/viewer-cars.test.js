import assert from "node:assert/strict";
import { test } from "node:test";
import { Liveries } from "../src/livery.js";
import { Cars, Rosters } from "../src/viewer/cars.js";
import { track } from "./circuit.js";
import { MockSpectator } from "./mock-spectator.js";

/**
 * @param {number} atMs
 * @param {string[]} ids
 */
function room(atMs, ...ids) {
  const players = ids.map((id, index) => ({ index, id, name: id }));
  return { id: "R", name: "R", hostId: null, isActive: true, players, atMs };
}

function feed(cars = 3) {
  return new MockSpectator(track.line, { cars, now: () => 0 });
}

test("cars are named after the room of the moment", () => {
  const rosters = new Rosters();
  rosters.add(room(0, "ann", "bo"));
  rosters.add(room(5000, "ann", "carmen"));
  const cars = new Cars(new Liveries());
  cars.update(feed(), 1000, rosters.at(1000), 0.016);
  assert.deepEqual(
    cars.list.map((car) => car.id),
    ["ann", "bo"],
  );
  cars.update(feed(), 6000, rosters.at(6000), 0.016);
  assert.deepEqual(
    cars.list.map((car) => car.id),
    ["ann", "carmen"],
  );
  cars.update(feed(), 4999, rosters.at(4999), 0.016);
  assert.deepEqual(
    cars.list.map((car) => car.id),
    ["ann", "bo"],
  );
});

test("the room as first known stands for the time before it", () => {
  const rosters = new Rosters();
  assert.equal(rosters.at(0), undefined);
  rosters.add(room(5000, "ann"));
  assert.equal(rosters.at(0)?.atMs, 5000);
});

test("a room told twice for one moment is what was told last", () => {
  const rosters = new Rosters();
  rosters.add(room(0, "ann"));
  rosters.add(room(0, "bo"));
  assert.deepEqual(
    rosters.at(0)?.players.map((player) => player.id),
    ["bo"],
  );
  assert.equal(rosters.rooms.length, 1);
});

test("a car that is new is there at once, and one that goes stale fades", () => {
  const spectator = feed(1);
  const cars = new Cars(new Liveries());
  const of = room(0, "ann");
  cars.update(spectator, 0, of, 0.1);
  assert.equal(cars.list[0].alpha, 1);
  const sample = spectator.sample.bind(spectator);
  spectator.sample = (atMs) => {
    const sampled = sample(atMs);
    sampled.rows[10] = 1;
    return sampled;
  };
  cars.update(spectator, 100, of, 0.1);
  assert.equal(cars.list[0].stale, true);
  assert.ok(cars.list[0].alpha < 1 && cars.list[0].alpha > 0.5, `${cars.list[0].alpha}`);
});

test("a car that the snapshots no longer have stays, faded, until its player leaves, or for forty seconds", () => {
  const spectator = feed(2);
  const cars = new Cars(new Liveries());
  const of = room(0, "ann", "bo");
  const look = (/** @type {number} */ atMs, now = of) => {
    cars.update(spectator, atMs, now, 0.1);
    return cars.list.map(({ id, stale }) => `${id}${stale ? " lost" : ""}`);
  };
  assert.deepEqual(look(0), ["ann", "bo"]);
  const [, { x }] = cars.list;
  const sample = spectator.sample.bind(spectator);
  let count = 1;
  spectator.sample = (atMs) => ({ ...sample(atMs), count });
  for (let atMs = 100; atMs < 40_000; atMs += 100) {
    assert.deepEqual([...look(atMs), cars.present], ["ann", "bo lost", 1], `${atMs}`);
  }
  assert.deepEqual([cars.list[1].x, cars.list[1].alpha < 0.5], [x, true]);
  assert.deepEqual(look(40_100), ["ann"]);
  count = 2;
  assert.deepEqual(look(50_000), ["ann", "bo"]);
  count = 1;
  assert.deepEqual(look(50_100), ["ann", "bo lost"]);
  assert.deepEqual(look(50_200, room(50_200, "ann")), ["ann"]);
  assert.deepEqual(look(50_300, room(50_300, "ann", "carl")), ["ann"], "the index is another player's now");
});

test("all cars of a full snapshot have a number and a place of their own", () => {
  const ids = Array.from({ length: 99 }, (_, i) => `player-${i}`);
  const cars = new Cars(new Liveries());
  cars.update(feed(99), 0, room(0, ...ids), 0.016);
  assert.equal(cars.list.length, 99);
  assert.equal(new Set(cars.list.map((car) => car.livery.number)).size, 99);
});
