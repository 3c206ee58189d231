// The real wasm client on a manual clock, before a relay that keeps sessions: cuts, silence, reloads.

import assert from "node:assert/strict";
import { test } from "node:test";

import { RaceClient } from "../js/index.js";
import { FakeRelay, wasm } from "./fake-relay.js";
import { ManualClock, settled } from "./manual-clock.js";
import { RELAY } from "./scene.js";

await wasm.load();

/** @param {Partial<import("../js/client.js").RaceOptions>} [options] */
async function racing(options) {
  const clock = new ManualClock();
  const relay = new FakeRelay(clock, 30);
  const { id } = relay.addRoom("go", [{ id: "f".repeat(32), name: "Bea" }]);
  const race = make(relay, clock, options);
  const connected = race.connect();
  await clock.pass(100);
  await connected;
  const joining = race.joinRoom(id);
  await clock.pass(100);
  const room = await joining;
  /** @type {string[]} */
  const states = [];
  race.on("state", ({ state, retryInMs }) => states.push(retryInMs ? `${state} soon` : state));
  return { clock, relay, race, room, states };
}

/** @param {FakeRelay} relay @param {ManualClock} clock @param {Partial<import("../js/client.js").RaceOptions>} [options] */
function make(relay, clock, options) {
  const { webSocket } = relay;
  return new RaceClient(RELAY, {
    name: "Ann",
    core: wasm.core,
    config: {},
    plainDatagrams: true,
    webSocket,
    clock,
    ...options,
  });
}

/** @param {RaceClient} race @param {ManualClock} clock */
async function end(race, clock) {
  const closed = race.close();
  await clock.pass(10_000);
  await closed;
}

/** @param {FakeRelay} relay */
const commands = (relay) => relay.lines.map(({ command }) => command);

test("a cut costs nothing but positions: every line comes once and in order", async () => {
  const { clock, relay, race, room, states } = await racing();
  /** @type {string[]} */
  const said = [];
  room.on("message", ({ text }) => said.push(text));
  const say = (/** @type {string} */ text) =>
    relay.push({ command: "RELAYED_MESSAGE", senderId: "f".repeat(32), senderName: "Bea", message: text });
  say("one");
  // The answer to this command is lost with the WebSocket.
  const listed = race.listRooms();
  await clock.pass(15);
  relay.socket?.end(1006);
  say("two");
  say("three");
  await clock.pass(1);
  assert.equal(race.state, "reconnecting");
  await clock.pass(1000);
  assert.deepEqual(said, ["one", "two", "three"]);
  assert.equal((await listed)[0].name, "go");
  assert.deepEqual(states, ["reconnecting soon", "reconnecting", "connected"]);
  assert.equal(commands(relay).filter((command) => command === "NAME").length, 1);
  assert.equal(race.room, room);
  await end(race, clock);
});

test("a line that the relay has not had is sent again, once", async () => {
  const { clock, relay, race } = await racing();
  const dead = relay.socket;
  if (dead) dead.isDead = true;
  const listed = race.listRooms();
  await clock.pass(10);
  dead?.end(1006);
  await clock.pass(1000);
  await listed;
  assert.equal(commands(relay).filter((command) => command === "LIST_ROOMS").length, 2);
  await end(race, clock);
});

test("what is said while the connection is interrupted is said when it is back, in order", async () => {
  const { clock, relay, race, room } = await racing();
  relay.socket?.end(1006);
  await clock.pass(1);
  assert.equal(race.stateChange.resuming, true);
  const said = ["one", "two"].map((text) => room.say(text));
  await settled();
  const left = room.leave();
  await clock.pass(2000);
  await Promise.all([...said, left]);
  const sent = commands(relay).filter((command) => command === "RELAY_MESSAGE" || command === "LEAVE_ROOM");
  assert.deepEqual(sent, ["RELAY_MESSAGE", "RELAY_MESSAGE", "LEAVE_ROOM"]);
  assert.equal(race.room, null);
  await end(race, clock);
});

test("silence in a room is noticed within five seconds, and the positions of that time are dropped", async () => {
  const { clock, relay, race, states } = await racing();
  const dead = relay.socket;
  if (dead) dead.isDead = true;
  await clock.pass(5000);
  assert.equal(dead?.closedWith, 4008, "the relay is told that another one will follow");
  assert.equal(states[0], "reconnecting soon");
  await clock.pass(1000);
  assert.equal(race.state, "connected");
  assert.equal(relay.datagrams, 0);
  await end(race, clock);
});

test("a game server that hangs is no dead WebSocket: after one try a new session begins", async () => {
  const { clock, relay, race } = await racing();
  const offered = relay.offers.length;
  relay.isHung = true;
  await clock.pass(12_000);
  const [again, anew] = relay.offers.slice(offered);
  assert.match(again, /^resume\.[0-9a-f]{32}\.\d+$/);
  assert.equal(anew, again.replace(/\d+$/, "18446744073709551615"));
  await end(race, clock);
});

test("a session whose time is up is followed by a new one in the same room", async () => {
  const { clock, relay, race, room } = await racing();
  relay.drop();
  await clock.pass(3000);
  assert.equal(race.state, "connected");
  assert.equal(commands(relay).filter((command) => command === "NAME").length, 2);
  assert.equal(race.room, room);
  assert.equal(relay.rooms.get(room.id)?.players.length, 2, "and no ghost");
  await end(race, clock);
});

test("while the relay cannot be reached the client tries on, and it is told to hurry", async () => {
  const { clock, relay, race, states } = await racing();
  relay.isUnreachable = true;
  relay.socket?.end(1006);
  await clock.pass(60_000);
  assert.equal(race.state, "reconnecting");
  assert.ok(states.length > 6, String(states));
  relay.isUnreachable = false;
  race.reconnectNow();
  await clock.pass(50);
  assert.equal(race.state, "connected");
  await end(race, clock);
});

