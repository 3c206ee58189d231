import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestGarage, resolveGarage } from "../src/spawn.js";

const COUNT = 20;
const at = (/** @type {string} */ id, /** @type {number} */ x) => ({ id, x, y: -2, z: 0.8 });

test("takes the garage the server gave", () => {
  const spawns = [at("a", 60), at("b", -54), at("c", 9)];
  assert.equal(resolveGarage(spawns, "a", [], COUNT), 1);
  assert.equal(resolveGarage(spawns, "b", [], COUNT), 19);
  assert.equal(resolveGarage(spawns, "c", [], COUNT), 9);
});

test("takes the garage number that later servers give", () => {
  assert.equal(
    resolveGarage(
      [
        { id: "a", index: 7 },
        { id: "b", index: 8 },
      ],
      "a",
      [],
      COUNT,
    ),
    7,
  );
  assert.equal(resolveGarage([{ id: "a", index: 47 }], "a", [], COUNT), 7);
  assert.equal(
    resolveGarage(
      [
        { id: "b", index: 3 },
        { id: "a", index: 3 },
      ],
      "b",
      [],
      COUNT,
    ),
    1,
  );
});

test("finds the nearest garage of rough positions", () => {
  assert.equal(nearestGarage(63.4), 0);
  assert.equal(nearestGarage(62.6), 1);
  assert.equal(nearestGarage(-1e6), 19);
});

test("gives everybody another garage where the server gave all the same", () => {
  const ids = ["delta", "alpha", "charlie", "bravo"];
  const spawns = ids.map((id) => at(id, 47));
  const garages = ids.map((id) => resolveGarage(spawns, id, ids, COUNT));
  assert.deepEqual(garages, [3, 0, 2, 1]);
});

test("all count anew as soon as two collide, or they would meet again", () => {
  const spawns = [at("a", 54), at("b", 66), at("c", 66)];
  const garages = ["a", "b", "c"].map((id) => resolveGarage(spawns, id, [], COUNT));
  assert.equal(new Set(garages).size, 3);
});

test("does not depend on the order of anything", () => {
  const spawns = [at("c", 47), at("a", 47), at("b", 47)];
  const turned = [...spawns].reverse();
  for (const id of ["a", "b", "c"]) {
    assert.equal(resolveGarage(spawns, id, [], COUNT), resolveGarage(turned, id, ["x"], COUNT));
  }
});

test("a late comer without a position counts among the players", () => {
  assert.equal(resolveGarage([], "m", ["z", "a", "m"], COUNT), 1);
  assert.equal(resolveGarage([], "m", [], COUNT), 0);
  assert.equal(resolveGarage([at("a", 66)], "m", ["a", "m"], COUNT), 1);
});

test("survives positions that are none, and more players than garages", () => {
  assert.equal(resolveGarage([at("a", NaN), at("b", 66)], "a", [], COUNT), 0);
  assert.equal(resolveGarage([at("a", Infinity), at("b", Infinity)], "b", [], COUNT), 1);
  const crowd = Array.from({ length: 25 }, (_, i) => `p${String(i).padStart(2, "0")}`);
  assert.equal(resolveGarage([], "p23", crowd, COUNT), 3);
});
