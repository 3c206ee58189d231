// What the client does differently on each generation of the game server.
import assert from "node:assert/strict";
import test, { mock } from "node:test";

import { RaceClient } from "../js/client.js";
import { explain } from "../js/explain.js";
import { World, coded } from "./fake-core.js";

/** @typedef {import("../js/capabilities.js").Generation} Generation */

/**
 * @param {Generation | undefined} generation
 * @param {Partial<import("../js/client.js").RaceOptions>} [options]
 */
async function signedIn(generation, options) {
  const world = new World();
  world.generation = generation;
  const race = await RaceClient.connect("https://relay.example", {
    name: "Ann",
    core: world.core,
    config: {},
    ...options,
  });
  return { world, race };
}

/** @param {World} world @param {string} method */
const calls = (world, method) => world.last.calls.filter(([name]) => name === method);

/** Let what was begun go on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("says what each generation can do, and that it does not know before", async () => {
  /** @type {Array<[Generation | undefined, string[]]>} */
  const all = [
    [undefined, []],
    ["first", []],
    ["chat", ["chat"]],
    ["accounts", ["accounts", "chat"]],
    ["token", ["accounts", "chat", "pushes", "maxPlayers", "sequence"]],
  ];
  for (const [generation, able] of all) {
    const { race } = await signedIn(generation);
    const { generation: told, ...capabilities } = race.capabilities;
    assert.equal(told, generation ?? null);
    const names = Object.entries(capabilities).flatMap(([name, can]) => (can ? [name] : []));
    assert.deepEqual(names, able);
    await race.close();
  }
});

test("a client with an account comes back by its token, never makes the account again, and gives the token away", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { world, race } = await signedIn("token", { password: "hunter2", create: true });
    assert.deepEqual(calls(world, "signIn"), [
      ["signIn", { name: "Ann", password: "hunter2", create: true }],
    ]);
    const { token } = race;
    assert.match(token ?? "", /^token-/);
    world.last.drop("server_ended");
    mock.timers.tick(250);
    await settled();
    assert.equal(race.state, "connected");
    assert.deepEqual(calls(world, "signIn").at(-1), ["signIn", { name: "Ann", password: "hunter2", token }]);
    assert.equal(race.token, token, "a sign-in by a token gives no new one");
    await race.close();
    const later = await signedIn("token", { token });
    assert.deepEqual(calls(later.world, "signIn"), [["signIn", { name: "Ann", token }]]);
    await later.race.close();
  } finally {
    mock.timers.reset();
  }
});

test("a wrong password is tried again only where a ghost may hold the name", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    for (const [generation, state] of /** @type {Array<[Generation, string]>} */ ([
      ["first", "reconnecting"],
      ["token", "closed"],
    ])) {
      const { world, race } = await signedIn(generation, { password: "hunter2" });
      world.last.drop("server_ended");
      world.fail("signIn", coded("auth_failed"));
      mock.timers.tick(250);
      await settled();
      assert.equal(race.state, state, generation);
      const closing = race.close();
      await settled();
      await closing;
    }
  } finally {
    mock.timers.reset();
  }
});

test("a text to the room is one message where there is chat", async () => {
  for (const [generation, chats, messages] of /** @type {Array<[Generation, number, number]>} */ ([
    ["first", 0, 2],
    ["chat", 1, 0],
  ])) {
    const { world, race } = await signedIn(generation);
    const room = await race.joinRoom(world.addRoom("go", "Bo", "Cy").id);
    assert.equal(await room.say("hi"), 2);
    assert.equal(calls(world, "chat").length, chats, generation);
    assert.equal(calls(world, "relayMessage").length, messages, generation);
    // A page's own messages say who sent them.
    assert.equal(await room.send("lap", { number: 1 }), 2);
    assert.equal(calls(world, "relayMessage").length, messages + 2, generation);
    await race.close();
  }
});

