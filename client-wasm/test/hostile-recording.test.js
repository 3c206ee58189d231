// Recordings that were damaged or made up: each one plays, or is refused with `bad_recording`, in a bounded time. Node's test runner
// fails a test that leaves an uncaught error or an unhandled rejection behind.
import assert from "node:assert/strict";
import { test } from "node:test";

import { RaceError } from "../js/error.js";
import { KEY, LINE, PLAYER } from "../js/recorder/format.js";
import { Spectator } from "../js/spectator.js";
import { wasm } from "./fake-relay.js";
import { ManualClock } from "./manual-clock.js";
import { again, during, race20 } from "./recorded-race.js";
import { fileOfRecords, partsOf } from "./recording-records.js";
import { watched } from "./recorded-spectator.js";

/** @typedef {import("./recording-records.js").Parts} Parts */
/** @typedef {(below: number) => number} Random */

/** A whole recording takes about 50 ms; on a busy machine much longer. */
const LONGEST_MS = 10_000;
/** A whole recording has fewer than ten changes of state in three seeks. */
const MOST_STATES = 100;
/** @type {unknown[]} */
const ODD = [
  null,
  7,
  -1,
  1e308,
  true,
  "",
  "x",
  "\u0000",
  [],
  {},
  [[]],
  { toString: 1, valueOf: 1 },
  "é".repeat(99),
];
const text = (/** @type {Uint8Array} */ bytes) => new TextDecoder().decode(bytes);
const utf8 = (/** @type {string} */ words) => new TextEncoder().encode(words);

/** @param {number} seed @returns {Random} */
function seeded(seed) {
  let state = seed;
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below;
}

/** Replace a member of some JSON, at any depth. @param {unknown} json @param {Random} random @returns {unknown} */
function oddly(json, random) {
  const names = typeof json === "object" && json !== null ? Object.keys(json) : [];
  if (names.length === 0 || random(6) === 0) return ODD[random(ODD.length)];
  const name = names[random(names.length)];
  const held = /** @type {Record<string, unknown>} */ (json);
  const next = oddly(held[name], random);
  return Array.isArray(json) ? json.with(Number(name), next) : { ...held, [name]: next };
}

/** The records that may be changed: those with texts. @param {Parts} parts */
const worded = ({ chunks }) =>
  chunks.flatMap(({ records }) => records).filter(({ kind }) => [KEY, LINE, PLAYER].includes(kind));

/** Ways to damage a recording. Each changes its parts. @type {Record<string, (parts: Parts, random: Random) => void>} */
const DAMAGES = {
  "a byte": ({ chunks }, random) => {
    const { records } = chunks[random(chunks.length)];
    const { payload } = records[random(records.length)];
    if (payload.length > 0) payload[random(payload.length)] ^= 1 << random(8);
  },
  "a letter of a line": (parts, random) => {
    const records = worded(parts);
    const { payload } = records[random(records.length)];
    if (payload.length > 0) payload[random(payload.length)] = 32 + random(95);
  },
  "a member of a line": (parts, random) => {
    const records = worded(parts).filter(({ payload }) => "[{".includes(text(payload.subarray(0, 1))));
    const record = records[random(records.length)];
    const json = JSON.parse(text(record.payload));
    if (record.kind !== KEY) record.payload = utf8(JSON.stringify(oddly(json, random)));
    else {
      const lines = json.map((/** @type {string} */ line) =>
        line.startsWith("{") && random(2) === 0 ? JSON.stringify(oddly(JSON.parse(line), random)) : line,
      );
      record.payload = utf8(JSON.stringify(random(4) === 0 ? oddly(lines, random) : lines));
    }
  },
  "a session's id": (parts, random) => {
    const welcomes = worded(parts).filter(({ payload }) => text(payload).includes("CONNECTED|"));
    const { payload } = welcomes[random(welcomes.length)];
    payload[text(payload).indexOf("CONNECTED|") + 10 + random(32)] = 32 + random(95);
  },
  "a record too few": ({ chunks }, random) => {
    const { records } = chunks[random(chunks.length)];
    records.splice(random(records.length), 1);
  },
  "a record's kind": ({ chunks }, random) => {
    const { records } = chunks[random(chunks.length)];
    records[random(records.length)].kind = random(10);
  },
};

/**
 * Play damaged recordings, and say how many of them played.
 * @param {Blob} blob
 * @param {"player" | "spectator"} kind
 * @param {number} rounds  of each damage
 * @param {(blob: Blob) => Promise<void>} show
 */
async function damaged(blob, kind, rounds, show) {
  const whole = await partsOf(blob, kind);
  let played = 0;
  for (const [name, damage] of Object.entries(DAMAGES)) {
    if (kind === "spectator" && name === "a session's id") continue;
    for (let round = 1; round <= rounds; round += 1) {
      const parts = structuredClone(whole);
      const random = seeded(round);
      for (let times = 1 + random(2); times > 0; times -= 1) damage(parts, random);
      const what = `${name}, round ${round}`;
      const sinceMs = performance.now();
      try {
        await show(fileOfRecords(parts));
        played += 1;
      } catch (error) {
        assert.ok(error instanceof RaceError, `${what}: ${error instanceof Error ? error.stack : error}`);
        assert.equal(error.code, "bad_recording", `${what}: ${error.message}`);
      }
      const tookMs = performance.now() - sinceMs;
      assert.ok(tookMs < LONGEST_MS, `${what} took ${tookMs} ms`);
    }
  }
  return played;
}

/** @param {import("../js/replay.js").WatchedReplay} playback @param {ManualClock} clock */
async function goAround(playback, clock) {
  for (const share of [0.25, 0.75, 0]) await playback.seek(share * playback.durationMs);
  playback.play();
  await clock.pass(2000);
  playback.speed = 8;
  await clock.pass(playback.durationMs / 8);
  await playback.finished;
  if (playback.error) throw playback.error;
}

test(
  "a damaged recording of a client plays, or is refused, and nothing else",
  { timeout: 240_000 },
  async () => {
    const { blob } = await race20();
    const played = await damaged(blob, "player", 50, async (file) => {
      const { clock, playback, race, seen } = await again(file);
      try {
        await goAround(playback, clock);
      } finally {
        await during(clock, race.close());
      }
      const states = seen.filter(([what]) => what === "state").length;
      assert.ok(states < MOST_STATES, `${states} changes of state`);
      assert.equal(clock.timers, 0);
    });
    assert.ok(played > 100 && played < 300, `${played} of 300`);
  },
);

test(
  "a damaged recording of a spectator plays, or is refused, and nothing else",
  { timeout: 240_000 },
  async () => {
    const blob = await watched();
    const played = await damaged(blob, "spectator", 20, async (file) => {
      const clock = new ManualClock();
      const shown = await Spectator.replay(file, { clock, spectator: wasm.spectator, paused: true });
      assert.ok(shown.playback);
      try {
        await goAround(shown.playback, clock);
      } finally {
        shown.close();
      }
      assert.equal(clock.timers, 0);
    });
    assert.ok(played > 20 && played < 100, `${played} of 100`);
  },
);
