import assert from "node:assert/strict";
import { test } from "node:test";
import { Liveries } from "../src/livery.js";
import { Circuit } from "../src/viewer/circuit.js";
import { CAR_STRIDE } from "../src/viewer/feed.js";
import { Ledger } from "../src/viewer/ledger.js";
import { MockSpectator } from "./mock-spectator.js";
import { ring, roomOf, Scripted } from "./scripted-spectator.js";

/** @typedef {import("./scripted-spectator.js").Shown} Shown */

const LAP = 1000;
const circuit = new Circuit({ centreline: ring(LAP, 250) });

/** A race written down as far as a test asks for. */
class Race {
  /**
   * @param {Array<(seconds: number) => Shown>} cars
   * @param {Partial<import("../src/viewer/feed.js").SpectatedRoom>} [room]
   * @param {Circuit | null} [on]
   */
  constructor(cars, room = {}, on = circuit) {
    this.spectator = new Scripted(circuit.line, cars);
    this.ledger = new Ledger(new Liveries());
    this.ledger.setCircuit(on);
    this.ledger.addRoom(roomOf(cars.length, room));
  }

  /** @param {number} seconds */
  until(seconds) {
    this.spectator.liveMs = seconds * 1000;
    assert.equal(this.ledger.advance(/** @type {any} */ (this.spectator), seconds * 1000, Infinity), true);
    return this;
  }

  /** Copies, for they are filled anew. @param {number} seconds */
  at(seconds) {
    return this.ledger.standings(seconds * 1000).map((standing) => ({ ...standing }));
  }

  /** @param {number} seconds */
  ids(seconds) {
    return this.at(seconds).map(({ id }) => id);
  }

  /** @param {string} kind */
  events(kind) {
    return this.ledger.events.filter((event) => event.kind === kind);
  }
}

/** Steadily on from a place. @param {number} from @param {number} speed */
const steady = (from, speed) => (/** @type {number} */ seconds) => ({ s: from + speed * seconds, speed });

/** Where a car is that is slower here and faster there. @param {number} seconds */
const uneven = (seconds) => -100.3 + 37 * seconds + 60 * Math.sin(seconds / 5);

/** When the uneven car is at a place. @param {number} s */
function unevenAt(s) {
  let [low, high] = [0, 1000];
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (uneven(middle) < s) low = middle;
    else high = middle;
  }
  return low;
}

test("lap times are true to a few milliseconds, at every moment", () => {
  const race = new Race([(t) => ({ s: uneven(t), speed: 37 + 12 * Math.cos(t / 5) })]).until(200);
  let best = Infinity;
  for (let lap = 1; lap <= 6; lap += 1) {
    const end = unevenAt(lap * LAP);
    const truth = (end - unevenAt((lap - 1) * LAP)) * 1000;
    best = Math.min(best, truth);
    const [before] = race.at(end - 0.3);
    const [after] = race.at(end + 0.3);
    assert.equal(before.lap, lap);
    assert.equal(after.lap, lap + 1);
    assert.ok(Math.abs(after.lastMs - truth) < 5, `${after.lastMs} is ${truth}`);
    assert.ok(Math.abs(after.bestMs - best) < 5, `${after.bestMs} is ${best}`);
  }
});

test("a car first seen in the middle of a lap has no time for it", () => {
  const race = new Race([steady(400, 50)]).until(60);
  const [early] = race.at(5);
  assert.equal(early.lap, 0);
  assert.ok(Math.abs(early.progress - 650) < 1, `${early.progress}`);
  const [first] = race.at(20);
  assert.equal(first.lap, 1);
  assert.ok(Number.isNaN(first.lastMs));
  const [second] = race.at(33);
  assert.equal(second.lap, 2);
  assert.ok(Math.abs(second.lastMs - 20_000) < 5, `${second.lastMs}`);
});

