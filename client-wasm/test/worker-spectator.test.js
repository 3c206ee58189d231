// A spectator in a worker, with both ends in this process and a channel between them.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { CAR_STRIDE } from "../js/core.js";
import { RaceError } from "../js/error.js";
import { spectate } from "../js/spectator.js";
import { Past, SAMPLES, STEP_MS } from "../js/worker/past.js";
import { RemoteSpectator } from "../js/worker/remote-spectator.js";
import { serve } from "../js/worker/served.js";

/** @typedef {import("../js/spectator.js").SpectatorCore} SpectatorCore */
/** @typedef {import("../js/spectator.js").SpectatorFactory} SpectatorFactory */
/** @typedef {import("../js/worker/messages.js").Port} Port */

const PATIENCE_MS = 5000;
const FRAME_MS = 5;
/** The cars of a fake race drive so fast. */
const METRES_PER_MS = 0.05;
/** @type {Array<() => void>} */
const ends = [];
after(() => ends.forEach((end) => end()));

/** A car on a straight road, where one is at each moment of a race. */
class FakeSpectator {
  /** @type {SpectatorCore["state"]} */
  state = "live";
  /** @type {SpectatorCore["room"]} */
  room = null;
  startMs = 0;
  liveMs = 10_000;
  freed = false;
  /** @type {Map<string, (event: any) => void>} */
  listeners = new Map();
  #rows = new Float32Array(3 * CAR_STRIDE);

  sample(atMs = this.liveMs) {
    this.#rows.set([7, atMs * METRES_PER_MS, 0, 2, 0, 0, 0, 1, 50, 20, 0, 0]);
    return this.#rows;
  }

  carCount() {
    return 1;
  }

  metrics() {
    return /** @type {any} */ ({ received: 42 });
  }

  /** @param {string} type @param {(event: any) => void} listener */
  on(type, listener) {
    this.listeners.set(type, listener);
    return () => {};
  }

  /** @param {string} type @param {any} event */
  tell(type, event) {
    this.listeners.get(type)?.(event);
  }

  close() {
    this.state = "closed";
    this.tell("state", { state: "closed" });
  }

  free() {
    this.freed = true;
  }
}

/**
 * What `workerSpectator` does, with a channel in place of the worker.
 * @param {SpectatorFactory} there
 */
function remote(there) {
  /** @type {RemoteSpectator[]} */
  const made = [];
  /** @type {SpectatorFactory} */
  const factory = (url, room, options) => {
    const { port1, port2 } = new MessageChannel();
    let ended = false;
    const end = () => {
      ended = true;
      port1.close();
    };
    ends.push(end);
    const core = async () => assert.fail("no core was wished for");
    const nextFrame = (/** @type {() => void} */ callback) => void (ended || setTimeout(callback, FRAME_MS));
    serve(/** @type {any} */ (port2), { core, spectator: there }, { nextFrame, ended: end });
    const near = new RemoteSpectator(/** @type {any} */ (port1), { url, room, options }, end);
    made.push(near);
    return near.made;
  };
  return { factory, made };
}

