import assert from "node:assert/strict";
import { test } from "node:test";
import { PlayerRecorder } from "../js/recorder.js";
import { CAR, CLOSE, INPUT, KEY, LINE, OWN } from "../js/recorder/format.js";
import { POSE_BYTES, readPose, writePose } from "../js/recorder/pose.js";
import { Tape } from "../js/recorder/tape.js";
import { Cursor, readRecording } from "../js/replay/recording.js";
import { World } from "./fake-core.js";
import { ManualClock, settled } from "./manual-clock.js";

const UPDATE =
  '{"command":"UPDATE","sessionId":"ben","position":{"x":1,"y":2,"z":3},"rotation":{"x":0,"y":0,"z":0,"w":1}}';

/** @param {import("../js/recorder.js").RecordingOptions} [options] */
async function setUp(options = {}) {
  const [world, clock] = [new World(), new ManualClock()];
  const core = /** @type {import("./fake-core.js").FakeCore} */ (
    /** @type {unknown} */ (await world.core({}))
  );
  await core.connect("wss://relay/ws");
  await core.signIn({ name: "Ann", password: "hunter2" });
  await core.createRoom("Monza");
  return { world, clock, core, made: new PlayerRecorder(core, { clock, name: "Ann", ...options }) };
}

/** @param {Blob} blob @param {number} [kind] */
async function records(blob, kind) {
  const cursor = new Cursor(await readRecording(blob, "player"));
  const all = [];
  while (cursor.next()) {
    const { atMs, data, text, list } = cursor;
    all.push({ kind: cursor.kind, atMs, data, text, list });
  }
  return kind === undefined ? all : all.filter((record) => record.kind === kind);
}

/** @param {Blob} blob */
const linesIn = async (blob) => (await records(blob, LINE)).map(({ text }) => text);

test("it begins with what the core knows, and keeps each frame with its time", async () => {
  const { clock, core, made } = await setUp();
  assert.ok(
    core.times("listRooms") === 1 && core.times("roomPlayers") === 1,
    "it asks for what was answered before",
  );
  await clock.pass(1000);
  core.emit("frame", '{"command":"ROOM_LIST","rooms":[]}');
  core.emit("frame", '{"command":"PONG"}');
  core.emit("frame", '{"command":"ROOM_LIST","rooms":[]}');
  core.emit("frame", UPDATE);
  core.emit("input", { id: "ben", steering: -1, throttle: 1, brake: 0.5 });
  core.sendUpdate(7, 0, 8, 0, 0, 0, 1);
  await clock.pass(30);
  core.sendUpdate(9, 0, 9, 0, 0, 0, 1);
  core.emit("roomLost", { roomId: "room" });
  core.emit("close", {
    code: "connection_lost",
    number: 1006,
    reason: "",
    retryable: true,
    attempt: 1,
    retryInMs: 0,
  });
  const blob = made.stop();
  const all = await records(blob);
  assert.deepEqual(all[0].list, [
    `CONNECTED|${core.sessionId}`,
    "PONG 0",
    '{"command":"NAME_OK","name":"Ann"}',
    `{"command":"JOIN_OK","roomId":"${core.roomId}"}`,
  ]);
  assert.deepEqual(await linesIn(blob), [
    '{"command":"ROOM_LIST","rooms":[]}',
    "PONG 20",
    "ROOM_LIST",
    "LOST",
  ]);
  const [car, input, own] = [CAR, INPUT, OWN].map((kind) => all.filter((record) => record.kind === kind));
  assert.deepEqual([car.length, input.length, own.length, car[0].atMs], [1, 1, 1, 1000]);
  assert.deepEqual(readPose(car[0].data, 1).position, { x: 1, y: 2, z: 3 });
  assert.deepEqual(
    [0, 1, 2, 3].map((at) => input[0].data.getUint8(at)),
    [0, 129, 255, 128],
  );
  assert.equal(readPose(own[0].data, 0).position.x, 7);
  assert.equal(all.at(-1)?.kind, CLOSE);
  assert.equal(made.durationMs, 1030);
});

test("no password, secret, token or text is kept, unless texts are wanted", async () => {
  for (const messages of [false, true]) {
    const { core, made } = await setUp({ messages });
    const line = { command: "RELAYED_MESSAGE", senderId: "b", senderName: "Ben", message: "their text" };
    core.emit("frame", JSON.stringify(line));
    core.emit("frame", '{"command":"NAME_OK","name":"Ann","token":"hunter2"}');
    core.emit("frame", '{"command":"ODD","text":"their text"}');
    core.emit("frame", "their text");
    await core.relayMessage("nobody", "our text").catch(() => {});
    const text = (await linesIn(made.stop())).join();
    for (const secret of ["hunter2", "our text"]) assert.ok(!text.includes(secret), secret);
    assert.equal(text.split("their text").length - 1, messages ? 1 : 0);
    assert.ok(text.includes("Ben"));
  }
});

test("a start is kept once, when the session tells of it", async () => {
  const { core, made } = await setUp();
  const started = `{"command":"GAME_STARTED","roomId":"${core.roomId}","hostId":"a","spawnPositions":{}}`;
  core.emit("frame", started);
  core.emit("gameStarted", { roomId: core.roomId ?? "", spawnPositions: [] });
  core.emit("frame", started);
  assert.deepEqual(await linesIn(made.stop()), [started]);
});

