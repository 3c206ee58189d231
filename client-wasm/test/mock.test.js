// The relay in the page: its rules, its clients and its bots.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { CAR_STRIDE } from "../js/core.js";
import { mockRelay, VirtualClock } from "../js/mock.js";
import { ADDRESS, coreOf } from "./mock-core.js";

/** @typedef {import("../js/mock.js").MockRelay} MockRelay */
/** @typedef {import("../js/core.js").Core} Core */

const LATENCY_MS = 40;

/** @param {import("../js/mock.js").MockOptions} [options] */
async function setUp(options = {}) {
  const clock = new VirtualClock(1000);
  const relay = await mockRelay({ clock, bots: 0, latencyMs: LATENCY_MS, ...options });
  return { clock, relay };
}

/**
 * What a promise comes to, once time has passed.
 * @template T
 * @param {VirtualClock} clock
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
async function after(clock, promise, ms = 5 * LATENCY_MS) {
  promise.catch(() => {});
  await clock.advance(ms);
  return promise;
}

/**
 * A client that is signed in, and the events it had.
 * @param {{ clock: VirtualClock, relay: MockRelay }} at
 * @param {string} name
 * @param {string} [roomId]
 */
async function enter({ clock, relay }, name, roomId) {
  const core = await coreOf(relay);
  /** @type {Array<[string, any]>} */
  const events = [];
  for (const type of /** @type {const} */ ([
    "state",
    "gameStarted",
    "message",
    "input",
    "carJoined",
    "carLeft",
    "roomLost",
    "draining",
    "kicked",
    "close",
  ])) {
    core.on(type, (event) => void events.push([type, event]));
  }
  await after(clock, core.connect(ADDRESS));
  await after(clock, core.signIn({ name }));
  if (roomId) await after(clock, core.joinRoom(roomId));
  return { core, events };
}

/** @param {Core} core @param {number} x */
const sendAt = (core, x, z = 0) => core.sendUpdate(x, 0, z, 0, 0, 0, 1);

/** @param {string} code */
const refused = (code) => (/** @type {any} */ error) => {
  assert.deepEqual([error.name, error.code], ["RaceError", code]);
  assert.ok(error.message);
  return true;
};

test("a client connects, signs in, makes a room, starts, leaves and closes", async () => {
  const at = await setUp({ rooms: [] });
  const { core, events } = await enter(at, "Ann");
  assert.match(core.sessionId ?? "", /^[0-9a-f]{32}$/);
  const { roomId, name } = await after(at.clock, core.createRoom("Friday"));
  assert.deepEqual([core.roomId, name], [roomId, "Friday"]);
  assert.deepEqual(await after(at.clock, core.listRooms()), [
    { id: roomId, name: "Friday", playerCount: 1, isActive: false, hostId: core.sessionId },
  ]);
  const { players } = await after(at.clock, core.roomPlayers());
  assert.deepEqual(players, [{ id: core.sessionId, name: "Ann" }]);
  const start = await after(at.clock, core.startGame());
  assert.deepEqual(start, {
    roomId,
    hostId: core.sessionId,
    spawnPositions: [{ id: core.sessionId, x: 66, y: -2, z: Math.fround(0.8) }],
  });
  assert.equal((await after(at.clock, core.playerInfo())).roomId, roomId);
  assert.deepEqual(await after(at.clock, core.leaveRoom()), { roomId });
  assert.deepEqual(await after(at.clock, core.listRooms()), [], "an empty room is gone");
  await after(at.clock, core.close());
  assert.deepEqual(
    events.map(([type, { state, code }]) => state ?? code ?? type),
    ["connected", "authenticated", "gameStarted", "disconnected", "closed"],
  );
  assert.equal(at.clock.pending, 0, "nothing is left behind");
});

test("a round trip takes the latency, and commands go one at a time", async () => {
  const at = await setUp();
  const { core } = await enter(at, "Ann");
  const startMs = at.clock.now();
  /** @type {number[]} */
  const doneMs = [];
  const pings = [core.ping(), core.ping(), core.ping()];
  for (const ping of pings) void ping.then(() => doneMs.push(at.clock.now() - startMs));
  await at.clock.advance(3 * LATENCY_MS);
  assert.deepEqual(doneMs, [40, 80, 120]);
  assert.deepEqual(await Promise.all(pings), [40, 40, 40]);
  assert.equal(core.metrics().roundTripMs, 40);
});

