// The client in a worker, with both ends in this process and a channel between them.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { CAR_STRIDE } from "../js/core.js";
import { RaceClient } from "../js/client.js";
import { RaceError } from "../js/error.js";
import { mockRelay } from "../js/mock.js";
import { PlayerRecorder } from "../js/recorder.js";
import { STANDING_MS } from "../js/poll.js";
import { coreOf } from "./mock-core.js";
import { Motion } from "../js/worker/motion.js";
import { RemoteCore } from "../js/worker/remote.js";
import { serve } from "../js/worker/served.js";
import { settled, World } from "./fake-core.js";

/** @typedef {import("../js/core.js").Core} Core */

const FRAME_MS = 5;
const PATIENCE_MS = 5000;
/** @type {Array<() => void>} */
const ends = [];
after(() => ends.forEach((end) => end()));

/**
 * A core behind a channel, as `workerCore` makes it of a worker.
 * @param {import("../js/core.js").CoreFactory} factory
 * @param {import("../js/core.js").CoreOptions} [options]
 */
function remote(factory, options = {}) {
  const { port1, port2 } = new MessageChannel();
  let ended = false;
  const end = () => {
    ended = true;
    port1.close();
  };
  ends.push(end);
  const port = /** @type {import("../js/worker/messages.js").Port} */ (/** @type {unknown} */ (port2));
  const nextFrame = (/** @type {() => void} */ callback) => void (ended || setTimeout(callback, FRAME_MS));
  serve(port, { core: factory }, { nextFrame, ended: end });
  const near = /** @type {import("../js/worker/messages.js").Port} */ (/** @type {unknown} */ (port1));
  return new RemoteCore(near, options, end).made;
}

