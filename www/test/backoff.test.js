import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs } from "../src/backoff.js";

test("waits longer with each attempt, up to a limit", () => {
  const waits = [0, 1, 2, 3, 10, 100].map((attempt) => backoffMs(attempt, 1));
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 20_000, 20_000]);
});

test("spreads pages that lost the same relay", () => {
  assert.equal(backoffMs(2, 0), 2400);
  assert.ok(backoffMs(2, 0.5) > backoffMs(2, 0));
});