test("what the rules forbid is refused, each with its code", async () => {
  const at = await setUp({ rooms: [{ name: "Full", bots: 20 }, "Free"] });
  const [full, free] = at.relay.rooms;
  const { core: stranger } = await enter(at, "x");
  const fresh = await coreOf(at.relay);
  await assert.rejects(fresh.listRooms(), refused("not_connected"));
  await after(at.clock, fresh.connect(ADDRESS));
  await assert.rejects(fresh.createRoom("x"), refused("auth_required"));
  const missing = "0".repeat(32);
  await assert.rejects(after(at.clock, stranger.joinRoom(missing)), refused("room_not_found"));
  await assert.rejects(after(at.clock, stranger.joinRoom(full.id)), refused("room_full"));
  await assert.rejects(after(at.clock, stranger.leaveRoom()), refused("not_in_room"));
  await assert.rejects(after(at.clock, stranger.startGame()), refused("not_in_room"));
  await assert.rejects(after(at.clock, stranger.roomPlayers()), refused("not_in_room"));
  await assert.rejects(after(at.clock, stranger.relayMessage(missing, "hi")), refused("player_not_found"));
  await after(at.clock, stranger.joinRoom(free.id));
  const { core: second } = await enter(at, "y", free.id);
  await assert.rejects(after(at.clock, second.startGame()), refused("not_host"));
  await assert.rejects(stranger.connect(ADDRESS), refused("invalid_argument"));
  assert.throws(() => sendAt(stranger, NaN), refused("invalid_argument"));
  assert.throws(() => stranger.on(/** @type {any} */ ("nothing"), () => {}), refused("invalid_argument"));
});

test("a password keeps others from a name for good", async () => {
  const at = await setUp();
  const owner = await coreOf(at.relay);
  await after(at.clock, owner.connect(ADDRESS));
  await after(at.clock, owner.signIn({ name: "Ann", password: "secret" }));
  const other = await coreOf(at.relay);
  await after(at.clock, other.connect(ADDRESS));
  await assert.rejects(
    after(at.clock, other.signIn({ name: "Ann", password: "guess" })),
    refused("auth_failed"),
  );
  assert.equal(other.state, "connected");
  await after(at.clock, owner.close());
  await assert.rejects(after(at.clock, other.signIn({ name: "Ann" })), refused("auth_failed"));
  await after(at.clock, other.signIn({ name: "Ann", password: "secret" }));
  assert.equal(other.state, "authenticated");
});

test("the host's part passes to who has been there longest", async () => {
  const at = await setUp({ rooms: ["R"] });
  const [{ id }] = at.relay.rooms;
  const [ann, bo, cleo] = [await enter(at, "A", id), await enter(at, "B", id), await enter(at, "C", id)];
  assert.equal(at.relay.rooms[0].hostId, ann.core.sessionId);
  await after(at.clock, ann.core.leaveRoom());
  assert.equal(at.relay.rooms[0].hostId, bo.core.sessionId);
  at.relay.drop("B");
  assert.equal(at.relay.rooms[0].hostId, cleo.core.sessionId);
  await after(at.clock, cleo.core.startGame());
  assert.equal(at.relay.rooms[0].isActive, true);
});

test("one client's places are the other's rows, on a smooth way", async () => {
  const at = await setUp({ rooms: ["R"] });
  const [{ id }] = at.relay.rooms;
  const [ann, bo] = [await enter(at, "Ann", id), await enter(at, "Bo", id)];
  const begunMs = at.clock.now();
  const radius = 50;
  const angle = (/** @type {number} */ ms) => (ms - begunMs) / 2000;
  let worst = 0;
  let looked = 0;
  let speed = 0;
  for (let frame = 0; frame < 300; frame += 1) {
    await at.clock.advance(16);
    const now = at.clock.now();
    ann.core.sendUpdate(...place(angle(now)));
    sendAt(bo.core, 0);
    const rows = bo.core.sample();
    if (now < begunMs + 1000) continue;
    assert.equal(bo.core.carCount(), 1);
    assert.equal(bo.core.carId(rows[0]), ann.core.sessionId);
    const [x, y, z] = place(angle(now - LATENCY_MS - 100));
    worst = Math.max(worst, Math.hypot(rows[1] - x, rows[2] - y, rows[3] - z));
    looked += 1;
    speed += rows[8];
    assert.equal(rows[10], 0);
  }
  assert.ok(looked > 200 && worst < 2, `${worst} m off at worst`);
  assert.ok(Math.abs(speed / looked - radius / 2) < 0.5, `${speed / looked} m/s`);

  /** @param {number} a @returns {[number, number, number, number, number, number, number]} */
  function place(a) {
    return [radius * Math.cos(a), 1, radius * Math.sin(a), 0, 0, 0, 1];
  }
});

