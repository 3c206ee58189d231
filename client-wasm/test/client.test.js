import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";

import { RaceClient, doctor, fetchTrack, relayConfig } from "../js/index.js";
import { coded, settled, World } from "./fake-core.js";
import { ManualClock } from "./manual-clock.js";
import { RELAY, client, statesOf, stopTime, withCode } from "./scene.js";

test("connects, signs in, and tells its states", async () => {
  const world = new World();
  const race = client(world, { password: "secret", updateHz: 30 });
  assert.equal(race.state, "idle");
  const states = statesOf(race);
  await race.connect();
  assert.deepEqual(states, [{ state: "connecting" }, { state: "connected" }]);
  assert.equal(race.state, "connected");
  assert.equal(race.id, world.last.sessionId);
  assert.equal(race.name, "Ann");
  assert.deepEqual(world.last.options, { updateHz: 30 });
  assert.deepEqual(world.last.calls.slice(0, 2), [
    ["connect", "wss://relay.example/ws"],
    ["signIn", { name: "Ann", password: "secret" }],
  ]);
  await race.close();
});

test("asks the relay for what it needs, and makes the core with it", async () => {
  const world = new World();
  /** @type {string[]} */
  const asked = [];
  const config = {
    version: "9",
    udpSecret: "s",
    updateHz: 15,
    insecure: true,
    features: { batch: true, spectate: true },
  };
  const fetch = async (/** @type {any} */ url) => {
    asked.push(String(url));
    return Response.json(config);
  };
  const race = client(world, { config: undefined, fetch });
  assert.equal(race.relay, null);
  await race.connect();
  assert.deepEqual(asked, ["https://relay.example/api/config"]);
  assert.deepEqual(world.last.options, { secret: "s", updateHz: 15, batch: true });
  assert.deepEqual(race.relay, { version: "9", insecure: true, spectate: true });
  await race.close();
});

test("an address may name one of several game servers behind the relay", async () => {
  const world = new World();
  /** @type {string[]} */
  const asked = [];
  const fetch = async (/** @type {any} */ url) => {
    asked.push(String(url));
    return Response.json({});
  };
  const options = { name: "Ann", core: world.core, fetch };
  const race = new RaceClient("https://relay.example/race/?server=west coast", options);
  await race.connect();
  assert.deepEqual(asked, ["https://relay.example/race/api/config?server=west%20coast"]);
  assert.deepEqual(world.last.calls[0], ["connect", "wss://relay.example/race/ws?server=west%20coast"]);
  await race.close();
});

test("says what is wrong with a relay that cannot be asked", async () => {
  const world = new World();
  const answers = [
    async () => Promise.reject(new TypeError("Failed to fetch")),
    async () => new Response("busy", { status: 503 }),
    async () => new Response("<html>", { status: 200 }),
    async () => new Response("no", { status: 404 }),
  ];
  const codes = [];
  for (const fetch of answers) {
    const race = client(world, { config: undefined, fetch });
    codes.push(await race.connect().catch((error) => [error.code, error.retryable, race.state]));
    await race.close();
  }
  assert.deepEqual(codes, [
    ["relay_unreachable", true, "idle"],
    ["relay_unreachable", true, "idle"],
    ["not_a_relay", false, "idle"],
    ["not_a_relay", false, "idle"],
  ]);
  assert.equal(world.cores.length, 0);
});

test("takes addresses in every form, and refuses what is none", async () => {
  const world = new World();
  const forms = {
    "https://relay.example": "wss://relay.example/ws",
    "https://relay.example/": "wss://relay.example/ws",
    "wss://relay.example/ws": "wss://relay.example/ws",
    "ws://127.0.0.1:8080": "ws://127.0.0.1:8080/ws",
    "http://relay.example/club/?a=1#b": "ws://relay.example/club/ws",
  };
  for (const [given, socket] of Object.entries(forms)) {
    const race = await RaceClient.connect(given, { name: "Ann", core: world.core, config: {} });
    assert.deepEqual(world.last.calls[0], ["connect", socket]);
    await race.close();
  }
  for (const given of ["relay.example", "ftp://relay.example", ""]) {
    assert.throws(() => new RaceClient(given, { name: "Ann" }), withCode("invalid_argument"));
  }
  assert.throws(() => new RaceClient(RELAY, { name: " " }), withCode("invalid_argument"));
});

