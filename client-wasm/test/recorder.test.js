import assert from "node:assert/strict";
import { test } from "node:test";
import { recording } from "../js/recorder.js";
import { NOTE, KEYFRAME, CARS } from "../js/recorder/format.js";
import { CAR_BYTES, readCar, writeCar } from "../js/recorder/row.js";
import { Tape } from "../js/recorder/tape.js";
import { readRecording } from "../js/replay/recording.js";
import { coded, World } from "./fake-core.js";
import { ManualClock, settled } from "./manual-clock.js";

/** @param {import("../js/recorder.js").RecordingOptions} [options] */
async function setUp(options = {}) {
  const [world, clock] = [new World(), new ManualClock()];
  const inner = /** @type {import("./fake-core.js").FakeCore} */ (
    /** @type {unknown} */ (await world.core({}))
  );
  const made = recording(inner, { clock, ...options });
  return { world, clock, inner, made, core: made.core };
}

/** All notes of a recording. @param {Blob} blob */
async function notes(blob) {
  const read = await readRecording(blob);
  const list = [];
  for (let place = 0; place < read.happenings.length; place += 1) {
    const record = read.happenings.at(place);
    if (!read.isInput(record)) list.push(read.note(record));
  }
  return list;
}

test("calls, how they settled, and events are kept, each with its time", async () => {
  const { world, clock, inner, made, core } = await setUp();
  await core.connect("ws://relay/ws");
  await core.signIn("Ann", "hunter2");
  await clock.pass(1000);
  const { roomId } = await core.createRoom("Monza");
  world.fail("startGame", coded("not_host"));
  await assert.rejects(core.startGame(), { code: "not_host" });
  inner.emit("carJoined", { slot: 3, id: "ben" });
  const read = await readRecording(made.stop());
  const list = await notes(made.stop());
  const kinds = list.filter(([kind]) => kind !== "metrics").map((note) => note.slice(0, 4));
  assert.deepEqual(kinds.slice(0, 5), [
    ["call", 1, "connect", ["ws://relay/ws"]],
    ["event", "state", { state: "connected" }],
    ["ok", 1, "connect", inner.sessionId],
    ["call", 2, "signIn", ["Ann"]],
    ["ok", 2, "signIn", { name: "Ann", authenticated: true, udpEncryption: true }],
  ]);
  assert.ok(kinds.some((note) => note[0] === "ok" && note[2] === "createRoom" && note[3].roomId === roomId));
  assert.ok(list.some((note) => note[0] === "fail" && note[2] === "startGame" && note[3] === "not_host"));
  assert.ok(list.some((note) => note[1] === "carJoined" && note[2].slot === 3));
  assert.ok(
    list.some((note) => note[0] === "ok" && note[2] === "roomPlayers"),
    "who is there was asked",
  );
  assert.equal(read.durationMs, 1000);
});

test("no password, secret, token or text is kept, unless texts are wanted", async () => {
  for (const messages of [false, true]) {
    const { inner, made, core } = await setUp({ messages });
    await core.connect("wss://user:pass@relay/ws?token=tok#frag");
    await core.signIn("Ann", "hunter2");
    await core.createRoom("Monza");
    await core.relayMessage(inner.sessionId ?? "", "our text");
    inner.emit("message", { senderId: "b", senderName: "Ben", message: "their text" });
    inner.emit("unknown", { line: '{"odd":"their text"}' });
    inner.emit("log", { level: "debug", line: "hunter2 their text" });
    const file = Buffer.from(await made.stop().arrayBuffer()).toString("latin1");
    for (const secret of ["hunter2", "tok", "user:", "frag"]) assert.ok(!file.includes(secret), secret);
    assert.equal(file.includes("our text"), messages);
    assert.equal(file.includes("their text"), messages);
    assert.ok(file.includes("Ben"));
  }
});

test("cars are kept 20 times a second, whether the page samples or not, and a page's sample stays its own", async () => {
  const { clock, inner, made, core } = await setUp();
  inner.rows = new Float32Array(24);
  inner.rows.set([5, 10, 0, 20, 0, 0, 0, 1, 30, 40, 0, 0]);
  inner.count = 1;
  inner.emit("carJoined", { slot: 5, id: "ben" });
  const page = core.sample();
  assert.equal(core.carCount(), 1);
  for (let frame = 0; frame < 60; frame += 1) {
    await clock.pass(1000 / 60);
    core.sample();
  }
  inner.rows[1] = 99;
  inner.count = 2;
  await clock.pass(1000);
  assert.deepEqual([page[1], core.carCount()], [10, 1]);
  const { cars, durationMs } = await readRecording(made.stop());
  assert.ok(cars.length >= 36 && cars.length <= 44, `${cars.length} in ${durationMs} ms`);
  assert.equal(clock.timers, 0);
});