test("nothing comes down to a client that has sent no place", async () => {
  const at = await setUp({ rooms: [{ name: "R", bots: 2 }] });
  const { core } = await enter(at, "Ann", at.relay.rooms[0].id);
  await at.clock.advance(1000);
  core.sample();
  assert.deepEqual([core.carCount(), core.metrics().received], [0, 0]);
  sendAt(core, 0);
  await at.clock.advance(1500);
  core.sample();
  assert.equal(core.carCount(), 2);
  const { received } = core.metrics();
  assert.ok(received > 50 && received <= 60, `${received} of two bots in 1.5 s`);
});

test("a car of which nothing comes stands, is stale, and is removed", async () => {
  const at = await setUp({ rooms: ["R"] });
  const [{ id }] = at.relay.rooms;
  const [ann, bo] = [await enter(at, "Ann", id), await enter(at, "Bo", id)];
  sendAt(bo.core, 0);
  for (let step = 0; step <= 20; step += 1) {
    sendAt(ann.core, step);
    await at.clock.advance(50);
  }
  await at.clock.advance(150);
  assert.ok(bo.core.sample()[1] > 20.5, "it goes on for a while");
  await at.clock.advance(1000);
  const rows = bo.core.sample();
  assert.equal(rows[10], 1);
  assert.ok(Math.abs(rows[1] - 25) < 0.1, `stands at ${rows[1]}`);
  await at.clock.advance(5000);
  bo.core.sample();
  assert.equal(bo.core.carCount(), 0);
  const cars = bo.events.filter(([type]) => type.startsWith("car"));
  assert.deepEqual(cars, [
    ["carJoined", { slot: 0, id: ann.core.sessionId }],
    ["carLeft", { slot: 0, id: ann.core.sessionId }],
  ]);
});

test("positions go at the rate that was set, the newest wins", async () => {
  const at = await setUp({ rooms: ["R"] });
  const { core } = await enter(at, "Ann", at.relay.rooms[0].id);
  let sent = 0;
  for (let ms = 0; ms < 2000; ms += 10) {
    sent += Number(sendAt(core, ms));
    await at.clock.advance(10);
  }
  assert.equal(sent, 40);
  assert.equal(core.metrics().sent, 40);
  assert.equal(sendAt(core, 1) && sendAt(core, 2), false);
  await at.clock.advance(100);
  assert.equal(core.metrics().sent, 42, "what waited goes by itself");
  await assert.rejects(coreOf(at.relay, { updateHz: 61 }), refused("invalid_argument"));
  await after(at.clock, core.leaveRoom());
  assert.equal(sendAt(core, 3), false, "outside of a room nothing is sent");
});

test("messages and inputs reach those they are for", async () => {
  const at = await setUp({ rooms: [{ name: "R", bots: 1 }] });
  const [{ id, players }] = at.relay.rooms;
  const [ann, bo] = [await enter(at, "Ann", id), await enter(at, "Bo", id)];
  await after(at.clock, ann.core.relayMessage(bo.core.sessionId ?? "", "hello"));
  at.relay.say(players[0].name, "brumm", bo.core.sessionId);
  for (const { core } of [ann, bo]) sendAt(core, 0);
  await at.clock.advance(100);
  ann.core.sendInput(-7, 0.5, 0);
  await at.clock.advance(100);
  const told = bo.events.filter(([type]) => type === "message" || type === "input");
  assert.deepEqual(told, [
    ["message", { senderId: ann.core.sessionId, senderName: "Ann", message: "hello" }],
    ["message", { senderId: players[0].id, senderName: players[0].name, message: "brumm" }],
    ["input", { id: ann.core.sessionId, steering: -1, throttle: 0.5, brake: 0 }],
  ]);
  assert.equal(ann.events.filter(([type]) => type === "message").length, 0);
});

