// A recording's file: what is refused, and how little of it is in memory.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  CLOSE,
  INPUT,
  KEY,
  LINE,
  MAX_CHUNKS,
  MAX_CHUNK_RECORDS,
  MAX_PAYLOAD_BYTES,
  MAX_PLAYERS,
  PLAYER,
  VERSION,
  encodeHead,
} from "../js/recorder/format.js";
import { Tape } from "../js/recorder/tape.js";
import { Chunks } from "../js/replay/chunks.js";
import { Playback } from "../js/replay/playback.js";
import { Cursor, closeOf, readRecording } from "../js/replay/recording.js";
import { ManualClock, settled } from "./manual-clock.js";
import { recordOf, fileOf as recordsFile } from "./recording-records.js";

const MINUTE_MS = 60_000;
const HEADER = {
  version: VERSION,
  kind: /** @type {const} */ ("spectator"),
  startedAt: "2026-11-01T12:00:00.000Z",
  durationMs: MINUTE_MS,
  droppedMs: 0,
  messages: false,
};

/** A file with these chunks. @param {Tape} tape @param {object} [more]  of the header */
function fileOf(tape, more = {}) {
  const head = encodeHead(/** @type {any} */ ({ ...HEADER, bytes: tape.byteLength, ...more }));
  return new Blob([head, ...tape.parts()]);
}

function newTape() {
  return new Tape(() => ["key"], { maxMs: 1e9, maxBytes: 1e9 });
}

/** A tape of one chunk a minute, with one line in each. @param {number} minutes */
async function tapeOf(minutes, payload = (/** @type {number} */ minute) => `line ${minute}`) {
  const tape = newTape();
  for (let minute = 0; minute < minutes; minute += 1) {
    tape.turn(minute * MINUTE_MS);
    tape.add(LINE, minute * MINUTE_MS + 500, payload(minute));
  }
  await tape.packed;
  return tape;
}

/** A clock that lets files be read between its timers: that takes more than one turn of the event loop. */
class PatientClock extends ManualClock {
  /** @param {number} ms */
  async pass(ms) {
    for (let turns = 0; turns < 20; turns += 1) await settled();
    await super.pass(ms);
  }
}

test("each member of the header is checked, and a wrong one is named", async () => {
  const tape = await tapeOf(1);
  assert.equal((await readRecording(fileOf(tape), "spectator")).header.kind, "spectator");
  /** @type {Array<[object, RegExp]>} */
  const cases = [
    [{ version: undefined }, /of an unknown version/],
    [{ version: "2" }, /of an unknown version/],
    [{ version: 3 }, /of version 3, and this is version 2/],
    [{ kind: 5 }, /wrong kind/],
    [{ kind: "judge" }, /wrong kind/],
    [{ startedAt: undefined }, /wrong startedAt/],
    [{ startedAt: 0 }, /wrong startedAt/],
    [{ startedAt: "yesterday" }, /wrong startedAt/],
    [{ startedAt: `2026-11-01T12:00:00.${"0".repeat(40)}Z` }, /wrong startedAt/],
    [{ durationMs: "60000" }, /wrong durationMs/],
    [{ durationMs: -1 }, /wrong durationMs/],
    [{ durationMs: 1e12 }, /wrong durationMs/],
    [{ durationMs: Number.NaN }, /wrong durationMs/],
    [{ droppedMs: undefined }, /wrong droppedMs/],
    [{ droppedMs: [] }, /wrong droppedMs/],
    [{ bytes: String(tape.byteLength) }, /wrong bytes/],
    [{ bytes: 0.5 }, /wrong bytes/],
    [{ bytes: tape.byteLength + 1 }, /its end is missing/],
    [{ messages: 1 }, /wrong messages/],
    [{ messages: undefined }, /wrong messages/],
    [{ more: "x".repeat(5000) }, /its header is longer than it may be/],
  ];
  for (const [more, message] of cases) {
    await assert.rejects(readRecording(fileOf(tape, more), "spectator"), { code: "bad_recording", message });
  }
  for (const [json, message] of /** @type {Array<[string, RegExp]>} */ ([
    ["null", /not an object/],
    ["{", /not JSON/],
    ['"\xff"', /not JSON/],
  ])) {
    const bytes = Buffer.from(json, "latin1");
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    const blob = new Blob(["MPRACE\r\n", length, bytes]);
    await assert.rejects(readRecording(blob, "spectator"), { code: "bad_recording", message });
  }
});

