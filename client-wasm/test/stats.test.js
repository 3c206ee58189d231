import assert from "node:assert/strict";
import { test } from "node:test";

import { RoundTrips } from "../js/stats.js";

/** @param {Iterable<number>} milliseconds */
function figuresOf(milliseconds) {
  const roundTrips = new RoundTrips();
  for (const one of milliseconds) roundTrips.add(one);
  return roundTrips.figures();
}

test("knows nothing before the first round trip, and no jitter before the second", () => {
  const nothing = { roundTripMs: null, roundTripP50Ms: null, roundTripP95Ms: null, jitterMs: null };
  assert.deepEqual(figuresOf([]), nothing);
  assert.deepEqual(figuresOf([30]), {
    roundTripMs: 30,
    roundTripP50Ms: 30,
    roundTripP95Ms: 30,
    jitterMs: null,
  });
});

test("tells the newest, the middle, the slow ones and how they differ", () => {
  const milliseconds = [20, 40, 20, 40, 20, 40, 20, 40, 20, 40, 20, 40, 20, 40, 20, 40, 20, 40, 200, 20];
  const figures = figuresOf(milliseconds);
  assert.equal(figures.roundTripMs, 20);
  assert.equal(figures.roundTripP50Ms, 20);
  assert.equal(figures.roundTripP95Ms, 40);
  assert.equal(figures.jitterMs, (17 * 20 + 160 + 180) / 19);
});

test("forgets what is older than its ring", () => {
  const old = Array(60).fill(500);
  const fresh = Array.from({ length: 60 }, (_, i) => 10 + i);
  const figures = figuresOf([...old, ...fresh]);
  assert.equal(figures.roundTripMs, 69);
  assert.equal(figures.roundTripP50Ms, 39);
  assert.equal(figures.roundTripP95Ms, 66);
  assert.equal(figures.jitterMs, 1);
  assert.equal(figuresOf([...old, ...fresh, 70]).roundTripMs, 70);
});

test("begins anew with another connection", () => {
  const roundTrips = new RoundTrips();
  roundTrips.add(500);
  roundTrips.clear();
  roundTrips.add(10);
  assert.equal(roundTrips.figures().roundTripP95Ms, 10);
});