test("driving backwards, cutting, the pit lane and being put elsewhere make no lap", () => {
  const back = new Race([(t) => ({ s: 500 - 40 * t })]).until(90);
  assert.equal(back.at(90)[0].lap, 0);
  // Off the track from 100 to 900 m of every lap.
  const cut = new Race([
    (t) => ({ s: 40 * t, lateral: (40 * t) % LAP > 100 && (40 * t) % LAP < 900 ? -60 : 0 }),
  ]);
  assert.ok(cut.until(90).at(90)[0].lap <= 1);
  const put = new Race([(t) => ({ s: (400 * Math.floor(t)) % LAP, speed: 0 })]);
  assert.ok(put.until(90).at(90)[0].lap <= 1);
  const [x, z] = [0, circuit.line.zs[0] + 14];
  const pitLane = {
    widthMetres: 8,
    centreline: /** @type {Array<[number, number]>} */ ([
      [x - 90, z],
      [x + 90, z],
    ]),
  };
  const withPit = new Circuit({ centreline: ring(LAP, 250), pitLane });
  const pit = new Race([(t) => ({ x: x - 80 + 20 * t, z, speed: 20 })], {}, withPit).until(8);
  assert.equal(pit.at(4)[0].inPit, true);
  assert.equal(pit.at(8)[0].lap, 0);
});

test("a lap that was cut short by a jump along the track is not timed", () => {
  // 60 m, between two of the checkpoints.
  const race = new Race([(t) => ({ s: 50 * t - 10 + (t > 20.4 ? 60 : 0), speed: 50 })]).until(70);
  assert.equal(race.at(41)[0].lap, 3);
  for (const seconds of [41, 60]) {
    const [{ lastMs, bestMs }] = race.at(seconds);
    assert.ok(Math.abs(lastMs - 20_000) < 5 && Math.abs(bestMs - 20_000) < 5, `${lastMs}, ${bestMs}`);
  }
});

test("a lap through which the connection was lost counts, and its time is not far off", () => {
  const lost = (/** @type {number} */ t) => t > 18.5 && t < 21.5;
  const race = new Race([
    (t) => ({
      s: lost(t) ? 50 * 18.5 : 50 * t + 0.01,
      speed: 50,
      stale: lost(t),
      ageMs: lost(t) ? 2000 : 60,
    }),
  ]).until(45);
  assert.equal(race.at(20)[0].connection, "lost");
  assert.equal(race.at(22)[0].connection, "weak");
  assert.equal(race.at(28)[0].connection, "good");
  assert.equal(race.at(45)[0].lap, 2);
});

test("gaps are what a stop-watch says, at any moment", () => {
  // The second car does what the first did 3.21 s before, the third 11.5 s.
  const car = (/** @type {number} */ delay) => (/** @type {number} */ t) => ({
    s: uneven(t - delay),
    speed: 40,
  });
  const race = new Race([car(0), car(3.21), car(11.5)]).until(120);
  for (const seconds of [30, 61.7, 90, 120]) {
    const [first, second, third] = race.at(seconds);
    assert.equal(first.gapMs, 0);
    assert.ok(Number.isNaN(first.intervalMs));
    assert.ok(Math.abs(second.gapMs - 3210) < 20, `${second.gapMs}`);
    assert.ok(Math.abs(third.gapMs - 11_500) < 20, `${third.gapMs}`);
    assert.ok(Math.abs(third.intervalMs - 8290) < 20, `${third.intervalMs}`);
    assert.equal(third.gapLaps, 0);
  }
});

test("who has just begun to watch has gaps at once, from the pace", () => {
  const [first, second] = new Race([steady(300, 40), steady(220, 40)]).until(0.2).at(0.2);
  assert.equal(first.id, "p0");
  assert.ok(Math.abs(second.gapMs - 2000) < 20, `${second.gapMs}`);
});

test("who begins to watch as the pack crosses the line still sees who leads", () => {
  const race = new Race([steady(940, 40), steady(60, 40), steady(20, 40), steady(980, 40)]).until(50);
  for (const seconds of [0, 1, 10, 50]) assert.deepEqual(race.ids(seconds), ["p1", "p2", "p3", "p0"]);
});

test("a car that stands on the grid while others race is behind them, wherever they are", () => {
  const race = new Race([steady(300, 40), () => ({ s: -9, speed: 0 }), steady(620, 40)]).until(60);
  for (const seconds of [0, 5, 12, 20, 60]) assert.deepEqual(race.ids(seconds), ["p2", "p0", "p1"]);
  const { gapLaps, gapMs, intervalLaps, intervalMs } = race.at(60)[2];
  assert.deepEqual([gapLaps, gapMs, intervalLaps, intervalMs], [0, NaN, 0, NaN], "it has no gap in laps yet");
});

