import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createStore,
  hasAccounts,
  hasSizes,
  hostOf,
  initialState,
  MAX_MESSAGES,
  reduce,
} from "../src/state.js";

const ME = { id: "me", name: "Ann" };
const ROOM = { id: "r1", name: "Cup", playerCount: 1, isActive: false, hostId: "me" };

/** @param {...import("../src/state.js").Action} actions */
function after(...actions) {
  return actions.reduce(reduce, initialState());
}

const signedIn = /** @type {const} */ ({ type: "signedIn", me: ME });
const CURRENT = { id: "r1", name: "Cup", isActive: false, hostId: "me" };
/** @type {import("../src/state.js").Action} */
const entered = { type: "enteredRoom", room: CURRENT, players: [ME] };
/** @type {import("../src/state.js").Action} */
const started = { type: "raceStarted", spawns: [] };
/** @param {Partial<typeof CURRENT>} changes @param {Array<typeof ME>} [players] */
const room = (changes, players = [ME]) => ({
  type: /** @type {const} */ ("room"),
  room: { ...CURRENT, ...changes },
  players,
});
const message = {
  type: /** @type {const} */ ("message"),
  senderId: "x",
  senderName: "Bo",
  text: "hi",
  own: false,
};

test("leads from sign-in through lobby and room to the race and back", () => {
  const screens = [];
  let state = initialState();
  for (const action of [
    signedIn,
    entered,
    started,
    { type: "raceLeft" },
    { type: "leftRoom" },
    { type: "signedOut" },
  ]) {
    screens.push(state.screen);
    state = reduce(state, /** @type {any} */ (action));
  }
  assert.deepEqual(
    [...screens, state.screen],
    ["signin", "lobby", "room", "race", "room", "lobby", "signin"],
  );
});

test("signing out forgets everything but what the relay is like", () => {
  const state = after(
    { type: "configured", config: { insecure: true, features: { spectate: true } } },
    signedIn,
    { type: "rooms", rooms: [ROOM] },
    entered,
    message,
    {
      type: "signedOut",
    },
  );
  assert.deepEqual(state, { ...initialState(), insecure: true, spectate: true });
});

test("a start counts only in a room", () => {
  assert.equal(after(signedIn, started).screen, "lobby");
  assert.equal(after(signedIn, entered, started).screen, "race");
});

test("a second start is another round, with lights; joining late has none", () => {
  const first = after(signedIn, entered, started);
  assert.deepEqual([first.race?.round, first.race?.countdown], [1, true]);
  assert.equal(reduce(first, started).race?.round, 2);
  assert.equal(after(signedIn, entered, { type: "raceJoined" }).race?.countdown, false);
});

test("who leaves the race and joins again is in the same one, until the host starts another", () => {
  const left = after(signedIn, entered, started, { type: "raceLeft" });
  const back = reduce(left, { type: "raceJoined" });
  assert.deepEqual([back.screen, back.race?.round], ["race", 1]);
  assert.equal(reduce(left, started).race?.round, 2);
  assert.equal(reduce(left, { type: "leftRoom" }).race, null);
});

test("nothing but a room leads into a race", () => {
  assert.equal(after(signedIn, { type: "raceJoined" }).screen, "lobby");
  assert.equal(after({ type: "raceJoined" }).screen, "signin");
  assert.equal(after(entered).screen, "signin", "nor into a room when signed out");
});

test("keeps the room list in one order", () => {
  const listed = [
    { ...ROOM, id: "z", name: "Beta" },
    { ...ROOM, id: "a", name: "beta" },
    { ...ROOM, name: "Alpha" },
  ];
  const state = after(signedIn, { type: "rooms", rooms: listed });
  const turned = after(signedIn, { type: "rooms", rooms: [...listed].reverse() });
  assert.deepEqual(state.rooms, turned.rooms);
  assert.equal(state.rooms[0].name, "Alpha");
});

