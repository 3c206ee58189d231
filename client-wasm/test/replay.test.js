import assert from "node:assert/strict";
import { test } from "node:test";
import { RaceClient } from "../js/client.js";
import { RaceError } from "../js/error.js";
import { recording } from "../js/recorder.js";
import { replay } from "../js/replay.js";
import { World } from "./fake-core.js";
import { ManualClock, settled } from "./manual-clock.js";

const URL = "ws://relay.invalid";

/** What a page would see of a client, from its first connection on. @param {RaceClient} race */
function watch(race) {
  /** @type {any[]} */
  const seen = [];
  race.on("state", ({ state, code }) => seen.push(["state", state, code]));
  race.on("message", ({ text, senderName }) => seen.push(["message", senderName, text]));
  race.on("room", ({ room }) => {
    seen.push(["room", room?.id, [...(room?.players.values() ?? [])].map(({ name }) => name).join()]);
    room?.on("started", ({ spawnPositions }) => seen.push(["started", spawnPositions.length]));
    room?.on("lost", ({ code }) => seen.push(["lost", code]));
    room?.on("joined", ({ name }) => seen.push(["joined", name]));
    room?.on("left", ({ name }) => seen.push(["left", name]));
  });
  return seen;
}

/** A client whose core is recorded from the start. */
function live(/** @type {import("../js/recorder.js").RecordingOptions} */ options = {}) {
  const [world, clock] = [new World(), new ManualClock()];
  world.pauses = [0];
  /** @type {import("../js/recorder.js").Recording | undefined} */
  let made;
  const race = new RaceClient(URL, {
    name: "Ann",
    config: {},
    core: async (coreOptions) => {
      const core = await world.core(coreOptions);
      if (made) return made.wrap(core);
      made = recording(core, { clock, messages: true, ...options });
      return made.core;
    },
  });
  const stop = () => {
    if (!made) throw new Error("nothing was recorded");
    return made.stop();
  };
  return { world, clock, race, seen: watch(race), stop };
}

/** @param {Blob} blob @param {import("../js/replay.js").ReplayOptions} [options] */
async function again(blob, options = {}) {
  const clock = new ManualClock();
  const played = await replay(blob, { clock, ...options });
  const race = new RaceClient(URL, played.clientOptions);
  return { clock, played, race, seen: watch(race) };
}

/** One car on a circle of 100 m radius, half a turn in ten seconds. @param {number} atMs */
function onCircle(atMs) {
  const angle = (atMs / 10_000) * Math.PI;
  const [x, z] = [100 * Math.cos(angle), 100 * Math.sin(angle)];
  return { x, z, row: [4, x, 0, z, 0, Math.sin(-angle / 2), 0, Math.cos(-angle / 2), 31.4, 20, 0, -angle] };
}

/** Sign in, a room, a race with Ben, a lost connection, and back; 20 seconds. */
async function race20(/** @type {import("../js/recorder.js").RecordingOptions} */ options = {}) {
  const { world, clock, race, seen, stop } = live(options);
  await race.connect();
  await clock.pass(1000);
  const room = await race.createRoom("Monza");
  const core = world.last;
  const ben = { id: "ben", name: "Ben" };
  Object.assign(world.rooms.get(room.id) ?? {}, { hostId: race.id });
  world.rooms.get(room.id)?.players.push(ben);
  core.rows = new Float32Array(128 * 12);
  core.count = 1;
  core.carIds[4] = "ben";
  core.emit("carJoined", { slot: 4, id: "ben" });
  await clock.pass(500);
  await room.start();
  for (let atMs = 1500; atMs < 11_500; atMs += 10) {
    core.rows.set(onCircle(atMs).row);
    room.sendState(atMs / 100, 0, 1, 0, 0, 0, 1);
    await clock.pass(10);
  }
  core.emit("message", { senderId: "ben", senderName: "Ben", message: "hello" });
  await room.say("hello Ben", "ben");
  core.count = 0;
  core.carIds = {};
  core.emit("carLeft", { slot: 4, id: "ben" });
  await clock.pass(500);
  world.rooms.get(room.id)?.players.push(ben);
  core.drop("connection_lost");
  await until(() => race.state === "connected");
  await clock.pass(3000);
  await race.room?.leave();
  await clock.pass(5000);
  return { world, race, seen, blob: stop(), roomId: room.id };
}

/** As it is now, whatever was said of it before. @param {RaceClient} race */
const roomOf = (race) => race.room;

