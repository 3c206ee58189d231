import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { explain } from "../../client-wasm/js/explain.js";
import * as library from "../../client-wasm/js/index.js";
import { coded, settled, World } from "../../client-wasm/test/fake-core.js";
import { createFlow } from "../src/flow.js";
import { createStore, initialState } from "../src/state.js";

const URL = "https://relay.example";
/** @type {import("../src/flow.js").Flow[]} */
const flows = [];

afterEach(async () => {
  for (const flow of flows.splice(0)) await flow.signOut();
});

/** @param {{ client?: typeof library.RaceClient, url?: () => string, config?: import("../../client-wasm/js/index.js").RelayConfig, fetch?: (url: any) => Promise<Response>, loadTelemetry?: import("../src/flow.js").Parts["loadTelemetry"], loadScreens?: () => Promise<void> }} [options] */
function page({
  client: RaceClient = library.RaceClient,
  url = () => URL,
  config = {},
  fetch: ask,
  loadScreens = async () => {},
  loadTelemetry,
} = {}) {
  const world = new World();
  const store = createStore(initialState());
  const flow = createFlow(store, {
    library: {
      ...library,
      RaceClient,
      explain,
      init: async () => {},
      relayConfig: (asked) => (ask ? library.relayConfig(asked, { fetch: ask }) : Promise.resolve(config)),
    },
    loadScreens,
    ...(loadTelemetry && { loadTelemetry }),
    url,
    core: world.core,
  });
  flows.push(flow);
  return { world, store, flow, state: store.get };
}

/** Ann in a room with Bo, its host. */
async function inRoom() {
  const it = page();
  const room = it.world.addRoom("Cup", "Bo", "Cy");
  await it.flow.signIn("Ann", "secret");
  await it.flow.joinRoom(room.id);
  return { ...it, room, bo: room.players[0], cy: room.players[1] };
}

/** @param {World} world @param {string} method */
function calls(world, method) {
  return world.cores.flatMap((core) =>
    core.calls.filter(([name]) => name === method).map(([, ...rest]) => rest),
  );
}

test("signs in with name and password, and without a password when there is none", async () => {
  const { world, flow, state } = page();
  await flow.signIn("Ann", "secret");
  assert.deepEqual(calls(world, "connect"), [["wss://relay.example/ws"]]);
  assert.deepEqual([state().screen, state().me?.name, state().busy], ["lobby", "Ann", ""]);
  await flow.signOut();
  await flow.signIn("Bo", "");
  assert.deepEqual(calls(world, "signIn"), [
    ["Ann", "secret"],
    ["Bo", undefined],
  ]);
});

test("nobody is signed in to a page of which a part is missing, and trying again helps", async () => {
  let online = false;
  const { world, flow, state } = page({
    loadScreens: async () => {
      if (!online) throw new Error("status 500");
    },
  });
  await flow.signIn("Ann", "");
  assert.equal(state().screen, "signin");
  assert.match(state().notice?.title ?? "", /part of this page could not be loaded/);
  assert.equal(world.cores.length, 0, "the game server was not troubled");
  online = true;
  await flow.signIn("Ann", "");
  assert.equal(state().screen, "lobby");
});

test("a taken name says so, and leaves no connection behind", async () => {
  const { world, flow, state } = page();
  world.fail("signIn", coded("auth_failed"));
  await flow.signIn("Ann", "wrong");
  assert.equal(state().screen, "signin");
  assert.match(state().notice?.title ?? "", /name is taken/);
  await settled();
  assert.equal(world.last.freed, true);
  await flow.signIn("Ann", "right");
  assert.equal(state().screen, "lobby");
  assert.equal(state().notice, null);
});

