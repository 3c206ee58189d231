import assert from "node:assert/strict";
import { test } from "node:test";

import { RaceClient } from "../js/index.js";
import { coded, settled, World } from "./fake-core.js";
import { withCode } from "./scene.js";

/** @typedef {import("node:test").TestContext} TestContext */
/** @typedef {import("../js/index.js").Room} Room */

/** Somebody who is connected, in a time that stands still. @param {TestContext} t */
async function setUp(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(Math, "random", () => 0.5);
  const world = new World();
  const race = await RaceClient.connect("https://relay.example", {
    name: "Ann",
    core: world.core,
    config: {},
  });
  t.after(() => race.close());
  const pass = async (/** @type {number} */ ms) => {
    await settled();
    t.mock.timers.tick(ms);
    await settled();
  };
  return { world, race, pass, core: world.last };
}

/** @param {Room} room */
function heardOf(room) {
  /** @type {Array<[string, any]>} */
  const heard = [];
  for (const type of /** @type {const} */ (["joined", "left", "started", "message", "host", "lost"])) {
    room.on(type, (event) => heard.push([type, event]));
  }
  return heard;
}

/** @param {Room} room */
function namesIn(room) {
  return [...room.players.values()].map(({ name }) => name);
}

test("who makes a room is its host and knows itself in it", async (t) => {
  const { race } = await setUp(t);
  const entered = race.once("room");
  const room = await race.createRoom("Friday");
  assert.equal(race.room, room);
  assert.equal((await entered).room, room);
  assert.deepEqual(
    [room.name, room.hostId, room.isHost, room.isActive, room.isOpen],
    ["Friday", race.id, true, false, true],
  );
  assert.deepEqual([...room.players.values()], [{ id: race.id, name: "Ann", isHost: true, isMe: true }]);
});

test("who joins a room knows its name, its host and its race", async (t) => {
  const { world, race } = await setUp(t);
  const there = world.addRoom("Monza", "Ben", "Eve");
  there.isActive = true;
  const room = await race.joinRoom(there.id);
  assert.deepEqual(
    [room.name, room.hostId, room.isHost, room.isActive],
    ["Monza", there.players[0].id, false, true],
  );
  assert.deepEqual(namesIn(room), ["Ben", "Eve", "Ann"]);
  assert.equal(room.players.get(there.players[0].id)?.isHost, true);
});

test("players are a live map that cannot be changed", async (t) => {
  const { world, race, pass } = await setUp(t);
  const room = await race.createRoom("Friday");
  const { players } = room;
  const me = players.get(race.id);
  assert.throws(() => Object.assign(me ?? {}, { name: "Eve" }), TypeError);
  assert.equal("set" in players || "delete" in players || "clear" in players, false);
  world.rooms.get(room.id)?.players.push({ id: "ben", name: "Ben" });
  await pass(1500);
  assert.equal(players.size, 2);
  assert.ok(players.has("ben"));
  assert.deepEqual([...players.keys()], [race.id, "ben"]);
  assert.equal(players.get(race.id), me, "who has not changed is the same object");
  /** @type {string[]} */
  const seen = [];
  players.forEach(({ name }, id, map) => seen.push(`${name} ${id} ${map.size}`));
  assert.deepEqual(seen, [`Ann ${race.id} 2`, "Ben ben 2"]);
  assert.deepEqual([...players].length, [...players.entries()].length);
});

test("tells who comes and goes, never oneself", async (t) => {
  const { world, race, pass } = await setUp(t);
  const room = await race.createRoom("Friday");
  const heard = heardOf(room);
  const inside = world.rooms.get(room.id);
  inside?.players.push({ id: "ben", name: "Ben" });
  await pass(1500);
  world.remove("ben");
  await pass(1500);
  const ben = { id: "ben", name: "Ben", isHost: false, isMe: false };
  assert.deepEqual(heard, [
    ["joined", ben],
    ["left", ben],
  ]);
});

test("asks who is there at once when a car, a race or a stranger shows up, and never twice at a time", async (t) => {
  const { world, race, core, pass } = await setUp(t);
  const room = await race.createRoom("Friday");
  const asked = () => core.times("roomPlayers");
  const before = asked();
  world.held.add("roomPlayers");
  core.emit("carJoined", { slot: 0, id: "ben" });
  core.emit("carLeft", { slot: 0, id: "ben" });
  core.emit("message", { senderId: "ben", senderName: "Ben", message: "hello" });
  await pass(60_000);
  assert.equal(asked(), before + 1, "one question is out");
  world.release("roomPlayers");
  await settled();
  assert.equal(asked(), before + 2, "once more for what came meanwhile");
  core.emit("message", { senderId: race.id, senderName: "Ann", message: "known" });
  await settled();
  assert.equal(asked(), before + 2);
  core.emit("message", { senderId: "eve", senderName: "Eve", message: "not known" });
  await settled();
  assert.equal(asked(), before + 3);
  core.emit("gameStarted", { roomId: room.id, hostId: race.id, spawnPositions: [] });
  await settled();
  assert.equal(asked(), before + 4);
});