/** @param {() => boolean} condition */
async function until(condition) {
  const deadline = Date.now() + PATIENCE_MS;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `not so in time: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
  }
}

async function watch() {
  const far = new FakeSpectator();
  /** @type {unknown[]} */
  const wishes = [];
  const { factory, made } = remote(async (...wish) => {
    wishes.push(wish);
    return far;
  });
  const near = await spectate("https://relay.example", "r00m", { spectator: factory, historySeconds: 60 });
  return { far, near, wishes, made };
}

test("state, room, figures and live cars come through, and the end goes back", async () => {
  const { far, near, wishes } = await watch();
  assert.deepEqual(wishes, [["https://relay.example", "r00m", { historySeconds: 60 }]]);
  assert.equal(near.state, "live");
  /** @type {string[]} */
  const heard = [];
  near.on("room", ({ name }) => heard.push(name));
  near.on("state", ({ state }) => heard.push(state));
  assert.throws(() => near.on(/** @type {any} */ ("rooms"), () => {}), { code: "invalid_argument" });
  far.room = { id: "r00m", name: "Friday", hostId: null, isActive: true, players: [], atMs: 0 };
  far.tell("room", far.room);
  await until(() => near.room?.name === "Friday" && near.stats?.received === 42);
  await until(() => near.liveMs >= 10_000);
  assert.equal(near.startMs, 0);
  assert.ok(near.liveMs <= 10_100, "it does not run away where nothing comes");
  const { rows, count } = near.sample();
  assert.deepEqual([...rows.subarray(0, 3), count], [7, 500, 0, 1]);
  far.liveMs = 11_000;
  await until(() => near.sample().rows[1] >= 550);
  near.close();
  assert.deepEqual([near.state, near.room, near.sample().count], ["closed", null, 0]);
  assert.deepEqual(heard, ["Friday", "closed"]);
  await until(() => far.freed);
});

test("any moment of the past is shown as soon as the worker has told of it", async () => {
  const { near } = await watch();
  await until(() => near.liveMs >= 10_000);
  for (const atMs of [4321, 8050, 1, 9999]) {
    await until(() => Math.abs(near.sample(atMs).rows[1] - atMs * METRES_PER_MS) < 0.01);
    assert.equal(near.sample(atMs).count, 1);
  }
  await until(() => Math.abs(near.sample(-500).rows[1]) < 0.01);
  near.close();
});

test("a worker that refuses, or is lost, is told in words", async () => {
  const { factory } = remote(async () => {
    throw new RaceError("invalid_argument", "no such room");
  });
  const options = { spectator: factory };
  await assert.rejects(spectate("https://relay.example", "", options), {
    code: "invalid_argument",
    message: "no such room",
  });
  const webSocket = () => /** @type {WebSocket} */ ({});
  await assert.rejects(spectate("https://relay.example", "r", { ...options, webSocket }), {
    code: "invalid_argument",
  });

  const { near, made } = await watch();
  /** @type {Array<string | undefined>} */
  const codes = [];
  near.on("state", ({ code }) => codes.push(code));
  made[0].fail(new RaceError("load_failed", "gone"));
  assert.deepEqual([near.state, codes], ["closed", ["load_failed"]]);
  near.close();
});

/**
 * @param {number} second
 * @param {number} samples
 * @param {boolean} settled
 */
function tellOf(second, samples, settled) {
  const rows = Float32Array.from({ length: samples * CAR_STRIDE }, (_, at) => {
    const [step, column] = [Math.floor(at / CAR_STRIDE), at % CAR_STRIDE];
    return column === 1 ? (second * 1000 + step * STEP_MS) * METRES_PER_MS : column === 7 ? 1 : 0;
  });
  return { second, counts: new Array(samples).fill(1), rows, settled };
}

test("a second is asked for once, the next one in advance, and one that was not over again", () => {
  /** @type {number[]} */
  const asked = [];
  const past = new Past((second) => asked.push(second));
  const seen = (/** @type {number} */ atMs) => past.at(atMs, 9000)[1];
  past.at(3000, 9000);
  past.at(3016, 9000);
  assert.deepEqual([asked.splice(0), past.count], [[3, 4], 0]);
  past.take(tellOf(3, SAMPLES, true));
  assert.ok(Math.abs(seen(3025) - 3025 * METRES_PER_MS) < 1e-3, "between two samples");
  assert.ok(Math.abs(seen(3990) - 3990 * METRES_PER_MS) < 1e-3);
  assert.ok(
    Math.abs(seen(4010) - 3990 * METRES_PER_MS) < 1e-3,
    "what was shown stays until the next is there",
  );
  past.take(tellOf(4, 5, false));
  assert.deepEqual(asked.splice(0), [5]);
  assert.ok(Math.abs(seen(4100) - 4100 * METRES_PER_MS) < 1e-3);
  assert.deepEqual(asked.splice(0), []);
  assert.ok(Math.abs(seen(4600) - 4200 * METRES_PER_MS) < 1e-3, "as far as it has been");
  assert.deepEqual(asked.splice(0), [4]);
  past.take(tellOf(4, SAMPLES, false));
  seen(3500);
  assert.deepEqual(asked.splice(0), [2], "backwards, the one before it is next");
  seen(4500);
  assert.deepEqual(asked.splice(0), [4], "it may have been a guess");
});

test("the seconds that are kept are bounded, and those looked at last stay", () => {
  /** @type {number[]} */
  const asked = [];
  const past = new Past((second) => asked.push(second));
  for (let second = 0; second < 60; second += 1) {
    past.take(tellOf(second, SAMPLES, true));
    past.at(500, 60_000);
  }
  assert.ok(!asked.includes(0), "it was looked at all the time");
  asked.splice(0);
  past.at(59_500, 60_000);
  past.at(500, 60_000);
  assert.deepEqual(asked.splice(0), []);
  past.at(10_500, 60_000);
  assert.ok(asked.includes(10));
});
