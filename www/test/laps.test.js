import assert from "node:assert/strict";
import { test } from "node:test";
import { CHECKPOINTS, LapCounter, lapTime, metresBehind, OWN_JUMP_METRES, rank } from "../src/laps.js";
import { driveOut, track } from "./circuit.js";

const LENGTH = 900;
const GAP = LENGTH / CHECKPOINTS;

/** A car on rails: moves a counter along the lap, metre by metre and second by second. */
class Rails {
  /** @param {number} s */
  constructor(s) {
    this.laps = new LapCounter(LENGTH, OWN_JUMP_METRES);
    this.s = s;
    this.seconds = 0;
    this.completed = 0;
    this.see(s, 0);
  }

  /**
   * @param {number} s
   * @param {number} lateral
   */
  see(s, lateral) {
    this.s = ((s % LENGTH) + LENGTH) % LENGTH;
    if (this.laps.update(this.s, lateral, this.seconds)) this.completed += 1;
  }

  /**
   * @param {number} metres  negative: backwards
   * @param {number} [lateral]
   */
  go(metres, lateral = 0) {
    const step = Math.sign(metres);
    for (let i = 0; i < Math.abs(metres); i += 1) {
      this.seconds += 0.025;
      this.see(this.s + step, lateral);
    }
    return this;
  }
}

test("the way from the garage to the line is no lap, the next round is one", () => {
  const car = new Rails(240).go(LENGTH - 240 + 5);
  assert.equal(car.laps.lap, 1);
  assert.equal(car.completed, 0);
  car.go(LENGTH);
  assert.equal(car.laps.lap, 2);
  assert.equal(car.completed, 1);
});

test("times laps from line to line and keeps the best", () => {
  const car = new Rails(240).go(LENGTH - 240);
  car.go(LENGTH);
  assert.ok(Math.abs(car.laps.last - 22.5) < 0.05, `${car.laps.last}`);
  car.seconds += 10;
  car.go(LENGTH);
  assert.ok(Math.abs(car.laps.last - 32.5) < 0.05, `${car.laps.last}`);
  assert.ok(Math.abs(car.laps.best - 22.5) < 0.05, `${car.laps.best}`);
  assert.ok(Math.abs(car.laps.current(car.seconds)) < 0.1);
});

test("crossing the line backwards is no lap, however often", () => {
  const car = new Rails(240).go(LENGTH - 240 + 5);
  for (let i = 0; i < 4; i += 1) car.go(-20).go(20);
  assert.equal(car.laps.lap, 1);
  assert.equal(car.completed, 0);
});

test("a whole round backwards is no lap", () => {
  const car = new Rails(240).go(LENGTH - 240 + 5);
  car.go(-2 * LENGTH);
  assert.equal(car.laps.lap, 1);
  assert.equal(car.completed, 0);
});

test("cutting across the infield does not count", () => {
  const car = new Rails(240).go(LENGTH - 240 + 5);
  car.go(2 * GAP);
  car.go(6 * GAP, -60);
  car.go(4 * GAP + 5);
  assert.equal(car.completed, 0);
  assert.equal(car.laps.lap, 1);
});

test("a short cut in one jump does not count", () => {
  const car = new Rails(240).go(LENGTH - 240 + 5);
  car.go(3 * GAP);
  car.see(car.s + 5 * GAP, 0);
  car.go(5 * GAP);
  assert.equal(car.completed, 0);
});

test("says that a part was missed, and forgets it at the line", () => {
  const car = new Rails(240).go(LENGTH - 240 + 5);
  car.go(GAP).go(2 * GAP, -60);
  assert.equal(car.laps.missed, false, "while off the lap");
  car.go(30);
  assert.equal(car.laps.missed, true);
  car.go(9 * GAP);
  assert.equal(car.laps.missed, false);
  car.go(LENGTH);
  assert.equal(car.completed, 1, "the next whole lap counts");
  assert.ok(Math.abs(car.laps.last - 22.5) < 0.1, "and is timed from the line");
});