test("asks again where a question failed", async (t) => {
  const { world, race, pass } = await setUp(t);
  const room = await race.createRoom("Friday");
  world.fail("roomPlayers", coded("timeout", true));
  world.rooms.get(room.id)?.players.push({ id: "ben", name: "Ben" });
  await pass(1500);
  assert.equal(room.players.size, 1);
  await pass(1500);
  assert.equal(room.players.size, 2);
});

test("notices another host", async (t) => {
  const { world, race, pass } = await setUp(t);
  const there = world.addRoom("Monza", "Ben");
  const room = await race.joinRoom(there.id);
  const heard = heardOf(room);
  world.remove(there.players[0].id);
  await pass(1500);
  assert.deepEqual(
    heard.map(([type]) => type),
    ["left", "host"],
  );
  assert.deepEqual(heard[1][1], { hostId: race.id, isHost: true });
  assert.equal(room.players.get(race.id)?.isHost, true);
  assert.equal(room.isHost, true);
});

test("the host starts the race, and everybody is told where they start", async (t) => {
  const { race } = await setUp(t);
  const room = await race.createRoom("Friday");
  const heard = heardOf(room);
  await room.start();
  const mine = { id: race.id, x: 0, y: -2, z: 0.8 };
  assert.deepEqual(heard, [["started", { spawnPositions: [mine], mine }]]);
  assert.equal(room.isActive, true);
});

test("says something to one, or to all others", async (t) => {
  const { world, race, core } = await setUp(t);
  const there = world.addRoom("Monza", "Ben", "Eve");
  const [ben, eve] = there.players;
  const room = await race.joinRoom(there.id);
  assert.equal(await room.say("to all"), 2);
  assert.equal(await room.say("to Eve", eve.id), 1);
  world.fail("relayMessage", coded("player_not_found"));
  assert.equal(await room.say("to who is left"), 1);
  const told = core.calls.filter(([name]) => name === "relayMessage").map(([, ...rest]) => rest);
  assert.deepEqual(told.slice(0, 3), [
    [ben.id, "to all"],
    [eve.id, "to all"],
    [eve.id, "to Eve"],
  ]);
  await assert.rejects(room.say("to nobody", "0"), withCode("player_not_found"));
  there.players.push({ id: "3".repeat(32), name: "Zoe" });
  assert.equal(await room.say("to who just came too"), 3);
  await room.leave();
  const alone = await race.createRoom("Friday");
  assert.equal(await alone.say("to nobody"), 0);
});

test("tells what others write and how they steer, the latter made only where somebody listens", async (t) => {
  const { world, race, core } = await setUp(t);
  const there = world.addRoom("Friday", "Ben");
  const room = await race.joinRoom(there.id);
  const heard = heardOf(room);
  const [{ id: ben }] = there.players;
  core.emit("message", { senderId: ben, senderName: "Ben", message: "hello" });
  assert.deepEqual(heard, [["message", { senderId: ben, senderName: "Ben", text: "hello" }]]);
  assert.equal(core.listeners.get("input")?.size ?? 0, 0);
  /** @type {unknown[]} */
  const inputs = [];
  room.on("input", (input) => inputs.push(input));
  const input = { id: "ben", steering: 1, throttle: 0, brake: 0 };
  core.emit("input", input);
  assert.deepEqual(inputs, [input]);
  await room.leave();
  assert.equal(core.listeners.get("input")?.size, 0);
});

test("tells messages only of those who are in the room, also of one who came just now", async (t) => {
  const { world, race, core, pass } = await setUp(t);
  const there = world.addRoom("Friday", "Ben");
  const room = await race.joinRoom(there.id);
  const heard = heardOf(room);
  there.players.push({ id: "eve", name: "Eve" });
  core.emit("message", { senderId: "eve", senderName: "Eve", message: "hi" });
  core.emit("message", { senderId: "stranger", senderName: "Ben", message: "as somebody else" });
  await pass(0);
  assert.deepEqual(
    heard.filter(([type]) => type === "message").map(([, { text }]) => text),
    ["hi"],
  );
});

