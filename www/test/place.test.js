import assert from "node:assert/strict";
import { test } from "node:test";

import { keep } from "../src/keep.js";
import { LapCounter, OWN_JUMP_METRES } from "../src/laps.js";
import { keepPlace, takePlace } from "../src/place.js";

const POSE = { x: 1, z: -2, yaw: 0.5 };
const counter = () => new LapCounter(1200, OWN_JUMP_METRES);

/** Drive from one place on the lap to another. @param {LapCounter} laps @param {number} from @param {number} to @param {number} seconds  at the start, at 50 m/s */
function drive(laps, from, to, seconds) {
  let now = seconds;
  for (let s = from; s <= to; s += 10, now += 0.2) laps.update(s % 1200, 0, now);
  return now;
}

test("a lap goes on over a reload, and its time counts the reload", (t) => {
  t.mock.timers.enable({ apis: ["Date"] });
  const before = counter();
  const seconds = drive(before, 1100, 1800, 0);
  keepPlace("me", POSE, before, seconds);
  t.mock.timers.tick(2000);
  const after = counter();
  const place = takePlace("me", after);
  assert.deepEqual(place, { pose: POSE, seconds: seconds + 2 });
  assert.deepEqual([after.lap, after.next], [before.lap, before.next]);
  drive(after, 1800, 2400, place?.seconds ?? 0);
  assert.equal(after.lap, 2);
  // 1,200 m at 50 m/s, and the two seconds.
  assert.ok(Math.abs(after.last - 26.2) < 0.5, String(after.last));
  assert.equal(takePlace("me", counter()), null, "it is taken once");
});

test("another session's place, and a damaged one, is nobody's", () => {
  for (const spoil of [
    () => {},
    () => keep("race-place", { id: "me" }),
    () => keep("race-place", { id: "me", pose: { x: "1", z: 2, yaw: 3 } }),
    () => keep("race-place", 7),
  ]) {
    keepPlace("somebody", POSE, counter(), 1);
    spoil();
    const laps = counter();
    assert.equal(takePlace("me", laps), null);
    assert.deepEqual([laps.lap, laps.next], [0, 0]);
  }
});