test("the same seed and clock give the same race, another seed another", async () => {
  const [first, again, other] = [await race(5), await race(5), await race(6)];
  assert.deepEqual(first, again);
  assert.notDeepEqual(first, other);

  /** @param {number} seed */
  async function race(seed) {
    const at = await setUp({ seed, bots: 5 });
    const { core } = await enter(at, "Ann", at.relay.rooms[0].id);
    sendAt(core, 0);
    await at.clock.advance(10_000);
    const rows = core.sample().slice(0, core.carCount() * CAR_STRIDE);
    assert.equal(core.carCount(), 5);
    return { ids: at.relay.rooms[0].players.map((player) => player.id), rows: [...rows] };
  }
});

test("the host starts the race, and all bots begin at the start", async () => {
  const at = await setUp({ bots: 4 });
  const [{ id }] = at.relay.rooms;
  const { core, events } = await enter(at, "Ann", id);
  sendAt(core, 0);
  await at.clock.advance(20_000);
  const speeds = () => {
    const rows = core.sample();
    return Array.from({ length: core.carCount() }, (_, car) => rows[car * CAR_STRIDE + 8]);
  };
  assert.ok(Math.min(...speeds()) > 20, `they drive: ${speeds()}`);
  at.relay.startRace(id);
  await at.clock.advance(500);
  assert.ok(Math.max(...speeds()) < 5, `they have just begun: ${speeds()}`);
  assert.equal(events.filter(([type]) => type === "gameStarted").length, 1);
});

test("bots keep to the track they are given, as fast as its bends allow", async () => {
  const file = new URL("../../www/track.json", import.meta.url);
  const track = JSON.parse(readFileSync(file, "utf8"));
  const at = await setUp({ bots: 3, track });
  const { core } = await enter(at, "Ann", at.relay.rooms[0].id);
  sendAt(core, 0);
  // The last one is out of the pit lane.
  await at.clock.advance(60_000);
  /** @type {number[]} */
  const speeds = [];
  for (let look = 0; look < 60; look += 1) {
    await at.clock.advance(500);
    const rows = core.sample();
    assert.equal(core.carCount(), 3);
    for (let car = 0; car < 3; car += 1) {
      const [x, , z] = rows.subarray(car * CAR_STRIDE + 1);
      const off = Math.min(
        ...track.centreline.map((/** @type {[number, number]} */ [px, pz]) => Math.hypot(px - x, pz - z)),
      );
      // Between two points of the centreline, which are 4.6 m apart.
      assert.ok(off < track.widthMetres / 2 - 1, `${off} m off the middle`);
      speeds.push(rows[car * CAR_STRIDE + 8]);
    }
  }
  const [slowest, fastest] = [Math.min(...speeds), Math.max(...speeds)];
  assert.ok(slowest > 15 && fastest < 65 && fastest > slowest * 1.3, `${slowest} to ${fastest} m/s`);
});

test("a spectator sees the bots drive and the players come and go", async () => {
  const at = await setUp({ rooms: [{ name: "R", bots: 2 }] });
  const [{ id, players }] = at.relay.rooms;
  const spectator = await at.relay.spectate(id);
  await at.clock.advance(3000);
  assert.deepEqual(
    spectator.room?.players.map(({ name }) => name),
    players.map(({ name }) => name),
  );
  assert.deepEqual([spectator.state, spectator.sample().count], ["live", 2]);
  const { core } = await enter(at, "Ann", id);
  sendAt(core, 123);
  await at.clock.advance(1000);
  const names = Array.from(spectator.cars(), ({ name }) => name);
  assert.deepEqual(names, [...players.map(({ name }) => name), "Ann"]);
  await after(at.clock, core.close());
  await at.clock.advance(1000);
  assert.equal(spectator.room?.players.length, 2);
  spectator.close();
  await at.clock.advance(1000);
  assert.equal(at.clock.pending, 0);
});