test("tells all rooms every two seconds, but only as long as anybody listens", async (t) => {
  const { world, race, core, pass } = await setUp(t);
  world.addRoom("Monza", "Ben");
  await pass(60_000);
  const before = core.times("listRooms");
  /** @type {string[][]} */
  const told = [];
  const stop = race.on("rooms", (rooms) => told.push(rooms.map(({ name }) => name)));
  await pass(0);
  world.addRoom("Spa", "Eve");
  await pass(2000);
  assert.deepEqual(told, [["Monza"], ["Monza", "Spa"]]);
  stop();
  await pass(60_000);
  assert.equal(core.times("listRooms"), before + 2);
});

test("the list of rooms corrects who is the host, and after a loss it is asked for again", async (t) => {
  const { world, race, core, pass } = await setUp(t);
  const there = world.addRoom("Monza", "Ben", "Eve");
  const room = await race.joinRoom(there.id);
  race.on("rooms", () => {});
  await pass(0);
  there.hostId = race.id;
  await pass(2000);
  assert.equal(room.isHost, true);
  core.drop("connection_lost");
  await pass(15_000);
  await pass(0);
  assert.equal(race.state, "connected");
  await pass(2000);
  assert.ok(world.last.times("listRooms") >= 2);
});

test("the wait for the next attempt can be cut short", async (t) => {
  const { world, race, core, pass } = await setUp(t);
  race.reconnectNow();
  assert.equal(race.state, "connected", "nothing to do");
  core.drop("relay_full");
  assert.equal(race.state, "reconnecting");
  race.reconnectNow();
  await pass(0);
  assert.equal(race.state, "connected");
  assert.equal(world.last.times("connect") > 0, true);
  assert.equal(race.stats.reconnects, 1);
});

test("sends states and inputs, and refuses numbers that are none", async (t) => {
  const { race, core } = await setUp(t);
  const room = await race.createRoom("Friday");
  assert.equal(room.sendState(1, 2, 3, 0, 0, 0, 1), true);
  assert.equal(
    room.sendState({ position: { x: 4, y: 5, z: 6 }, rotation: { x: 0, y: 1, z: 0, w: 0 } }),
    true,
  );
  assert.equal(room.sendInput(-1, 1, 0), true);
  assert.deepEqual(core.calls.slice(-3), [
    ["sendUpdate", 1, 2, 3, 0, 0, 0, 1],
    ["sendUpdate", 4, 5, 6, 0, 1, 0, 0],
    ["sendInput", -1, 1, 0],
  ]);
  assert.equal(room.sendPose({ x: 1, z: 3, yaw: Math.PI / 2, speed: 40 }), true);
  assert.equal(room.sendPose({ x: 1, z: 3, yaw: 0, y: -0.5 }), true);
  const half = Math.SQRT1_2;
  const sent = core.calls
    .slice(-2)
    .map(([, ...numbers]) => numbers.map((one) => Number(Number(one).toFixed(9))));
  assert.deepEqual(sent, [
    [1, 0, 3, 0, Number(half.toFixed(9)), 0, Number(half.toFixed(9))],
    [1, -0.5, 3, 0, 0, 0, 1],
  ]);
  assert.throws(() => room.sendState(1, NaN, 3, 0, 0, 0, 1), withCode("invalid_argument"));
  const any = /** @type {any} */ (room);
  assert.throws(() => any.sendState(1, 2, 3), withCode("invalid_argument"));
  for (const none of [null, {}, { position: { x: 1, y: 2, z: 3 } }]) {
    assert.throws(() => any.sendState(none), withCode("invalid_argument"));
  }
  for (const none of [{ x: 1, z: 2 }, null, undefined]) {
    assert.throws(() => any.sendPose(none), withCode("invalid_argument"));
  }
  assert.throws(() => room.sendInput(Infinity, 0, 0), withCode("invalid_argument"));
});

