// What pages do to a client that nobody planned: closing twice, giving up early, passing rubbish.
import assert from "node:assert/strict";
import { test } from "node:test";

import { RaceClient } from "../js/index.js";
import { coded, settled, World } from "./fake-core.js";
import { RELAY, client, statesOf, stopTime, withCode } from "./scene.js";

test("a listener that hears of the end may close again, and the end keeps its reason", async () => {
  for (const [end, code] of /** @type {const} */ ([
    [(/** @type {RaceClient} */ race) => void race.close(), "closed"],
    [
      (/** @type {RaceClient} */ _, /** @type {World} */ world) => world.last.drop("auth_failed", false),
      "auth_failed",
    ],
  ])) {
    const world = new World();
    const race = client(world);
    await race.connect();
    const states = statesOf(race);
    race.on("state", ({ state }) => state === "closed" && void race.close());
    end(race, world);
    await race.close();
    assert.deepEqual(
      states.map((change) => [change.state, change.code]),
      [["closed", code]],
    );
    assert.equal(race.stateChange.code, code);
    assert.equal(world.last.freed, true);
  }
});

test("who gives up while the relay is asked waits no longer", async () => {
  const ways = [
    (/** @type {RaceClient} */ race, /** @type {AbortController} */ controller) => {
      controller.abort();
      return { state: "idle", name: "AbortError", race };
    },
    (/** @type {RaceClient} */ race) => {
      void race.close();
      return { state: "closed", name: "RaceError", race };
    },
  ];
  for (const giveUp of ways) {
    const world = new World();
    /** @type {AbortSignal | undefined} */
    let asked;
    const fetch = (/** @type {any} */ _, /** @type {{ signal: AbortSignal }} */ { signal }) => {
      asked = signal;
      return new Promise((__, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    const race = client(world, { config: undefined, fetch });
    const controller = new AbortController();
    const connecting = race.connect({ signal: controller.signal });
    await settled();
    const { state, name } = giveUp(race, controller);
    assert.equal(asked?.aborted, true);
    await assert.rejects(connecting, { name });
    assert.equal(race.state, state);
    assert.equal(world.cores.length, 0);
    await race.close();
  }
});

test("who gives up while the core is made does not call the relay", async () => {
  const world = new World();
  /** @type {(value?: unknown) => void} */
  let go = () => {};
  const made = new Promise((resolve) => (go = resolve));
  const core = async (/** @type {object} */ options) => {
    await made;
    return world.core(options);
  };
  const race = client(world, { core });
  const controller = new AbortController();
  const connecting = race.connect({ signal: controller.signal });
  await settled();
  controller.abort();
  go();
  await assert.rejects(connecting, { name: "AbortError" });
  assert.equal(world.last.times("connect"), 0);
  await race.connect();
  assert.equal(race.state, "connected");
  await race.close();
});

test("a command that the end of the connection cut off says why that ended", async (t) => {
  const pass = stopTime(t);
  const world = new World();
  const race = client(world);
  await race.connect();
  world.held.add("listRooms");
  world.fail("listRooms", coded("closed", true), coded("closed", true));
  const cut = assert.rejects(race.listRooms(), withCode("relay_restarting", true));
  await settled();
  world.last.drop("relay_restarting");
  world.release("listRooms");
  await cut;
  await pass(60_000);
  world.held.add("listRooms");
  const ended = assert.rejects(race.listRooms(), withCode("closed", false));
  await settled();
  void race.close();
  world.release("listRooms");
  await ended;
});

test("texts that are none never come to the core", async () => {
  const world = new World();
  const options = /** @type {any} */ ({ password: 42 });
  assert.throws(() => client(world, options), withCode("invalid_argument"));
  const race = /** @type {any} */ (client(world));
  await race.connect();
  const room = await race.createRoom("Friday");
  const before = world.last.calls.length;
  for (const rubbish of [undefined, null, 42, {}]) {
    await assert.rejects(race.createRoom(rubbish), withCode("invalid_argument"));
    await assert.rejects(race.joinRoom(rubbish), withCode("invalid_argument"));
    await assert.rejects(room.say(rubbish), withCode("invalid_argument"));
    await assert.rejects(
      RaceClient.spectate(RELAY, /** @type {any} */ (rubbish)),
      withCode("invalid_argument"),
    );
  }
  await assert.rejects(room.say("hello", 42), withCode("invalid_argument"));
  await assert.rejects(/** @type {any} */ (RaceClient).connect(RELAY), withCode("invalid_argument"));
  assert.equal(world.last.calls.length, before);
  assert.equal(race.room, room);
  await race.close();
});