/** @param {() => boolean} condition */
async function until(condition) {
  const deadline = Date.now() + PATIENCE_MS;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `not so in time: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
  }
}

test("frames come only while somebody listens, and a recorder does", async () => {
  const world = new World();
  const core = await remote(world.core);
  const own = () => world.last.listeners.get("frame")?.size ?? 0;
  assert.equal(own(), 0);
  const recorder = new PlayerRecorder(core);
  await until(() => own() === 1);
  world.last.emit("frame", "CONNECTED|anna");
  const before = recorder.byteLength;
  await until(() => recorder.byteLength > before);
  assert.ok((await recorder.stop().text()).includes("CONNECTED|anna"));
  await until(() => own() === 0);
  core.free();
});

test("the worker sends a position again while the page says nothing, and not in another room", async () => {
  const worlds = [new World(), new World()];
  const [core, other] = await Promise.all(worlds.map(async ({ core: factory }) => remote(factory)));
  for (const each of [core, other]) {
    await each.connect("ws://mock/ws");
    await each.signIn({ name: "Ann" });
    await each.createRoom("Friday");
  }
  const [sent, sentByOther] = worlds.map(
    (world) => () => world.last.calls.filter(([name]) => name === "sendUpdate"),
  );
  core.sendUpdate(1, 0, 2, 0, 0, 0, 1);
  await until(() => sent().length === 3);
  assert.deepEqual(sent()[2], ["sendUpdate", 1, 0, 2, 0, 0, 0, 1]);
  await core.leaveRoom();
  await core.createRoom("Saturday");
  const left = sent().length;
  core.sendInput(0, 1, 0);
  // Once another core has sent one again, this one would have too.
  other.sendUpdate(1, 0, 2, 0, 0, 0, 1);
  await until(() => sentByOther().length === 2);
  assert.equal(sent().length, left);
  core.free();
  other.free();
});

test("a car that stands is sent again by the worker only, and its room is not read for each position", async () => {
  const world = new World();
  const near = await remote(world.core);
  const { sendUpdate } = near;
  let offered = 0;
  near.sendUpdate = (...pose) => ((offered += 1), sendUpdate.apply(near, pose));
  const race = new RaceClient("http://localhost/", { name: "Ann", config: {}, core: async () => near });
  await race.connect();
  const room = await race.createRoom("Friday");
  const { roomId } = world.last;
  let reads = 0;
  Object.defineProperty(world.last, "roomId", { get: () => ((reads += 1), roomId) });
  const sent = () => world.last.calls.filter(([name]) => name === "sendUpdate").length;
  const before = reads;
  for (let count = 0; count < 50; count += 1) room.sendPose({ x: count, z: 0, yaw: 0 });
  await until(() => sent() === 50);
  assert.equal(reads, before);
  const sinceMs = performance.now();
  await until(() => sent() === 53);
  assert.ok(performance.now() - sinceMs > 1.9 * STANDING_MS);
  assert.equal(offered, 50);
  await race.close();
});

test("a client that is freed during its calls leaves no error behind", async () => {
  const relay = await mockRelay({ bots: 0 });
  ends.push(() => relay.stop());
  /** The calls of the core in the worker. @type {Promise<unknown>[]} */
  const served = [];
  const core = await remote(async (options) => {
    const far = await coreOf(relay, options);
    for (const call of /** @type {const} */ (["ping", "listRooms", "roomPlayers"])) {
      const own = far[call].bind(far);
      far[call] = () => (served.push(own()), /** @type {any} */ (served.at(-1)));
    }
    return far;
  });
  await core.connect("ws://mock/ws");
  await core.signIn({ name: "Ann" });
  await core.createRoom("Friday");
  const waiting = [core.ping(), core.listRooms(), core.roomPlayers()];
  core.free();
  core.sendUpdate(1, 0, 2, 0, 0, 0, 1);
  for (const call of waiting) await assert.rejects(call, { code: "closed" });
  await until(() => served.length === waiting.length);
  await Promise.allSettled(served);
  // Node's test runner has seen by then what nobody handles.
  await settled();
});

test("commands, events and facts go through to a core and back", async () => {
  const relay = await mockRelay({ bots: 2, rooms: [] });
  ends.push(() => relay.stop());
  const core = await remote((options) => coreOf(relay, options));
  /** @type {string[]} */
  const joined = [];
  core.on("carJoined", ({ id }) => joined.push(id));
  assert.equal(core.state, "disconnected");
  const id = await core.connect("ws://mock/ws");
  assert.equal(core.sessionId, id);
  assert.equal((await core.signIn({ name: "Ann" })).name, "Ann");
  assert.equal(core.state, "authenticated");
  const { roomId } = await core.createRoom("Friday");
  assert.equal(core.roomId, roomId);
  assert.deepEqual(
    (await core.listRooms()).map((/** @type {import("../js/core.js").Room} */ room) => room.id),
    [roomId],
  );
  await assert.rejects(core.joinRoom("f".repeat(32)), (error) => {
    assert.ok(error instanceof RaceError);
    assert.equal(error.code, "room_not_found");
    return true;
  });
  await core.close();
  assert.equal(core.state, "disconnected");
  assert.equal(core.roomId, undefined);
  core.free();
});

test("another's car is seen where it drives, with its owner", async () => {
  const relay = await mockRelay({ bots: 0 });
  ends.push(() => relay.stop());
  const ann = await remote((options) => coreOf(relay, options));
  const ben = await coreOf(relay);
  for (const [core, name] of /** @type {Array<[Core, string]>} */ ([
    [ann, "Ann"],
    [ben, "Ben"],
  ])) {
    await core.connect("ws://mock/ws");
    await core.signIn({ name });
  }
  const { roomId } = await ann.createRoom("Friday");
  await ben.joinRoom(roomId);
  await ann.startGame();
  let x = 0;
  // Who has sent nothing is not known to the server yet, and gets nothing.
  ann.sendUpdate(0, 0, 0, 0, 0, 0, 1);
  const driving = setInterval(() => ben.sendUpdate((x += 0.2), 0, 3, 0, 0, 0, 1), 10);
  ends.push(() => clearInterval(driving));
  await until(() => ann.carCount() === 1 && ann.sample()[1] > 2);
  const seen = ann.sample();
  assert.ok(seen[1] <= x + 1, `seen at ${seen[1]}, driven to ${x}`);
  assert.ok(Math.abs(seen[3] - 3) < 0.01, `seen at z ${seen[3]}`);
  assert.equal(ann.carId(seen[0]), ben.sessionId);
  assert.equal(ann.sendUpdate(0, 0, 0, 0, 0, 0, 1), true);
  assert.equal(ann.sendUpdate(0, 0, 0, 0, 0, 0, 1), false, "twice at once is once too often");
  assert.throws(() => ann.sendUpdate(NaN, 0, 0, 0, 0, 0, 1), { code: "invalid_argument" });
  // What only the worker can refuse ends nothing.
  ann.sendUpdate(0, 0, 0, 0, 0, 0, 0);
  await until(() => ben.sample().length > 0 && ben.carCount() === 1);
  assert.ok(ann.metrics().received > 0);
  clearInterval(driving);
  ann.free();
  ben.free();
});

test("samples do not pile up before a page that is busy, and buffers are used again", () => {
  /** @type {any[]} */
  const posted = [];
  /** @type {import("../js/worker/messages.js").Port} */
  const port = { postMessage: (message) => posted.push(message), onmessage: null };
  /** @type {() => void} */
  let frame = () => {};
  const core = /** @type {Core} */ (
    /** @type {unknown} */ ({
      state: "authenticated",
      on: () => () => {},
      sample: () => new Float32Array(2 * CAR_STRIDE),
      carCount: () => 1,
      metrics: () => ({}),
    })
  );
  serve(port, { core: async () => core }, { nextFrame: (callback) => (frame = callback), ended() {} });
  const say = (/** @type {unknown} */ data) => port.onmessage?.(/** @type {MessageEvent} */ ({ data }));
  say({ kind: "make", options: {} });
  return Promise.resolve()
    .then(() => {})
    .then(() => {
      for (let count = 0; count < 20; count++) frame();
      const rows = posted.filter(({ kind }) => kind === "rows");
      assert.equal(rows.length, 4);
      say({ kind: "rows", rows: rows[2].rows });
      frame();
      const again = posted.filter(({ kind }) => kind === "rows");
      assert.equal(again.length, 5);
      assert.equal(again[4].rows, rows[2].rows);
    });
});

test("a worker that cannot make its core, or is lost, says so to everybody who waits", async () => {
  const refused = async () => {
    throw new RaceError("load_failed", "no wasm here");
  };
  await assert.rejects(remote(refused), { code: "load_failed", message: "no wasm here", retryable: true });

  const relay = await mockRelay({ bots: 0 });
  ends.push(() => relay.stop());
  const core = /** @type {RemoteCore} */ (await remote((options) => coreOf(relay, options)));
  await core.connect("ws://mock/ws");
  /** @type {string[]} */
  const closes = [];
  core.on("close", ({ code, retryInMs }) => closes.push(`${code} ${retryInMs}`));
  const waiting = core.ping();
  core.fail(new RaceError("load_failed", "gone"));
  await assert.rejects(waiting, { code: "load_failed" });
  await assert.rejects(core.listRooms(), { code: "load_failed" });
  await core.close();
  core.abandon();
  assert.deepEqual(closes, ["load_failed null", "load_failed null"]);
  assert.equal(core.state, "disconnected");
});

test("a worse network is made in the worker, and a wrong one refused there", async () => {
  const relay = await mockRelay({ bots: 0, latencyMs: 2 });
  ends.push(() => relay.stop());
  const far = await remote((options) => coreOf(relay, options));
  await far.connect("ws://mock/ws");
  await assert.rejects(far.simulate({ lossPercent: 101 }), { code: "invalid_argument" });
  await far.simulate({ latencyMs: 30 });
  assert.ok((await far.ping()) >= 60);
  await far.simulate(null);
  assert.ok((await far.ping()) < 60);
  far.free();

  const none = /** @type {Core} */ (/** @type {unknown} */ ({ state: "disconnected", on: () => () => {} }));
  await assert.rejects((await remote(async () => none)).simulate(null), { code: "invalid_argument" });
});

test("options that cannot go to a worker are refused in words", async () => {
  const relay = await mockRelay({ bots: 0 });
  ends.push(() => relay.stop());
  const webSocket = () => /** @type {WebSocket} */ ({});
  await assert.rejects(
    remote((options) => coreOf(relay, options), { webSocket }),
    { code: "invalid_argument" },
  );
});

/** @param {number} slot @param {number} x @param {number} yaw */
function row(slot, x, yaw) {
  const half = yaw / 2;
  return [slot, x, 0, 0, 0, Math.sin(half), 0, Math.cos(half), 50, 20, 0, yaw];
}

test("a car is moved on between samples as it drove, and no further than is certain", () => {
  const motion = new Motion();
  motion.take(Float32Array.from(row(3, 10, 3.1)), 1, 1000);
  assert.equal(motion.at(1010)[1], 10, "one sample tells no speed");
  motion.take(Float32Array.from(row(3, 11, 3.12)), 1, 1020);
  const moved = motion.at(1030);
  assert.ok(Math.abs(moved[1] - 11.5) < 1e-4, `x ${moved[1]}`);
  assert.ok(Math.abs(moved[11] - 3.13) < 1e-4, `yaw ${moved[11]}`);
  assert.ok(Math.abs(2 * Math.atan2(moved[5], moved[7]) - 3.13) < 1e-3);
  assert.ok(Math.abs(moved[9] - 30) < 1e-3, "it is older by as much");
  assert.ok(Math.abs(motion.at(9000)[1] - 16) < 1e-3, "a late worker's cars stop after a tenth of a second");
  assert.equal(motion.at(1000)[1], 11);
});

test("a car that was put elsewhere, or is another's now, does not glide", () => {
  const motion = new Motion();
  motion.take(Float32Array.from([...row(1, 0, 0), ...row(2, 0, 0)]), 2, 1000);
  motion.take(Float32Array.from([...row(2, 1, 0), ...row(1, 500, 0)]), 2, 1020);
  const [two, one] = [motion.at(1030)[1], motion.at(1030)[1 + CAR_STRIDE]];
  assert.ok(Math.abs(two - 1.5) < 1e-4, "rows may change places");
  assert.equal(one, 500);
  motion.forget(2);
  assert.equal(motion.at(1030)[1], 1);
});
