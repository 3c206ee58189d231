import assert from "node:assert/strict";
import { test } from "node:test";

import { CAR_STRIDE } from "../js/core.js";
import { RaceError } from "../js/error.js";
import { Spectator, spectate } from "../js/spectator.js";

/** @typedef {import("../js/spectator.js").SpectatorCore} SpectatorCore */

const ROOM = {
  id: "r00m",
  name: "Friday",
  hostId: "a",
  isActive: true,
  atMs: 0,
  players: [
    { index: 0, id: "a", name: "Ann" },
    { index: 3, id: "b", name: "Ben" },
  ],
};

/** Two cars, of which the second is nobody's that is known. */
class FakeCore {
  /** @type {SpectatorCore["state"]} */
  state = "connecting";
  /** @type {SpectatorCore["room"]} */
  room = null;
  startMs = NaN;
  liveMs = NaN;
  /** @type {string[]} */
  ends = [];
  /** @type {Map<string, (event: any) => void>} */
  listeners = new Map();

  sample(atMs = this.liveMs) {
    const rows = new Float32Array(5 * CAR_STRIDE);
    rows.set([3, atMs, 0, 2]);
    rows.set([9, 1, 0, 2], CAR_STRIDE);
    return rows;
  }

  carCount() {
    return 2;
  }

  metrics() {
    return /** @type {any} */ ({ received: 42 });
  }

  /** @param {string} type @param {(event: any) => void} listener */
  on(type, listener) {
    this.listeners.set(type, listener);
    return () => void this.listeners.delete(type);
  }

  /** @param {string} type @param {any} event */
  tell(type, event) {
    if (type === "room") this.room = event;
    if (type === "state") this.state = event.state;
    this.listeners.get(type)?.(event);
  }

  close() {
    this.ends.push("close");
  }

  free() {
    this.ends.push("free");
    this.listeners.clear();
  }
}

function watch() {
  const core = new FakeCore();
  return { core, spectator: new Spectator(core) };
}

test("shows cars with their drivers, live and at any moment", () => {
  const { core, spectator } = watch();
  assert.deepEqual([spectator.state, spectator.room, spectator.liveMs], ["connecting", null, NaN]);
  core.tell("room", ROOM);
  core.tell("state", { state: "live" });
  Object.assign(core, { startMs: 10, liveMs: 500 });
  assert.deepEqual([spectator.state, spectator.startMs, spectator.liveMs], ["live", 10, 500]);
  assert.equal(spectator.room?.name, "Friday");
  assert.equal(spectator.stats?.received, 42);
  const seen = (/** @type {number} */ atMs) =>
    Array.from(spectator.cars(atMs), ({ id, name, x }) => [id, name, x]);
  assert.deepEqual(seen(70), [
    ["b", "Ben", 70],
    ["", "", 1],
  ]);
  const { rows, count } = spectator.sample();
  assert.deepEqual([rows[1], count], [500, 2]);
});

test("is listened to like everything else, and asks for the log only while somebody reads it", async () => {
  const { core, spectator } = watch();
  const signal = AbortSignal.abort();
  spectator.on("room", () => assert.fail("it was stopped"), { signal });
  const next = spectator.once("room");
  assert.equal(core.listeners.has("log"), false);
  core.tell("room", ROOM);
  assert.equal((await next).name, "Friday");
  /** @type {string[]} */
  const lines = [];
  const stop = spectator.on("log", ({ line }) => lines.push(line));
  core.tell("log", { level: "info", line: "connecting" });
  stop();
  assert.deepEqual([lines, core.listeners.has("log")], [["connecting"], false]);
});

test("when the relay ends it nothing comes any more, and the past stays until it is closed", async () => {
  const { core, spectator } = watch();
  const states = spectator.events("state");
  core.tell("state", { state: "live" });
  core.tell("state", { state: "closed", code: "room_not_found", reason: "gone", retryable: false });
  const heard = [];
  for await (const { state } of states) heard.push(state);
  assert.deepEqual(heard, ["live", "closed"]);
  assert.deepEqual([spectator.sample(70).rows[1], core.ends], [70, []]);
  spectator.close();
  assert.deepEqual(core.ends, ["close", "free"]);
});

test("closing tells it once and lets everything go", () => {
  const { core, spectator } = watch();
  core.tell("room", ROOM);
  /** @type {Array<string | undefined>} */
  const heard = [];
  spectator.on("state", ({ code }) => heard.push(code));
  spectator[Symbol.dispose ?? "close"]();
  spectator.close();
  assert.deepEqual([heard, core.ends], [["closed"], ["close", "free"]]);
  assert.deepEqual([spectator.state, spectator.room, spectator.stats], ["closed", null, null]);
  assert.deepEqual([spectator.sample().count, [...spectator.cars()], spectator.startMs], [0, [], NaN]);
});

test("what cannot be watched is refused with a code", async () => {
  const spectator = async () => {
    throw Object.assign(new Error("room must be letters"), { code: "invalid_argument", retryable: false });
  };
  await assert.rejects(spectate("https://relay.example", "?", { spectator }), (error) => {
    assert.ok(error instanceof RaceError);
    assert.deepEqual([error.code, error.retryable], ["invalid_argument", false]);
    return true;
  });
});
