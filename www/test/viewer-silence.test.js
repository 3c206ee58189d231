import assert from "node:assert/strict";
import { test } from "node:test";
import { Silence } from "../src/viewer/silence.js";

test("three seconds without a snapshot are silence, but not in a page that was hidden or waits for the first", () => {
  const silence = new Silence();
  /** @type {number[]} */
  const silentAt = [];
  const look = (/** @type {number} */ received, /** @type {number} */ nowMs) => {
    if (silence.look(received, nowMs)) silentAt.push(nowMs);
  };
  for (let ms = 0; ms < 10_000; ms += 200) look(0, ms);
  for (let ms = 10_000; ms < 20_000; ms += 200) look(ms, ms);
  for (let ms = 20_000; ms < 22_000; ms += 200) look(19_800, ms);
  // Hidden for a minute, and then everything at once.
  look(19_800, 82_000);
  look(80_000, 82_200);
  assert.deepEqual(silentAt, []);
  for (let ms = 82_400; ms < 85_500; ms += 200) look(80_000, ms);
  assert.deepEqual(silentAt, [85_400]);
  look(80_001, 85_600);
  assert.deepEqual(silentAt, [85_400]);
});