test("who begins to watch at the start sees nobody a lap behind", () => {
  const race = new Race([steady(-36, 20), () => ({ s: -43, speed: 0 }), steady(-49, 20)]).until(20);
  const rows = race.at(20);
  assert.deepEqual(
    rows.map(({ id, gapLaps }) => [id, gapLaps]),
    [
      ["p0", 0],
      ["p2", 0],
      ["p1", 0],
    ],
  );
});

test("that holds for cars that come one after the other, too", () => {
  const from = [20, 980, 60, 940];
  const cars = from.map((s, i) => (/** @type {number} */ t) => (t < i * 0.2 ? null : steady(s, 40)(t)));
  const race = new Race(cars).until(50);
  for (const seconds of [1, 10, 50]) assert.deepEqual(race.ids(seconds), ["p2", "p0", "p1", "p3"]);
  assert.deepEqual(race.events("overtake"), []);
});

test("laps that are counted later are no way that was driven", () => {
  // Whoever is seen for the first time has no speed yet.
  const cars = [60, 20, 980, 940].map((s) => (/** @type {number} */ t) => ({
    ...steady(s, 40)(t),
    speed: t < 0.4 ? 0 : 40,
  }));
  const race = new Race(cars).until(30);
  for (const seconds of [1, 4, 10, 30]) {
    const gaps = race.at(seconds).map(({ gapMs }) => Math.round(gapMs / 100) / 10);
    assert.deepEqual(gaps, [0, 1, 2, 3], `${seconds} s after the first look`);
  }
});

test("counts laps behind, and those are no overtakes", () => {
  const race = new Race([steady(-10, 50), steady(-20, 20)]).until(120);
  const [leader, second] = race.at(120);
  assert.equal(leader.id, "p0");
  assert.equal(second.gapLaps, 3);
  assert.equal(race.events("overtake").length, 0);
});

test("two cars that stand have no gap that grows", () => {
  const race = new Race([
    (t) => ({
      s: t < 5 ? -100 + 18 * t : -10 + Math.max(0, t - 60) * 30,
      speed: t < 5 ? 18 : t > 60 ? 30 : 0,
    }),
    (t) => ({
      s: t < 5 ? -110 + 18 * t : -20 + Math.max(0, t - 61) * 30,
      speed: t < 5 ? 18 : t > 61 ? 30 : 0,
    }),
    steady(-550, 5),
  ]).until(90);
  assert.ok(Number.isNaN(race.at(40)[1].gapMs));
  assert.ok(race.at(60.8)[1].gapMs < 2000, `${race.at(60.8)[1].gapMs}`);
  const { gapMs } = race.at(90)[1];
  assert.ok(Math.abs(gapMs - 1333) < 250, `${gapMs}`);
});

test("a new race has no gaps of the old one", () => {
  const race = new Race([steady(-960, 50), steady(-980, 45)]);
  race.ledger.addRoom(roomOf(2, { isActive: false, atMs: 60_000 }));
  race.ledger.addRoom(roomOf(2, { atMs: 70_000 }));
  race.until(72);
  // At the pace of the two.
  const [first, second] = race.at(71);
  const metres = first.progress - second.progress;
  assert.ok(Math.abs(second.gapMs - (1000 * metres) / 47.5) < 1, `${second.gapMs} for ${metres} m`);
});

test("cars that come at the same time are placed by where they are, however close", () => {
  assert.deepEqual(new Race([steady(100, 40), steady(101, 40)]).until(1).ids(0), ["p1", "p0"]);
});

test("at the start those who have not moved are placed by their place in the room", () => {
  const garage = () => ({ x: 0, z: 0, speed: 0 });
  const race = new Race([(t) => (t < 3 ? null : garage()), garage, garage], { isActive: false });
  race.ledger.addRoom(roomOf(3, { atMs: 5000 }));
  race.until(8);
  assert.deepEqual(race.ids(4), ["p1", "p2", "p0"]);
  assert.deepEqual(race.ids(8), ["p0", "p1", "p2"]);
  assert.ok(Number.isNaN(race.at(8)[1].gapMs) && Number.isNaN(race.at(8)[2].intervalMs));
});

