// Lost connections as a visitor sees them: told, waited out, given up, or signed out of.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as library from "../../client-wasm/js/index.js";
import { coded, settled } from "../../client-wasm/test/fake-core.js";
import { INTERRUPTED, calls, inRoom, page } from "./visitor.js";

test("a lost connection comes back into the same room, and into the race", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { world, flow, room, state } = await inRoom();
  flow.joinRace();
  const before = state().me?.id;
  world.last.drop("relay_restarting");
  assert.deepEqual([state().connection, state().lost?.retrying, state().screen], ["lost", true, "race"]);
  t.mock.timers.tick(15_000);
  await settled();
  await settled();
  assert.deepEqual(calls(world, "signIn").at(-1), [{ name: "Ann", password: "secret" }]);
  assert.deepEqual(calls(world, "joinRoom").at(-1), [room.id]);
  assert.deepEqual([state().connection, state().screen, state().lost], ["online", "race", null]);
  assert.notEqual(state().me?.id, before);
});

test("a short interruption is a notice and the race goes on; a long one is told in the dialog", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { world, flow, state } = await inRoom();
  flow.joinRace();
  const interrupted = { code: "connection_lost", number: 1006, reason: "", retryable: true, attempt: 1 };
  const interrupt = () => world.last.emit("interrupted", { ...interrupted, retryInMs: 250 });
  interrupt();
  assert.deepEqual([state().connection, state().lost], ["online", null]);
  assert.match(state().notice?.title ?? "", /interrupted/);
  t.mock.timers.tick(2900);
  world.last.emit("resumed", {});
  assert.deepEqual([state().connection, state().lost, state().notice], ["online", null, null]);
  t.mock.timers.tick(5000);
  assert.equal(state().lost, null);
  interrupt();
  t.mock.timers.tick(2900);
  interrupt();
  assert.equal(state().lost, null);
  t.mock.timers.tick(100);
  assert.deepEqual([state().connection, state().lost?.retrying, state().screen], ["lost", true, "race"]);
  interrupt();
  assert.equal(state().lost?.retrySeconds, 1);
  world.last.emit("resumed", {});
  assert.deepEqual([state().connection, state().lost], ["online", null]);
  assert.match(state().notice?.title ?? "", /connected again/);
  interrupt();
  await flow.signOut();
  t.mock.timers.tick(5000);
  assert.deepEqual([state().screen, state().lost], ["signin", null]);
});

test("a room that ended meanwhile is named as the reason for being in the lobby", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { world, room, state } = await inRoom();
  world.rooms.delete(room.id);
  world.last.drop("relay_restarting");
  t.mock.timers.tick(15_000);
  await settled();
  await settled();
  assert.deepEqual([state().connection, state().screen], ["online", "lobby"]);
  assert.match(state().notice?.next ?? "", /room no longer exists/);
});

test("a room that was closed while connected is no reason later, nor is that of a player who has signed out", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { world, flow, room, state } = await inRoom();
  const expectNoReason = async () => {
    world.last.drop("relay_restarting");
    t.mock.timers.tick(15_000);
    await settled();
    await settled();
    assert.deepEqual([state().connection, state().screen], ["online", "lobby"]);
    assert.equal(state().notice?.next, "Choose a room, or create your own.");
  };
  world.last.emit("roomLost", { roomId: room.id });
  await expectNoReason();
  await flow.joinRoom(room.id);
  world.last.emit("interrupted", INTERRUPTED);
  world.last.emit("roomLost", { roomId: room.id });
  assert.equal(state().screen, "lobby");
  await flow.signOut();
  await flow.signIn("Bo", "");
  await expectNoReason();
});

test("the wait is counted down, and need not be waited out", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { world, flow, state } = await inRoom();
  world.pauses.push(1900);
  world.last.drop("relay_full");
  assert.equal(state().lost?.retrySeconds, 2);
  t.mock.timers.tick(1000);
  assert.equal(state().lost?.retrySeconds, 1);
  await flow.reconnect();
  await settled();
  await settled();
  assert.equal(state().connection, "online");
});

test("a relay that has announced its restart is not called unreachable until it is back", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { world, state } = await inRoom();
  const title = () => state().lost?.advice.title;
  world.last.emit("draining", { seconds: 5 });
  assert.match(state().notice?.title ?? "", /about to restart/);
  world.fail("connect", coded("relay_unreachable", true));
  world.last.drop("relay_restarting");
  for (let i = 0; i < 2; i += 1) {
    assert.deepEqual([title(), state().lost?.code], ["The relay is restarting.", "relay_restarting"]);
    t.mock.timers.tick(15_000);
    await settled();
    await settled();
  }
  assert.equal(state().connection, "online");
  world.fail("connect", coded("relay_unreachable", true));
  world.last.drop("connection_lost");
  assert.equal(title(), "The connection was lost.");
  t.mock.timers.tick(15_000);
  await settled();
  assert.equal(title(), "The relay can't be reached.");
});

