import assert from "node:assert/strict";
import { test } from "node:test";
import { coded, settled } from "../../client-wasm/test/fake-core.js";
import { INTERRUPTED, calls, inRoom, page, URL } from "./visitor.js";

test("signs in with name and password, and without a password when there is none", async () => {
  const { world, flow, state } = page();
  await flow.signIn("Ann", "secret");
  assert.deepEqual(calls(world, "connect"), [["wss://relay.example/ws"]]);
  assert.deepEqual([state().screen, state().me?.name, state().busy], ["lobby", "Ann", ""]);
  await flow.signOut();
  await flow.signIn("Bo", "");
  assert.deepEqual(calls(world, "signIn"), [[{ name: "Ann", password: "secret" }], [{ name: "Bo" }]]);
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
  world.last.emit("interrupted", INTERRUPTED);
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
  assert.deepEqual([state().screen, state().busy], ["signin", "signin"]);
  assert.match(state().notice?.title ?? "", /last session is being ended/);
  t.mock.timers.tick(2000);
  await goingOn;
  assert.deepEqual([state().screen, state().me?.name, state().notice], ["lobby", "Ann", null]);
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
  assert.deepEqual([state().screen, calls(world, "signIn").at(-1)], ["lobby", [{ name: "Ann" }]]);
  assert.equal(flow.leavePage(false), undefined);
  await settled();
  assert.equal(world.last.times("close"), 1);
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

test("a page that goes away closes its client", async () => {
  const { world, flow } = await inRoom();
  flow.leavePage();
  await settled();
  assert.equal(calls(world, "close").length, 1);
  assert.equal(flow.client(), null);
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