test("one overtake is one event, with the place it won", () => {
  const race = new Race([steady(-10, 40), steady(-20, 40), steady(-60, 43)]).until(60);
  const told = race.events("overtake").map(({ id, otherId, place }) => [id, otherId, place]);
  assert.deepEqual(told, [
    ["p2", "p1", 2],
    ["p2", "p0", 1],
  ]);
  const [{ atMs, name, otherName }] = race.events("overtake");
  // 3 m past the other, 40 m behind: 43 m at 3 m/s.
  assert.ok(Math.abs(atMs - 43_000 / 3) < 400, `${atMs}`);
  assert.equal(name, "N2");
  assert.equal(otherName, "N1");
  assert.deepEqual(race.ids(10), ["p0", "p1", "p2"]);
  assert.deepEqual(race.ids(30), ["p2", "p0", "p1"]);
});

test("side by side is no overtake, however often the noses change", () => {
  const race = new Race([
    steady(-10, 40),
    (t) => ({ s: -10 + 40 * t + 2.8 * Math.sin(2 * t), speed: 40 }),
    (t) => ({ s: -40 + 40 * t, speed: 40 }),
    // Clearly ahead, but never for a second.
    (t) => ({ s: -40 + 40 * t + 5 * Math.sin(4 * t), speed: 40 }),
  ]).until(120);
  assert.deepEqual(race.events("overtake"), []);
  for (let t = 1; t < 120; t += 0.2) {
    assert.deepEqual(race.ids(t), race.ids(1));
    const gaps = race.at(t).map(({ gapMs }) => gapMs);
    assert.deepEqual(
      gaps,
      [...gaps].sort((a, b) => a - b),
      "nobody is nearer than the one ahead",
    );
  }
});

test("on the way to the line overtakes count in a race, not before it", () => {
  for (const isActive of [true, false]) {
    const race = new Race([steady(-800, 40), steady(-850, 50)], { isActive }).until(15);
    assert.equal(race.events("overtake").length, Number(isActive));
    assert.deepEqual(race.ids(15), ["p1", "p0"]);
  }
});

test("side by side where no laps count, places do not flap", () => {
  const race = new Race([
    (t) => ({ s: -100 + 5 * t, lateral: t < 1 ? 0 : -40, speed: 5 }),
    (t) => ({ s: -100 + 5 * t + 2 * Math.sin(3 * t), lateral: t < 1 ? 0 : -42, speed: 5 }),
  ]).until(15);
  for (let t = 1; t < 15; t += 0.2) assert.deepEqual(race.ids(t), race.ids(1));
});

test("passing somebody silent, gone, off the track or put back is no overtake", () => {
  const ahead = steady(-10, 40);
  const behind = steady(-50, 40);
  /** @type {Array<(t: number) => Shown>} */
  const mishaps = [
    (t) => (t < 20 ? ahead(t) : { ...ahead(20), stale: true, ageMs: 5000 }),
    (t) => (t < 20 ? ahead(t) : null),
    (t) => (t < 20 ? ahead(t) : { ...ahead(20), lateral: -40, speed: 0 }),
    (t) => (t < 20 ? ahead(t) : { s: ahead(t).s - 150, speed: 40 }),
  ];
  for (const mishap of mishaps) {
    const race = new Race([mishap, behind]).until(40);
    assert.deepEqual(race.events("overtake"), []);
    assert.equal(race.ids(15)[0], "p0");
    assert.equal(race.ids(40)[0], "p1");
  }
});

test("a car that vanished keeps its row and progress until its player leaves; a silent one stays", () => {
  const race = new Race([
    (t) => (t < 10 ? steady(0, 40)(t) : null),
    (t) => ({ ...steady(-30, 40)(Math.min(t, 10)), stale: t > 10, ageMs: 60 }),
  ]);
  const players = roomOf(2).players.slice(1);
  race.ledger.addRoom(roomOf(2, { players, atMs: 40_000 }));
  race.until(90);
  const [{ progress }] = race.at(9.8);
  for (const seconds of [12, 16, 39]) {
    const [vanished] = race.at(seconds);
    const { id, present, connection, speed } = vanished;
    assert.deepEqual([id, present, connection, speed], ["p0", false, "lost", 0]);
    assert.ok(Math.abs(vanished.progress - progress) < 10, `${vanished.progress} after ${progress}`);
  }
  assert.equal(race.at(30)[1].connection, "lost");
  assert.deepEqual(race.ids(46), ["p1"]);
});

