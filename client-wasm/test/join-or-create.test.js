import assert from "node:assert/strict";
import { test } from "node:test";

import { RaceClient } from "../js/index.js";
import { coded, World } from "./fake-core.js";
import { withCode } from "./scene.js";

/** @typedef {import("node:test").TestContext} TestContext */

/**
 * Players of one game server, who are in no room.
 * @param {TestContext} t
 * @param {World} world
 * @param {...string} names
 */
async function connected(t, world, ...names) {
  const races = [];
  for (const name of names) {
    const race = await RaceClient.connect("https://relay.example", { name, core: world.core, config: {} });
    t.after(() => race.close());
    races.push(race);
  }
  return races;
}

test("joins the room with the name, or creates it, and stays in it", async (t) => {
  const world = new World();
  const [ann, ben] = await connected(t, world, "Ann", "Ben");
  world.addRoom("Monza", "Eve");
  const created = await ann.joinOrCreate("Friday");
  assert.deepEqual([created.name, created.isHost], ["Friday", true]);
  const joined = await ben.joinOrCreate("Friday");
  assert.deepEqual([joined.id, joined.isHost], [created.id, false]);
  assert.equal(await ann.joinOrCreate("Friday"), created);
  assert.equal(world.rooms.size, 2);
  await assert.rejects(ann.joinOrCreate(/** @type {any} */ (7)), withCode("invalid_argument"));
});

test("leaves another room for one that it has to create", async (t) => {
  const world = new World();
  const [ann] = await connected(t, world, "Ann");
  const before = await ann.createRoom("Friday");
  const room = await ann.joinOrCreate("Saturday");
  assert.deepEqual([room.name, ann.room, before.isOpen], ["Saturday", room, false]);
});

test("goes on to the next room, or to one of its own, if a room is full or gone by then", async (t) => {
  const world = new World();
  const [ann, ben] = await connected(t, world, "Ann", "Ben");
  const [full, , free] = [
    world.addRoom("Friday", "Eve"),
    world.addRoom("Friday"),
    world.addRoom("Friday", "Zoe"),
  ];
  world.fail("joinRoom", coded("room_full"), coded("room_not_found"));
  const room = await ann.joinOrCreate("Friday");
  assert.equal(room.id, free.id);
  world.fail("joinRoom", ...Array.from({ length: 3 }, () => coded("room_full")));
  const own = await ben.joinOrCreate("Friday");
  assert.deepEqual([own.isHost, own.players.size], [true, 1]);
  assert.notEqual(own.id, full.id);
});

test("other failures end it", async (t) => {
  const world = new World();
  const [ann] = await connected(t, world, "Ann");
  world.addRoom("Friday", "Eve");
  world.fail("joinRoom", coded("timeout", true));
  await assert.rejects(ann.joinOrCreate("Friday"), withCode("timeout"));
  await ann.close();
  await assert.rejects(ann.joinOrCreate("Friday"), withCode("closed"));
});

test("players who create a room with one name at the same moment come together", async (t) => {
  const world = new World();
  const races = await connected(t, world, "Ann", "Ben", "Eve");
  world.held.add("createRoom");
  const entering = races.map((race) => race.joinOrCreate("Friday"));
  await untilWaiting(world, "createRoom", races.length);
  world.release("createRoom");
  const rooms = await Promise.all(entering);
  assert.equal(new Set(rooms.map(({ id }) => id)).size, 1);
  const [there] = [...world.rooms.values()].filter(({ players }) => players.length > 0);
  assert.deepEqual(there.players.map(({ name }) => name).sort(), ["Ann", "Ben", "Eve"]);
});

test("who created a room a moment too late goes to the one that was there", async (t) => {
  const world = new World();
  const [ann, ben] = await connected(t, world, "Ann", "Ben");
  world.held.add("createRoom");
  const bens = ben.joinOrCreate("Friday");
  await untilWaiting(world, "createRoom", 1);
  // Meanwhile Ann has seen no room but her own. Its id is not the smallest.
  world.held.delete("createRoom");
  const anns = await ann.joinOrCreate("Friday");
  const listed = world.rooms.get(anns.id);
  assert.ok(listed);
  world.rooms.delete(anns.id);
  world.rooms.set("zz", Object.assign(listed, { id: "zz" }));
  world.release("createRoom");
  assert.equal((await bens).id, "zz");
});

/**
 * @param {World} world
 * @param {string} method
 * @param {number} count  calls that wait
 */
async function untilWaiting(world, method, count) {
  while ((world.waiting.get(method)?.length ?? 0) < count) await new Promise(setImmediate);
}
