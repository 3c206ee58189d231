import assert from "node:assert/strict";
import { test } from "node:test";
import { RaceClient as Client } from "../js/client.js";
import { RaceError } from "../js/error.js";
import { LINE } from "../js/recorder/format.js";
import { replay } from "../js/replay.js";
import { id, wasm } from "./fake-relay.js";
import { ManualClock, settled } from "./manual-clock.js";
import {
  BEN,
  RaceClient,
  again,
  benAt,
  during,
  live,
  names,
  race20,
  roomOf,
  until,
} from "./recorded-race.js";
import { fileOfRecords, partsOf } from "./recording-records.js";

test("a replayed client sees what the live one saw, in its time", async () => {
  const { wanted, blob } = await race20();
  const { clock, playback, race, seen } = await again(blob);
  assert.deepEqual([race.state, race.name, race.room, playback.positionMs], ["connected", "Ann", null, 0]);
  let isFinished = false;
  void playback.finished.then(() => (isFinished = true));
  playback.play();
  await clock.pass(1000);
  assert.equal(race.room, null);
  await clock.pass(100);
  assert.equal(roomOf(race)?.name, "Monza");
  await clock.pass(playback.durationMs - 1100);
  await settled();
  assert.deepEqual(seen, wanted);
  assert.ok(seen.some(([what]) => what === "started") && seen.some(([, state]) => state === "reconnecting"));
  assert.deepEqual([isFinished, playback.paused, playback.positionMs], [true, true, playback.durationMs]);
  assert.deepEqual([race.state, race.stats.roundTripMs], ["connected", 20]);
  await race.close();
  assert.equal(clock.timers, 0);
});

test("a recording that begins in a room begins in that room, and its cars are where they were", async () => {
  const { clock: recorded, relay, race, recording: first } = await live();
  first.stop();
  const { id: roomId } = relay.addRoom("Monza", [BEN]);
  await during(recorded, race.joinRoom(roomId));
  const recording = await race.record();
  const wanted = [];
  for (let atMs = 0; atMs < 5000; atMs += 50) {
    relay.update(BEN.id, benAt(atMs).x, benAt(atMs).z);
    race.room?.sendState(atMs / 10, 0, 0, 0, 0, 0, 1);
    await recorded.pass(50);
    wanted.push([...(race.room?.cars() ?? [])].map(({ x, z }) => ({ x, z }))[0]);
  }
  const { clock, playback, race: shown } = await again(recording.stop());
  assert.deepEqual(
    [shown.state, shown.name, shown.room?.name, names(shown)],
    ["connected", "Ann", "Monza", "Ben,Ann"],
  );
  assert.equal(shown.room?.hostId, BEN.id);
  playback.play();
  let worst = 0;
  for (const [step, there] of wanted.entries()) {
    await clock.pass(50);
    /** @type {Array<{ id: string, name: string, x: number, z: number }>} */
    const cars = [...(shown.room?.cars() ?? [])].map((one) => ({ ...one }));
    const [car, ...others] = cars;
    assert.deepEqual([others.length, car.id, car.name], [0, BEN.id, "Ben"], `step ${step}`);
    worst = Math.max(worst, Math.hypot(car.x - there.x, car.z - there.z));
  }
  assert.ok(worst < 0.1, `${worst} m`);
  assert.equal(playback.own()?.[0], 495);
  for (const client of [race, shown]) await during(recorded, client.close());
});

test("it pauses, plays faster, and goes to any time and back", async () => {
  const { blob, roomId } = await race20();
  const { clock, playback, race, seen } = await again(blob);
  playback.play();
  await clock.pass(500);
  playback.pause();
  await clock.pass(60_000);
  assert.deepEqual([playback.positionMs, playback.paused, race.room], [500, true, null]);

  await playback.seek(6000);
  assert.deepEqual(
    [race.room?.id, race.room?.name, race.room?.isActive, names(race)],
    [roomId, "Monza", true, "Ann,Ben"],
  );
  const [there] = [...(race.room?.cars() ?? [])].map(({ x }) => x);
  assert.ok(there > benAt(5500).x && there < benAt(6000).x, `${there}`);
  const room = race.room;
  await playback.seek(9000);
  assert.equal(race.room, room, "the same room, further on");
  assert.equal(playback.positionMs, 9000);

  await playback.seek(1200);
  assert.deepEqual([race.room?.id, race.room?.isActive], [roomId, false]);
  await playback.seek(200);
  assert.equal(roomOf(race), null);
  await playback.seek(-5);
  assert.equal(playback.positionMs, 0);

  playback.speed = 10;
  playback.play();
  await clock.pass(900);
  assert.equal(Math.round(playback.positionMs), 9000);
  assert.equal(race.room?.id, roomId);
  playback.speed = 1;
  await clock.pass(1000);
  assert.equal(Math.round(playback.positionMs), 10_000);

  await playback.seek(playback.durationMs);
  assert.deepEqual([race.state, roomOf(race)], ["connected", null]);
  await playback.seek(8000);
  assert.deepEqual([race.state, race.room?.id], ["connected", roomId]);
  await Promise.all([playback.seek(3000), playback.seek(18_000), playback.seek(7000)]);
  assert.deepEqual([race.room?.id, playback.positionMs], [roomId, 7000]);
  for (const code of ["replaying", "timeout"]) assert.ok(seen.every((event) => event[2] !== code));
  await race.close();
  assert.equal(clock.timers, 0);
});