test("an attempt that hangs is given up when the client is told to hurry, and one that is open is not", async () => {
  const { clock, relay, race } = await racing();
  relay.isSilent = true;
  relay.socket?.end(1006);
  await clock.pass(1000);
  const [hanging, offered] = [relay.socket, relay.offers.length];
  assert.deepEqual([race.state, hanging?.readyState], ["reconnecting", 0]);
  race.reconnectNow();
  await clock.pass(10);
  assert.deepEqual([hanging?.closedWith, relay.offers.length], [4008, offered + 1]);
  const open = relay.socket;
  open?.open();
  race.reconnectNow();
  await clock.pass(10);
  assert.deepEqual([open?.closedWith, relay.offers.length], [undefined, offered + 1]);
  relay.isSilent = false;
  open?.end(1006);
  await clock.pass(5000);
  assert.equal(race.state, "connected");
  await end(race, clock);
});

test("a reload goes on with the session in its room, and the page that was left hears nothing", async () => {
  const { clock, relay, race, room } = await racing();
  const saved = race.save();
  assert.ok(saved);
  const old = relay.socket;
  /** @type {string[]} */
  const heard = [];
  room.on("message", ({ text }) => heard.push(text));
  relay.push({ command: "RELAYED_MESSAGE", senderId: "f".repeat(32), senderName: "Bea", message: "hi" });
  old?.end(1001);
  const next = make(relay, clock, { resume: saved });
  next.on("message", ({ text }) => heard.push(text));
  const connected = next.connect();
  await clock.pass(200);
  await connected;
  assert.deepEqual([next.id, next.name, next.room?.id], [race.id, "Ann", room.id]);
  assert.deepEqual(heard, ["hi"]);
  assert.equal(commands(relay).filter((command) => command === "NAME").length, 1);
  assert.equal(next.room?.players.size, 2);
  await end(next, clock);
});

test("a page that is left while its session is interrupted leaves that to the next one too", async () => {
  const { clock, relay, race, room } = await racing();
  relay.isUnreachable = true;
  relay.socket?.end(1006);
  await clock.pass(3000);
  assert.equal(race.state, "reconnecting");
  const saved = race.save();
  assert.ok(saved);
  relay.isUnreachable = false;
  const next = make(relay, clock, { resume: saved });
  const connected = next.connect();
  await clock.pass(200);
  await connected;
  assert.deepEqual([next.id, next.room?.id], [race.id, room.id]);
  assert.equal(commands(relay).filter((command) => command === "NAME").length, 1);
  await end(next, clock);
});

test("pages that are left before they are back hand the session on", async () => {
  const { clock, relay, race, room } = await racing();
  const saved = race.save();
  assert.ok(saved);
  // Before it has done anything, and while its WebSocket opens.
  const first = make(relay, clock, { resume: saved });
  assert.equal(first.save(), saved);
  const second = make(relay, clock, { resume: saved });
  const connecting = second.connect().catch((error) => error.code);
  await settled();
  assert.equal(second.state, "connecting");
  assert.equal(second.save(), saved);
  await clock.pass(100);
  assert.equal(await connecting, "closed");
  const last = make(relay, clock, { resume: saved });
  const connected = last.connect();
  await clock.pass(200);
  await connected;
  assert.deepEqual([last.id, last.room?.id], [race.id, room.id]);
  assert.equal(commands(relay).filter((command) => command === "BYE").length, 0);
  await end(last, clock);
});

test("a saved session that is over, or no session at all, is a sign-in as any other", async () => {
  for (const spoil of [(/** @type {string} */ saved) => saved, () => "nothing", () => "resume.x.0 y z"]) {
    const { clock, relay, race } = await racing();
    const saved = spoil(race.save() ?? "");
    relay.drop();
    const next = make(relay, clock, { resume: saved });
    const connected = next.connect();
    await clock.pass(200);
    await connected;
    assert.notEqual(next.id, race.id);
    assert.equal(next.room, null);
    assert.equal(commands(relay).filter((command) => command === "NAME").length, 2);
    await end(next, clock);
  }
});

test("whoever signs out while the session is interrupted leaves no ghost", async () => {
  const { clock, relay, race, room } = await racing();
  relay.socket?.end(1006);
  await settled();
  const closed = race.close();
  assert.equal(race.state, "closed");
  await clock.pass(1000);
  await closed;
  assert.deepEqual(commands(relay).slice(-2), ["LEAVE_ROOM", "BYE"]);
  assert.equal(relay.rooms.get(room.id)?.players.length, 1);
  assert.equal(race.state, "closed");
});

test("the goodbye of an interrupted session is tried while the relay may have it, and nobody waits so long", async () => {
  const { clock, relay, race, room } = await racing();
  relay.isUnreachable = true;
  relay.socket?.end(1006);
  await settled();
  const closed = race.close();
  await clock.pass(6000);
  await closed;
  relay.isUnreachable = false;
  await clock.pass(16_000);
  assert.deepEqual(commands(relay).slice(-2), ["LEAVE_ROOM", "BYE"]);
  assert.equal(relay.rooms.get(room.id)?.players.length, 1);
  assert.equal(race.state, "closed");
});

test("nothing is kept of a client that does not come back", async () => {
  const { clock, relay, race } = await racing({ reconnect: false });
  relay.socket?.end(1006);
  await clock.pass(10);
  assert.equal(race.state, "closed");
  assert.equal(race.stateChange.code, "connection_lost");
});