test("a relay that does not answer is named before anything else happens", async () => {
  const { flow, state } = page({ fetch: () => Promise.reject(new TypeError("Failed to fetch")) });
  await flow.prepare();
  assert.match(state().notice?.title ?? "", /relay can't be reached/);
});

test("tells what the relay is like: any certificate is accepted, races may be watched", async () => {
  const insecure = page({ config: { insecure: true } });
  await insecure.flow.prepare();
  assert.deepEqual([insecure.state().insecure, insecure.state().spectate], [true, false]);
  const watched = page({ config: { features: { spectate: true } } });
  await watched.flow.prepare();
  assert.deepEqual([watched.state().insecure, watched.state().spectate], [false, true]);
});

test("a name that one's own lost session holds is tried until it is free, and another's is not", async (t) => {
  const { world, flow, state } = page();
  await flow.signIn("Ann", "");
  world.last.emit("interrupted", {
    code: "connection_lost",
    number: 1006,
    reason: "",
    attempt: 1,
    retryInMs: 9,
  });
  await flow.signOut();
  t.mock.timers.enable({ apis: ["setTimeout"] });
  world.fail("signIn", coded("auth_failed"));
  const signedIn = flow.signIn("Ann", "");
  await settled();
  assert.deepEqual([state().screen, state().busy], ["signin", "signin"]);
  t.mock.timers.tick(2000);
  await signedIn;
  assert.equal(state().screen, "lobby");
  t.mock.timers.reset();
  await flow.signOut();
  world.fail("signIn", coded("auth_failed"));
  await flow.signIn("Ann", "");
  assert.equal(state().screen, "signin");
  assert.match(state().notice?.title ?? "", /taken/);
});

test("a page that is left while it goes on with a session hands that on", async () => {
  let load = () => {};
  const loadScreens = () =>
    new Promise((/** @type {(value: void) => void} */ resolve) => (load = () => resolve()));
  const { flow } = page({ loadScreens });
  const goingOn = flow.goOn("resume.token.5 id room", "Ann");
  assert.equal(flow.leavePage(true), "resume.token.5 id room");
  load();
  await goingOn;
  await flow.signOut();
  assert.equal(flow.leavePage(true), undefined);
});

test("a reload whose session is over waits for its own name too, with a new session", async (t) => {
  const { world, store, flow, state } = page();
  await flow.signIn("Ann", "");
  const saved = flow.leavePage(true);
  store.dispatch({ type: "signedOut" });
  world.saved.clear();
  world.fail("signIn", coded("auth_failed"));
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const goingOn = flow.goOn(saved ?? "", "Ann");
  await settled();
  assert.deepEqual([state().screen, state().busy, state().notice], ["signin", "signin", null]);
  t.mock.timers.tick(2000);
  await goingOn;
  assert.deepEqual([state().screen, state().me?.name], ["lobby", "Ann"]);
  const offers = world.cores.map(({ options }) => options.resume || undefined);
  assert.deepEqual(offers, [undefined, saved, undefined]);
});

test("figures about the connection are sent only where a site asks for them", async () => {
  let loads = 0;
  /** @type {[string, string | undefined][]} */
  const reports = [];
  /** @type {import("../src/flow.js").Parts["loadTelemetry"]} */
  const loadTelemetry = async () => {
    loads += 1;
    return {
      report(race, { url }) {
        reports.push([String(url), race.id ?? undefined]);
        return { count() {}, flush() {}, stop() {} };
      },
    };
  };
  const quiet = page({ loadTelemetry });
  await quiet.flow.signIn("Ann", "");
  assert.equal(loads, 0);
  const telemetryUrl = "https://stats.example/race";
  const { flow, state } = page({ config: { telemetryUrl }, loadTelemetry });
  await flow.signIn("Bo", "");
  await settled();
  assert.deepEqual(reports, [[telemetryUrl, state().me?.id]]);
  const broken = page({
    config: { telemetryUrl },
    loadTelemetry: () => Promise.reject(new Error("offline")),
  });
  await broken.flow.signIn("Cy", "");
  await settled();
  assert.deepEqual([broken.state().screen, broken.state().notice], ["lobby", null]);
});

test("a failed join keeps the visitor in the lobby with a reason", async () => {
  const { world, flow, state } = page();
  const room = world.addRoom("Endurance", "Bo");
  await flow.signIn("Ann", "");
  world.fail("joinRoom", coded("room_full"));
  await flow.joinRoom(room.id);
  assert.equal(state().screen, "lobby");
  assert.match(state().notice?.title ?? "", /full/);
  assert.equal(state().busy, "");
});

test("the list of rooms is asked for while it is seen, and no longer", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { world, flow, state } = page();
  world.addRoom("Cup", "Bo");
  flow.watchRooms(true);
  await flow.signIn("Ann", "");
  await settled();
  assert.deepEqual([state().roomsKnown, state().rooms.map(({ name }) => name)], [true, ["Cup"]]);
  world.addRoom("Alpha").hostId = null;
  t.mock.timers.tick(2000);
  await settled();
  assert.deepEqual(
    state().rooms.map(({ name, hostId }) => [name, hostId === ""]),
    [
      ["Alpha", true],
      ["Cup", false],
    ],
  );
  flow.watchRooms(false);
  const asked = calls(world, "listRooms").length;
  t.mock.timers.tick(60_000);
  await settled();
  assert.equal(calls(world, "listRooms").length, asked);
});

test("a room that is joined is known by name, host and players at once", async () => {
  const { state, bo } = await inRoom();
  assert.equal(state().screen, "room");
  assert.deepEqual([state().room?.name, state().room?.hostId], ["Cup", bo.id]);
  assert.deepEqual(
    state().players.map(({ name }) => name),
    ["Bo", "Cy", "Ann"],
  );
});

test("the host's start leads into one race", async () => {
  const { flow, state } = page();
  await flow.signIn("Ann", "");
  await flow.createRoom("Sunday");
  await flow.startGame();
  assert.deepEqual([state().screen, state().race?.round], ["race", 1]);
});

