import assert from "node:assert/strict";
import { test } from "node:test";
import { Liveries } from "../src/livery.js";
import { Cars } from "../src/viewer/cars.js";
import { SPEEDS } from "../src/map/palette.js";
import { Trails } from "../src/viewer/trails.js";
import { track } from "./circuit.js";
import { MockSpectator } from "./mock-spectator.js";

/** A canvas that keeps what was stroked, by colour: the length of it, and where it ended last. */
function canvas() {
  const drawn = { metres: 0, strokes: 0, colours: new Set(), ends: [] };
  let last = [0, 0];
  return {
    drawn,
    beginPath() {},
    moveTo: (x, y) => void (last = [x, y]),
    lineTo(x, y) {
      drawn.metres += Math.hypot(x - last[0], y - last[1]);
      drawn.ends.push([x, y]);
      last = [x, y];
    },
    stroke() {
      drawn.strokes += 1;
      drawn.colours.add(this.strokeStyle);
    },
  };
}

function raceOf(count) {
  const spectator = new MockSpectator(track.line, { cars: count, now: () => 60_000, historyMs: 60_000 });
  return { spectator, cars: new Cars(new Liveries()), trails: new Trails() };
}

/** Show the moments from one to another, 60 a second. */
function show({ spectator, cars, trails }, fromMs, toMs) {
  for (let atMs = fromMs; atMs <= toMs; atMs += 1000 / 60) {
    cars.update(spectator, atMs, spectator.room, 1 / 60);
    trails.push(cars.list, atMs);
  }
}

function draw({ cars, trails }, chosen = undefined) {
  const context = canvas();
  trails.draw(context, cars.list, chosen, 2);
  return context.drawn;
}

test("a trail reaches four seconds back from the car", () => {
  const race = raceOf(1);
  show(race, 20_000, 30_000);
  const [car] = race.cars.list;
  const { metres, ends } = draw(race);
  assert.ok(Math.abs(metres - car.speed * 4) < car.speed * 0.2, `${metres} m at ${car.speed} m/s`);
  assert.ok(
    ends.some(([x, y]) => Math.hypot(x - car.x, y + car.z) < 0.01),
    "none ends at the car",
  );
});

test("a jump of the playhead clears the trails, forwards and backwards", () => {
  for (const toMs of [50_000, 29_500, 12_000]) {
    const race = raceOf(3);
    show(race, 20_000, 30_000);
    assert.ok(draw(race).metres > 100);
    show(race, toMs, toMs);
    assert.equal(draw(race).metres, 0);
    show(race, toMs + 20, toMs + 2000);
    const driven = race.cars.list.reduce((sum, car) => sum + car.speed * 2, 0);
    const { metres } = draw(race);
    assert.ok(Math.abs(metres - driven) < 0.15 * driven, `${metres} m of ${driven} m`);
  }
});

test("a paused playhead keeps them as they are", () => {
  const race = raceOf(3);
  show(race, 20_000, 30_000);
  const { metres } = draw(race);
  const { lastMs } = race.trails;
  for (let i = 0; i < 100; i += 1) race.trails.push(race.cars.list, lastMs);
  assert.equal(draw(race).metres, metres);
});

test("after a jump they are there at once, taken from the past, and the same as if watched", () => {
  const watched = raceOf(5);
  show(watched, 20_000, 30_000);
  const jumped = raceOf(5);
  jumped.trails.refill(jumped.spectator, jumped.cars, 30_000);
  show(jumped, 30_000, 30_000);
  const [a, b] = [draw(watched).metres, draw(jumped).metres];
  assert.ok(Math.abs(a - b) < 0.05 * a, `${a} m watched, ${b} m taken from the past`);
});

test("the past is asked for no further back than it goes", () => {
  const race = raceOf(2);
  /** @type {number[]} */
  const asked = [];
  const sample = race.spectator.sample.bind(race.spectator);
  race.spectator.sample = (atMs) => {
    asked.push(atMs);
    return sample(atMs);
  };
  race.spectator.startMs = 29_000;
  race.trails.refill(race.spectator, race.cars, 30_000);
  assert.equal(asked.length, 11);
  assert.ok(Math.min(...asked) >= 29_000);
  race.spectator.startMs = NaN;
  race.trails.refill(race.spectator, race.cars, NaN);
  assert.equal(asked.length, 11);
});

test("a car that was put elsewhere, or whose connection went, drags no line behind it", () => {
  const race = raceOf(1);
  show(race, 20_000, 25_000);
  const [car] = race.cars.list;
  car.x += 300;
  race.trails.push(race.cars.list, 25_100);
  assert.ok(draw(race).metres < 1, `${draw(race).metres} m`);
  show(race, 26_000, 28_000);
  car.stale = true;
  race.trails.push(race.cars.list, 28_010);
  assert.equal(draw(race).metres, 0);
});

test("colours tell the speed: the faster, the lighter", () => {
  const race = raceOf(1);
  for (const [speed, tone] of [
    [1, 0],
    [50, SPEEDS.length - 1],
  ]) {
    race.trails.clear();
    race.trails.fastest = 50;
    show(race, 20_000, 20_000);
    const [car] = race.cars.list;
    for (let atMs = 20_100; atMs < 21_000; atMs += 100) {
      car.x += speed / 10;
      car.speed = speed;
      race.trails.push(race.cars.list, atMs);
    }
    // The first point still has the speed of the mock.
    assert.ok(draw(race).colours.has(SPEEDS[tone]), `${speed} m/s`);
  }
  const light = SPEEDS.map(luminance);
  for (let i = 1; i < light.length; i += 1) assert.ok(light[i] > light[i - 1], SPEEDS[i]);
});

test("a hundred cars take no more strokes than a few", () => {
  const race = raceOf(100);
  show(race, 20_000, 30_000);
  const { strokes, metres } = draw(race);
  assert.ok(strokes <= 24, `${strokes} strokes`);
  assert.ok(metres > 1000 && metres < 12_000, `${metres} m`);
});

/** Relative luminance by WCAG. @param {string} hex */
function luminance(hex) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