test("a refused sign-in ends in idle, with the reason, and can be tried again", async () => {
  const world = new World();
  world.fail("signIn", coded("auth_failed"));
  const race = client(world);
  const states = statesOf(race);
  await assert.rejects(race.connect(), withCode("auth_failed", false));
  assert.deepEqual(states.at(-1), {
    state: "idle",
    code: "auth_failed",
    reason: "auth_failed",
    retryable: false,
  });
  assert.equal(world.last.state, "disconnected");
  await race.connect();
  assert.equal(race.state, "connected");
  assert.equal(world.cores.length, 1);
  await race.close();
});

test("the way by one line closes what could not connect", async () => {
  const world = new World();
  world.fail("connect", coded("relay_unreachable", true));
  await assert.rejects(
    RaceClient.connect(RELAY, { name: "Ann", core: world.core, config: {} }),
    withCode("relay_unreachable", true),
  );
  await settled();
  assert.equal(world.last.freed, true);
});

test("the reason of a close that comes while it signs in is told, not that something was closed", async () => {
  const world = new World();
  world.held.add("signIn");
  const race = client(world);
  const connecting = race.connect();
  await settled();
  world.fail("signIn", coded("closed", true));
  world.last.drop("server_unreachable");
  world.release("signIn");
  await assert.rejects(connecting, withCode("server_unreachable", true));
  await race.close();
});

test("a signal ends connecting, and nothing later", async () => {
  const world = new World();
  const controller = new AbortController();
  world.held.add("connect");
  const race = client(world);
  const states = statesOf(race);
  const connecting = race.connect({ signal: controller.signal });
  await settled();
  const reason = new Error("the visitor went away");
  controller.abort(reason);
  await assert.rejects(connecting, reason);
  assert.equal(states.at(-1)?.code, "aborted");
  assert.equal(race.state, "idle");
  await assert.rejects(race.connect({ signal: controller.signal }), reason);

  const later = new AbortController();
  await race.connect({ signal: later.signal });
  assert.equal(getEventListeners(later.signal, "abort").length, 0);
  later.abort();
  await settled();
  assert.equal(race.state, "connected");
  await race.close();
});

test("commands before connecting, while reconnecting and after closing say why they cannot go", async (t) => {
  const pass = stopTime(t);
  const world = new World();
  const race = client(world);
  await assert.rejects(race.listRooms(), withCode("not_connected", true));
  await race.connect();
  await assert.rejects(race.connect(), withCode("invalid_argument"));
  const room = await race.createRoom("Friday");
  world.held.add("listRooms");
  world.fail("listRooms", coded("closed", true));
  const outstanding = race.listRooms();
  await settled();
  world.last.drop("connection_lost");
  world.release("listRooms");
  await assert.rejects(outstanding, withCode("connection_lost", true));
  assert.equal(race.state, "reconnecting");
  await assert.rejects(race.listRooms(), withCode("reconnecting", true));
  await assert.rejects(room.start(), withCode("reconnecting", true));
  assert.equal(room.sendState(0, 0, 0, 0, 0, 0, 1), false);
  await pass(250);
  assert.equal(race.state, "connected");
  assert.equal((await race.listRooms()).length, 1);
  await race.close();
  await assert.rejects(race.listRooms(), withCode("closed", false));
  await assert.rejects(race.connect(), withCode("closed", false));
});

test("a lost connection comes back after the waits of its core, and says each of them", async (t) => {
  const pass = stopTime(t);
  const world = new World();
  const race = client(world);
  await race.connect();
  const states = statesOf(race);
  world.pauses = [250, 500, 4000];
  world.fail("connect", coded("relay_unreachable", true), coded("relay_restarting", true));
  world.last.drop("connection_lost");
  const lost = { code: "connection_lost", reason: "the reason of connection_lost", retryable: true };
  assert.deepEqual(states, [{ state: "reconnecting", ...lost, attempt: 1, retryInMs: 250 }]);
  await pass(249);
  assert.equal(states.length, 1);
  await pass(1);
  const unreachable = { code: "relay_unreachable", reason: "relay_unreachable", retryable: true };
  assert.deepEqual(states.slice(1), [
    { state: "reconnecting", ...lost, attempt: 1, retryInMs: 0 },
    { state: "reconnecting", ...unreachable, attempt: 2, retryInMs: 500 },
  ]);
  await pass(500);
  assert.equal(states.at(-1)?.code, "relay_restarting");
  assert.equal(states.at(-1)?.retryInMs, 4000);
  await pass(4000);
  assert.deepEqual(states.at(-1), { state: "connected" });
  assert.equal(race.stats.reconnects, 1);
  assert.equal(world.cores.length, 1);
  assert.equal(world.last.calls.filter(([name]) => name === "signIn").length, 2);
  await race.close();
});

