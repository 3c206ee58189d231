// What goes wrong with a relay can be made to go wrong with the one in the page, and looks the same.
import assert from "node:assert/strict";
import test from "node:test";

import { mockRelay, VirtualClock } from "../js/mock.js";
import { ADDRESS, coreOf } from "./mock-core.js";

const LATENCY_MS = 40;

/**
 * @param {import("../js/mock.js").MockOptions} [options]
 * @param {import("../js/core.js").CoreOptions} [own]  the client's
 */
async function setUp(options = {}, own = {}) {
  const clock = new VirtualClock();
  const relay = await mockRelay({ clock, bots: 1, latencyMs: LATENCY_MS, ...options });
  const core = await coreOf(relay, { commandTimeoutMs: 3000, ...own });
  /** @type {Array<[string, any]>} */
  const events = [];
  for (const type of /** @type {const} */ (["state", "carLeft", "roomLost", "draining", "kicked", "close"])) {
    core.on(type, (event) => void events.push([type, event]));
  }
  /** @template T @param {Promise<T>} promise */
  const after = async (promise, ms = 5 * LATENCY_MS) => {
    promise.catch(() => {});
    await clock.advance(ms);
    return promise;
  };
  const enter = async () => {
    await after(core.connect(ADDRESS));
    await after(core.signIn({ name: "Ann" }));
    await after(core.joinRoom(relay.rooms[0].id));
  };
  return { clock, relay, core, events, after, enter };
}

/** @param {string} code @param {boolean} [retryable] */
const refused = (code, retryable) => (/** @type {any} */ error) => {
  assert.equal(error.code, code);
  if (retryable !== undefined) assert.equal(error.retryable, retryable);
  return true;
};

test("each command can be made to fail, once, some times or always", async () => {
  const { relay, core, after } = await setUp({ fail: { joinRoom: ["room_full", "room_full"] } });
  await after(core.connect(ADDRESS));
  await after(core.signIn({ name: "Ann" }));
  const [{ id }] = relay.rooms;
  await assert.rejects(after(core.joinRoom(id)), refused("room_full", false));
  await assert.rejects(after(core.joinRoom(id)), refused("room_full"));
  await after(core.joinRoom(id));
  assert.equal(core.roomId, id);
  relay.fail.listRooms = "server_error";
  for (let call = 0; call < 3; call += 1) {
    await assert.rejects(after(core.listRooms()), refused("server_error"));
  }
  delete relay.fail.listRooms;
  assert.equal((await after(core.listRooms())).length, 1);
  for (const fail of [{ ping: "no_such_code" }, { listRooms: "room_full" }, { connect: "not_host" }]) {
    await assert.rejects(mockRelay({ fail }), refused("invalid_argument"));
  }
});

test("an answer that never comes is a time-out, and the next command goes on", async () => {
  const { core, clock, after, enter } = await setUp({ fail: { ping: ["timeout"] } });
  await enter();
  const lost = core.ping();
  lost.catch(() => {});
  const next = core.listRooms();
  await clock.advance(2900);
  assert.equal(await Promise.race([lost.catch(() => "failed"), Promise.resolve("waits")]), "waits");
  await assert.rejects(after(lost), refused("timeout", true));
  assert.equal((await next).length, 1);
});

test("a connection that is refused rejects and says why in its close event", async () => {
  const { core, events, after } = await setUp({ fail: { connect: ["certificate_not_trusted"] } });
  await assert.rejects(after(core.connect(ADDRESS)), refused("certificate_not_trusted", false));
  assert.deepEqual(events, [
    [
      "close",
      {
        code: "certificate_not_trusted",
        number: 4002,
        reason: "the relay does not trust the game server's certificate",
        retryable: false,
        attempt: 0,
        retryInMs: null,
      },
    ],
  ]);
  await after(core.connect(ADDRESS));
  assert.equal(core.state, "connected");
});

