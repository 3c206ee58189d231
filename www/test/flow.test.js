import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { createFlow } from "../src/flow.js";
import { createStore, initialState } from "../src/state.js";
import * as mock from "./mock-session.js";

const URL = "ws://relay.test/ws";

afterEach(() => {
  mock.world.fail = {};
  mock.world.drivers = 6;
});

/** @param {{ insecure?: boolean, spectate?: boolean, loadConfig?: () => Promise<any>, loadScreens?: () => Promise<void> }} [options] */
function page({
  insecure = false,
  spectate = false,
  loadConfig = async () => ({ session: {}, insecure, spectate }),
  loadScreens = async () => {},
} = {}) {
  const store = createStore(initialState());
  const flow = createFlow(store, {
    loadClient: async () => /** @type {any} */ (mock),
    loadConfig,
    loadScreens,
    url: URL,
  });
  return { store, flow, state: store.get };
}

async function inRoom() {
  const it = page();
  await it.flow.signIn("Ann", "secret");
  await it.flow.joinRoom("r2", "Beginners welcome");
  return { ...it, session: /** @type {mock.Session} */ (mock.Session.last) };
}

/** @param {mock.Session} session @param {string} method */
function calls(session, method) {
  return session.calls.filter(([name]) => name === method).map(([, ...rest]) => rest);
}

test("signs in with name and password, and without a password when there is none", async () => {
  const { flow, state } = page();
  await flow.signIn("Ann", "secret");
  const session = /** @type {mock.Session} */ (mock.Session.last);
  assert.deepEqual(calls(session, "connect"), [[URL]]);
  assert.deepEqual(calls(session, "signIn"), [["Ann", "secret"]]);
  assert.deepEqual([state().screen, state().me?.name, state().busy], ["lobby", "Ann", ""]);
  await flow.signOut();
  await flow.signIn("Bo", "");
  assert.deepEqual(calls(/** @type {mock.Session} */ (mock.Session.last), "signIn"), [["Bo", undefined]]);
});

test("nobody is signed in to a page of which a part is missing, and trying again helps", async () => {
  let online = false;
  const { flow, state } = page({
    loadScreens: async () => {
      if (!online) throw Object.assign(new Error(), { code: "page_incomplete" });
    },
  });
  const before = mock.Session.last;
  await flow.signIn("Ann", "");
  assert.equal(state().screen, "signin");
  assert.match(state().notice?.title ?? "", /part of this page could not be loaded/);
  assert.equal(mock.Session.last, before, "the game server was not troubled");
  online = true;
  await flow.signIn("Ann", "");
  assert.equal(state().screen, "lobby");
});

test("a wrong password says so, and leaves no connection behind", async () => {
  const { flow, state } = page();
  mock.world.fail = { signIn: "auth_failed" };
  await flow.signIn("Ann", "wrong");
  const session = /** @type {mock.Session} */ (mock.Session.last);
  assert.equal(state().screen, "signin");
  assert.match(state().notice?.title ?? "", /password does not match/);
  assert.equal(calls(session, "close").length, 1);
  mock.world.fail = {};
  await flow.signIn("Ann", "right");
  assert.equal(state().screen, "lobby");
  assert.equal(state().notice, null);
});

test("a relay that does not answer is named before anything else happens", async () => {
  const { flow, state } = page({
    loadConfig: () => Promise.reject(Object.assign(new Error(), { code: "page_unreachable" })),
  });
  await flow.prepare();
  assert.match(state().notice?.title ?? "", /relay .* does not answer/);
});

test("tells that the relay accepts any certificate", async () => {
  const { flow, state } = page({ insecure: true });
  await flow.prepare();
  assert.deepEqual([state().insecure, state().spectate], [true, false]);
});

test("tells that races may be watched", async () => {
  const { flow, state } = page({ spectate: true });
  await flow.prepare();
  assert.equal(state().spectate, true);
});

test("a failed join keeps the visitor in the lobby with a reason", async () => {
  const { flow, state } = page();
  await flow.signIn("Ann", "");
  mock.world.fail = { joinRoom: "room_full" };
  await flow.joinRoom("r3", "Endurance");
  assert.equal(state().screen, "lobby");
  assert.match(state().notice?.title ?? "", /full/);
  assert.equal(state().busy, "");
});

test("the host's start leads into one race, though it is told twice", async () => {
  const { flow, state } = await inRoom();
  await flow.startGame();
  assert.deepEqual([state().screen, state().race?.round], ["race", 1]);
});

test("starting without being the host is explained", async () => {
  const { flow, state } = await inRoom();
  mock.world.fail = { startGame: "not_host" };
  await flow.startGame();
  assert.equal(state().screen, "room");
  assert.match(state().notice?.title ?? "", /Only the host/);
});

test("somebody else's start takes us into the race, with the spawns it brought", async () => {
  const { session, state } = await inRoom();
  const spawnPositions = [{ id: "driver-0", x: 66, y: -2, z: 0.8 }];
  session.emit("gameStarted", { roomId: "r2", hostId: "driver-1", spawnPositions });
  assert.equal(state().screen, "race");
  assert.deepEqual(state().race?.spawns, spawnPositions);
  assert.equal(state().room?.hostId, "driver-1");
});

test("a message goes to each of the others, and to nobody twice", async () => {
  const { flow, session, state } = await inRoom();
  await flow.sendMessage("hello");
  const targets = calls(session, "relayMessage").map(([target]) => target);
  assert.deepEqual(targets, ["driver-0", "driver-1", "driver-2", "driver-3", "driver-4", "driver-5"]);
  assert.deepEqual(
    state().messages.map(({ text, own }) => [text, own]),
    [["hello", true]],
  );
  assert.equal(state().notice, null);
});

