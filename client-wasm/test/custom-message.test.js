import assert from "node:assert/strict";
import { test } from "node:test";

import { unpack } from "../js/custom-message.js";
import { RaceClient } from "../js/index.js";
import { pack } from "../js/packed-message.js";
import { settled, World } from "./fake-core.js";
import { withCode } from "./scene.js";

/** @typedef {{ lap: { number: number, ms: number }, horn: undefined }} Messages */
/** @typedef {import("../js/index.js").Room<Messages>} Room */

const PAYLOADS = [{ number: 3, ms: 41_250 }, [1, "zwei", null], "Ä ✓ 🏁", 0, false, null, undefined];

test("a type and a payload come out as they went in", () => {
  for (const payload of PAYLOADS) {
    assert.deepEqual(unpack(pack("lap", payload)), { type: "lap", payload });
  }
});

test("the chat of another client shows something harmless", () => {
  assert.equal(pack("lap", { number: 3 }), '\u2063lap {"number":3}');
  assert.equal(pack("horn", undefined), "\u2063horn");
});

test("refuses what is no type, no JSON, or too long", () => {
  for (const type of ["", "two words", "ä", "a".repeat(41), "a\n", "x:y"]) {
    assert.throws(() => pack(type, 1), withCode("invalid_argument"), type);
  }
  const circle = {};
  Object.assign(circle, { circle });
  for (const payload of [circle, 1n, () => 1, "x".repeat(8000), "日".repeat(2700)]) {
    assert.throws(() => pack("lap", payload), withCode("invalid_argument"));
  }
  // The mark, the type, the space and all quotes take 13 bytes.
  assert.equal(pack("lap", "x".repeat(7987)).length, 7994);
  assert.throws(() => pack("lap", "x".repeat(7988)), withCode("invalid_argument"));
});

test("an ordinary or a broken text is no custom message", () => {
  for (const text of [
    "lap 3",
    "\u2063",
    "\u2063lap {",
    "\u2063lap undefined",
    "\u2063two words",
    " \u2063lap",
  ]) {
    assert.equal(unpack(text), null, text);
  }
});

test("a room sends them, and tells them to those who listen to their type", async (t) => {
  const world = new World();
  const race = await RaceClient.connect("https://relay.example", {
    name: "Ann",
    core: world.core,
    config: {},
  });
  t.after(() => race.close());
  const there = world.addRoom("Friday", "Ben", "Eve");
  /** @type {Room} */
  const room = await race.joinOrCreate("Friday");
  const [ben, eve] = there.players;
  assert.equal(await room.send("lap", { number: 3, ms: 41_250 }), 2);
  assert.equal(await room.send("horn", undefined, eve.id), 1);
  const sent = world.last.calls.filter(([name]) => name === "relayMessage").map(([, ...rest]) => rest);
  const lap = '\u2063lap {"number":3,"ms":41250}';
  assert.deepEqual(sent, [
    [ben.id, lap],
    [eve.id, lap],
    [eve.id, "\u2063horn"],
  ]);

  /** @type {unknown[]} */
  const heard = [];
  const from = { senderId: ben.id, senderName: "Ben" };
  const receive = (/** @type {string} */ message) => world.last.emit("message", { ...from, message });
  room.on("message", (event) => heard.push(event));
  const stop = room.on("message:lap", (event) => heard.push(event.payload.ms));
  const next = room.once("message:horn");
  receive(lap);
  receive("\u2063horn");
  receive("\u2063lap {");
  receive("\u2063unknown 1");
  receive("hello");
  stop();
  receive(lap);
  await settled();
  const text = (/** @type {string} */ words) => ({ ...from, text: words });
  assert.deepEqual(heard, [41250, ..."\u2063lap {|\u2063unknown 1|hello".split("|").map(text), text(lap)]);
  assert.deepEqual(await next, { ...from, payload: undefined });
  assert.throws(() => room.on(/** @type {any} */ ("laps:lap"), () => {}), withCode("invalid_argument"));
});