test("a car that vanished loses its row after forty seconds, though an old game server never ends its listing", () => {
  const race = new Race([(t) => (t < 10 ? steady(0, 40)(t) : null), steady(-30, 40)]);
  race.until(60);
  assert.deepEqual([race.ids(49), race.ids(51)], [["p1", "p0"], ["p1"]]);
});

test("a car that vanished before the start is not in the new race", () => {
  const race = new Race([(t) => (t < 10 ? steady(0, 40)(t) : null), steady(-30, 40)], { isActive: false });
  race.ledger.addRoom(roomOf(2, { atMs: 20_000 }));
  race.until(40);
  assert.deepEqual([race.ids(19), race.ids(21)], [["p1", "p0"], ["p1"]]);
});

test("the fastest lap is told, and who holds it", () => {
  const race = new Race([steady(-10, 40), steady(-20, 50), (t) => steady(-30, t < 60 ? 30 : 30)(t)]).until(
    100,
  );
  const told = race.events("fastestLap");
  assert.deepEqual(
    told.map(({ id, isFirst, lapMs }) => [id, isFirst, Math.round((lapMs ?? 0) / 100)]),
    [["p1", true, 200]],
  );
  assert.ok(Math.abs(told[0].atMs - 20_400) < 5);
  const holders = race.at(80).filter(({ isFastest }) => isFastest);
  assert.deepEqual(
    holders.map(({ id }) => id),
    ["p1"],
  );
  assert.equal(
    race.at(15).some(({ isFastest }) => isFastest),
    false,
  );
});

test("tells who joined, who left for good, and when the race was started", () => {
  const cars = [steady(0, 40), steady(-20, 40), steady(-40, 40)];
  const race = new Race(cars, { isActive: false });
  const all = roomOf(3, { isActive: false });
  const without = (/** @type {string} */ id) => all.players.filter((player) => player.id !== id);
  const nameless = [...all.players, { index: 3, id: "p3", name: "" }];
  race.ledger.addRoom({ ...all, players: nameless, atMs: 4000 });
  race.ledger.addRoom({ ...all, players: without("p1"), atMs: 10_000 });
  race.ledger.addRoom({ ...all, atMs: 12_000 });
  race.ledger.addRoom({
    ...all,
    players: [...all.players, { index: 3, id: "p3", name: "Late" }],
    atMs: 14_000,
  });
  race.ledger.addRoom({
    ...all,
    players: nameless.filter(({ id }) => id !== "p2"),
    isActive: true,
    atMs: 20_000,
  });
  race.until(30);
  assert.deepEqual(
    race.ledger.events.map(({ kind, id, name, atMs }) => [kind, id, name, atMs]),
    [
      ["joined", "p3", "Late", 4000],
      ["started", "", "", 20_000],
      ["left", "p2", "N2", 20_000],
    ],
  );
  assert.equal(race.ledger.startedAt, 20_000);
});

test("what a relay gathers of a room in its first moments is no news", () => {
  const race = new Race([steady(-10, 50), steady(-20, 40)], { players: [], isActive: false });
  race.ledger.addRoom(roomOf(1, { isActive: false, atMs: 500 }));
  race.ledger.addRoom(roomOf(2, { atMs: 950 }));
  race.until(45);
  assert.deepEqual(
    race.ledger.events.map(({ kind }) => kind),
    ["fastestLap"],
  );
  assert.equal(race.at(45)[0].lap, 2);
  assert.ok(Number.isNaN(race.ledger.startedAt));
});