test("an announced restart is forgotten with signing out", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { world, flow, state } = await inRoom();
  world.last.emit("draining", { seconds: 5 });
  await flow.signOut();
  await flow.signIn("Ann", "");
  world.fail("connect", coded("relay_unreachable", true));
  world.last.drop("connection_lost");
  t.mock.timers.tick(15_000);
  await settled();
  assert.equal(state().lost?.advice.title, "The relay can't be reached.");
});

test("stops where trying again cannot help, and then waits for the visitor", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { world, flow, room, state } = await inRoom();
  flow.joinRace();
  world.last.drop("sent_too_much", false);
  assert.deepEqual([state().lost?.retrying, state().screen], [false, "race"]);
  const made = world.cores.length;
  t.mock.timers.tick(60_000);
  await settled();
  assert.equal(world.cores.length, made, "no further attempt");
  await flow.reconnect();
  assert.deepEqual([state().connection, state().screen, state().room?.id], ["online", "race", room.id]);
});

test("the list of rooms is asked for by the client that follows one that has given up", async () => {
  const { world, flow, state } = page();
  flow.watchRooms(true);
  await flow.signIn("Ann", "");
  world.last.drop("sent_too_much", false);
  world.addRoom("Cup", "Bo");
  await flow.reconnect();
  await settled();
  assert.deepEqual(
    state().rooms.map(({ name }) => name),
    ["Cup"],
  );
});

test("a new client that cannot connect either says why, and waits for the visitor", async () => {
  const { world, flow, room, state } = await inRoom();
  world.last.drop("malformed", false);
  world.fail("connect", coded("relay_unreachable", true));
  const trying = flow.reconnect();
  assert.deepEqual([state().lost?.retrying, state().lost?.retrySeconds], [true, 0]);
  await trying;
  assert.equal(state().lost?.retrying, false);
  assert.match(state().lost?.advice.title ?? "", /relay can't be reached/);
  await flow.reconnect();
  assert.deepEqual([state().connection, state().room?.id], ["online", room.id]);
});

test("signing out while reconnecting stays signed out", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { world, flow, state } = await inRoom();
  world.held.add("connect");
  world.last.drop("connection_lost");
  t.mock.timers.tick(15_000);
  await settled();
  const out = flow.signOut();
  world.release("connect");
  await out;
  t.mock.timers.tick(60_000);
  await settled();
  assert.deepEqual([state().screen, state().me, flow.client()], ["signin", null, null]);
  assert.ok(world.cores.every((core) => core.freed));
});

test("a kick leads to the sign-in, without another try", async () => {
  const { world, state } = await inRoom();
  world.last.emit("kicked", { message: "Disconnected by administrator" });
  world.last.drop("server_ended");
  assert.equal(state().screen, "signin");
  assert.match(state().notice?.title ?? "", /operator/);
});

test("what an old client still says does not stop the countdown of the new one", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  /** @type {((change: import("../../client-wasm/js/index.js").StateChange) => void)[]} */
  const listeners = [];
  class Client extends library.RaceClient {
    /** @type {library.RaceClient["on"]} */
    on(type, listener, ...rest) {
      if (type === "state") listeners.push(/** @type {any} */ (listener));
      return super.on(type, listener, ...rest);
    }
  }
  const { world, flow, state } = page({ client: Client });
  await flow.signIn("Ann", "");
  await flow.signOut();
  await flow.signIn("Bo", "");
  world.pauses.push(1900);
  world.last.drop("relay_full");
  assert.equal(state().lost?.retrySeconds, 2);
  listeners[0]({ state: "closed", code: "closed" });
  t.mock.timers.tick(1000);
  assert.equal(state().lost?.retrySeconds, 1);
});

test("signing out while a new client connects stays signed out", async () => {
  const { world, flow, state } = await inRoom();
  world.last.drop("sent_too_much", false);
  await settled();
  world.held.add("connect");
  const again = flow.reconnect();
  await settled();
  const out = flow.signOut();
  world.release("connect");
  await Promise.all([out, again]);
  await settled();
  assert.deepEqual([state().screen, state().me, flow.client()], ["signin", null, null]);
  assert.ok(world.cores.every((core) => core.freed));
});

test("signing out while one's own name is waited for stays signed out", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  for (const next of ["", "Bo"]) {
    const { world, flow, state } = page();
    await flow.signIn("Ann", "");
    world.last.drop("sent_too_much", false);
    world.fail("signIn", coded("auth_failed"));
    const again = flow.reconnect();
    await settled();
    assert.equal(state().busy, "reconnect");
    await flow.signOut();
    if (next) await flow.signIn(next, "");
    const before = world.cores.length;
    t.mock.timers.tick(2000);
    await again;
    assert.deepEqual([world.cores.length, state().notice, state().lost], [before, null, null]);
    assert.deepEqual([state().me?.name ?? "", flow.client()?.name ?? ""], [next, next]);
  }
});