test("starting without being the host is explained", async () => {
  const { flow, state } = await inRoom();
  await flow.startGame();
  assert.equal(state().screen, "room");
  assert.match(state().notice?.title ?? "", /Only the host/);
});

test("somebody else's start takes us into the race, with the spawns it brought", async () => {
  const { world, room, cy, state } = await inRoom();
  const spawnPositions = [{ id: cy.id, x: 66, y: -2, z: 0.8 }];
  world.last.emit("gameStarted", { roomId: room.id, hostId: cy.id, spawnPositions });
  assert.equal(state().screen, "race");
  assert.deepEqual(state().race?.spawns, spawnPositions);
  assert.equal(state().room?.hostId, cy.id);
});

test("a race that starts in another room is ignored", async () => {
  const { world, state } = await inRoom();
  world.last.emit("gameStarted", { roomId: "another", spawnPositions: [] });
  assert.equal(state().screen, "room");
});

test("another host is seen, and may be oneself", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { world, flow, state, room, bo } = await inRoom();
  flow.watchRooms(true);
  world.remove(bo.id);
  room.hostId = state().me?.id ?? null;
  t.mock.timers.tick(2000);
  await settled();
  assert.equal(state().room?.hostId, state().me?.id);
  assert.deepEqual(
    state().players.map(({ name }) => name),
    ["Cy", "Ann"],
  );
});

test("a message goes to each of the others, and to nobody twice", async () => {
  const { world, flow, state, bo, cy } = await inRoom();
  assert.equal(flow.sendMessage("hello"), true);
  await settled();
  assert.deepEqual(
    calls(world, "relayMessage").map(([target]) => target),
    [bo.id, cy.id],
  );
  assert.deepEqual(
    state().messages.map(({ text, own }) => [text, own]),
    [["hello", true]],
  );
  assert.equal(state().notice, null);
});

test("a message is shown only of those who are in the room", async () => {
  const { world, state, bo } = await inRoom();
  world.last.emit("message", { senderId: "stranger", senderName: "Bo", message: "from elsewhere" });
  world.last.emit("message", { senderId: bo.id, senderName: "Bo", message: "from here" });
  await settled();
  assert.deepEqual(
    state().messages.map(({ text }) => text),
    ["from here"],
  );
});

test("messages and names are shown only as far as they can be seen, and never at length", async () => {
  const { world, flow, state, room, bo } = await inRoom();
  const say = (/** @type {string} */ message) =>
    world.last.emit("message", { senderId: bo.id, senderName: "\u202eBo", message });
  say("\u200b\u2060");
  say("x".repeat(60_000));
  assert.deepEqual(
    state().messages.map(({ senderName, text }) => [senderName, text.length]),
    [["Bo", 501]],
  );
  room.players.push({ id: "blank", name: "\u200b" });
  world.last.emit("carJoined", { slot: 0, id: "blank" });
  await settled();
  assert.equal(state().players.find(({ id }) => id === "blank")?.name, "");
  flow.mute(bo.id, true);
  say("not heard");
  flow.mute(bo.id, false);
  say("heard again");
  assert.equal(state().messages.length, 2);
  assert.equal(state().messages[1].text, "heard again");
});

test("one's own name is shown as the others see it, before and after a reconnect", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { world, flow, state } = page();
  await flow.signIn("\u202eAnn\u200b  Lee", "");
  assert.equal(state().me?.name, "Ann Lee");
  const { id } = state().me ?? {};
  world.last.drop("relay_restarting");
  t.mock.timers.tick(15_000);
  await settled();
  await settled();
  assert.notEqual(state().me?.id, id);
  assert.equal(state().me?.name, "Ann Lee");
});

test("a message that nobody can see is not sent", async () => {
  const { world, flow, state } = await inRoom();
  assert.equal(flow.sendMessage("\u200b\u2060"), false);
  await settled();
  assert.deepEqual(calls(world, "relayMessage"), []);
  assert.deepEqual(state().messages, []);
});

test("ghosts in the list do not spoil a message; nobody reached is told", async () => {
  const { world, flow, state } = await inRoom();
  world.fail("relayMessage", coded("player_not_found"));
  flow.sendMessage("hello");
  await settled();
  assert.equal(state().notice, null);
  world.fail("relayMessage", coded("player_not_found"), coded("player_not_found"));
  flow.sendMessage("anybody?");
  await settled();
  assert.match(state().notice?.title ?? "", /has left/);
});

test("alone in the room there is nobody to talk to", async () => {
  const { world, flow, state } = page();
  await flow.signIn("Ann", "");
  await flow.createRoom("Sunday");
  assert.equal(flow.sendMessage("hello"), false, "so that the form keeps it");
  assert.equal(calls(world, "relayMessage").length, 0);
  assert.match(state().notice?.title ?? "", /Nobody else/);
});

