import assert from "node:assert/strict";
import { test } from "node:test";
import { Field } from "../src/field.js";
import { Liveries } from "../src/livery.js";
import { LapCounter, OWN_JUMP_METRES } from "../src/laps.js";
import { track } from "./circuit.js";

const AT = { s: 0, lateral: 0, index: 0, x: 0, z: 0 };

/** A room with the cars it is given. */
class Reporter {
  /** @param {Array<{ id: string, x?: number, z?: number, yaw?: number, speed?: number, ageMs?: number, stale?: boolean }>} cars */
  constructor(cars) {
    this.list = cars;
  }

  /** @param {(car: any) => void} work */
  forEachCar(work) {
    /** As in the client: one object, filled anew for each car. */
    const car = { id: "", slot: 0, x: 0, z: 0, yaw: 0, speed: 0, ageMs: 0, stale: false };
    for (const [slot, seen] of this.list.entries()) {
      const { id, x = 0, z = -26, yaw = 1, speed = 20, ageMs = 30, stale = false } = seen;
      work(Object.assign(car, { id, slot, x, z, yaw, ageMs, stale, speed }));
    }
  }
}

/** Where a car is along the lap. @param {number} s */
function at(s) {
  const place = { x: 0, z: 0, yaw: 0 };
  track.line.place(s, place);
  return place;
}