test("gives the other cars as rows, to keep, and as one object, and samples once a frame", async (t) => {
  const { world, race, core, pass } = await setUp(t);
  const room = await race.createRoom("Friday");
  world.rooms.get(room.id)?.players.push({ id: "ben", name: "Ben" });
  core.emit("carJoined", { slot: 3, id: "ben" });
  await pass(0);
  core.carIds[5] = "eve";
  const row = (/** @type {number} */ slot) => [slot, 1, 2, 3, 0, 0.5, 0, 0.5, 30, 40, 1, 1.5];
  core.rows = new Float32Array([...row(3), ...row(5), ...row(9)]);
  core.count = 2;

  const { rows, count } = room.sample(16);
  assert.equal(rows, core.rows);
  assert.equal(count, 2);
  room.sample(16);
  /** @type {import("../js/index.js").Car[]} */
  const seen = [];
  /** @type {import("../js/index.js").Car[]} */
  const copies = [];
  room.forEachCar((car) => seen.push(car), 16);
  assert.equal(core.times("sample"), 1);
  assert.equal(seen.length, 2);
  assert.equal(seen[0], seen[1], "one object for all");
  room.forEachCar((car) => copies.push({ ...car }), 32);
  assert.equal(core.times("sample"), 2);
  const kept = room.cars(32);
  assert.equal(core.times("sample"), 2);
  const place = {
    x: 1,
    y: 2,
    z: 3,
    qx: 0,
    qy: 0.5,
    qz: 0,
    qw: 0.5,
    speed: 30,
    ageMs: 40,
    stale: true,
    yaw: 1.5,
  };
  const expected = [
    { slot: 3, id: "ben", name: "Ben", ...place },
    { slot: 5, id: "eve", name: "", ...place },
  ];
  assert.deepEqual(copies, expected);
  core.rows[1] = 7;
  room.cars(48);
  assert.deepEqual(kept, expected, "another look changes none that is kept");
  assert.equal(core.times("carId"), 1, "a slot's owner is asked for once");
  core.emit("carLeft", { slot: 5, id: "eve" });
  core.emit("carJoined", { slot: 5, id: "ben" });
  assert.deepEqual(
    Array.from(room.cars(), ({ id }) => id),
    ["ben", "ben"],
  );
});

test("who leaves is in no room, is told nothing, and cannot go on in it", async (t) => {
  const { race, core, pass } = await setUp(t);
  const room = await race.createRoom("Friday");
  const heard = heardOf(room);
  const next = room.once("message");
  const left = race.once("room");
  await room.leave();
  await room.leave();
  assert.equal(race.room, null);
  assert.equal((await left).room, null);
  assert.equal(room.isOpen, false);
  assert.equal(core.times("leaveRoom"), 1);
  await assert.rejects(next, withCode("closed"));
  await assert.rejects(room.say("hello"), withCode("not_in_room"));
  assert.equal(room.sendState(0, 0, 0, 0, 0, 0, 1), false);
  assert.equal(room.sample().count, 0);
  const asked = core.times("roomPlayers");
  await pass(60_000);
  assert.equal(core.times("roomPlayers"), asked);
  assert.deepEqual(heard, []);
});

test("entering a room leaves the one before", async (t) => {
  const { world, race } = await setUp(t);
  const monza = world.addRoom("Monza", "Ben");
  const first = await race.createRoom("Friday");
  const second = await race.joinRoom(monza.id);
  assert.equal(first.isOpen, false);
  assert.equal(race.room, second);
  await assert.rejects(race.joinRoom("nowhere"), withCode("room_not_found"));
  assert.equal(race.room, null);
  assert.equal(second.isOpen, false);
});

test("who enters the room that one is in stays in it", async (t) => {
  const { race, core } = await setUp(t);
  const room = await race.createRoom("Friday");
  assert.equal(await race.joinRoom(room.id), room);
  assert.equal(room.isOpen, true);
  assert.equal(core.times("leaveRoom"), 0);
});

test("a room that is lost says so, by whatever way it comes out", async (t) => {
  const { race, world, core, pass } = await setUp(t);
  const ways = [
    (/** @type {Room} */ room) => core.emit("roomLost", { roomId: room.id }),
    (/** @type {Room} */ room) => void world.rooms.delete(room.id),
  ];
  for (const lose of ways) {
    const room = await race.createRoom("Friday");
    const heard = heardOf(room);
    core.emit("roomLost", { roomId: "another" });
    assert.equal(race.room, room);
    lose(room);
    await pass(1500);
    assert.deepEqual(
      heard.map(([type, { code }]) => [type, code]),
      [["lost", "not_in_room"]],
    );
    assert.equal(race.room, null);
    core.roomId = undefined;
  }
});