test("a room that is closed under us leads back to the lobby, another one does not", async () => {
  const { world, room, state } = await inRoom();
  world.last.emit("roomLost", { roomId: "an old one" });
  assert.equal(state().screen, "room");
  world.last.emit("roomLost", { roomId: room.id });
  assert.equal(state().screen, "lobby");
  assert.match(state().notice?.next ?? "", /closed/);
});

test("leaving works even when the server has forgotten that we were there", async () => {
  const { world, flow, state } = await inRoom();
  world.fail("leaveRoom", coded("not_in_room"));
  await flow.leaveRoom();
  assert.equal(state().screen, "lobby");
  assert.equal(state().notice, null);
});

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
  assert.deepEqual(calls(world, "signIn").at(-1), ["Ann", "secret"]);
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

test("a page that was loaded anew goes on with its session, in its room", async () => {
  const { world, store, flow, room, state } = await inRoom();
  const before = state().me;
  const saved = flow.leavePage(true);
  assert.ok(saved);
  store.dispatch({ type: "signedOut" });
  await flow.goOn(saved);
  assert.deepEqual([state().me, state().room?.id, state().screen], [before, room.id, "room"]);
  assert.equal(calls(world, "signIn").length, 1);
  await flow.signOut();
  // Its time is up: whoever has a password is asked for it, and whoever has none is signed in.
  await flow.goOn(saved);
  assert.deepEqual([state().screen, state().notice, state().busy], ["signin", null, ""]);
  await flow.goOn(saved, "Ann");
  assert.deepEqual([state().screen, calls(world, "signIn").at(-1)], ["lobby", ["Ann", undefined]]);
  assert.equal(flow.leavePage(false), undefined);
  await settled();
  assert.equal(world.last.times("close"), 1);
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
  world.last.emit("interrupted", {
    code: "connection_lost",
    number: 1006,
    reason: "",
    attempt: 1,
    retryInMs: 9,
  });
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

test("what an old client still says is not heard", async () => {
  const { world, flow, room, state } = await inRoom();
  const old = world.last;
  await flow.signOut();
  old.emit("gameStarted", { roomId: room.id, spawnPositions: [] });
  assert.deepEqual([state().screen, state().lost], ["signin", null]);
  await flow.signIn("Ann", "");
  assert.equal(state().connection, "online");
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

test("a page that goes away closes its client", async () => {
  const { world, flow } = await inRoom();
  flow.leavePage();
  await settled();
  assert.equal(calls(world, "close").length, 1);
  assert.equal(flow.client(), null);
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

test("a command that ends by signing out is no error on the form", async () => {
  const { world, flow, room, state } = await inRoom();
  await flow.leaveRoom();
  world.held.add("joinRoom");
  const joining = flow.joinRoom(room.id);
  await settled();
  const out = flow.signOut();
  world.release("joinRoom");
  await Promise.all([joining, out]);
  assert.deepEqual([state().screen, state().notice], ["signin", null]);
});

test("another game server is asked for anew, and an unknown one is named with those that there are", async () => {
  const servers = [{ name: "east" }, { name: "west" }];
  let query = "?server=north";
  const asked = /** @type {string[]} */ ([]);
  const { flow, state } = page({
    url: () => `${URL}/${query}`,
    fetch: async (url) => {
      asked.push(url);
      return url.endsWith("north")
        ? new Response("", { status: 404 })
        : Response.json({ servers, insecure: url.endsWith("west") });
    },
  });
  await flow.prepare();
  assert.match(state().notice?.title ?? "", /no game server \u2068north\u2069/);
  assert.deepEqual(state().servers, servers);
  await flow.signIn("Ann", "");
  assert.deepEqual([state().screen, state().servers], ["signin", servers]);
  query = "?server=west";
  await flow.prepare();
  assert.equal(state().insecure, true);
  query = "";
  await flow.signIn("Ann", "");
  assert.deepEqual([state().screen, state().insecure], ["lobby", false]);
  assert.equal(asked.at(-1), `${URL}/api/config`);
});

test("an answer about a game server that is chosen no more is not shown", async () => {
  let query = "?server=west";
  let answer = (/** @type {Response} */ _response) => {};
  const late = new Promise((/** @type {(response: Response) => void} */ resolve) => (answer = resolve));
  const { flow, state } = page({
    url: () => `${URL}/${query}`,
    fetch: async (url) => (url.endsWith("west") ? late : Response.json({ features: { spectate: true } })),
  });
  const first = flow.prepare();
  query = "";
  await flow.prepare();
  answer(Response.json({ insecure: true }));
  await first;
  assert.deepEqual([state().insecure, state().spectate], [false, true]);
});