test("a replay takes no commands, and no wrong numbers", async () => {
  const { blob, roomId } = await race20();
  const { playback, race } = await again(blob);
  await playback.seek(8000);
  const refused = { code: "replaying", retryable: false };
  await assert.rejects(race.createRoom("new"), refused);
  await assert.rejects(race.joinRoom(id(9)), refused);
  await assert.rejects(/** @type {any} */ (race.room).leave(), refused);
  await assert.rejects(/** @type {any} */ (race.room).start(), refused);
  assert.equal(race.room?.id, roomId);
  await assert.rejects(playback.seek(Number.NaN), { code: "invalid_argument" });
  assert.throws(() => (playback.speed = 0), { code: "invalid_argument" });
  await assert.rejects(replay(blob, { speed: 33 }), { code: "invalid_argument" });
  for (const clock of [null, 5, {}]) {
    await assert.rejects(replay(blob, { clock: /** @type {any} */ (clock) }), { code: "invalid_argument" });
  }
  await race.close();
});

test("texts that were not kept are empty, and closing the client ends the replay", async () => {
  const { blob } = await race20({ messages: false });
  const file = Buffer.from(await blob.arrayBuffer()).toString("latin1");
  for (const secret of ["hunter2", "hello"]) assert.ok(!file.includes(secret), secret);
  const { clock, playback, race, seen } = await again(blob);
  playback.play();
  await clock.pass(12_000);
  assert.deepEqual(
    seen.filter(([what]) => what === "message"),
    [["message", "Ben", ""]],
  );
  assert.equal(playback.messages, false);
  await race.close();
  await playback.finished;
  assert.equal(clock.timers, 0);
});

test("a paused replay answers a ping", { timeout: 10_000 }, async () => {
  const { blob } = await race20();
  /** @type {import("../js/core.js").Core | undefined} */
  let core;
  class Seen extends Client {
    /** @param {string} url @param {import("../js/client.js").RaceOptions} options */
    constructor(url, options) {
      super(url, { ...options, core: async (given) => (core = await wasm.core(given)) });
    }
  }
  const race = await Seen.replay(blob, { clock: new ManualClock(), paused: true });
  await core?.ping();
  for (const atMs of [0, 8000]) {
    await race.playback?.seek(atMs);
    await core?.ping();
    await race.listRooms();
  }
  await race.close();
});

/**
 * A recording in which a text is replaced.
 * @param {Blob} blob
 * @param {RegExp} before
 * @param {string} after
 */
async function replaced(blob, before, after) {
  const parts = await partsOf(blob, "player");
  for (const record of parts.chunks.flatMap(({ records }) => records)) {
    if (record.kind > LINE) continue;
    record.payload = Buffer.from(Buffer.from(record.payload).toString().replace(before, after));
  }
  return fileOfRecords(parts);
}

test("a session that cannot be shown ends the replay, and says so once", { timeout: 60_000 }, async () => {
  const { blob } = await race20();
  await assert.rejects(again(await replaced(blob, /CONNECTED\|0/, "CONNECTED|!")), { code: "bad_recording" });
  // The second session, after the lost connection.
  const { clock, playback, race, seen } = await again(
    await replaced(blob, /CONNECTED\|(0*)103/, "CONNECTED|$1!03"),
  );
  const fault = { code: "bad_recording", message: /a session in it cannot be shown/ };
  await playback.seek(8000);
  assert.deepEqual([playback.error], [null]);
  await assert.rejects(playback.seek(18_000), fault);
  assert.deepEqual([playback.error?.code, playback.paused], ["bad_recording", true]);
  assert.ok(seen.length < 60, `${seen.length} events`);
  await playback.seek(8000);
  assert.deepEqual([playback.error, race.room?.name], [null, "Monza"]);
  playback.play();
  await clock.pass(30_000);
  await playback.finished;
  assert.deepEqual([playback.paused, race.state], [true, "reconnecting"]);
  assert.ok(seen.length < 100, `${seen.length} events`);
  await race.close();
  assert.equal(clock.timers, 0);
});

