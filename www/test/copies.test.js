import assert from "node:assert/strict";
import { test } from "node:test";

import { answerCopies, isCopy } from "../src/copies.js";
import { keep, recall } from "../src/keep.js";

/** A channel to the other tabs, which ends with the test. @param {import("node:test").TestContext} context */
function channel(context) {
  const made = new BroadcastChannel("race tabs");
  context.after(() => made.close());
  return /** @type {any} */ (made);
}

test("a tab with what another one keeps is a copy, and gets an identity of its own", async (context) => {
  keep("race-tab", null);
  answerCopies(channel(context));
  const original = recall("race-tab");
  // Here both tabs keep in the same place.
  assert.equal(await isCopy(channel(context)), true);
  assert.equal(recall("race-tab"), null);
  answerCopies(channel(context));
  assert.notEqual(recall("race-tab"), original);
});

test("a tab whose page has gone is no copy, and a new one asks nobody", async (context) => {
  keep("race-tab", "nobody's");
  answerCopies(channel(context));
  keep("race-tab", "a page that has gone");
  assert.equal(await isCopy(channel(context)), false);
  assert.equal(recall("race-tab"), "a page that has gone");
  keep("race-tab", null);
  assert.equal(await isCopy(channel(context)), false);
});
