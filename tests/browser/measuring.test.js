// The programs that measure the client and the pages in a browser still work. Their figures are not judged.
import path from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "@playwright/test";

import { measure } from "../bench/datagrams.js";
import { measureAll } from "../bench/frames.js";
import { TASKS } from "../bench/trial.js";

const MODULE = fileURLToPath(new URL("../../www/pkg/wasm", import.meta.url));
const PLAN = { rounds: 1, batch: { laps: 1, updates: 5, samples: 5, lists: 1 } };

test("every task is timed for every build", async ({ page }) => {
  const builds = ["one", "other"].map((name) => ({ name, folder: path.resolve(MODULE) }));
  const times = await measure(page, builds, PLAN);
  for (const { name } of builds) {
    for (const task of TASKS) {
      expect(times[name][task], `${task} of ${name}`).toEqual([expect.any(Number)]);
      // A batch this short may fit between two ticks of the browser's clock.
      expect(times[name][task][0]).toBeGreaterThanOrEqual(0);
    }
  }
});

test("datagrams that cannot be opened are no measurement", async ({ page }) => {
  const measured = measure(page, [{ name: "one", folder: MODULE }], { ...PLAN, secret: "another secret" });
  await expect(measured).rejects.toThrow(/datagrams of 1900 came in, 2280 bad ones/);
});

test("frames and heap are measured for race and viewer, with few cars and with many", async () => {
  /** @type {string[]} */
  const lines = [];
  const figures = await measureAll({ framesMs: 200, minutes: 0, print: (line) => lines.push(line) });
  expect(lines).toHaveLength(6);
  expect(Object.keys(figures)).toEqual(["race 20", "race 100", "viewer 20", "viewer 100"]);
  for (const { frameMs, busyMs, heapMb } of Object.values(figures)) {
    expect(frameMs.length).toBeGreaterThan(0);
    expect(busyMs).toBeGreaterThan(0);
    expect(heapMb[0]).toBeGreaterThan(0);
  }
});