test("a start counts the laps from 0 again", () => {
  const race = new Race([steady(-10, 50), steady(100, 40)], { isActive: false });
  race.ledger.addRoom(roomOf(2, { atMs: 50_000 }));
  race.until(80);
  assert.equal(race.at(49)[0].lap, 3);
  assert.equal(race.at(51)[0].lap, 0);
  assert.ok(Number.isNaN(race.at(51)[0].bestMs));
  assert.equal(race.at(49)[0].isFastest, true);
});

test("without a circuit there is who, how fast and how well connected, and no more", () => {
  const race = new Race([steady(0, 40), steady(50, 30)], {}, null).until(30);
  const [first, second] = race.at(30);
  assert.deepEqual([first.id, second.id], ["p0", "p1"]);
  assert.equal(first.place, 0);
  assert.equal(first.speed, 40);
  assert.ok(Number.isNaN(first.gapMs) && Number.isNaN(second.gapMs) && Number.isNaN(first.progress));
  race.ledger.setCircuit(circuit);
  race.until(31);
  assert.equal(race.at(30)[0].lap, 1, "reckoned anew from the history");
  assert.equal(race.at(2)[0].id, "p1");
});

test("scrubbing shows what was true then, in whatever slices it was written", () => {
  const cars = Array.from({ length: 8 }, (_, i) => (/** @type {number} */ t) => ({
    s: -20 - 9 * i + (40 - (i % 3)) * t + 18 * Math.sin(t / 9 + 1.7 * i),
    speed: 40,
  }));
  const whole = new Race(cars).until(300);
  const sliced = new Race(cars);
  for (let seconds = 0.05; seconds < 300; seconds += 0.317) sliced.until(seconds);
  sliced.until(300);
  for (const seconds of [250, 3, 120, 300]) assert.deepEqual(sliced.at(seconds), whole.at(seconds));
  assert.deepEqual(sliced.ledger.events, whole.ledger.events);
  assert.ok(whole.events("overtake").length > 5);
});

test("reckoned again, nothing is told twice, and what went before the history is kept", () => {
  const race = new Race([steady(-300, 40), steady(-320, 43)]);
  race.ledger.addRoom(roomOf(3, { atMs: 4000 }));
  race.until(60);
  const told = race.ledger.events.map(({ kind, atMs }) => [kind, atMs]);
  race.spectator.startMs = 6000;
  const { version } = race.ledger;
  race.ledger.setCircuit(circuit);
  race.until(60);
  assert.deepEqual(
    race.ledger.events.map(({ kind, atMs }) => [kind, atMs]),
    told,
  );
  assert.deepEqual(
    told.map(([kind]) => kind),
    ["joined", "overtake", "fastestLap"],
  );
  assert.ok(race.ledger.version > version);
});

test("catches up in slices, and says when it is done", () => {
  const race = new Race([steady(0, 40)]);
  const slice = () => race.ledger.advance(/** @type {any} */ (race.spectator), 10_000, 40);
  assert.deepEqual([slice(), slice(), slice(), slice()], [false, false, true, true]);
  assert.equal(race.ledger.lastColumn, 50);
});

test("before the first snapshot there is nothing, and that is no mistake", () => {
  const ledger = new Ledger(new Liveries());
  const none = /** @type {any} */ ({ startMs: NaN, liveMs: NaN });
  assert.equal(ledger.advance(none, NaN, 10), true);
  assert.deepEqual(ledger.standings(NaN), []);
  assert.deepEqual(ledger.standings(5), []);
});

test("after hours it holds the laps of hours and the past of minutes", () => {
  const race = new Race([steady(-10, 50), steady(-20, 49)]);
  for (let minutes = 10; minutes <= 180; minutes += 10) {
    race.spectator.startMs = (minutes - 10) * 60_000;
    race.until(minutes * 60);
  }
  assert.equal(race.at(180 * 60)[0].lap, 540);
  assert.equal(race.at(0)[0].lap, 1 + Math.floor((50 * 60 * 169) / LAP), "the oldest kept");
  assert.ok(race.ledger.events.length <= 500);
});

test("a history that went by unread is a hole, not a mistake", () => {
  const race = new Race([steady(-10, 50)]).until(30);
  race.spectator.startMs = 3_600_000;
  race.until(3700);
  assert.equal(race.at(30).length, 1);
  assert.equal(race.ledger.firstColumn, 18_000);
});