test("a close keeps a code and a reason that a WebSocket may have; anything else was a broken connection", async () => {
  const tape = newTape();
  tape.turn(0);
  /** @type {Array<[string, [number, string]]>} */
  const cases = [
    ['[1012,"The relay is restarting."]', [1012, "The relay is restarting."]],
    ["[4000]", [4000, ""]],
    ['[1006,""]', [1006, ""]],
    ["[]", [1006, ""]],
    ["{}", [1006, ""]],
    ["null", [1006, ""]],
    ["not JSON", [1006, ""]],
    ['["4000",7]', [1006, ""]],
    ["[4000.5]", [1006, ""]],
    ["[999]", [1006, ""]],
    ["[5000]", [1006, ""]],
    ["[1e300]", [1006, ""]],
    [`[4000,"${"x".repeat(124)}"]`, [4000, ""]],
    [`[4000,"${"ä".repeat(61)}"]`, [4000, "ä".repeat(61)]],
    [`[4000,"${"ä".repeat(62)}"]`, [4000, ""]],
  ];
  for (const [payload] of cases) tape.add(CLOSE, 0, payload);
  const cursor = new Cursor(await readRecording(fileOf(tape), "spectator"));
  const closes = [];
  while (cursor.next()) if (cursor.kind === CLOSE) closes.push(closeOf(cursor));
  assert.deepEqual(
    closes,
    cases.map(([, close]) => close),
  );
});

test("a file that unpacks to much more than its size keeps no more of it than the limit", async () => {
  // Forty megabytes of spaces. Only the newest chunk is not compressed.
  const line = new Uint8Array(MAX_PAYLOAD_BYTES).fill(32);
  const tape = await tapeOf(40, () => /** @type {any} */ (line));
  const blob = fileOf(tape);
  assert.ok(blob.size < 1.2e6, `${blob.size} bytes`);
  const { chunks } = await readRecording(blob, "spectator");
  assert.ok(chunks instanceof Chunks && chunks.length === 40);
  const kept = /** @type {Chunks} */ (chunks).keptBytes;
  assert.ok(kept > 16 * 1024 * 1024 && kept <= 32 * 1024 * 1024, `${kept} bytes`);
});

test("a file of a great many tiny chunks is refused, and no recorder makes one", async (t) => {
  const { CompressionStream } = globalThis;
  t.after(() => Object.assign(globalThis, { CompressionStream }));
  Reflect.deleteProperty(globalThis, "CompressionStream");
  const tape = newTape();
  for (let count = 0; count < MAX_CHUNKS; count += 1) tape.cut(count);
  const most = new Blob([await fileOf(tape).arrayBuffer()]);
  assert.equal((await readRecording(most, "spectator")).chunks.length, MAX_CHUNKS);
  const parts = [...tape.parts(), ...tape.parts().slice(0, 2)];
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  const blob = new Blob([encodeHead({ ...HEADER, bytes }), Buffer.concat(parts)]);
  const message = /more than 4096 chunks/;
  await assert.rejects(readRecording(blob, "spectator"), { code: "bad_recording", message });
  tape.cut(MAX_CHUNKS);
  assert.equal(tape.startMs, 1, "the oldest is dropped");
});

