// The mock under a network that is made worse, and behind the client that pages use.
import assert from "node:assert/strict";
import test from "node:test";

import { RaceClient } from "../js/client.js";
import { RaceError } from "../js/error.js";
import { mockRelay, VirtualClock } from "../js/mock.js";
import { ADDRESS, coreOf } from "./mock-core.js";

const LATENCY_MS = 40;
const METRES_A_SECOND = 30;

/** Two cores in a room, one of which sees the other drive straight on. @param {import("../js/lab.js").Conditions | null} conditions */
async function pair(conditions) {
  const clock = new VirtualClock(1000);
  const relay = await mockRelay({ clock, bots: 0, latencyMs: LATENCY_MS, seed: 3 });
  const [{ id }] = relay.rooms;
  const cores = [await coreOf(relay), await coreOf(relay)];
  for (const [number, core] of cores.entries()) {
    void core.connect(ADDRESS).then(() => core.signIn({ name: `x${number}` }).then(() => core.joinRoom(id)));
    await clock.advance(1000);
    assert.equal(core.roomId, id);
  }
  const [driver, viewer] = cores;
  viewer.sendUpdate(0, 0, 0, 0, 0, 0, 1);
  await clock.advance(100);
  await viewer.simulate?.(conditions);
  return { clock, relay, driver, viewer };
}

/** How far the viewer's picture of a straight drive is behind and how unevenly it moves. @param {import("../js/lab.js").Conditions | null} conditions */
async function watch(conditions) {
  const { clock, driver, viewer } = await pair(conditions);
  const begunMs = clock.now();
  /** @type {number[]} */
  const behindMs = [];
  for (let frame = 0; frame < 1500; frame += 1) {
    await clock.advance(10);
    const metres = ((clock.now() - begunMs) / 1000) * METRES_A_SECOND;
    driver.sendUpdate(metres, 0, 0, 0, 0, 0, 1);
    const rows = viewer.sample();
    if (frame < 500) continue;
    behindMs.push(((metres - rows[1]) / METRES_A_SECOND) * 1000);
  }
  behindMs.sort((a, b) => a - b);
  const { lost, lossPercent } = viewer.metrics();
  const at = (/** @type {number} */ part) => behindMs[Math.floor(part * (behindMs.length - 1))];
  return { median: at(0.5), swing: at(0.95) - at(0.05), lost, lossPercent };
}

test("without trouble a car is drawn evenly", async () => {
  const { median, swing, lost } = await watch(null);
  assert.ok(median > LATENCY_MS / 2 && median < LATENCY_MS / 2 + 100, `${median} ms behind`);
  assert.ok(swing < 1, `${swing} ms of swing`);
  assert.equal(lost, 0);
});

test("delay, jitter, loss and overtaking are lived with", async () => {
  const { median, swing, lossPercent } = await watch({
    latencyMs: 100,
    jitterMs: 30,
    lossPercent: 10,
    reorderPercent: 3,
    seed: 5,
  });
  assert.ok(median > 150 && median < 400, `${median} ms behind`);
  assert.ok(swing < 80, `${swing} ms of swing, and the network has 60`);
  assert.ok(lossPercent >= 3 && lossPercent < 15, `${lossPercent} % lost`);
});

test("what a ping says is what the network adds, both ways", async () => {
  const { clock, viewer } = await pair({ latencyMs: 100 });
  const ping = viewer.ping();
  await clock.advance(1000);
  assert.equal(await ping, LATENCY_MS + 200);
  await viewer.simulate?.(null);
  const again = viewer.ping();
  await clock.advance(1000);
  assert.equal(await again, LATENCY_MS);
});

test("a connection can be made to break, and conditions that cannot be are refused", async () => {
  const { clock, viewer } = await pair(null);
  /** @type {string[]} */
  const codes = [];
  viewer.on("close", ({ code }) => void codes.push(code));
  await viewer.simulate?.({ disconnectAfterMs: 500 });
  await clock.advance(400);
  assert.equal(viewer.state, "authenticated");
  await clock.advance(200);
  assert.deepEqual([viewer.state, codes], ["disconnected", ["connection_lost"]]);
  await assert.rejects(async () => viewer.simulate?.({ lossPercent: 101 }), { code: "invalid_argument" });
});

test("the client that pages use stands on it: states, rooms, messages, reconnect", async (t) => {
  const relay = await mockRelay({ bots: 2, latencyMs: 2 });
  const [{ id, players }] = relay.rooms;
  const ann = await relay.connect("Ann", { reconnect: { minMs: 10, maxMs: 10 } });
  assert.ok(ann instanceof RaceClient);
  const bo = await relay.connect("Bo");
  t.after(() => Promise.all([ann.close(), bo.close()]));
  const room = await ann.joinRoom(id);
  const joined = room.once("joined");
  await bo.joinRoom(id);
  assert.equal((await joined).name, "Bo");
  assert.deepEqual(
    [...room.players.values()].map(({ name }) => name).sort(),
    [...["Ann", "Bo"], ...players.map(({ name }) => name)].sort(),
  );

  const message = bo.once("message");
  await room.say("hello", bo.id);
  assert.equal((await message).text, "hello");
  await assert.rejects(room.start(), (/** @type {RaceError} */ error) => error.code === "not_host");

  /** @type {string[]} */
  const states = [];
  const back = new Promise((resolve) => {
    ann.on("state", ({ state }) => {
      states.push(state);
      if (state === "connected") resolve(state);
    });
  });
  relay.drop("Ann");
  await back;
  assert.equal(states[0], "reconnecting");
  assert.equal(ann.room?.id, id);
  assert.ok(relay.rooms[0].players.some(({ name }) => name === "Ann"));

  await Promise.all([ann.close(), bo.close()]);
  assert.equal(relay.rooms[0].players.length, 2, "nobody but the bots is left");
  relay.stop();
});

test("a connection that is refused reaches the page as its code", async () => {
  const relay = await mockRelay({
    latencyMs: 2,
    fail: { connect: "certificate_not_trusted", signIn: "auth_failed" },
  });
  const code = (/** @type {string} */ wanted) => (/** @type {unknown} */ error) =>
    error instanceof RaceError && error.code === wanted;
  await assert.rejects(relay.connect("Ann"), code("certificate_not_trusted"));
  delete relay.fail.connect;
  await assert.rejects(relay.connect("Ann", { password: "secret" }), code("auth_failed"));
  relay.stop();
});
