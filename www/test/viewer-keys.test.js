import assert from "node:assert/strict";
import { before, test } from "node:test";

/** @type {typeof import("../src/viewer/keys.js")["actOf"]} */
let actOf;

before(async () => {
  // What the keys ask of a page; none of it has the focus here.
  for (const kind of ["HTMLElement", "HTMLButtonElement", "HTMLSelectElement", "HTMLInputElement"]) {
    Object.assign(globalThis, { [kind]: class {} });
  }
  ({ actOf } = await import("../src/viewer/keys.js"));
});

/** @param {Partial<KeyboardEvent>} press */
const act = (press) => actOf(/** @type {any} */ ({ composedPath: () => [{}], code: "", ...press }));

test("keys go by what they write", () => {
  assert.equal(act({ key: "j" }), "back");
  assert.equal(act({ key: "J" }), "back");
  assert.equal(act({ key: "−" }), "further");
  // A German keyboard has its Z where others have their Y.
  assert.equal(act({ key: "l", code: "KeyP" }), "forward");
  assert.equal(act({ key: "x", code: "KeyJ" }), undefined);
});

test("on a keyboard that is not Latin they go by their place", () => {
  assert.equal(act({ key: "о", code: "KeyJ" }), "back");
  assert.equal(act({ key: "ل", code: "KeyG" }), undefined);
  assert.equal(act({ key: "б", code: "Comma", shiftKey: false }), "stepBack");
  assert.equal(act({ key: "Ю", code: "Period", shiftKey: true }), "faster");
  // A Cyrillic keyboard writes a point where a Latin one writes a slash.
  assert.equal(act({ key: ".", code: "Slash", shiftKey: false }), "stepForward");
});

test("what composes a letter, or is somebody else's, is left alone", () => {
  assert.equal(act({ key: "Escape" }), "release");
  assert.equal(act({ key: "Escape", isComposing: true }), undefined);
  assert.equal(act({ key: "Escape", keyCode: 229 }), undefined);
  assert.equal(act({ key: "j", ctrlKey: true }), undefined);
});
