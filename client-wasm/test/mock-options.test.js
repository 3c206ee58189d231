// The mock's options are checked before anything is loaded.
import assert from "node:assert/strict";
import test from "node:test";

import { mockRelay } from "../js/mock.js";
import { checkOptions } from "../js/mock/options.js";

const CLOCK = { now: () => 0, setTimeout: () => 0, clearTimeout: () => {} };

test("an option that is unknown or of another type is refused by its name, with what it takes", async () => {
  /** @type {Array<[any, string]>} */
  const cases = [
    [null, "the options of mockRelay must be an object"],
    ["Monza", "the options of mockRelay must be an object"],
    [[], "the options of mockRelay must be an object"],
    [{ bot: 3 }, "there is no option bot; there are bots, rooms, track, latencyMs, seed, clock, fail"],
    [{ bots: "3" }, "option bots must be a whole number from 0 to 20"],
    [{ bots: 1.5 }, "option bots must be a whole number from 0 to 20"],
    [{ bots: 21 }, "option bots must be a whole number from 0 to 20"],
    [{ bots: Number.NaN }, "option bots must be a whole number from 0 to 20"],
    [{ bots: null }, "option bots must be a whole number from 0 to 20"],
    [{ latencyMs: "20" }, "option latencyMs must be a number from 0 to 10000"],
    [{ latencyMs: Infinity }, "option latencyMs must be a number from 0 to 10000"],
    [{ seed: -1 }, "option seed must be a whole number from 0 to 4294967295"],
    [{ seed: "seven" }, "option seed must be a whole number from 0 to 4294967295"],
    [{ rooms: "Monza" }, "option rooms must be a list of names and objects"],
    [{ rooms: { name: "Monza" } }, "option rooms must be a list of names and objects"],
    [{ rooms: ["Monza", 7] }, "option rooms[1] must be a name, or an object with a name"],
    [{ rooms: [{ bots: 3 }] }, "option rooms[0].name must be a string"],
    [{ rooms: [{ name: "R", bots: -1 }] }, "option rooms[0].bots must be a whole number from 0 to 20"],
    [{ rooms: [{ name: "R", isActive: "no" }] }, "option rooms[0].isActive must be true or false"],
    [
      { rooms: [{ name: "R", active: true }] },
      "there is no option rooms[0].active; there are name, bots, isActive",
    ],
    [{ track: "park" }, "option track must be an object in the form of track.json"],
    [{ track: [[0, 0]] }, "option track must be an object in the form of track.json"],
    [{ clock: Date }, "option clock must be an object with the functions now, setTimeout, clearTimeout"],
    [{ clock: null }, "option clock must be an object with the functions now, setTimeout, clearTimeout"],
    [{ fail: "timeout" }, "option fail must be an object: codes by method"],
    [{ fail: { ping: 7 } }, "option fail.ping must be a code, or a list of codes"],
    [{ fail: { ping: ["timeout", null] } }, "option fail.ping must be a code, or a list of codes"],
    [{ fail: { ping: "toString" } }, "ping never fails with toString"],
    [
      { fail: { pong: "timeout" } },
      "there is no option fail.pong; there are connect, signIn, createRoom, joinRoom, leaveRoom, listRooms, roomPlayers, playerInfo, relayMessage, startGame, ping",
    ],
    [
      { fail: { drop: "server_ended" } },
      "there is no option fail.drop; there are connect, signIn, createRoom, joinRoom, leaveRoom, listRooms, roomPlayers, playerInfo, relayMessage, startGame, ping",
    ],
  ];
  for (const [options, message] of cases) {
    await assert.rejects(mockRelay(options), { name: "RaceError", code: "invalid_argument", message });
  }
});

test("what may be given is taken as it is, and the rest has its defaults", () => {
  const { rooms, seed, latencyMs, track, fail } = checkOptions({});
  assert.deepEqual(
    [rooms, seed, latencyMs, track, fail],
    [[{ name: "Bot race", bots: 6, isActive: false }], 1, 20, undefined, {}],
  );
  const given = checkOptions({
    bots: 0,
    seed: 2 ** 32 - 1,
    latencyMs: 0.5,
    clock: CLOCK,
    rooms: ["A", { name: "", bots: 20, isActive: true }],
    fail: { connect: ["relay_full"], ping: "timeout" },
  });
  assert.deepEqual(given.rooms, [
    { name: "A", bots: 0, isActive: false },
    { name: "", bots: 20, isActive: true },
  ]);
  assert.equal(given.clock, CLOCK);
  assert.deepEqual(given.fail, { connect: ["relay_full"], ping: "timeout" });
});