test("running wide into the gravel still counts, running through the pit lane does not", () => {
  const wide = new Rails(240).go(LENGTH - 240 + 5);
  wide.go(4 * GAP, 18).go(8 * GAP);
  assert.equal(wide.completed, 1);
  const pit = new Rails(240).go(LENGTH - 240 + 5);
  pit.go(4 * GAP, 35).go(8 * GAP);
  assert.equal(pit.completed, 0);
});

test("back to the garage voids the lap's time but not the laps driven", () => {
  const car = new Rails(240).go(LENGTH - 240 + 5).go(LENGTH);
  car.laps.abandon();
  assert.ok(Number.isNaN(car.laps.current(car.seconds)));
  car.see(240, 0);
  car.go(LENGTH - 240 + 5);
  assert.equal(car.completed, 1);
  assert.equal(car.laps.lap, 3);
  assert.ok(Math.abs(car.laps.best - 22.5) < 0.1);
});

test("progress grows along the lap and gains nothing by cutting or by turning back", () => {
  const car = new Rails(240);
  let before = car.laps.progress(car.s);
  assert.ok(before < 0, "before the first line");
  for (let i = 0; i < 30; i += 1) {
    car.go(60);
    const now = car.laps.progress(car.s);
    assert.ok(now > before, `${now} after ${before}`);
    before = now;
  }
  const cut = new Rails(240).go(LENGTH - 240 + 5);
  cut.go(5 * GAP, -60).go(20);
  assert.ok(cut.laps.progress(cut.s) <= GAP);
  const back = new Rails(240).go(LENGTH - 240 + 5);
  assert.ok(back.laps.progress(back.go(-200).s) <= GAP);
});

test("a real drive out of each end of the garage row makes a lap each time round", () => {
  for (const garage of [0, 4, 19]) {
    const laps = new LapCounter(track.length, OWN_JUMP_METRES);
    let completed = 0;
    driveOut(garage, 110, (_car, at, seconds) => {
      if (laps.update(at.s, at.lateral, seconds)) completed += 1;
      if (seconds < 3) assert.equal(laps.next, 0, "not on the lap while in the pits");
    });
    assert.ok(completed >= 1, `garage ${garage}: ${completed} laps, ${laps.lap} begun`);
    assert.ok(laps.best > 24 && laps.best < 45, `${laps.best} s`);
    assert.equal(laps.lap, completed + 1);
  }
});

test("ranks by progress, and by id where it is equal", () => {
  const entries = [
    { id: "c", progress: -600 },
    { id: "b", progress: 950 },
    { id: "a", progress: 950 },
    { id: "d", progress: 1200 },
  ];
  rank(entries);
  assert.deepEqual(
    entries.map((entry) => entry.id),
    ["d", "a", "b", "c"],
  );
});

test("writes lap times", () => {
  assert.equal(lapTime(62.3456), "1:02.346");
  assert.equal(lapTime(9.05, 1), "0:09.1");
  assert.equal(lapTime(59.9996), "1:00.000");
  assert.equal(lapTime(NaN), "–:––.–––");
});

test("before its first lap a car counts from where it was put, not from where it was seen on the way there", () => {
  const counter = new LapCounter(1200, 130);
  counter.update(650, 0, 0);
  counter.update(300, 40, 0.1);
  assert.equal(counter.progress(300), -1200, "in the garage, beside the track");
  counter.update(650, 0, 0.2);
  counter.update(1190, 0, 0.3);
  assert.equal(counter.progress(1190), -10, "on the grid");
});

test("whoever is ahead of the leader until the next ranking has no negative gap", () => {
  assert.equal(metresBehind({ progress: 100 }, { progress: 350.4 }), 250);
  assert.equal(metresBehind({ progress: 142 }, { progress: 0 }), 0);
});