test("keeps the current room up to date, and no other", () => {
  const state = after(signedIn, entered, room({ hostId: "bo", isActive: true }));
  assert.deepEqual(state.room, { id: "r1", name: "Cup", hostId: "bo", isActive: true });
  assert.equal(after(signedIn, entered, room({ id: "r2", hostId: "bo" })).room?.hostId, "me");
});

test("messages are numbered, bounded, and stay in their room", () => {
  let state = after(signedIn, entered);
  for (let i = 0; i < MAX_MESSAGES + 20; i += 1) state = reduce(state, message);
  assert.equal(state.messages.length, MAX_MESSAGES);
  assert.equal(state.messages.at(-1)?.key, MAX_MESSAGES + 20);
  assert.equal(reduce(reduce(state, { type: "leftRoom" }), message).messages.length, 0);
});

test("knows who may start, by the list of the server", () => {
  assert.equal(hostOf(after(signedIn, entered, room({ hostId: "" }))).kind, "unknown");
  assert.equal(hostOf(after(signedIn, entered)).kind, "me");
  assert.equal(hostOf(after(signedIn, entered, room({ hostId: "bo" }))).kind, "gone");
  const seen = after(signedIn, entered, room({ hostId: "bo" }, [ME, { id: "bo", name: "Bo" }]));
  assert.deepEqual(hostOf(seen), { kind: "other", name: "Bo" });
});

test("a lost connection is shown over what was there, and gone once signed in again", () => {
  const lost = { advice: { title: "t", next: "n" }, retrying: true, retrySeconds: 2 };
  const state = after(signedIn, entered, started, { type: "lost", lost });
  assert.deepEqual([state.screen, state.connection, state.lost], ["race", "lost", lost]);
  const mended = reduce(state, { type: "reconnected", me: { id: "me-2", name: "Ann" } });
  assert.deepEqual([mended.screen, mended.connection, mended.lost], ["race", "online", null]);
  assert.deepEqual([mended.me?.id, mended.room?.id], ["me-2", "r1"]);
  const back = reduce(state, signedIn);
  assert.deepEqual([back.screen, back.connection, back.lost, back.room], ["lobby", "online", null, null]);
  assert.equal(after({ type: "lost", lost }).lost, null, "nothing to lose when signed out");
});

test("tells about changes, and only about changes", () => {
  const store = createStore(initialState());
  /** @type {string[]} */
  const seen = [];
  store.subscribe((state, before) => seen.push(`${before.screen} → ${state.screen}`));
  store.dispatch({ type: "raceLeft" });
  store.dispatch(signedIn);
  assert.deepEqual(seen, ["signin → lobby"]);
});

test("messages of a name that several have are muted once all of them are", () => {
  const bos = [ME, { id: "b1", name: "Bo" }, { id: "b2", name: "Bo" }];
  const nameless = { ...message, senderId: "" };
  const mute = (/** @type {string} */ id) => ({ type: /** @type {const} */ ("muted"), id, muted: true });
  const inside = [signedIn, entered, room({}, bos)];
  assert.equal(after(...inside, mute("b1"), nameless).messages.length, 1);
  assert.equal(after(...inside, mute("b1"), mute("b2"), nameless).messages.length, 0);
  assert.equal(after(...inside, mute("b1"), { ...nameless, senderName: "Cy" }).messages.length, 1);
});

test("the generation is that of the relay's answer, until the game server shows another", () => {
  assert.deepEqual(
    ["", "first", "chat", "accounts", "token"].map((generation) => {
      const state = after({ type: "configured", config: { generation } });
      return [hasAccounts(state), hasSizes(state)];
    }),
    [
      [false, false],
      [false, false],
      [false, false],
      [true, false],
      [true, true],
    ],
  );
  const shown = after({ type: "configured", config: {} }, { type: "generation", generation: "token" });
  assert.equal(hasAccounts(shown), true);
  assert.equal(hasAccounts(reduce(shown, { type: "configured", config: { generation: "first" } })), false);
});
