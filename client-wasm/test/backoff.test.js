import assert from "node:assert/strict";
import { test } from "node:test";

import { backoffMs } from "../js/backoff.js";

test("waits longer with each attempt, up to a limit", () => {
  const waits = [0, 1, 2, 3, 4, 5, 1000].map((attempt) => backoffMs(attempt, 1, "connection_lost"));
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
});

test("draws any part of the wait, so that pages do not come back together", () => {
  assert.equal(backoffMs(2, 0, "connection_lost"), 0);
  assert.equal(backoffMs(2, 0.25, "connection_lost"), 500);
});

test("gives a relay that restarts or is full more time", () => {
  assert.equal(backoffMs(0, 1, "relay_restarting"), 2000);
  assert.equal(backoffMs(0, 1, "relay_full"), 2000);
  assert.equal(backoffMs(3, 1, "relay_full"), 15_000);
});

test("keeps to what it is told", () => {
  const told = { minMs: 10, maxMs: 30 };
  assert.deepEqual(
    [0, 1, 2].map((attempt) => backoffMs(attempt, 1, "connection_lost", told)),
    [10, 20, 30],
  );
  assert.equal(backoffMs(0, 1, "relay_full", told), 30);
});