test("with a clock of its own a client waits, asks and says goodbye by that clock alone", async (t) => {
  stopTime(t);
  const clock = new ManualClock();
  const world = new World();
  const race = client(world, { clock });
  await race.connect();
  const room = await race.createRoom("Monza");
  const asked = () => world.last.calls.filter(([name]) => name === "roomPlayers").length;
  const before = asked();
  await clock.pass(1500);
  assert.equal(asked(), before + 1);
  world.pauses = [250];
  world.last.drop("connection_lost");
  await clock.pass(249);
  assert.equal(race.state, "reconnecting");
  await clock.pass(1);
  assert.equal(race.state, "connected");
  assert.equal(race.room, room);
  assert.equal(world.last.options.clock, clock);
  await race.close();
  assert.equal(clock.timers, 0);
});

test("what cannot pass, or may not be tried again, closes with its reason", async (t) => {
  const pass = stopTime(t);
  for (const [code, retryable] of /** @type {Array<[string, boolean]>} */ ([
    ["not_allowed", false],
    ["connection_lost", true],
  ])) {
    const world = new World();
    world.pauses = [null];
    const race = client(world);
    await race.connect();
    world.last.drop(code, retryable);
    assert.deepEqual(race.stateChange, { state: "closed", code, reason: `the reason of ${code}`, retryable });
    await settled();
    assert.equal(world.last.freed, true);
    assert.equal(world.last.listening, 0);
  }
  const world = new World();
  world.pauses = [50, 100, null];
  const reconnect = { attempts: 2, minMs: 100 };
  const race = client(world, { reconnect });
  await race.connect();
  assert.deepEqual(world.last.options, { retries: 2, retryMinMs: 100 });
  world.fail("connect", coded("relay_unreachable", true), coded("relay_full", true));
  world.last.drop("connection_lost");
  await pass(50);
  await pass(100);
  assert.equal(race.state, "closed");
  assert.equal(race.stateChange.code, "relay_full");
});

test("an attempt that is not answered is given up, and one that is refused ends all", async (t) => {
  const pass = stopTime(t);
  const world = new World();
  const race = client(world);
  await race.connect();
  const states = statesOf(race);
  world.fail("signIn", coded("timeout", true), coded("server_error"));
  world.last.drop("connection_lost");
  await pass(250);
  const late = { code: "timeout", reason: "timeout", retryable: true };
  assert.deepEqual(states.at(-1), { state: "reconnecting", ...late, attempt: 2, retryInMs: 250 });
  assert.equal(world.last.times("abandon"), 1);
  assert.equal(world.last.state, "disconnected");
  await pass(250);
  assert.equal(race.state, "closed");
  assert.equal(race.stateChange.code, "server_error");
  assert.equal(world.last.times("abandon"), 1);
});

test("somebody who is kicked does not come back", async () => {
  const world = new World();
  const race = client(world);
  await race.connect();
  world.last.emit("kicked", { message: "Disconnected by administrator" });
  world.last.drop("server_ended");
  assert.equal(race.state, "closed");
  assert.equal(race.stateChange.code, "kicked");
  assert.equal(race.stateChange.reason, "Disconnected by administrator");
  // A command after the end has the same reason as one that was under way.
  await assert.rejects(race.listRooms(), { code: "kicked", message: "Disconnected by administrator" });
});

test("the network's return ends the wait", async (t) => {
  stopTime(t);
  const target = new EventTarget();
  Object.assign(globalThis, {
    addEventListener: target.addEventListener.bind(target),
    removeEventListener: target.removeEventListener.bind(target),
  });
  t.after(() => {
    Reflect.deleteProperty(globalThis, "addEventListener");
    Reflect.deleteProperty(globalThis, "removeEventListener");
  });
  const world = new World();
  const race = client(world);
  await race.connect();
  world.last.drop("connection_lost");
  assert.equal(getEventListeners(target, "online").length, 1);
  target.dispatchEvent(new Event("online"));
  await settled();
  assert.equal(race.state, "connected");
  world.last.drop("connection_lost");
  await race.close();
  assert.equal(getEventListeners(target, "online").length, 0);
});