test("a broken connection ends everything, and the client can come back", async () => {
  const { relay, core, clock, events, after, enter } = await setUp();
  await enter();
  core.sendUpdate(0, 0, 0, 0, 0, 0, 1);
  await clock.advance(500);
  const before = core.sessionId;
  events.length = 0;
  const waiting = core.roomPlayers();
  relay.drop("Ann");
  await assert.rejects(waiting, refused("closed", true));
  assert.deepEqual(
    events.map(([type, { state, code, retryable }]) => [type, state ?? code, retryable]),
    [
      ["state", "disconnected", undefined],
      ["carLeft", undefined, undefined],
      ["close", "connection_lost", true],
    ],
  );
  assert.deepEqual([core.sessionId, core.roomId, core.carCount()], [undefined, undefined, 0]);
  assert.equal(relay.rooms[0].players.length, 1, "the relay says goodbye for it");
  await enter();
  assert.notEqual(core.sessionId, before);
  assert.equal(relay.rooms[0].players.length, 2);
  await after(core.close());
});

test("an administrator's kick is told before the end", async () => {
  const { relay, events, clock, enter } = await setUp();
  await enter();
  relay.kick("Ann", "Too loud");
  await clock.advance(LATENCY_MS);
  assert.deepEqual(
    events.slice(-3).map(([type, event]) => [type, event.message ?? event.state ?? event.code]),
    [
      ["kicked", "Too loud"],
      ["state", "disconnected"],
      ["close", "server_ended"],
    ],
  );
  assert.equal(events.at(-1)?.[1].retryInMs, null);
});

test("each end says when to come back, until the option's attempts are used up", async () => {
  const { relay, core, clock, events, enter } = await setUp(
    {},
    { retryMinMs: 40, retryMaxMs: 30, retries: 1 },
  );
  const retry = () => [events.at(-1)?.[1].attempt, typeof events.at(-1)?.[1].retryInMs];
  await enter();
  relay.drop("Ann");
  assert.deepEqual(retry(), [1, "number"]);
  await enter();
  core.abandon();
  await clock.advance(1);
  assert.deepEqual([events.at(-1)?.[1].code, events.at(-1)?.[1].retryInMs], ["connection_lost", null]);
  const told = events.length;
  core.abandon();
  assert.equal(events.length, told, "there is nothing to abandon");

  const once = await setUp({}, { retries: 0 });
  await once.enter();
  once.relay.drop("Ann");
  assert.equal(once.events.at(-1)?.[1].retryInMs, null);
});

test("a restart is announced, and a relay that has stopped cannot be reached", async () => {
  const { relay, core, events, clock, after, enter } = await setUp();
  await enter();
  relay.drain(5);
  await clock.advance(LATENCY_MS);
  assert.deepEqual(events.at(-1), ["draining", { seconds: 5 }]);
  await clock.advance(4900);
  assert.equal(core.state, "authenticated");
  await clock.advance(200);
  assert.deepEqual([events.at(-1)?.[1].code, events.at(-1)?.[1].number], ["relay_restarting", 1012]);
  await enter();
  relay.stop();
  assert.equal(events.at(-1)?.[1].code, "connection_lost");
  await assert.rejects(after(core.connect(ADDRESS)), refused("relay_unreachable", true));
  assert.equal(clock.pending, 0);
});

test("a room that was closed is noticed with the next question, and told once", async () => {
  const { relay, core, events, after, enter } = await setUp();
  await enter();
  const roomId = core.roomId;
  relay.closeRoom(roomId ?? "");
  await assert.rejects(after(core.roomPlayers()), refused("room_not_found"));
  await assert.rejects(after(core.roomPlayers()), refused("room_not_found"));
  assert.equal(core.roomId, undefined);
  assert.deepEqual(
    events.filter(([type]) => type === "roomLost"),
    [["roomLost", { roomId }]],
  );
});

test("closing ends what waits, twice is once, and freeing tells nobody", async () => {
  const { relay, core, clock, events, after, enter } = await setUp();
  await enter();
  const [first, second, third] = [core.listRooms(), core.listRooms(), core.listRooms()];
  for (const promise of [first, second, third]) promise.catch(() => {});
  const closing = Promise.all([core.close(), core.close()]);
  await assert.rejects(core.ping(), refused("not_connected"));
  await after(closing);
  await assert.rejects(second, refused("closed"));
  await assert.rejects(third, refused("closed"));
  assert.equal(events.filter(([type]) => type === "close").length, 1);
  assert.deepEqual(events.at(-1)?.[1], {
    code: "closed",
    number: 1000,
    reason: "the connection was closed",
    retryable: false,
    attempt: 0,
    retryInMs: null,
  });
  await enter();
  events.length = 0;
  core.free();
  await clock.advance(1000);
  assert.deepEqual([events, relay.rooms[0].players.length, clock.pending], [[], 1, 0]);
});

