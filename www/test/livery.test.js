import assert from "node:assert/strict";
import { test } from "node:test";
import { ASPHALT, BODIES } from "../src/bodies.js";
import { Liveries } from "../src/livery.js";

const ids = (/** @type {number} */ count, prefix = "player") =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
/** @param {string[]} all */
const nameless = (all) => all.map((id) => ({ id, name: "" }));

test("a full room has twenty numbers and twenty looks", () => {
  const liveries = new Liveries();
  const room = ids(20);
  liveries.assign(nameless(room));
  const given = room.map((id) => liveries.of(id));
  assert.equal(new Set(given.map((livery) => livery.number)).size, 20);
  assert.equal(new Set(given.map((livery) => `${livery.body} ${livery.striped}`)).size, 20);
  for (const { number, label } of given) {
    assert.ok(number >= 1 && number <= 99);
    assert.equal(label, String(number));
  }
});

test("ten players have ten colours, without stripes", () => {
  const liveries = new Liveries();
  liveries.assign(nameless(ids(BODIES.length)));
  const given = ids(BODIES.length).map((id) => liveries.of(id));
  assert.equal(new Set(given.map((livery) => livery.body)).size, BODIES.length);
  assert.ok(given.every((livery) => !livery.striped));
});

test("pages agree on all that are in the room, whatever each has seen before", () => {
  const old = new Liveries();
  const fresh = new Liveries();
  old.assign(nameless(ids(6)));
  old.of("player-9");
  old.assign(nameless(["player-3", ...ids(15, "before")]));
  const now = ["player-3", "player-9", ...ids(8, "new")];
  old.assign(nameless(now));
  fresh.assign(nameless(now.toReversed()));
  for (const id of now) assert.deepEqual(old.of(id), fresh.of(id));
});

test("who comes changes few others, and a livery that stays is the same object", () => {
  const liveries = new Liveries();
  let changed = 0;
  for (let count = 1; count < 20; count += 1) {
    const present = ids(count);
    liveries.assign(nameless(present));
    const before = present.map((id) => liveries.of(id));
    liveries.assign(nameless(ids(count + 1)));
    changed += present.filter((id, i) => liveries.of(id).number !== before[i].number).length;
    assert.ok(present.some((id, i) => liveries.of(id) === before[i]) || count < 3);
  }
  // 190 times somebody was there when somebody came.
  assert.ok(changed < 10, `${changed} numbers changed`);
});

test("a relay's observer, which no spectator sees, takes no number and no colour from a driver", () => {
  const observer = { id: "observer", name: "spectator-relay-k3x9ab" };
  for (let count = 1; count < 20; count += 1) {
    const drivers = ids(count).map((id, i) => ({ id, name: `Driver ${i}` }));
    const seen = new Liveries();
    const watched = new Liveries();
    seen.assign([observer, ...drivers]);
    watched.assign(drivers);
    for (const { id } of drivers) assert.deepEqual(seen.of(id), watched.of(id), `${id} of ${count}`);
  }
});

test("a player who comes back with another id has the number and the colours of before", () => {
  const liveries = new Liveries();
  const others = ids(12).map((id, i) => ({ id, name: `Driver ${i}` }));
  liveries.assign([...others, { id: "first", name: "Ann" }]);
  const before = { ...liveries.of("first") };
  const theirs = others.map(({ id }) => liveries.of(id));
  // The server may list the old one for a moment.
  liveries.assign([...others, { id: "first", name: "Ann" }, { id: "second", name: "Ann" }]);
  liveries.assign([{ id: "second", name: "Ann" }, ...others]);
  assert.deepEqual(liveries.of("second"), before);
  assert.deepEqual(
    others.map(({ id }) => liveries.of(id)),
    theirs,
  );
});

test("does not grow without end over many players, and keeps those of the room", () => {
  const liveries = new Liveries();
  const room = ids(20);
  for (let round = 0; round < 50; round += 1) {
    for (let i = 0; i < 100; i += 1) liveries.of(`stranger-${round}-${i}`);
    liveries.assign(nameless(room));
  }
  assert.ok(liveries.byId.size <= 512, `${liveries.byId.size} remembered`);
  assert.equal(new Set(room.map((id) => liveries.of(id).index)).size, 2 * BODIES.length);
});

test("a large room has a number for each", () => {
  const liveries = new Liveries();
  const room = ids(255);
  liveries.assign(nameless(room));
  assert.equal(new Set(room.map((id) => liveries.of(id).number)).size, 255);
});

test("every body stands out from the asphalt, and its number from the body", () => {
  for (const { body, ink } of BODIES) {
    assert.ok(contrast(body, ASPHALT) >= 3, `${body} on asphalt: ${contrast(body, ASPHALT)}`);
    assert.ok(contrast(ink, body) >= 4.5, `${ink} on ${body}: ${contrast(ink, body)}`);
  }
});

/**
 * Contrast ratio by WCAG.
 * @param {string} a
 * @param {string} b
 */
function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** @param {string} hex */
function luminance(hex) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