/** @param {() => boolean} holds */
async function until(holds) {
  const deadline = Date.now() + 5000;
  while (!holds()) {
    assert.ok(Date.now() < deadline, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test("a replayed client sees what the live one saw, in its time", async () => {
  const { seen: wanted, blob, race: before } = await race20();
  const { clock, played, race, seen } = await again(blob);
  let finished = false;
  void played.finished.then(() => (finished = true));
  await played.drive(race);
  await clock.pass(999);
  assert.deepEqual([race.state, race.name, race.room], ["connected", "Ann", null]);
  await clock.pass(2);
  assert.equal(race.room?.name, "Monza");
  await clock.pass(11_000);
  await until(
    () => race.state === "connected" && seen.filter(([, state]) => state === "connected").length > 1,
  );
  await clock.pass(played.durationMs - 12_001);
  await settled();
  assert.deepEqual(seen, wanted);
  assert.deepEqual([finished, played.paused, played.positionMs], [true, true, played.durationMs]);
  assert.deepEqual([clock.timers, race.state], [0, "connected"]);
  await race.close();
  await before.close();
});

test("a recording that begins in a room begins in that room, and its samples lie where the cars were", async () => {
  const [world, recorded] = [new World(), new ManualClock()];
  const race = new RaceClient(URL, { name: "Ann", config: {}, core: world.core });
  await race.connect();
  const listed = world.addRoom("Monza", "Ben");
  await race.joinRoom(listed.id);
  const [core, ben] = [world.last, listed.players[0].id];
  core.rows = new Float32Array(12);
  core.count = 1;
  core.carIds[4] = ben;
  core.rows.set(onCircle(0).row);
  const made = recording(core, { clock: recorded, name: "Ann" });
  for (let atMs = 0; atMs < 5000; atMs += 10) {
    core.rows.set(onCircle(atMs).row);
    made.core.sendUpdate(atMs / 10, 0, 0, 0, 0, 0, 1);
    await recorded.pass(10);
  }
  core.emit("input", { id: ben, steering: -0.5, throttle: 1, brake: 0 });
  const { clock, played, race: shown } = await again(made.stop());
  /** @type {any[]} */
  const inputs = [];
  await played.drive(shown);
  assert.deepEqual([shown.state, shown.name, shown.room?.name], ["connected", "Ann", "Monza"]);
  assert.deepEqual([...(shown.room?.players.values() ?? [])].map(({ name }) => name).sort(), ["Ann", "Ben"]);
  assert.equal(shown.room?.hostId, ben);
  shown.room?.on("input", (event) => inputs.push(event));
  let worst = 0;
  for (let atMs = 7; atMs < 4900; atMs += 7) {
    await clock.pass(7);
    /** @type {import("../js/cars.js").Car[]} */
    const cars = [...(shown.room?.cars() ?? [])].map((one) => ({ ...one }));
    const [car, ...others] = cars;
    const { x, z } = onCircle(atMs);
    assert.deepEqual([others.length, car.id, car.name, car.slot], [0, ben, "Ben", 4]);
    worst = Math.max(worst, Math.hypot(car.x - x, car.z - z));
    assert.ok(Math.abs(Math.sin((car.yaw + (atMs / 10_000) * Math.PI) / 2)) < 0.004, `yaw at ${atMs}`);
  }
  // A frame of the recorder's clock is 0.3 m at this speed.
  assert.ok(worst < 0.35, `${worst} m`);
  const own = played.own();
  assert.ok(own && Math.abs(own[0] - played.positionMs / 10) < 2, `${own}`);
  await clock.pass(1000);
  assert.equal(inputs[0]?.throttle, 1);
  assert.ok(Math.abs(inputs[0].steering + 0.5) < 0.01);
  for (const client of [race, shown]) await client.close();
});

test("it pauses, plays faster, and goes to any time and back", async () => {
  const { blob, race: before, roomId } = await race20();
  await before.close();
  const { clock, played, race, seen } = await again(blob);
  await played.drive(race);
  await clock.pass(500);
  played.pause();
  await clock.pass(60_000);
  assert.deepEqual([played.positionMs, played.paused, race.room], [500, true, null]);

  await played.seek(6000);
  assert.deepEqual([race.room?.id, race.room?.isActive, race.room?.players.size], [roomId, true, 2]);
  const there = [...(race.room?.cars() ?? [])].map(({ x, z }) => [x, z]);
  const { x, z } = onCircle(6000);
  assert.ok(Math.hypot(there[0][0] - x, there[0][1] - z) < 0.5, `${there}`);

  await played.seek(1200);
  assert.deepEqual([race.room?.id, race.room?.isActive], [roomId, false]);
  await played.seek(200);
  assert.equal(roomOf(race), null);
  await played.seek(-5);
  assert.equal(played.positionMs, 0);

  played.speed = 10;
  played.play();
  await clock.pass(900);
  assert.equal(Math.round(played.positionMs), 9000);
  assert.equal(race.room?.id, roomId);
  played.speed = 1;
  await clock.pass(1000);
  assert.equal(Math.round(played.positionMs), 10_000);

  await played.seek(played.durationMs);
  await until(() => race.state === "connected");
  assert.equal(roomOf(race), null);
  await played.seek(8000);
  assert.equal(race.room?.id, roomId);
  assert.ok(seen.every(([, , code]) => code !== "replaying"));
  await assert.rejects(race.createRoom("new"), { code: "replaying", retryable: false });
  await assert.rejects(played.seek(Number.NaN), { code: "invalid_argument" });
  assert.throws(() => (played.speed = 0), { code: "invalid_argument" });
  await race.close();
  assert.equal(clock.timers, 0);
});

test("texts that were not kept are empty, and closing the client ends the replay", async () => {
  const { blob, race: before } = await race20({ messages: false });
  await before.close();
  const { clock, played, race, seen } = await again(blob);
  await played.drive(race);
  await clock.pass(11_700);
  assert.deepEqual(
    seen.filter(([what]) => what === "message"),
    [["message", "Ben", ""]],
  );
  assert.equal(played.messages, false);
  await race.close();
  await played.finished;
  assert.equal(clock.timers, 0);
});

test("whatever is wrong with a file is a bad recording, and nothing else", async () => {
  const { blob, race } = await race20();
  await race.close();
  const whole = new Uint8Array(await blob.arrayBuffer());
  /** @param {BlobPart} bytes */
  const refused = (bytes) =>
    assert.rejects(replay(new Blob([bytes])), { name: "RaceError", code: "bad_recording" });
  await refused("");
  await refused("not a recording at all");
  for (let cut = 0; cut < whole.length; cut += 37 + (cut >> 5)) await refused(whole.slice(0, cut));
  await assert.rejects(replay(/** @type {any} */ ("text")), { code: "bad_recording" });
  let state = 1;
  const random = () => (state = (state * 48_271) % 2_147_483_647);
  let survived = 0;
  for (let round = 0; round < 300; round += 1) {
    const broken = whole.slice();
    for (let flip = 0; flip < 3; flip += 1) broken[random() % 3000] = random() & 255;
    try {
      const played = await replay(new Blob([broken]), { clock: new ManualClock() });
      await played.seek(0);
      survived += 1;
    } catch (error) {
      assert.ok(error instanceof RaceError && error.code === "bad_recording", String(error));
    }
  }
  assert.ok(survived < 300);
});

test("a hostile file costs no more than its size allows", async () => {
  const head = new TextEncoder().encode("MPRACE\r\n");
  const header = { version: 1, startedAt: "", durationMs: 1, droppedMs: 0, oversized: 0, messages: false };
  /** @param {Uint8Array<ArrayBuffer>} body */
  const file = (body, more = {}) => {
    const json = new TextEncoder().encode(JSON.stringify({ ...header, bodyBytes: body.length, ...more }));
    return new Blob([head, new Uint32Array([json.length]), json, body]);
  };
  const keyframe = (/** @type {object} */ more) => {
    const known = { state: "disconnected", cars: [], answers: {}, pending: [], ...more };
    return record(5, 0, JSON.stringify(known));
  };
  const record = (
    /** @type {number} */ kind,
    /** @type {number} */ atMs,
    /** @type {string} */ text,
    length = text.length,
  ) => {
    const bytes = new Uint8Array(9 + text.length);
    bytes[0] = kind;
    new DataView(bytes.buffer).setUint32(1, atMs, true);
    new DataView(bytes.buffer).setUint32(5, length, true);
    bytes.set(new TextEncoder().encode(text), 9);
    return bytes;
  };
  const join = (/** @type {Uint8Array[]} */ ...parts) => new Uint8Array(Buffer.concat(parts));
  await replay(file(keyframe({})));
  /** @type {Blob[]} */
  const hostile = [
    file(keyframe({}), { version: 2 }),
    file(keyframe({}), { bodyBytes: 5 }),
    file(keyframe({ state: "elsewhere" })),
    file(keyframe({ cars: [[400, "a"]] })),
    file(keyframe({ answers: { roomPlayers: 7 } })),
    file(record(1, 0, "[]")),
    file(new Uint8Array(0)),
    file(join(keyframe({}), record(1, 0, '["event","message",{"senderId":1}]'))),
    file(join(keyframe({}), record(1, 0, '["ok",1,"listRooms",[{}]]'))),
    file(join(keyframe({}), record(1, 0, '["event","__proto__",{}]'))),
    file(join(keyframe({}), record(1, 5, '["metrics",{}]'))),
    file(join(keyframe({}), record(2, 0, "odd"))),
    file(join(keyframe({}), record(2, 0, "", 2 ** 31))),
    file(join(keyframe({}), record(9, 0, ""))),
    file(join(keyframe({}), record(2, 5, ""), record(2, 4, ""))),
    file(join(keyframe({}), record(1, 0, "[".repeat(500_000)))),
  ];
  for (const [at, blob] of hostile.entries()) {
    await assert.rejects(replay(blob), { code: "bad_recording" }, `hostile file ${at}`);
  }
  const huge = /** @type {Blob} */ (Object.create(Blob.prototype, { size: { value: 2 ** 40 } }));
  await assert.rejects(replay(huge), { code: "bad_recording" });
});