test("a page that slept goes on where the time is", async () => {
  const { blob, roomId } = await race20();
  const clock = new ManualClock();
  let lostMs = 0;
  const slept = {
    ...clock,
    now: () => clock.now() + lostMs,
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
  };
  const race = await RaceClient.replay(blob, { clock: slept });
  await clock.pass(500);
  lostMs = 8000;
  await clock.pass(600);
  await during(
    clock,
    until(() => race.room?.isActive === true),
  );
  assert.equal(race.room?.id, roomId);
  assert.ok(Number(race.playback?.positionMs) >= 9100);
  await race.close();
});

test("whatever is wrong with a file is a bad recording, and nothing else", async () => {
  const { blob } = await race20();
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
  for (let round = 0; round < 200; round += 1) {
    const broken = whole.slice();
    for (let flip = 0; flip < 3; flip += 1) broken[random() % 3000] = random() & 255;
    try {
      const { playback, race } = await again(new Blob([broken]));
      for (const atMs of [5000, 15_000, 1000]) await playback.seek(atMs);
      await race.close();
      survived += 1;
    } catch (error) {
      assert.ok(error instanceof RaceError, String(error));
    }
  }
  assert.ok(survived < 200, `${survived}`);
});

test("a hostile file costs no more than its size allows", async () => {
  const startedAt = "2026-11-01T12:00:00.000Z";
  const HEADER = { version: 2, kind: "player", startedAt, durationMs: 1, droppedMs: 0, messages: false };
  const utf8 = (/** @type {string} */ text) => new TextEncoder().encode(text);
  const join = (/** @type {Uint8Array[]} */ ...parts) => new Uint8Array(Buffer.concat(parts));
  const bytesOf = (/** @type {number[]} */ ...numbers) => new Uint8Array(Uint32Array.from(numbers).buffer);
  /** @param {Uint8Array<ArrayBuffer>} body */
  const file = (body, more = {}) => {
    const json = utf8(JSON.stringify({ ...HEADER, bytes: body.length, ...more }));
    return new Blob([utf8("MPRACE\r\n"), bytesOf(json.length), json, body]);
  };
  const chunk = (/** @type {Uint8Array} */ body, unpacked = body.length, packed = body.length) =>
    join(bytesOf(0, unpacked, packed), body);
  const record = (
    /** @type {number} */ kind,
    /** @type {number} */ atMs,
    /** @type {string} */ text,
    length = text.length,
  ) => join(Uint8Array.of(kind, atMs & 255, atMs >> 8), bytesOf(length), utf8(text));
  const key = record(1, 0, JSON.stringify(["CONNECTED|a", '{"command":"NAME_OK","name":"Ann"}']));
  await replay(file(chunk(key)));
  const zeros = Buffer.from(
    await new Response(
      new Blob([new Uint8Array(2 ** 23)]).stream().pipeThrough(new CompressionStream("deflate")),
    ).arrayBuffer(),
  );
  /** @type {Blob[]} */
  const hostile = [
    file(chunk(key), { version: 1 }),
    file(chunk(key), { bytes: 5 }),
    file(chunk(key), { kind: "spectator" }),
    file(chunk(key), { durationMs: null }),
    file(new Uint8Array(0)),
    file(chunk(record(1, 0, "[]"))),
    file(chunk(record(2, 0, "CONNECTED|a"))),
    file(chunk(join(key, key))),
    file(chunk(join(key, record(9, 0, "")))),
    file(chunk(join(key, record(2, 5, ""), record(2, 4, "")))),
    file(chunk(join(key, record(2, 0, "", 2 ** 31)))),
    file(chunk(join(key, Uint8Array.of(5, 0, 0, 1)))),
    file(chunk(key, 2 ** 31)),
    file(chunk(key, key.length + 1)),
    file(chunk(new Uint8Array(0))),
    file(chunk(zeros, 2 ** 20)),
    file(chunk(zeros, 2 ** 23)),
    file(join(...Array.from({ length: 200 }, () => chunk(zeros, 2 ** 22)))),
  ];
  for (const [at, blob] of hostile.entries()) {
    await assert.rejects(replay(blob), { code: "bad_recording" }, `hostile file ${at}`);
  }
  const huge = /** @type {Blob} */ (Object.create(Blob.prototype, { size: { value: 2 ** 40 } }));
  await assert.rejects(replay(huge), { code: "bad_recording" });
});
