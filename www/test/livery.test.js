import assert from "node:assert/strict";
import { test } from "node:test";
import { ASPHALT, BODIES, Liveries, LIVERIES } from "../src/livery.js";

const ids = (/** @type {number} */ count, prefix = "player") =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

test("a full room has twenty numbers and twenty looks", () => {
  const liveries = new Liveries();
  const room = ids(20);
  liveries.assign(room);
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
  liveries.assign(ids(BODIES.length));
  const given = ids(BODIES.length).map((id) => liveries.of(id));
  assert.equal(new Set(given.map((livery) => livery.body)).size, BODIES.length);
  assert.ok(given.every((livery) => !livery.striped));
});

test("stays the same while others come and go", () => {
  const liveries = new Liveries();
  liveries.assign(ids(6));
  const mine = { ...liveries.of("player-3") };
  liveries.assign(["player-3", ...ids(8, "new")]);
  liveries.assign(["player-3", ...ids(15, "newer")]);
  assert.deepEqual(liveries.of("player-3"), mine);
});

test("two pages that see the same players agree, whatever the order", () => {
  const one = new Liveries();
  const two = new Liveries();
  one.assign(ids(20));
  two.assign(ids(20).reverse());
  for (const id of ids(20)) assert.deepEqual(one.of(id), two.of(id));
});

test("does not run out or grow without end over many players", () => {
  const liveries = new Liveries();
  for (let round = 0; round < 50; round += 1) {
    const room = ids(20, `round-${round}`);
    liveries.assign(room);
    const looks = new Set(room.map((id) => liveries.of(id).index));
    assert.equal(looks.size, LIVERIES);
  }
  for (let i = 0; i < 500; i += 1) liveries.of(`stranger-${i}`);
  assert.ok(liveries.byId.size <= 64, `${liveries.byId.size} remembered`);
});

test("with a long memory a large room keeps its liveries, each with a number of its own", () => {
  const liveries = new Liveries({ remembered: 256 });
  const room = ids(255);
  liveries.assign(room);
  const given = room.map((id) => ({ ...liveries.of(id) }));
  assert.equal(new Set(given.map((livery) => livery.number)).size, 255);
  liveries.assign(ids(100));
  liveries.assign(room);
  assert.deepEqual(
    room.map((id) => liveries.of(id)),
    given,
  );
});

test("with a long memory those who have left take nobody's colour", () => {
  const liveries = new Liveries({ remembered: 256 });
  liveries.assign(["player-0", ...ids(19, "before")]);
  const mine = { ...liveries.of("player-0") };
  for (let round = 0; round < 30; round += 1) {
    const room = ["player-0", ...ids(9, `round-${round}`)];
    liveries.assign(room);
    assert.equal(new Set(room.map((id) => liveries.of(id).body)).size, 10);
    assert.ok(liveries.byId.size <= 256);
  }
  assert.deepEqual(liveries.of("player-0"), mine);
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