test("a place in the snapshot that goes to another player is another car", () => {
  const race = new Race([steady(-10, 50)]);
  race.ledger.addRoom(roomOf(1, { players: [{ index: 0, id: "other", name: "Other" }], atMs: 45_000 }));
  race.until(60);
  assert.deepEqual(race.ids(40), ["p0"]);
  assert.deepEqual(race.ids(60), ["other"]);
  assert.equal(race.at(60)[0].lap, 0);
});

test("a hundred cars for ten minutes: caught up with at once, and a table without garbage", (context) => {
  const cars = 100;
  const spectator = /** @type {any} */ (
    new MockSpectator(circuit.line, { cars, historyMs: 0, now: () => 0 })
  );
  const looks = Array.from({ length: 6001 }, (_, step) =>
    spectator.sample(step * 100).rows.slice(0, cars * CAR_STRIDE),
  );
  const film = /** @type {any} */ ({
    startMs: 0,
    sample: (/** @type {number} */ ms) => ({ rows: looks[ms / 100], count: cars }),
  });
  const ledger = new Ledger(new Liveries());
  ledger.setCircuit(circuit);
  ledger.addRoom(spectator.room);
  const began = performance.now();
  assert.equal(ledger.advance(film, 600_000, Infinity), true);
  context.diagnostic(
    `caught up with 6000 looks at ${cars} cars in ${Math.round(performance.now() - began)} ms`,
  );
  // The least of several rounds: the compiler makes garbage of its own.
  let least = Infinity;
  for (let round = 0; round < 20; round += 1) {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 100; i += 1) ledger.standings(600_000 - i * 1000);
    const grown = process.memoryUsage().heapUsed - before;
    if (grown >= 0) least = Math.min(least, grown / 100);
  }
  context.diagnostic(`${least.toFixed(0)} bytes for a table`);
  assert.ok(least < 500, `${least} bytes for a table`);
  const places = ledger.standings(300_000).map(({ place }) => place);
  assert.deepEqual(
    places,
    Array.from({ length: cars }, (_, i) => i + 1),
  );
});

test("whatever comes, the places are 1, 2, 3 … and nothing is thrown", () => {
  let state = 11;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const odd = [NaN, Infinity, -Infinity, 1e9, -1e-9, 0];
  const any = (/** @type {number} */ scale) =>
    random() < 0.05 ? odd[Math.floor(random() * odd.length)] : (random() - 0.5) * scale;
  const car = () =>
    random() < 0.1
      ? null
      : { x: any(400), z: any(400), yaw: any(10), speed: any(100), ageMs: any(2000), stale: random() < 0.1 };
  const race = new Race(Array.from({ length: 30 }, () => car));
  for (let t = 1; t <= 120; t += 1) {
    const players = Array.from({ length: Math.floor(random() * 40) }, (_, i) => {
      return {
        index: Math.floor(random() * 256),
        id: `p${Math.floor(random() * 60)}`,
        name: i % 2 ? "" : `${i}`,
      };
    });
    race.ledger.addRoom(
      roomOf(0, { players, isActive: random() < 0.5, atMs: t * 1000 - 500 * Math.floor(random() * 4) }),
    );
    if (t % 40 === 0) race.ledger.setCircuit(t === 40 ? null : circuit);
    race.until(t);
    for (const seconds of [t, random() * t]) {
      const places = race.at(seconds).map(({ place }) => place);
      const expected = places.map((_, i) => (race.ledger.circuit === null ? 0 : i + 1));
      assert.deepEqual(places, expected);
    }
  }
});

test("players who come and go for ever are not remembered for ever", () => {
  const race = new Race([steady(-10, 50)]);
  for (let i = 1; i <= 400; i += 1) {
    race.ledger.addRoom(roomOf(1, { players: [{ index: 0, id: `x${i}`, name: "" }], atMs: i * 1000 }));
    race.until(i);
  }
  assert.ok(race.ledger.racers.length <= 320, `${race.ledger.racers.length}`);
  assert.equal(race.ledger.racers.length, race.ledger.byId.size);
  assert.ok(race.ledger.order.list.length < 8);
  assert.equal(race.ledger.events.length, 500);
});