test("measures the round trip at once and again and again, until it is closed", async (t) => {
  const pass = stopTime(t);
  const world = new World();
  const race = client(world);
  assert.equal(race.stats.roundTripMs, null);
  await race.connect();
  await pass(0);
  for (let i = 0; i < 3; i += 1) await pass(2000);
  assert.equal(world.last.times("ping"), 4);
  const { roundTripMs, roundTripP95Ms, jitterMs, sentPerSecond, lossPercent } = race.stats;
  assert.deepEqual([roundTripMs, roundTripP95Ms, jitterMs, sentPerSecond, lossPercent], [20, 20, 0, 20, 2]);
  await race.close();
  await pass(10_000);
  assert.equal(world.last.times("ping"), 4);
});

test("closing says goodbye, frees the core, and again is no error", async () => {
  const world = new World();
  const race = client(world);
  const states = statesOf(race);
  await race.connect();
  const waiting = race.once("message");
  const [first, second] = [race.close(), race.close()];
  assert.equal(race.state, "closed");
  await assert.rejects(waiting, withCode("closed"));
  await Promise.all([first, second, race.close()]);
  assert.deepEqual(states.at(-1), {
    state: "closed",
    code: "closed",
    reason: "the client was closed",
    retryable: false,
  });
  assert.equal(states.length, 3);
  assert.equal(world.last.times("close"), 1);
  assert.equal(world.last.freed, true);
  assert.equal(world.last.listening, 0);
});

test("closing while it connects ends connecting, wherever it is", async () => {
  for (const step of ["connect", "signIn"]) {
    const world = new World();
    world.held.add(step);
    const race = client(world);
    const connecting = race.connect();
    await settled();
    const closing = race.close();
    world.release(step);
    await assert.rejects(connecting, withCode("closed"));
    await closing;
    assert.equal(race.state, "closed");
    assert.equal(world.last.freed, true, step);
  }
});

test("closing while the core is made frees it as soon as it is there", async () => {
  const world = new World();
  /** @type {(value?: unknown) => void} */
  let go = () => {};
  const made = new Promise((resolve) => (go = resolve));
  const race = client(world, {
    core: async (/** @type {object} */ options) => {
      await made;
      return world.core(options);
    },
  });
  const connecting = race.connect();
  await settled();
  await race.close();
  go();
  await assert.rejects(connecting, withCode("closed"));
  assert.equal(world.last.freed, true);
  assert.equal(world.last.times("connect"), 0);
});

test("closing while it reconnects ends that, in the wait and in the attempt", async (t) => {
  const pass = stopTime(t);
  for (const waitMs of [0, 250]) {
    const world = new World();
    const race = client(world);
    await race.connect();
    world.held.add("connect");
    world.last.drop("connection_lost");
    await pass(waitMs);
    await race.close();
    world.release("connect");
    await pass(60_000);
    assert.equal(race.state, "closed");
    assert.equal(world.last.freed, true);
    assert.equal(world.last.times("connect"), waitMs === 0 ? 1 : 2);
  }
});

test("a goodbye that nobody takes is given up", async (t) => {
  const pass = stopTime(t);
  const world = new World();
  const race = client(world);
  await race.connect();
  world.held.add("close");
  let closed = false;
  void race.close().then(() => (closed = true));
  await pass(4999);
  assert.equal(closed, false);
  await pass(1);
  assert.equal(closed, true);
  assert.equal(world.last.freed, true);
});

test("a core that cannot hang up is not used again", async (t) => {
  const pass = stopTime(t);
  const world = new World();
  world.held.add("close");
  world.fail("signIn", coded("auth_failed"));
  const race = client(world);
  const refused = assert.rejects(race.connect(), withCode("auth_failed"));
  const [old] = await settled().then(() => world.cores);
  await pass(5000);
  await refused;
  assert.equal(old.freed, true);
  world.release("close");
  await race.connect();
  assert.equal(race.state, "connected");
  assert.equal(world.cores.length, 2);
  await race.close();
});

test("can be disposed of by the language", async () => {
  const world = new World();
  const race = client(world);
  await race.connect();
  await race[Symbol.asyncDispose]();
  assert.equal(race.state, "closed");
  const other = client(world);
  await other.connect();
  other[Symbol.dispose]();
  assert.equal(other.state, "closed");
  await other.close();
});