test("whether there is chat is found out with the first text, which goes the way that all servers know", async () => {
  const { world, race } = await signedIn(undefined);
  const room = await race.joinRoom(world.addRoom("go", "Bo", "Cy").id);
  assert.equal(world.last.times("askGeneration"), 0);
  for (const sent of [2, 2]) assert.equal(await room.say("hi"), sent);
  assert.equal(world.last.times("askGeneration"), 1);
  assert.equal(calls(world, "relayMessage").length, 2);
  assert.equal(calls(world, "chat").length, 1);
  await race.close();
});

test("a text from the room has its sender's id only if one player has the name", async () => {
  const { world, race } = await signedIn("chat");
  const listed = world.addRoom("go", "Bo", "Cy", "Cy");
  const room = await race.joinRoom(listed.id);
  /** @type {unknown[]} */
  const heard = [];
  room.on("message", (message) => heard.push(message));
  race.on("message", (message) => heard.push(message));
  for (const senderName of ["Bo", "Cy"]) world.last.emit("chat", { senderName, message: "hi" });
  const bo = { senderId: listed.players[0].id, senderName: "Bo", text: "hi" };
  const cy = { senderId: null, senderName: "Cy", text: "hi" };
  assert.deepEqual(heard, [bo, bo, cy, cy]);
  // Somebody who came in since the last list.
  const di = { id: "di-1", name: "Di" };
  listed.players.push(di);
  world.last.emit("chat", { senderName: "Di", message: "hi" });
  assert.equal(heard.length, 4);
  await settled();
  assert.deepEqual(heard.at(-1), { senderId: "di-1", senderName: "Di", text: "hi" });
  await race.close();
});

test("who joins and leaves is told at once where the server tells, and the list is asked for rarely", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { world, race } = await signedIn("token");
    const listed = world.addRoom("go", "Bo");
    const room = await race.joinRoom(listed.id);
    /** @type {string[]} */
    const told = [];
    room.on("joined", ({ name }) => told.push(`+${name}`));
    room.on("left", ({ name }) => told.push(`-${name}`));
    const asked = world.last.times("roomPlayers");
    const cy = { id: "cy-1", name: "Cy" };
    world.last.emit("playerJoined", cy);
    world.last.emit("playerJoined", cy);
    listed.players.push(cy);
    assert.equal(room.players.get("cy-1")?.name, "Cy");
    mock.timers.tick(14_000);
    await settled();
    assert.equal(world.last.times("roomPlayers"), asked);
    // The host's end is worth a question: the server names another one only when asked.
    const bo = listed.players[0];
    world.remove(bo.id);
    world.last.emit("playerLeft", bo);
    await settled();
    assert.equal(world.last.times("roomPlayers"), asked + 1);
    assert.deepEqual(told, ["+Cy", "-Bo"]);
    assert.equal(room.hostId, listed.hostId);
    await race.close();
  } finally {
    mock.timers.reset();
  }
});

test("lines that the client does not know reach who listens", async () => {
  const { world, race } = await signedIn("token");
  /** @type {unknown[]} */
  const heard = [];
  race.on("unknown", (line) => heard.push(line));
  const line = { kind: "INV_STATE_FULL", line: '{"type":"INV_STATE_FULL"}' };
  world.last.emit("unknown", line);
  assert.deepEqual(heard, [line]);
  await race.close();
});

test("a room's size is checked before anything is sent", async () => {
  const { world, race } = await signedIn("token");
  for (const maxPlayers of [1, 129, 2.5, NaN, /** @type {any} */ ("2")]) {
    await assert.rejects(race.createRoom("go", { maxPlayers }), { code: "invalid_argument" });
  }
  assert.equal(world.last.times("createRoom"), 0);
  await race.createRoom("go", { maxPlayers: 4 });
  assert.deepEqual(calls(world, "createRoom"), [["createRoom", "go", 4]]);
  await race.close();
});

test("a wrong password for an account is not called a taken name, and a lock says until when", () => {
  const wrong = explain({ code: "auth_failed", message: "Invalid username or password." });
  assert.match(wrong.title, /wrong/);
  assert.match(
    explain({ code: "auth_failed", message: "Invalid password for this player name." }).title,
    /taken/,
  );
  const locked = explain({ code: "account_locked", message: "Account locked. Try again after 14:05 UTC." });
  assert.match(locked.next, /14:05 UTC/);
});