test("ghosts in the list do not spoil a message; nobody reached is told", async () => {
  const { flow, session, state } = await inRoom();
  const relay = session.relayMessage.bind(session);
  session.relayMessage = async (id, text) => {
    if (id !== "driver-4") throw new mock.RaceError("player_not_found");
    return relay(id, text);
  };
  await flow.sendMessage("hello");
  assert.equal(state().notice, null);
  mock.world.fail = { relayMessage: "player_not_found" };
  await flow.sendMessage("anybody?");
  assert.match(state().notice?.title ?? "", /has left/);
});

test("alone in the room there is nobody to talk to", async () => {
  mock.world.drivers = 0;
  const { flow, session, state } = await inRoom();
  await flow.sendMessage("hello");
  assert.equal(calls(session, "relayMessage").length, 0);
  assert.match(state().notice?.title ?? "", /Nobody else/);
});

test("a room closed by the operator leads back to the lobby", async () => {
  const { flow, session, state } = await inRoom();
  session.roomId = undefined;
  await flow.refreshPlayers();
  assert.equal(state().screen, "lobby");
  assert.match(state().notice?.next ?? "", /closed/);
});

test("a room that the session says is lost leads back to the lobby, another one does not", async () => {
  const { session, state } = await inRoom();
  session.emit("roomLost", { roomId: "an old one" });
  assert.equal(state().screen, "room");
  session.emit("roomLost", { roomId: "r2" });
  assert.equal(state().screen, "lobby");
  assert.match(state().notice?.next ?? "", /closed/);
});

test("a room without a host has none, rather than null", async () => {
  const { flow, state } = page();
  await flow.signIn("Ann", "");
  mock.world.rooms.push({
    id: "r9",
    name: "Orphan",
    playerCount: 1,
    isActive: false,
    hostId: /** @type {any} */ (null),
  });
  await flow.refreshRooms();
  mock.world.rooms.pop();
  assert.equal(state().rooms.find((room) => room.id === "r9")?.hostId, "");
});

test("leaving works even when the server has forgotten that we were there", async () => {
  const { flow, state } = await inRoom();
  mock.world.fail = { leaveRoom: "not_in_room" };
  await flow.leaveRoom();
  assert.equal(state().screen, "lobby");
  assert.equal(state().notice, null);
});

test("a lost connection that may come back is tried again, into the same room", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { flow, session, state } = await inRoom();
  session.emit("close", { code: "relay_restarting", number: 1012, reason: "", retryable: true });
  assert.equal(flow.session(), null);
  assert.deepEqual([state().connection, state().lost?.retrying], ["lost", true]);
  t.mock.timers.tick(1000);
  await settled();
  const fresh = /** @type {mock.Session} */ (mock.Session.last);
  assert.notEqual(fresh, session);
  assert.deepEqual(calls(fresh, "signIn"), [["Ann", "secret"]]);
  assert.deepEqual(calls(fresh, "joinRoom"), [["r2"]]);
  assert.deepEqual([state().connection, state().screen, state().lost], ["online", "room", null]);
});

test("waits longer after each failure, and stops where trying again cannot help", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { session, state } = await inRoom();
  mock.world.fail = { connect: "server_unreachable" };
  session.emit("close", { code: "connection_lost", number: 1006, reason: "", retryable: true });
  t.mock.timers.tick(1000);
  await settled();
  assert.ok((state().lost?.retrySeconds ?? 0) >= 2, `${state().lost?.retrySeconds} s`);
  assert.match(state().lost?.advice.title ?? "", /cannot reach/);
  mock.world.fail = { connect: "certificate_not_trusted" };
  t.mock.timers.tick(1000);
  t.mock.timers.tick(1000);
  await settled();
  assert.equal(state().lost?.retrying, false);
  const last = mock.Session.last;
  t.mock.timers.tick(60_000);
  await settled();
  assert.equal(mock.Session.last, last, "no further attempt");
});

test("a close that forbids another try waits for the visitor", async () => {
  const { flow, session, state } = await inRoom();
  session.emit("close", { code: "sent_too_much", number: 4004, reason: "", retryable: false });
  assert.equal(state().lost?.retrying, false);
  await flow.reconnect();
  assert.equal(state().connection, "online");
});

test("a kick leads to the sign-in, without another try", async () => {
  const { session, state } = await inRoom();
  session.emit("kicked", { message: "Disconnected by administrator" });
  session.emit("close", { code: "server_ended", number: 4000, reason: "", retryable: true });
  assert.equal(state().screen, "signin");
  assert.match(state().notice?.title ?? "", /operator/);
});

test("what an old session still says is not heard", async () => {
  const { flow, session, state } = await inRoom();
  await flow.signOut();
  session.emit("gameStarted", { roomId: "r2", spawnPositions: [] });
  session.emit("close", { code: "connection_lost", number: 1006, reason: "", retryable: true });
  assert.deepEqual([state().screen, state().lost], ["signin", null]);
  assert.equal(calls(session, "close").length, 1);
  await flow.signIn("Ann", "");
  session.emit("close", { code: "connection_lost", number: 1006, reason: "", retryable: true });
  assert.equal(state().connection, "online");
});

test("a page that goes away closes its session", async () => {
  const { flow, session } = await inRoom();
  flow.leavePage();
  assert.equal(calls(session, "close").length, 1);
  assert.equal(flow.session(), null);
});

/** Let everything run that is only waiting for answers of the mock. */
async function settled() {
  for (let i = 0; i < 50; i += 1) await null;
}
