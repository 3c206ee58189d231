import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Line } from "../src/line.js";
import { Circuit, parseCircuit } from "../src/viewer/circuit.js";
import { Nearest } from "../src/viewer/nearest.js";

const json = JSON.parse(readFileSync(new URL("../track.json", import.meta.url), "utf8"));
const at = () => ({ s: 0, lateral: 0, index: 0, x: 0, z: 0 });

/** @param {number} count @param {number} radius */
function ring(count, radius) {
  /** @type {Array<[number, number]>} */
  const points = [];
  for (let i = 0; i < count; i += 1) {
    const angle = (i / count) * 2 * Math.PI;
    points.push([radius * Math.sin(angle), radius * Math.cos(angle)]);
  }
  return points;
}

/** Numbers from 0 to 1, the same every time. @param {number} seed */
function random(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test("reads the demo's track", () => {
  const circuit = parseCircuit(json);
  assert.equal(circuit.name, "Garage Oval");
  assert.equal(circuit.width, 16);
  assert.equal(circuit.pitWidth, 12);
  assert.equal(circuit.learned, false);
  assert.ok(Math.abs(circuit.length - json.lengthMetres) < 0.5);
  for (const [x, z] of [...json.centreline, ...json.pitLane.centreline]) {
    const { left, top, right, bottom } = circuit.bounds;
    assert.ok(x > left && x < right && -z > top && -z < bottom, `${x}, ${z} is inside`);
  }
});

test("knows the pit lane from the track", () => {
  const circuit = parseCircuit(json);
  const out = at();
  const inPit = (/** @type {number} */ x, /** @type {number} */ z) => {
    circuit.project(x, z, out);
    return circuit.inPit(x, z, out.lateral);
  };
  assert.equal(inPit(0, 9), true);
  assert.equal(inPit(0, -26), false);
  assert.equal(inPit(0, -12), false);
  // Where the two have become one.
  const { pit, width } = circuit;
  assert.ok(pit !== null);
  assert.equal(inPit(pit.xs[pit.count - 1], pit.zs[pit.count - 1]), false);
  assert.ok(Math.abs(out.lateral) < width / 2, "the pit lane leads onto the track");
});

test("goes to a file and back", () => {
  const circuit = parseCircuit(json);
  const again = parseCircuit(JSON.parse(JSON.stringify(circuit.toFile())));
  assert.deepEqual(again.toFile(), circuit.toFile());
  assert.deepEqual(again.bounds, circuit.bounds);
});

test("needs no more than a centre line, and ignores what it does not know", () => {
  const circuit = parseCircuit({ centreline: ring(60, 200), author: "Ann" });
  assert.equal(circuit.width, 12);
  assert.equal(circuit.pit, null);
  assert.equal(circuit.name, "");
  assert.equal(circuit.inPit(0, 0, 200), false);
});

test("a last point that repeats the first is dropped", () => {
  const points = ring(20, 200);
  const closed = parseCircuit({ centreline: [...points, points[0]] });
  assert.deepEqual(closed.toFile(), parseCircuit({ centreline: points }).toFile());
});

test("says what is wrong with a file, and what to do", () => {
  const good = ring(20, 200);
  /** @type {Array<[unknown, RegExp]>} */
  const cases = [
    [null, /not a JSON object; write/],
    [[], /not a JSON object/],
    [{}, /"centreline" is not a list of points; give it as/],
    [{ centreline: good.slice(0, 7) }, /has 7 points; give 8 to 20000/],
    [{ centreline: Array(20_002).fill([1, 2]) }, /has 20002 points; give 8 to 20000/],
    [{ centreline: [...good, [1]] }, /"centreline\[20\]" is not a pair of numbers; give it as \[x, z\]/],
    [{ centreline: [...good, [1, NaN]] }, /not a pair of numbers/],
    [{ centreline: [...good, ["1", 2]] }, /not a pair of numbers/],
    [{ centreline: [...good, [1, 1e5]] }, /100 km or more from the middle; give metres/],
    [
      { centreline: [good[0], ...good] },
      /"centreline\[1\]" is the same as the point before it, to 5 cm; leave it out/,
    ],
    [{ centreline: ring(20, 10) }, /is 62\.\d m long; give metres: a lap has at least 100/],
    [{ centreline: ring(20, 90_000) }, /is 56\d km long/],
    [{ centreline: good, widthMetres: "wide" }, /"widthMetres" is "wide"; give a number from 3 to 60/],
    [{ centreline: good, name: 7 }, /"name" is not a text/],
    [{ centreline: good, runOffMetres: 1 }, /"runOffMetres" is 1; give a number from 2 to 60/],
    [{ centreline: good, garages: "many" }, /"garages" is not a row of garages; write/],
    [{ centreline: good, garages: { zMetres: 1, xMetres: [] } }, /"garages" is not a row/],
    [{ centreline: good, pitLane: 7 }, /"pitLane" is not an object/],
    [
      { centreline: good, pitLane: { centreline: [[0, 0]] } },
      /"pitLane.centreline" has 1 points; give 2 to 2000/,
    ],
  ];
  for (const [file, message] of cases) assert.throws(() => parseCircuit(file), { name: "Error", message });
});

test("finds the nearest point as a look at every segment does, near, far and beside", () => {
  const next = random(7);
  const knotted = Array.from({ length: 3000 }, (_, i) => {
    const angle = (i / 3000) * 2 * Math.PI;
    return /** @type {[number, number]} */ ([
      1500 * Math.sin(angle) + 300 * Math.sin(7 * angle),
      700 * Math.sin(2 * angle) + 200 * Math.cos(11 * angle),
    ]);
  });
  const long = ring(8, 10_000);
  const place = { x: 0, z: 0, yaw: 0 };
  for (const points of [json.centreline, knotted, long]) {
    const line = new Line(points, true);
    const nearest = new Nearest(line);
    const [fast, slow] = [at(), at()];
    for (let i = 0; i < 400; i += 1) {
      const reach = i % 4 === 0 ? 60_000 : 1.5 * Math.max(...line.xs);
      const [x, z] = [(next() - 0.5) * 2 * reach, (next() - 0.5) * 2 * reach];
      nearest.project(x, z, fast, -1, 20);
      line.project(x, z, slow);
      assert.ok(Math.abs(Math.abs(fast.lateral) - Math.abs(slow.lateral)) < 1e-6, `${x}, ${z}`);
      assert.ok(Math.hypot(fast.x - slow.x, fast.z - slow.z) < 1e-3 || fast.index !== slow.index);
    }
    for (let i = 0; i < 2000; i += 1) {
      line.place(next() * line.length, place);
      const [x, z] = [place.x + (next() - 0.5) * 40, place.z + (next() - 0.5) * 40];
      nearest.project(x, z, fast, -1, 20);
      line.project(x, z, slow);
      assert.ok(Math.abs(Math.abs(fast.lateral) - Math.abs(slow.lateral)) < 1e-6, `${x}, ${z}`);
    }
  }
});

test("with a hint a car is found where it is, and found again where it suddenly is", () => {
  const circuit = new Circuit(json);
  const [fast, slow] = [at(), at()];
  const place = { x: 0, z: 0, yaw: 0 };
  const next = random(3);
  let hint = -1;
  let s = 0;
  for (let i = 0; i < 3000; i += 1) {
    s += i % 500 === 499 ? 400 * next() : 5;
    circuit.line.place(s, place);
    const aside = 14 * (next() - 0.5);
    const [x, z] = [place.x + aside * Math.cos(place.yaw), place.z - aside * Math.sin(place.yaw)];
    circuit.project(x, z, fast, hint);
    circuit.line.project(x, z, slow);
    hint = fast.index;
    assert.ok(Math.abs(fast.s - slow.s) < 1e-6 && Math.abs(fast.lateral - slow.lateral) < 1e-6);
  }
});

test("with a hint a car stays on its part of the track where two parts cross", () => {
  const eight = Array.from({ length: 400 }, (_, i) => {
    const angle = (i / 400) * 2 * Math.PI;
    return /** @type {[number, number]} */ ([300 * Math.sin(angle), 150 * Math.sin(2 * angle)]);
  });
  const circuit = new Circuit({ centreline: eight });
  const out = at();
  const place = { x: 0, z: 0, yaw: 0 };
  let hint = -1;
  for (let s = 50; s < circuit.length - 50; s += 3) {
    circuit.line.place(s, place);
    circuit.project(place.x, place.z, out, hint);
    hint = out.index;
    assert.ok(Math.abs(out.s - s) < 1, `${s} became ${out.s}`);
  }
});

test("with a hint that leads to the wrong side a car is looked up", () => {
  const sides = Array.from({ length: 200 }, (_, i) => {
    const x = (i % 100) * 5;
    return /** @type {[number, number]} */ (i < 100 ? [x, 0] : [495 - x, 60]);
  });
  const circuit = new Circuit({ centreline: sides });
  const out = at();
  circuit.project(250, 1, out);
  circuit.project(250, 58, out, out.index);
  assert.ok(Math.abs(out.lateral) < 2.1, `${out.lateral}`);
});