test("tells who writes, when the relay will restart, and log lines only to those who listen", async () => {
  const world = new World();
  const race = client(world);
  await race.connect();
  assert.equal(world.last.listeners.get("log")?.size ?? 0, 0);
  /** @type {unknown[]} */
  const heard = [];
  race.on("message", (event) => heard.push(event));
  race.on("draining", (event) => heard.push(event));
  const stop = race.on("log", ({ line }) => heard.push(line));
  world.last.emit("message", { senderId: "b", senderName: "Ben", message: "hello" });
  world.last.emit("draining", { seconds: 5 });
  world.last.emit("log", { level: "info", line: "a line" });
  stop();
  assert.equal(world.last.listeners.get("log")?.size, 0);
  assert.deepEqual(heard, [{ senderId: "b", senderName: "Ben", text: "hello" }, { seconds: 5 }, "a line"]);
  await race.close();
});

test("makes the network worse where there is one", async () => {
  const world = new World();
  /** @type {unknown[]} */
  const told = [];
  const race = client(world, {
    core: async (/** @type {object} */ options) =>
      Object.assign(await world.core(options), { simulate: (/** @type {unknown} */ it) => told.push(it) }),
  });
  await race.simulate(null);
  await assert.rejects(race.simulate({ latencyMs: -1 }), withCode("invalid_argument"));
  // Nobody waits for it, and yet it holds from the beginning.
  void race.simulate({ latencyMs: 80 });
  await race.connect();
  assert.deepEqual(told, [{ latencyMs: 80 }]);
  await race.simulate(null);
  // Nothing overtakes, though only the first has something to load.
  void race.simulate({ latencyMs: 90 });
  await race.simulate(null);
  assert.deepEqual(told, [{ latencyMs: 80 }, null, { latencyMs: 90 }, null]);
  await race.close();

  const odd = client(world, {
    core: async (/** @type {object} */ options) =>
      Object.assign(await world.core(options), { simulate: () => Promise.reject(new Error("no lab")) }),
  });
  await odd.simulate({ latencyMs: 80 });
  await assert.rejects(odd.connect(), withCode("server_error"));
  assert.deepEqual([odd.state, world.last.freed], ["idle", true]);
  await odd.close();

  const other = client(new World());
  await other.connect();
  await assert.rejects(other.simulate({ latencyMs: 80 }), withCode("invalid_argument"));
  await other.close();
});

test("records one recording at a time, over lost connections, and works on behind its end", async (t) => {
  const pass = stopTime(t);
  const world = new World();
  const race = client(world);
  await assert.rejects(race.record(), withCode("not_connected"));
  await race.connect();
  const [first, second] = await Promise.allSettled([race.record(), race.record()]);
  assert.ok(first.status === "fulfilled" && second.status === "rejected");
  assert.equal(second.reason.code, "invalid_argument");
  const recording = first.value;
  await race.createRoom("Friday");
  world.last.drop("connection_lost");
  await pass(250);
  assert.equal(race.state, "connected");
  const blob = recording.stop();
  assert.ok(blob.size > 100);
  assert.equal(recording.stop(), blob);
  assert.equal((await race.listRooms()).length, 1);
  (await race.record()).stop();
  assert.equal(race.room?.sample().rows, world.last.rows, "nothing is copied any more");
  await race.close();
  assert.equal(world.last.freed, true);
  assert.equal(world.last.listening, 0);
});

test("500 connections leave nothing behind", async () => {
  const world = new World();
  const controller = new AbortController();
  for (let i = 0; i < 500; i += 1) {
    const race = await RaceClient.connect(RELAY, {
      name: "Ann",
      core: world.core,
      config: {},
      signal: controller.signal,
    });
    race.on("message", () => {}, { signal: controller.signal });
    const room = await race.createRoom(`room ${i}`);
    room.on("input", () => {}, { signal: controller.signal });
    await race.close();
    world.rooms.clear();
  }
  assert.equal(world.cores.length, 500);
  assert.ok(world.cores.every((core) => core.freed && core.listening === 0));
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
});

test("null for options is the same as none", async () => {
  const race = client(new World());
  await race.connect();
  const none = /** @type {any} */ (null);
  const nowhere = "http://127.0.0.1:1";
  race.on("state", () => {}, none)();
  await race.events("state", none).return();
  await assert.rejects(race.connect(none), withCode("invalid_argument"));
  for (const ask of [relayConfig, fetchTrack]) {
    await assert.rejects(ask(nowhere, none), withCode("relay_unreachable"));
  }
  assert.equal((await doctor(nowhere, none)).ok, false);
  await race.close();
});