test("a chunk of too many players or records is refused at once, and no recorder makes one", async () => {
  const key = recordOf({ kind: KEY, atMs: 0, payload: new Uint8Array(0) });
  /** @param {number} count @param {import("./recording-records.js").OneRecord} record */
  const fileWith = (count, record) => {
    const bytes = new Uint8Array(Buffer.concat([key, ...Array(count).fill(recordOf(record))]));
    return recordsFile({ ...HEADER, bytes: 0 }, [{ startMs: 0, bytes }]);
  };
  const player = { kind: PLAYER, atMs: 0, payload: new Uint8Array(1) };
  const input = { kind: INPUT, atMs: 0, payload: new Uint8Array(4) };
  const long = { kind: LINE, atMs: 0, payload: new Uint8Array(MAX_PAYLOAD_BYTES + 1) };
  await readRecording(fileWith(MAX_PLAYERS, player), "spectator");
  await readRecording(fileWith(MAX_CHUNK_RECORDS - 1, input), "spectator");
  /** @type {Array<[Blob, RegExp]>} */
  const cases = [
    [fileWith(MAX_PLAYERS + 1, player), /a chunk has more than 256 players/],
    [fileWith(MAX_CHUNK_RECORDS, input), /a chunk has more than 131072 records/],
    [fileWith(1, long), /a record is longer than it may be/],
  ];
  for (const [blob, message] of cases) {
    await assert.rejects(readRecording(blob, "spectator"), { code: "bad_recording", message });
  }
  const tape = newTape();
  for (let count = 0; count < MAX_CHUNK_RECORDS + 10; count += 1) {
    tape.turn(count >> 8);
    tape.add(INPUT, count >> 8, input.payload);
  }
  const { chunks } = await readRecording(fileOf(tape), "spectator");
  assert.equal(chunks.length, 2);
});

/** A show that writes down what it is shown. */
function recorder() {
  /** @type {string[]} */
  const played = [];
  /** @type {string[]} */
  const noted = [];
  const word = (/** @type {Cursor} */ { kind, text, atMs }) => (kind === KEY ? `key ${atMs}` : text);
  const nothing = () => Promise.resolve();
  return {
    played,
    noted,
    leadMs: 1000,
    moving: null,
    note: (/** @type {Cursor} */ record) => void noted.push(word(record)),
    play: (/** @type {Cursor} */ record) => void played.push(word(record)),
    foresee: nothing,
    move: nothing,
    release: () => {},
    close: () => {},
  };
}

test("a recording of which hardly anything is unpacked plays and seeks like any other", async () => {
  const blob = fileOf(await tapeOf(20), { durationMs: 20 * MINUTE_MS });
  const clock = new PatientClock();
  // One byte: only the chunk in use.
  const recording = await readRecording(blob, "spectator", 1);
  const playback = new Playback(recording, { clock });
  const show = recorder();
  playback.show = show;
  await playback.begin();
  playback.play();
  for (let minute = 0; minute < 20; minute += 1) await clock.pass(MINUTE_MS);
  await clock.pass(0);
  await playback.finished;
  const lines = Array.from({ length: 20 }, (_, minute) => `line ${minute}`);
  assert.deepEqual(
    show.played.filter((text) => text.startsWith("line")),
    lines,
  );
  show.played.length = 0;
  await playback.seek(7 * MINUTE_MS + 600);
  assert.deepEqual([show.noted.at(-1), show.played], ["line 6", [`key ${7 * MINUTE_MS}`, "line 7"]]);
  assert.equal(playback.positionMs, 7 * MINUTE_MS + 600);
  // Seeks come one after the other, also while chunks are being unpacked.
  await Promise.all([5, 15, 3].map((minute) => playback.seek(minute * MINUTE_MS + 600)));
  assert.equal(show.played.at(-1), "line 3");
  playback.close();
  assert.equal(clock.timers, 0);
});

test("a file that can no longer be read ends the replay, and says so to a seek", async () => {
  const blob = fileOf(await tapeOf(20), { durationMs: 20 * MINUTE_MS });
  const recording = await readRecording(blob, "spectator", 1);
  const clock = new PatientClock();
  const playback = new Playback(recording, { clock });
  playback.show = recorder();
  await playback.begin();
  blob.slice = () => {
    throw new Error("the file was moved");
  };
  await assert.rejects(playback.seek(15 * MINUTE_MS), { code: "bad_recording" });
  playback.play();
  await clock.pass(5 * MINUTE_MS);
  await clock.pass(0);
  await playback.finished;
  assert.equal(playback.paused, true);
});
