import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_MESSAGE_LETTERS, plainName, plainText, refusalOf } from "../src/names.js";

test("a name without a visible letter counts as no name", () => {
  for (const name of [
    "",
    " ",
    "\u200b",
    "\u2060\u200d",
    "\u00a0 ",
    "\u3164",
    "\u2800\u2800",
    "\u0301",
    "\n\t",
    "\u202e\u2066",
    "\ufeff",
    "\u115f\u1160\uffa0",
    "\u00ad\u034f\u061c\u180e\ufe0f",
    "\u{e0067}\u{e007f}",
    "\ue000",
    "\u0378",
  ]) {
    assert.equal(plainName(name), "", JSON.stringify(name));
  }
});

test("names of all languages stay as they are", () => {
  const family = "\u{1f469}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}\u{1f3c1}";
  const wales = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}";
  const persian = "می\u200cخواهم";
  for (const name of [
    "Zoë",
    "O'Neill",
    "Li Wei",
    "שלום",
    "नमस्ते",
    "Nguyễn",
    persian,
    "7",
    "?",
    family,
    wales,
  ]) {
    assert.equal(plainName(name), name);
  }
});

test("nothing turns the writing direction or covers other lines", () => {
  assert.equal(plainName("\u202eevil"), "evil");
  assert.equal(plainName(`A${"\u0301".repeat(50)}`), `A${"\u0301".repeat(4)}`);
  assert.equal(plainName("two\n  lines\u0000"), "two lines");
});

test("a long text is cut between letters, however long it is", () => {
  assert.equal(plainName("W".repeat(41)), `${"W".repeat(40)}…`);
  assert.equal(plainName("\u{1f3c1}".repeat(60)), `${"\u{1f3c1}".repeat(40)}…`);
  assert.equal(plainText("x".repeat(60_000), MAX_MESSAGE_LETTERS).length, MAX_MESSAGE_LETTERS + 1);
});

test("a name that nobody can see is refused with the reason, and a missing one with what it is for", () => {
  assert.equal(refusalOf("Zoë", "Give it a name."), "");
  assert.equal(refusalOf("  ", "Give it a name."), "Give it a name.");
  assert.match(refusalOf("\u200b\u3164", "Give it a name."), /can't be seen/);
});