test("a lost connection comes back into the room, which goes on as the same", async (t) => {
  const { race, world, core, pass } = await setUp(t);
  const there = world.addRoom("Monza", "Ben");
  const room = await race.joinRoom(there.id);
  const heard = heardOf(room);
  const before = race.id;
  core.drop("connection_lost");
  there.players.push({ id: "eve", name: "Eve" });
  assert.equal(room.isOpen, true);
  assert.equal(race.room, room);
  await pass(250);
  assert.equal(race.state, "connected");
  assert.notEqual(race.id, before);
  assert.deepEqual(namesIn(room), ["Ben", "Eve", "Ann"]);
  assert.equal(room.players.get(race.id)?.isMe, true);
  assert.deepEqual(
    heard.map(([type, { name }]) => [type, name]),
    [["joined", "Eve"]],
  );
  there.players.push({ id: "dan", name: "Dan" });
  await pass(1500);
  assert.equal(room.players.size, 4, "it is asked for again");
});

test("a room that is gone when the connection is back is lost, with the reason", async (t) => {
  const { race, world, core, pass } = await setUp(t);
  for (const code of ["room_not_found", "room_full"]) {
    const there = world.addRoom("Monza", "Ben");
    const room = await race.joinRoom(there.id);
    const lost = room.once("lost");
    core.drop("relay_restarting");
    world.fail("joinRoom", coded(code));
    await pass(15_000);
    assert.equal((await lost).code, code);
    assert.equal(race.state, "connected");
    assert.equal(race.room, null);
  }
});

test("a room that cannot be entered again for now is tried again with the connection", async (t) => {
  const { race, world, core, pass } = await setUp(t);
  const room = await race.joinRoom(world.addRoom("Monza", "Ben").id);
  core.drop("connection_lost");
  world.fail("joinRoom", coded("timeout", true));
  await pass(250);
  assert.equal(race.stateChange.code, "timeout");
  await pass(500);
  assert.equal(race.state, "connected");
  assert.equal(race.room, room);
});

test("who leaves while the connection is lost does not come back into the room", async (t) => {
  const { race, world, core, pass } = await setUp(t);
  const there = world.addRoom("Monza", "Ben");
  for (const held of [false, true]) {
    const room = await race.joinRoom(there.id);
    core.drop("connection_lost");
    if (held) {
      world.held.add("joinRoom");
      await pass(15_000);
    }
    await room.leave();
    world.release("joinRoom");
    await pass(15_000);
    assert.equal(race.state, "connected");
    assert.equal(race.room, null);
    assert.deepEqual(
      there.players.map(({ name }) => name),
      ["Ben"],
    );
  }
});

test("a room ends with its client: quietly by one's own wish, else with the reason", async (t) => {
  const { race } = await setUp(t);
  const room = await race.createRoom("Friday");
  const heard = heardOf(room);
  await race.close();
  assert.equal(room.isOpen, false);
  assert.deepEqual(heard, []);

  const world = new World();
  const other = await RaceClient.connect("https://relay.example", {
    name: "Ben",
    core: world.core,
    config: {},
  });
  const lost = (await other.createRoom("Monza")).once("lost");
  world.last.drop("not_allowed", false);
  assert.equal((await lost).code, "not_allowed");
});

test("500 joins and leaves leave nothing behind", async (t) => {
  const { race, world, core, pass } = await setUp(t);
  const { id } = world.addRoom("Monza", "Ben");
  const listening = core.listening;
  for (let i = 0; i < 500; i += 1) {
    const room = await race.joinRoom(id);
    room.on("input", () => {});
    room.on("joined", () => {});
    await room.leave();
  }
  assert.equal(core.listening, listening);
  const asked = core.times("roomPlayers");
  await pass(60_000);
  assert.equal(core.times("roomPlayers"), asked, "nobody asks for rooms that were left");
  assert.deepEqual(
    world.rooms.get(id)?.players.map(({ name }) => name),
    ["Ben"],
  );
});

test("a car that stands is sent again each second, also after a loss, and not once its room is left", async (t) => {
  const { world, race, pass, core } = await setUp(t);
  const room = await race.createRoom("Friday");
  const sent = () => core.calls.filter(([name]) => name === "sendUpdate");
  await pass(1000);
  assert.equal(sent().length, 0);
  const pose = [1, 0, 2, 0, 0, 0, 1];
  room.sendState(1, 0, 2, 0, 0, 0, 1);
  await pass(1000);
  assert.equal(sent().length, 1);
  await pass(1000);
  assert.deepEqual(sent()[1], ["sendUpdate", ...pose]);
  world.pauses = [250];
  core.drop("connection_lost");
  await pass(250);
  assert.equal(race.state, "connected");
  const before = sent().length;
  await pass(1000);
  await pass(1000);
  assert.ok(sent().length > before);
  await room.leave();
  const left = sent().length;
  await pass(5000);
  assert.equal(sent().length, left);
});