test("closing while connecting ends the attempt", async () => {
  const { core, after } = await setUp();
  const connecting = core.connect(ADDRESS);
  connecting.catch(() => {});
  await after(core.close());
  await assert.rejects(connecting, refused("closed", false));
  assert.equal(core.state, "disconnected");
});

test("five hundred joins and leaves leave nothing behind", async () => {
  const { relay, core, clock, after } = await setUp({ rooms: [] });
  await after(core.connect(ADDRESS));
  await after(core.signIn({ name: "Ann" }));
  for (let round = 0; round < 500; round += 1) {
    await after(core.createRoom("R"));
    core.sendUpdate(0, 0, 0, 0, 0, 0, 1);
    await after(core.leaveRoom());
  }
  await after(core.close());
  assert.deepEqual([relay.rooms.length, clock.pending], [0, 0]);
});

test("options that cannot be are refused with what is allowed", async () => {
  const tooFew = { centreline: /** @type {Array<[number, number]>} */ ([[0, 0]]) };
  for (const options of [
    { latencyMs: -1 },
    { bots: 21 },
    { rooms: [{ name: "R", bots: NaN }] },
    { track: tooFew },
  ]) {
    await assert.rejects(mockRelay(options), refused("invalid_argument"));
  }
});

test("an argument of a wrong type is refused with what to pass, and the mock goes on", async () => {
  const relay = /** @type {any} */ (await mockRelay({ clock: new VirtualClock(), bots: 1 }));
  const [{ id, players }] = relay.rooms;
  const bot = players[0].id;
  const room = "a room's id must be a string";
  const player = "a player's id or name must be a string";
  /** @type {Array<[() => unknown, string]>} */
  const cases = [
    [() => relay.addPlayer(), room],
    [() => relay.addPlayer(7), room],
    [() => relay.addPlayer(id, 7), "a bot's name must be a string"],
    [() => relay.addPlayer(id, null), "a bot's name must be a string"],
    [() => relay.removePlayer(null), player],
    [() => relay.say(null, "hello"), player],
    [() => relay.say(bot), "what is said must be a string"],
    [() => relay.say(bot, "hello", 7), player],
    [() => relay.startRace({}), room],
    [() => relay.closeRoom(null), room],
    [() => relay.kick(), player],
    [() => relay.kick(bot, 7), "the message must be a string"],
    [() => relay.drop(null), player],
    [() => relay.drain("5"), "seconds must be a whole number from 0 to 86400"],
    [() => relay.drain(-1), "seconds must be a whole number from 0 to 86400"],
    [() => new VirtualClock(/** @type {any} */ ("1")), "VirtualClock takes milliseconds: a number from 0 on"],
  ];
  for (const [call, message] of cases) {
    assert.throws(call, { name: "RaceError", code: "invalid_argument", message });
  }
  const late = "advance takes milliseconds: a number from 0 on";
  for (const ms of /** @type {any[]} */ ([undefined, "5", -1, Number.NaN])) {
    await assert.rejects(new VirtualClock().advance(ms), { code: "invalid_argument", message: late });
  }
  assert.throws(() => relay.say(bot, "hello", "nobody"), refused("player_not_found"));
  assert.equal(relay.addPlayer(id, "Carla").name, "Carla");
});

test("bots that cannot sign in are refused as what they are, not as a wrong password", async () => {
  const relay = await mockRelay({ clock: new VirtualClock(), bots: 1 });
  const [{ id, players }] = relay.rooms;
  for (const name of [players[0].name, "", "x".repeat(300)]) {
    assert.throws(() => relay.addPlayer(id, name), {
      code: "auth_failed",
      message: /^no bot called ".*" can sign in: /,
    });
  }
  /** @param {number} count @param {number} bots */
  const plans = (count, bots) => Array.from({ length: count }, (_, number) => ({ name: `R${number}`, bots }));
  await assert.rejects(mockRelay({ rooms: plans(51, 20) }), {
    code: "invalid_argument",
    message: "option rooms: the game server does not take so many bots",
  });
  await assert.rejects(mockRelay({ rooms: plans(4097, 0) }), {
    code: "invalid_argument",
    message: "option rooms: the game server does not take so many rooms",
  });
});
