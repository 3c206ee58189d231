import assert from "node:assert/strict";
import { test } from "node:test";

import { keep } from "../src/keep.js";
import { keepMessages, takeMessages } from "../src/past-messages.js";

const message = (/** @type {number} */ key) => ({
  key,
  senderId: "bo",
  senderName: "Bo",
  text: `${key}`,
  own: false,
});

test("the last messages of a room go on over a reload, once", () => {
  keepMessages(
    "cup",
    Array.from({ length: 120 }, (_, key) => message(key)),
  );
  const taken = takeMessages("cup");
  assert.deepEqual([taken.length, taken[0], taken[49]], [50, message(70), message(119)]);
  assert.deepEqual(takeMessages("cup"), []);
});

test("another room's messages, and damaged ones, are nobody's", () => {
  keepMessages("cup", [message(1)]);
  assert.deepEqual(takeMessages("league"), []);
  assert.deepEqual(takeMessages("cup"), []);
  for (const messages of [7, [null, { text: 1 }, { ...message(1), own: "yes" }]]) {
    keep("race-messages", { room: "cup", messages });
    assert.deepEqual(takeMessages("cup"), []);
  }
});
