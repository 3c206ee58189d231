// A race of twenty seconds between the real wasm client and a made-up relay, recorded; and its replay. All clocks are the test's.
import assert from "node:assert/strict";
import { RaceClient as Client } from "../js/client.js";
import { FakeRelay, id, wasm } from "./fake-relay.js";
import { ManualClock, settled } from "./manual-clock.js";

// Loading takes real time, of which the tests' clocks know nothing.
await wasm.load();

const URL = "ws://relay.invalid";
export const BEN = { id: id(1), name: "Ben" };

/** The client with the module that these tests have. */
export class RaceClient extends Client {
  /**
   * @param {string} url
   * @param {import("../js/client.js").RaceOptions} options
   */
  constructor(url, options) {
    super(url, { core: wasm.core, ...options });
  }
}

/** What a page would see of a client, from its first connection on. @param {Client} race */
export function watch(race) {
  /** @type {any[]} */
  const seen = [];
  race.on("state", ({ state, code }) => seen.push(["state", state, code]));
  race.on("message", ({ text, senderName }) => seen.push(["message", senderName, text]));
  race.on("room", ({ room }) => {
    seen.push(["room", room?.id, names(race)]);
    room?.on("started", ({ spawnPositions }) => seen.push(["started", spawnPositions.length]));
    room?.on("lost", ({ code }) => seen.push(["lost", code]));
    room?.on("joined", ({ name }) => seen.push(["joined", name]));
    room?.on("left", ({ name }) => seen.push(["left", name]));
  });
  return seen;
}

/** @param {Client} race */
export const names = (race) => [...(race.room?.players.values() ?? [])].map(({ name }) => name).join();
/** As it is now, whatever was said of it before. @param {Client} race */
export const roomOf = (race) => race.room;

/** A car on a line: 30 m/s. @param {number} atMs */
export const benAt = (atMs) => ({ x: 0.03 * atMs, z: 5 });

/** @param {() => boolean} holds */
export async function until(holds) {
  for (let turns = 0; !holds(); turns += 1) {
    assert.ok(turns < 10_000, "it never came");
    await settled();
  }
}

/** Let time pass until something is done. @param {ManualClock} clock @param {Promise<unknown>} work */
export async function during(clock, work) {
  let isDone = false;
  const done = work.finally(() => (isDone = true));
  for (let steps = 0; !isDone && steps < 1000; steps += 1) await clock.pass(10);
  await done;
}

/** A client that is connected and recorded. */
export async function live(/** @type {import("../js/recorder.js").RecordingOptions} */ options = {}) {
  const clock = new ManualClock();
  const relay = new FakeRelay(clock);
  const race = new RaceClient(URL, {
    name: "Ann",
    password: "hunter2",
    config: {},
    clock,
    webSocket: relay.webSocket,
    reconnect: { minMs: 1, maxMs: 2 },
  });
  await during(clock, race.connect());
  const recording = await race.record({ messages: true, ...options });
  return { clock, relay, race, recording, seen: watch(race) };
}

/** A room, a race with Ben, a lost connection, and back; 20 seconds. */
export async function race20(/** @type {import("../js/recorder.js").RecordingOptions} */ options = {}) {
  const { clock, relay, race, recording, seen } = await live(options);
  const startMs = clock.now();
  await clock.pass(1000);
  await during(clock, race.createRoom("Monza"));
  const room = /** @type {import("../js/room.js").Room} */ (race.room);
  relay.rooms.get(room.id)?.players.push(BEN);
  await clock.pass(400);
  await during(clock, room.start());
  for (let atMs = clock.now() - startMs; atMs < 11_000; atMs += 50) {
    const { x, z } = benAt(atMs);
    relay.update(BEN.id, x, z);
    room.sendState(atMs / 100, 0, 1, 0, 0, 0, 1);
    await clock.pass(50);
  }
  relay.push({ command: "RELAYED_MESSAGE", senderId: BEN.id, senderName: "Ben", message: "hello" });
  await during(clock, room.say("hello Ben", BEN.id));
  await clock.pass(1000);
  relay.drop();
  await clock.pass(3000);
  assert.equal(race.state, "connected");
  await during(clock, /** @type {any} */ (race.room).leave());
  await clock.pass(startMs + 20_000 - clock.now());
  const blob = recording.stop();
  const wanted = [...seen];
  await during(clock, race.close());
  return { wanted, blob, roomId: room.id };
}

/** @param {Blob} blob @param {import("../js/replay.js").ReplayOptions} [options] */
export async function again(blob, options = {}) {
  const clock = new ManualClock();
  const race = await RaceClient.replay(blob, { clock, paused: true, ...options });
  const { playback } = race;
  assert.ok(playback);
  return { clock, playback, race, seen: watch(race) };
}
