import assert from "node:assert/strict";
import { test } from "node:test";
import { Liveries } from "../src/livery.js";
import { bestLapMs, newStanding } from "../src/viewer/standing.js";

/** @param {number[]} bests */
function standings(...bests) {
  const livery = new Liveries().of("a");
  return bests.map((bestMs) => ({ ...newStanding("a", livery), bestMs }));
}

test("the best lap is found among those who have one", () => {
  assert.equal(bestLapMs(standings(NaN, 61_000, NaN, 60_500, 62_000, NaN)), 60_500);
  assert.equal(bestLapMs(standings(NaN, NaN)), NaN);
  assert.equal(bestLapMs([]), NaN);
});