test("it goes on with the core that comes after, and lets go of one that it has left", async () => {
  const { world, clock, core, made } = await setUp();
  await clock.pass(500);
  const next = /** @type {import("./fake-core.js").FakeCore} */ (
    /** @type {unknown} */ (await world.core({}))
  );
  made.attach(next);
  assert.deepEqual([core.listening, Object.hasOwn(core, "sendUpdate")], [0, false]);
  next.emit("frame", "CONNECTED|anna");
  const blob = made.stop();
  assert.equal(made.stop(), blob);
  assert.deepEqual([made.stopped, next.listening, Object.hasOwn(next, "sendUpdate")], [true, 0, false]);
  assert.equal(made.byteLength, blob.size);
  assert.equal((await linesIn(blob)).at(-1), "CONNECTED|anna");
  const [first, second] = await records(blob, KEY);
  assert.deepEqual([first.list.length, second.list], [4, []]);
  made.attach(core);
  assert.equal(core.listening, 0, "it has ended");
});

test("the oldest goes where there is too much, and what is left begins with a key frame", async () => {
  const tape = new Tape(() => [], { maxMs: 180_000, maxBytes: 1e6 });
  for (let atMs = 0; atMs <= 600_000; atMs += 1000) {
    tape.turn(atMs);
    tape.add(LINE, atMs, new Uint8Array(100));
  }
  assert.ok(tape.startMs >= 300_000 && tape.startMs <= 420_000, `${tape.startMs}`);
  assert.equal(tape.parts()[1][0], KEY);
  await tape.packed;
  assert.ok(tape.byteLength < 15_000, `compressed: ${tape.byteLength}`);
  const small = new Tape(() => [], { maxMs: 1e9, maxBytes: 100_000 });
  for (let atMs = 0; atMs < 5000; atMs += 1) {
    small.turn(atMs);
    small.add(LINE, atMs, new Uint8Array(190));
    assert.ok(small.byteLength <= 110_000, `${small.byteLength}`);
  }
  assert.ok(small.byteLength > 70_000 && small.startMs > 0);
  const before = small.byteLength;
  small.add(LINE, 5000, new Uint8Array(2 ** 20 + 1));
  assert.equal(small.byteLength, before, "too long to be a line");
});

test("what was dropped is said in the file", async () => {
  const { clock, core, made } = await setUp({ maxMinutes: 1 });
  for (let second = 0; second < 240; second += 1) {
    core.emit("frame", UPDATE);
    await clock.pass(1000);
  }
  const { header, durationMs } = await readRecording(made.stop(), "player");
  assert.ok(header.droppedMs >= 60_000, `${header.droppedMs}`);
  assert.ok(durationMs >= 60_000 && durationMs <= 130_000, `${durationMs}`);
  for (const maxMinutes of [0, 241, Number.NaN]) {
    await assert.rejects(setUp({ maxMinutes }), { code: "invalid_argument" });
  }
  await settled();
});

test("a minute of twenty cars is less than a sixtieth of what an hour may take", async () => {
  const { clock, core, made } = await setUp();
  for (let step = 0; step < 1200; step += 1) {
    for (let car = 0; car < 20; car += 1) {
      const angle = step / 400 + car / 3;
      const position = { x: 300 * Math.cos(angle), y: 0.4, z: 200 * Math.sin(angle * 1.01) };
      const rotation = { x: 0.001 * Math.sin(step), y: Math.sin(angle / 2), z: 0, w: Math.cos(angle / 2) };
      core.emit(
        "frame",
        JSON.stringify({ command: "UPDATE", sessionId: `player-${car}`, position, rotation }),
      );
    }
    await clock.pass(step % 2 ? 51 : 49);
  }
  made.tape.cut(60_000);
  await made.tape.packed;
  const bytes = made.stop().size * 60;
  assert.ok(bytes < 40e6, `${bytes} bytes an hour`);
});

test("a pose is exact to half a centimetre and a hundredth of a degree", () => {
  const view = new DataView(new ArrayBuffer(POSE_BYTES));
  let worst = 0;
  for (let step = 0; step < 500; step += 1) {
    const place = { x: step - 250.126, y: step / 100, z: -step * 3.333 };
    const turn = {
      x: Math.sin(step) / 5,
      y: Math.sin(step / 79),
      z: Math.cos(step) / 7,
      w: Math.cos(step / 79),
    };
    writePose(view, 0, place, turn);
    const { position, rotation } = readPose(view, 0);
    for (const axis of /** @type {const} */ (["x", "y", "z"])) {
      assert.ok(Math.abs(position[axis] - place[axis]) <= 0.0051);
    }
    const [a, b] = [turn, rotation].map(({ x, y, z, w }) => [x, y, z, w]);
    const dot = a.reduce((sum, part, at) => sum + part * b[at], 0) / (Math.hypot(...a) * Math.hypot(...b));
    worst = Math.max(worst, (2 * Math.acos(Math.min(1, dot)) * 180) / Math.PI);
  }
  assert.ok(worst < 0.01, `${worst}`);
  writePose(view, 0, { x: Number.NaN, y: Infinity, z: 0 }, { x: 0, y: 0, z: 0, w: 0 });
  assert.ok(Object.values(readPose(view, 0).position).every(Number.isFinite));
});

test("each chunk begins with the own car's pose, which may not change for a whole chunk", async () => {
  const { clock, core, made } = await setUp();
  core.sendUpdate(7, 0, 8, 0, 0, 0, 1);
  for (let minute = 0; minute < 3; minute += 1) {
    await clock.pass(60_000);
    core.emit("frame", '{"command":"PONG"}');
  }
  const own = await records(made.stop(), OWN);
  assert.deepEqual(
    own.map(({ atMs, data }) => [atMs, readPose(data, 0).position.x]),
    [0, 60_000, 120_000, 180_000].map((atMs) => [atMs, 7]),
  );
});
