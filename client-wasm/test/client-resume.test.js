// A client whose core goes on with a session, or with the one of another page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { RaceClient } from "../js/index.js";
import { coded, settled, World } from "./fake-core.js";
import { ManualClock } from "./manual-clock.js";
import { RELAY, client, stopTime } from "./scene.js";

/** @param {number} attempt @param {number} retryInMs */
const interruption = (attempt, retryInMs) => ({
  code: "connection_lost",
  number: 1006,
  reason: "the connection was lost",
  retryable: true,
  attempt,
  retryInMs,
});

test("an interrupted session goes on in its room without a sign-in", async (t) => {
  const pass = stopTime(t);
  const world = new World();
  const { id } = world.addRoom("go", "Bea");
  const race = client(world);
  await race.connect();
  const room = await race.joinRoom(id);
  const core = world.last;
  const listed = core.times("roomPlayers");
  core.emit("interrupted", interruption(1, 250));
  core.emit("interrupted", interruption(1, 0));
  assert.equal(race.state, "reconnecting");
  const { attempt, retryInMs, resuming } = race.stateChange;
  assert.deepEqual([attempt, retryInMs, resuming], [1, 0, true]);
  // Commands wait in the core; positions do not.
  assert.equal((await race.listRooms()).length, 1);
  assert.equal(room.sendPose({ x: 1, y: 0, z: 0, yaw: 0 }), false);
  race.reconnectNow();
  assert.equal(core.times("reconnectNow"), 1);
  core.emit("resumed", {});
  assert.equal(race.state, "connected");
  await pass(0);
  assert.deepEqual([core.times("signIn"), core.times("joinRoom")], [1, 1]);
  assert.equal(core.times("roomPlayers"), listed + 1, "who is there is asked at once");
  assert.deepEqual([race.room, race.stats.reconnects], [room, 1]);
  race.reconnectNow();
  assert.equal(core.times("reconnectNow"), 1, "there is nothing to hurry");
  await race.close();
});

test("an interrupted session that is over is followed by a new one in the same room", async (t) => {
  const pass = stopTime(t);
  const world = new World();
  const { id } = world.addRoom("go", "Bea");
  const race = client(world);
  await race.connect();
  await race.joinRoom(id);
  world.last.emit("interrupted", interruption(1, 250));
  world.pauses = [0];
  world.last.drop("connection_lost");
  assert.equal(race.state, "reconnecting");
  await pass(0);
  assert.equal(race.state, "connected");
  assert.deepEqual([world.last.times("signIn"), world.last.times("joinRoom")], [2, 2]);
  await race.close();
});

test("an interruption while the client comes back does not end that early", async (t) => {
  const pass = stopTime(t);
  const world = new World();
  const race = client(world);
  await race.connect();
  world.held.add("signIn");
  world.last.drop("connection_lost");
  await pass(250);
  world.last.emit("interrupted", interruption(1, 250));
  world.last.emit("resumed", {});
  assert.equal(race.state, "reconnecting");
  world.release("signIn");
  await settled();
  assert.equal(race.state, "connected");
  await race.close();
});

test("a name that one's own ghost still holds is tried until it is free, but not for ever", async (t) => {
  t.mock.method(Math, "random", () => 0.5);
  const clock = new ManualClock();
  const world = new World();
  const race = client(world, { clock });
  await race.connect();
  world.fail("signIn", coded("auth_failed"), coded("auth_failed"));
  world.last.drop("connection_lost");
  await clock.pass(300);
  assert.deepEqual([race.state, race.stateChange.code], ["reconnecting", "auth_failed"]);
  await clock.pass(600);
  assert.equal(race.state, "connected");
  world.fail("signIn", ...Array.from({ length: 1000 }, () => coded("auth_failed")));
  world.last.drop("connection_lost");
  await clock.pass(89_000);
  assert.equal(race.state, "reconnecting");
  await clock.pass(2000);
  assert.deepEqual([race.state, race.stateChange.code], ["closed", "auth_failed"]);
});

test("whoever signs out while the session is interrupted stays signed out", async () => {
  const world = new World();
  const race = client(world);
  await race.connect();
  world.last.emit("interrupted", interruption(1, 250));
  const closed = race.close();
  world.last.emit("resumed", {});
  assert.equal(race.state, "closed");
  await closed;
  assert.equal(race.state, "closed");
});

test("a page goes on with the session of the one before it, in its room", async () => {
  const world = new World();
  const { id } = world.addRoom("go", "Bea");
  const before = client(world);
  await before.connect();
  await before.joinRoom(id);
  const resume = before.save();
  assert.ok(resume);
  const options = { resume, core: world.core, config: {} };
  const race = new RaceClient(RELAY, options);
  await race.connect();
  assert.deepEqual([race.id, race.name, race.room?.id], [before.id, "Ann", id]);
  assert.deepEqual([world.last.times("signIn"), world.last.times("joinRoom")], [0, 0]);
  assert.equal(await race.joinRoom(id), race.room);
  await race.close();
  // A session that is over needs a name.
  const late = new RaceClient(RELAY, options);
  await assert.rejects(late.connect(), { code: "auth_required" });
  const named = new RaceClient(RELAY, { ...options, name: "Ann" });
  await named.connect();
  assert.deepEqual([world.last.times("signIn"), named.room], [1, null]);
  await named.close();
  const nobody = /** @type {any} */ ({ core: world.core });
  assert.throws(() => new RaceClient(RELAY, nobody), { code: "invalid_argument" });
});