/** @param {Reporter} reporter */
function fieldOf(reporter) {
  const field = new Field(track, new Liveries());
  const look = (seconds = 0) => field.update(reporter, seconds * 1000, seconds, 1 / 60);
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

test("a frame of twenty cars makes no object for each car", (context) => {
  const car = { ...at(400), id: "", slot: 0, speed: 20, ageMs: 30, stale: false };
  const ids = Array.from({ length: 20 }, (_, i) => `player-${i}`);
  const room = {
    /** @param {(car: any) => void} work */
    forEachCar(work) {
      for (let i = 0; i < ids.length; i += 1) {
        car.id = ids[i];
        car.slot = i;
        work(car);
      }
    },
  };
  const field = new Field(track, new Liveries());
  // The least of several rounds: the compiler makes garbage of its own. Depending on what it inlines, it also boxes two numbers
  // for each car, which are 640 bytes.
  let least = Infinity;
  for (let round = 0; round < 30; round += 1) {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 200; i += 1) field.update(room, 0, round, 1 / 60);
    const grown = process.memoryUsage().heapUsed - before;
    if (grown >= 0) least = Math.min(least, grown / 200);
  }
  context.diagnostic(`${least.toFixed(0)} bytes for a frame`);
  assert.ok(least < 1000, `${least} bytes for a frame`);
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

test("a car far from the circuit stays listed at its last place, with its progress", () => {
  const reporter = new Reporter([{ id: "a", ...at(400) }]);
  const { field, look } = fieldOf(reporter);
  look(0);
  const [{ x, progress }] = field.cars;
  for (let seconds = 1; seconds < 4; seconds += 0.1) {
    reporter.list = [{ id: "a", x: 1e6 }];
    look(seconds);
  }
  const [car] = field.cars;
  assert.deepEqual([car.id, car.x, car.progress, car.stale], ["a", x, progress, true]);
});

test("a player who joins late is behind those who race; one who was there from the start is not", () => {
  const grid = track.length - 9;
  const own = new LapCounter(track.length, OWN_JUMP_METRES, track.reach);
  own.update(grid, 0, 0);
  for (const isLate of [true, false]) {
    const reporter = new Reporter([]);
    const { field, look } = fieldOf(reporter);
    field.restart(isLate);
    look(0);
    for (let seconds = 2; seconds < 30; seconds += 0.1) {
      reporter.list = [
        { id: "a", ...at(track.length / 2 + 30 * seconds) },
        { id: "b", ...at(40 + 30 * seconds) },
      ];
      if (seconds > 4) reporter.list.push({ id: "later", ...at(grid), speed: 0 });
      look(seconds);
      const behind = field.cars
        .filter(({ id }) => id !== "later")
        .map((car) => car.progress - own.progress(grid));
      if (isLate) {
        assert.ok(
          behind.every((metres) => metres > 0),
          `${behind} at ${seconds}`,
        );
      } else assert.ok(seconds > 3 || behind.every((metres) => metres < 0), `${behind} at ${seconds}`);
    }
    const later = field.cars.find(({ id }) => id === "later");
    assert.equal(later?.progress, own.progress(grid));
  }
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
  for (const [ageMs, lost] of /** @type {const} */ ([
    [4900, false],
    [5100, true],
  ])) {
    reporter.list = [{ id: "a", ageMs, stale: true }];
    look(60);
    assert.equal(field.cars[0].lost, lost);
  }
});

test("a car is away after a second and a half of silence", () => {
  const reporter = new Reporter([{ id: "a" }, { id: "b" }]);
  const { field, look } = fieldOf(reporter);
  look(0);
  let awayMs = NaN;
  for (let ms = 0; ms < 3000; ms += 20) {
    reporter.list = [{ id: "a", ageMs: ms, stale: ms > 250 }, { id: "b" }];
    look(ms / 1000);
    if (field.cars[0].stale && !(awayMs <= ms)) awayMs = ms;
  }
  assert.ok(awayMs >= 1480 && awayMs <= 1560, `${awayMs}`);
});

/** A race in which `a` and `c` go on, and `b` falls silent: the client drops its car after 5 s, and may give its slot to another. */
function silence() {
  const reporter = new Reporter([]);
  const { field, ids } = fieldOf(reporter);
  const everybody = ["a", "b", "c"].map((id) => ({ id, name: id.toUpperCase() }));
  field.nameAll(everybody);
  const until = (/** @type {number} */ toMs) => {
    for (let ms = field.seconds * 1000; ms < toMs; ms += 50) {
      const b = { id: "b", x: 40, ageMs: ms, stale: ms > 250 };
      reporter.list = [{ id: "a" }, ...(ms < 5000 ? [b] : []), { id: "c" }];
      field.update(reporter, ms, (ms + 50) / 1000, 0.05);
    }
  };
  return { reporter, field, ids, everybody, until };
}

test("a lost car that the client has dropped stays in its place, faded, as long as its player is in the room", () => {
  const { field, ids, everybody, until } = silence();
  until(30_000);
  assert.deepEqual(ids().toSorted(), ["a", "b", "c"]);
  const b = field.cars.find(({ id }) => id === "b");
  assert.deepEqual([b?.x, b?.stale, b?.lost, b && b.alpha < 0.5], [40, true, true, true]);
  const indices = new Set(field.cars.map(({ index }) => index));
  assert.equal(indices.size, 3, "each has an index of its own");
  field.nameAll(everybody.filter(({ id }) => id !== "b"));
  until(30_100);
  assert.deepEqual(ids(), ["a", "c"]);
  // It is listed again, but in another place maybe: nobody knows until it drives.
  field.nameAll(everybody);
  until(30_200);
  assert.deepEqual(ids(), ["a", "c"]);
});

test("a lost car of a player whom an old game server lists for ever goes after forty seconds", () => {
  const { ids, until } = silence();
  until(39_000);
  assert.equal(ids().length, 3);
  until(41_000);
  assert.deepEqual(ids(), ["a", "c"]);
});

test("a lost car that drives again is where it is, and nothing else is left of it", () => {
  const { reporter, field, ids, until } = silence();
  until(20_000);
  reporter.list = [{ id: "a" }, { id: "b", x: 50 }, { id: "c" }];
  for (let ms = 20_000; ms < 23_000; ms += 50) field.update(reporter, ms, ms / 1000, 0.05);
  assert.deepEqual(ids(), ["a", "b", "c"]);
  assert.deepEqual([field.cars[1].index, field.cars[1].x, field.cars[1].stale], [1, 50, false]);
});

test("a page that is cut off for long keeps all cars, and none of them is away", () => {
  const reporter = new Reporter([]);
  const { field, ids } = fieldOf(reporter);
  field.nameAll(["a", "b"].map((id) => ({ id, name: id })));
  for (let ms = 0; ms < 9000; ms += 50) {
    const seen = { ageMs: ms + 30, stale: ms > 250 };
    reporter.list = ms < 5000 ? ["a", "b"].map((id) => ({ id, ...seen })) : [];
    field.update(reporter, ms, ms / 1000, 0.05);
  }
  assert.deepEqual([ids(), field.isCutOff], [["a", "b"], true]);
  assert.deepEqual(
    field.cars.map(({ stale, lost }) => stale || lost),
    [false, false],
  );
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

test("if every car falls silent at once, it is this page that is cut off, and nobody is away", () => {
  const reporter = new Reporter([]);
  const { field, look } = fieldOf(reporter);
  /** @type {Set<boolean>} */
  const away = new Set();
  const run = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ heardMs) => {
    for (let ms = from; ms < to; ms += 20) {
      const ageMs = Math.min(30, heardMs) + Math.max(0, ms - heardMs);
      reporter.list = [
        { id: "gone", ageMs: 20_000 + ms, stale: true },
        { id: "a", ageMs, stale: ageMs > 250 },
        { id: "b", ageMs: ageMs + 40, stale: ageMs > 210 },
      ];
      look(ms / 1000);
      away.add(field.cars[1].stale).add(field.cars[2].stale);
    }
  };
  run(0, 3000, Infinity);
  assert.equal(field.isCutOff, false);
  run(3000, 9000, 3000);
  assert.equal(field.isCutOff, true);
  assert.equal(field.cars[0].lost, true, "who was lost before is still");
  run(9000, 12_000, Infinity);
  assert.equal(field.isCutOff, false);
  assert.deepEqual([...away], [false]);
});

test("positions that arrive in bursts, of all cars at once, make nobody away", () => {
  const reporter = new Reporter([]);
  const { field, look } = fieldOf(reporter);
  for (let ms = 0; ms < 20_000; ms += 20) {
    const ageMs = ms % 800;
    reporter.list = ["a", "b", "c"].map((id, i) => ({ id, ageMs: ageMs + 20 * i, stale: ageMs > 230 }));
    // One of them is behind a hidden page.
    reporter.list.push({ id: "hidden", ageMs: (ms % 1600) + 100, stale: ms % 1600 > 150 });
    look(ms / 1000);
    if (ms > 4000) {
      assert.deepEqual(
        field.cars.map(({ stale }) => stale),
        [false, false, false, true],
        `${ms}`,
      );
    }
  }
  assert.equal(field.isCutOff, false);
});

test("a car that is silent alone is away, also if it is the only other one", () => {
  const reporter = new Reporter([{ id: "a" }]);
  const { field, look } = fieldOf(reporter);
  for (let ms = 0; ms < 4000; ms += 20) {
    reporter.list = [{ id: "a", ageMs: ms, stale: ms > 250 }];
    look(ms / 1000);
  }
  assert.deepEqual([field.isCutOff, field.cars[0].stale], [false, true]);
});