test("it goes on with the core that comes after, and lets go of one that is freed", async () => {
  const { world, clock, inner, made } = await setUp();
  await clock.pass(500);
  made.core.free();
  await clock.pass(500);
  assert.equal(inner.freed, true);
  const next = /** @type {any} */ (await world.core({}));
  const core = made.wrap(next);
  await core.connect("ws://relay/ws");
  await settled();
  const blob = made.stop();
  assert.equal(made.stop(), blob);
  assert.deepEqual([made.stopped, next.listening, inner.listening], [true, 0, 0]);
  await core.signIn("Ann");
  assert.equal(core.state, "authenticated");
  assert.ok((await notes(blob)).every((note) => note[2] !== "signIn"));
});

test("the oldest goes where there is too much, and what is left begins with a keyframe", () => {
  /** @type {any} */
  const known = { answers: {} };
  const tape = new Tape(() => known, { maxMs: 180_000, maxBytes: 1e6 });
  for (let atMs = 0; atMs <= 600_000; atMs += 1000) tape.add(NOTE, atMs, new Uint8Array(100));
  assert.ok(tape.startMs >= 300_000 && tape.startMs <= 420_000, `${tape.startMs}`);
  assert.equal(tape.parts()[0][0], KEYFRAME);
  const small = new Tape(() => known, { maxMs: 1e9, maxBytes: 100_000 });
  for (let atMs = 0; atMs < 5000; atMs += 1) {
    small.add(CARS, atMs, new Uint8Array(190));
    assert.ok(small.byteLength <= 110_000, `${small.byteLength}`);
  }
  assert.ok(small.byteLength > 70_000 && small.startMs > 0);
  small.add(NOTE, 5000, new Uint8Array(2 ** 20 + 1));
  assert.equal(small.oversized, 1);
});

test("what was dropped is said in the file", async () => {
  const { clock, made } = await setUp({ maxMinutes: 1 });
  for (let minute = 0; minute < 4; minute += 1) await clock.pass(60_000);
  const read = await readRecording(made.stop());
  assert.ok(read.header.droppedMs >= 60_000, `${read.header.droppedMs}`);
  assert.ok(read.durationMs >= 60_000 && read.durationMs <= 130_000, `${read.durationMs}`);
  for (const maxMinutes of [0, 241, Number.NaN]) {
    await assert.rejects(setUp({ maxMinutes }), { code: "invalid_argument" });
  }
});

test("a car in 19 bytes is exact to a centimetre and a quarter of a degree", () => {
  const view = new DataView(new ArrayBuffer(CAR_BYTES));
  const back = new Float32Array(12);
  let worst = 0;
  for (let step = 0; step < 500; step += 1) {
    const yaw = step / 79;
    const [tilt, roll] = [Math.sin(step) / 5, Math.cos(step) / 7];
    const turn = [tilt, Math.sin(yaw / 2), roll, Math.cos(yaw / 2)];
    const length = Math.hypot(...turn);
    const unit = turn.map((part) => part / length);
    const row = [
      step % 128,
      step - 250.126,
      step / 100,
      -step * 3.333,
      ...unit,
      step / 10,
      step,
      step % 2,
      0,
    ];
    writeCar(view, 0, row, 0);
    readCar(view, 0, back, 0);
    for (const column of [1, 2, 3, 8]) assert.ok(Math.abs(back[column] - row[column]) <= 0.0052);
    assert.deepEqual([back[0], back[9], back[10]], [row[0], row[9], row[10]]);
    const dot = Math.abs(unit.reduce((sum, part, at) => sum + part * back[4 + at], 0));
    worst = Math.max(worst, (2 * Math.acos(Math.min(1, dot)) * 180) / Math.PI);
    const flat = Math.atan2(
      2 * (unit[0] * unit[2] + unit[1] * unit[3]),
      1 - 2 * (unit[0] ** 2 + unit[1] ** 2),
    );
    assert.ok(Math.abs(Math.sin((back[11] - flat) / 2)) < 0.004);
  }
  assert.ok(worst < 0.25, `${worst}`);
  writeCar(view, 0, [0, Number.NaN, Infinity, -1e9, 0, 0, 0, 0, -5, 1e9, 0, 0], 0);
  readCar(view, 0, back, 0);
  assert.deepEqual([...back.subarray(1, 4)].map(Math.round), [0, 83886, -83886]);
  assert.deepEqual([Math.round(back[7]), back[8], back[9]], [1, 0, 65535]);
});
