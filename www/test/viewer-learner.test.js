import assert from "node:assert/strict";
import { test } from "node:test";
import { Liveries } from "../src/livery.js";
import { Line } from "../src/line.js";
import { Circuit, parseCircuit } from "../src/viewer/circuit.js";
import { TrackLearner } from "../src/viewer/learner.js";
import { Ledger } from "../src/viewer/ledger.js";
import { driveOut, track } from "./circuit.js";
import { ring, roomOf, Scripted } from "./scripted-spectator.js";

const STEP_MS = 100;
const at = () => ({ s: 0, lateral: 0, index: 0, x: 0, z: 0 });

/** Shows a learner cars that follow a line. */
class Drive {
  /**
   * @param {Line} line
   * @param {TrackLearner} [learner]
   */
  constructor(line, learner = new TrackLearner()) {
    this.line = line;
    this.learner = learner;
    this.ms = 0;
    this.place = { x: 0, z: 0, yaw: 0 };
  }

  /**
   * @param {number} seconds
   * @param {(t: number) => { s: number, lateral?: number, turned?: number, stale?: boolean, speed?: number }} car
   * @param {string} [id]
   */
  go(seconds, car, id = "a") {
    for (let ms = 0; ms < seconds * 1000; ms += STEP_MS) {
      const { s, lateral = 0, turned = 0, stale = false, speed = 40 } = car(ms / 1000);
      this.line.place(s, this.place);
      const { x, z, yaw } = this.place;
      const [sideX, sideZ] = [-Math.cos(yaw) * lateral, Math.sin(yaw) * lateral];
      this.learner.handle(id, x + sideX, z + sideZ, yaw + turned, speed, stale, this.ms + ms);
    }
    this.ms += seconds * 1000;
    return this;
  }

  get circuit() {
    return this.learner.circuit;
  }
}

/**
 * How far a learned line is from the true one at most, looked at both ways.
 * @param {Circuit} circuit
 * @param {Line} line
 */
function worst(circuit, line) {
  let most = 0;
  const out = at();
  const measure = (/** @type {Line} */ of, /** @type {Line} */ from) => {
    for (let i = 0; i < of.count; i += 1) {
      from.project(of.xs[i], of.zs[i], out);
      most = Math.max(most, Math.abs(out.lateral));
    }
  };
  measure(circuit.line, line);
  measure(line, circuit.line);
  return most;
}

/** The sharpest turn from one piece of a line to the next, degrees. @param {Line} line */
function kink({ dx, dz, count }) {
  let most = 0;
  for (let i = 0; i < count; i += 1) {
    const j = (i + 1) % count;
    most = Math.max(most, Math.acos(Math.min(1, dx[i] * dx[j] + dz[i] * dz[j])));
  }
  return (most * 180) / Math.PI;
}

/** @param {(angle: number) => [number, number]} point */
function curve(point) {
  const points = Array.from({ length: 400 }, (_, i) => point((i / 400) * 2 * Math.PI));
  return new Line(points, true);
}

/** Numbers around 0, the same every time. */
function noise() {
  let state = 5;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

const eight = curve((angle) => [300 * Math.sin(angle), 150 * Math.sin(2 * angle)]);
/** Two straights, with a hairpin at each end. @param {number} half  of the metres between them */
const narrow = (half) =>
  curve((angle) => {
    const t = (angle / Math.PI) % 1;
    const [x, z] =
      t < 0.8
        ? [-200 + 500 * t, half]
        : [200 + half * Math.sin((t - 0.8) * 5 * Math.PI), half * Math.cos((t - 0.8) * 5 * Math.PI)];
    return angle < Math.PI ? [x, z] : [-x, -z];
  });

test("a clean lap is the circuit: closed, even, and without a kink", () => {
  const { circuit } = new Drive(track.line).go(40, (t) => ({
    s: 300 + 40 * t,
    lateral: 2 * Math.sin(t / 3),
  }));
  assert.ok(circuit !== null);
  assert.ok(circuit.learned);
  assert.ok(Math.abs(circuit.length - track.length) < 12, `${circuit.length}`);
  assert.ok(worst(circuit, track.line) < 2.6, `${worst(circuit, track.line)}`);
  assert.ok(kink(circuit.line) < kink(track.line) + 2.5, `${kink(circuit.line)} for ${kink(track.line)}`);
  const pieces = [...circuit.line.lengths];
  assert.ok(Math.min(...pieces) > 3.5 && Math.max(...pieces) < 4.5, "about 4 m apart");
  assert.deepEqual(parseCircuit(JSON.parse(JSON.stringify(circuit.toFile()))).bounds, circuit.bounds);
});

test("a lap and no less is needed", () => {
  const metres = track.length + 50;
  assert.equal(new Drive(track.line).go(metres / 40, (t) => ({ s: 40 * t })).circuit, null);
});

test("the way out of the garages is not part of it", () => {
  const learner = new TrackLearner();
  let next = 0;
  driveOut(3, 95, (car, _at, seconds) => {
    if (seconds * 1000 < next) return;
    next += STEP_MS;
    learner.handle("a", car.x, car.z, car.yaw, car.speed, false, seconds * 1000);
  });
  assert.ok(learner.circuit !== null);
  assert.ok(worst(learner.circuit, track.line) < 5, `${worst(learner.circuit, track.line)}`);
  assert.ok(Math.abs(learner.circuit.length - track.length) < 20, `${learner.circuit.length}`);
  assert.ok(kink(learner.circuit.line) < 6, `${kink(learner.circuit.line)}`);
});

test("where a circuit crosses itself it is not closed", () => {
  for (const lateral of [0, 3]) {
    const { circuit } = new Drive(eight).go(60, (t) => ({ s: 700 + 40 * t, lateral: lateral * Math.sin(t) }));
    assert.ok(circuit !== null);
    assert.ok(Math.abs(circuit.length - eight.length) < 15, `${circuit.length} of ${eight.length}`);
    assert.ok(worst(circuit, eight) < 3.5, `${worst(circuit, eight)}`);
  }
});

test("where it comes back beside itself it is not closed either", () => {
  const kart = narrow(6);
  const { circuit } = new Drive(kart).go(60, (t) => ({ s: 30 + 25 * t, speed: 25 }));
  assert.ok(circuit !== null);
  assert.ok(Math.abs(circuit.length - kart.length) < 15, `${circuit.length} of ${kart.length}`);
});

test("where two parts run side by side for a while it is not closed either", () => {
  // An outer and an inner round, eight metres apart where they touch.
  const rounds = curve((angle) => {
    const radius = 125 + 25 * Math.cos(angle);
    return [radius * Math.sin(2 * angle), radius * (1 - Math.cos(2 * angle)) - 4 * Math.cos(angle)];
  });
  const { circuit } = new Drive(rounds).go(120, (t) => ({ s: 200 + 30 * t, speed: 30 }));
  assert.ok(circuit !== null);
  assert.ok(Math.abs(circuit.length - rounds.length) < 20, `${circuit.length} of ${rounds.length}`);
});

test("there and back on the same road is no lap", () => {
  const road = narrow(3);
  const drive = new Drive(road).go(50, (t) => ({ s: 20 + 15 * t, speed: 15 }));
  assert.equal(drive.circuit, null);
  drive.go(30, (t) => ({ s: 770 + 15 * t, speed: 15 }));
  assert.ok(drive.circuit !== null, "but there and back and there again is");
  assert.ok(Math.abs(drive.circuit.length - road.length) < 15, `${drive.circuit.length} of ${road.length}`);
});

test("a lap that ends beside where it began is closed without a kink", () => {
  const lap = track.length / 40;
  const car = (/** @type {number} */ t) => ({ s: 230 + 40 * t, lateral: 3 * Math.cos((Math.PI * t) / lap) });
  const { circuit } = new Drive(track.line).go(40, car);
  assert.ok(circuit !== null);
  assert.ok(kink(circuit.line) < kink(track.line) + 2.5, `${kink(circuit.line)} for ${kink(track.line)}`);
});

test("who reverses, jumps, falls silent, stops for long or is not seen drives no clean lap", () => {
  const lap = track.length / 40;
  /** @type {Array<(t: number) => { s: number, turned?: number, stale?: boolean, speed?: number }>} */
  const unclean = [
    (t) => ({ s: -40 * t, turned: 0 }),
    (t) => ({ s: 40 * t + (t > lap / 2 ? 30 : 0) }),
    (t) => ({ s: 40 * t, stale: Math.abs(t - lap / 2) < 0.2 }),
    (t) => ({ s: 40 * t, turned: Math.abs(t - lap / 2) < 1 ? 1.6 : 0 }),
  ];
  for (const car of unclean) {
    assert.equal(new Drive(track.line).go(lap + 5, car).circuit, null);
  }
  const unseen = new Drive(track.line).go(lap / 2, (t) => ({ s: 40 * t }));
  unseen.ms += 3000;
  assert.equal(unseen.go(lap / 2 + 5, (t) => ({ s: 40 * (lap / 2 + 3 + t) })).circuit, null);
  const half = new Drive(track.line).go(lap / 2, (t) => ({ s: 40 * t }));
  half.go(8, () => ({ s: 40 * (lap / 2), speed: 0 }));
  assert.equal(half.go(lap / 2 + 5, (t) => ({ s: 40 * (lap / 2 + t) })).circuit, null);
  assert.ok(half.go(lap, (t) => ({ s: 40 * (lap + 5 + t) })).circuit !== null, "the next one is clean");
});

test("circles on the spot are no circuit", () => {
  for (const metres of [60, 120]) {
    const circle = new Line(ring(metres, 60), true);
    assert.equal(new Drive(circle).go(120, (t) => ({ s: 12 * t, speed: 12 })).circuit, null);
  }
});

test("noise is smoothed away", () => {
  const off = noise();
  const { circuit } = new Drive(track.line).go(40, (t) => ({ s: 40 * t, lateral: 0.5 * off() }));
  assert.ok(circuit !== null);
  assert.ok(worst(circuit, track.line) < 0.8, `${worst(circuit, track.line)}`);
  assert.ok(kink(circuit.line) < 7, `${kink(circuit.line)}`);
});

test("tight bends keep their radius", () => {
  const tight = new Line(ring(2 * Math.PI * 30, 90), true);
  const { circuit } = new Drive(tight).go(60, (t) => ({ s: 15 * t, speed: 15 }));
  assert.ok(circuit !== null);
  assert.ok(worst(circuit, tight) < 0.5, `${worst(circuit, tight)}`);
});

test("is as wide as the cars drive apart, where there are enough of them", () => {
  const learner = new TrackLearner();
  const drive = new Drive(track.line, learner);
  const seconds = track.length / 40 + 5;
  for (let ms = 0; ms < seconds * 1000; ms += STEP_MS) {
    drive.ms = ms;
    for (const lateral of [0, -6, 6, -5, 5, 6]) {
      drive.go(STEP_MS / 1000, () => ({ s: (40 * ms) / 1000 - Math.abs(lateral), lateral }), `${lateral}`);
      drive.ms = ms;
    }
  }
  const { circuit } = learner;
  assert.ok(circuit !== null);
  assert.ok(Math.abs(circuit.width - 16) <= 1, `${circuit.width}`);
  assert.ok(worst(circuit, track.line) < 1, "and in the middle of them");
  assert.equal(
    new Drive(track.line).go(40, (t) => ({ s: 40 * t })).circuit?.width,
    12,
    "of one car nobody knows",
  );
});

test("a circuit of an earlier visit fits, or is found not to", () => {
  const known = new Circuit({ centreline: ring(1000, 250), learned: true });
  const there = new Drive(known.line, new TrackLearner(known)).go(60, (t) => ({ s: 40 * t, lateral: 10 }));
  assert.equal(there.learner.fits, true);
  assert.equal(there.circuit, known);
  const elsewhere = new Drive(track.line, new TrackLearner(known)).go(15, (t) => ({ s: 40 * t }));
  assert.equal(elsewhere.learner.fits, true, "too early to tell");
  assert.equal(elsewhere.go(30, (t) => ({ s: 40 * t })).learner.fits, false);
  const standing = new Drive(track.line, new TrackLearner(known)).go(60, () => ({ s: 40, speed: 0 }));
  assert.equal(standing.learner.fits, true, "who stands somewhere says nothing");
});

test("remembers no more than it needs, whatever comes", () => {
  const learner = new TrackLearner();
  for (let i = 0; i < 30_000; i += 1) {
    for (const id of ["a", `x${i}`]) {
      learner.handle(id, i * 4, (i * i) % 7, Math.PI / 2, 40, false, i * STEP_MS);
    }
  }
  assert.ok(learner.followers.size <= 24);
  for (const { wake } of learner.followers.values()) assert.ok(wake.xs.length <= 9000);
  learner.handle("a", NaN, NaN, NaN, NaN, false, NaN);
  assert.equal(learner.circuit, null);
});

test("beside the ledger: a race on a track nobody described gets its places as soon as a lap was driven", () => {
  const car = (/** @type {number} */ from) => (/** @type {number} */ t) => ({
    s: from + 40 * t,
    lateral: 1,
    speed: 40,
  });
  const spectator = /** @type {any} */ (new Scripted(track.line, [car(0), car(-50), car(-120)]));
  const ledger = new Ledger(new Liveries());
  ledger.setCircuit(null);
  ledger.addRoom(roomOf(3));
  const learner = new TrackLearner();
  assert.equal(ledger.advance(spectator, 60_000, Infinity, learner), true);
  assert.equal(ledger.standings(60_000)[0].place, 0);
  const { circuit } = learner;
  assert.ok(circuit !== null);
  ledger.setCircuit(circuit);
  ledger.advance(spectator, 60_000, Infinity, learner);
  assert.equal(learner.circuit, circuit, "what comes again changes nothing");
  const standings = ledger.standings(60_000);
  assert.deepEqual(
    standings.map(({ id }) => id),
    ["p0", "p1", "p2"],
  );
  assert.ok(Math.abs(standings[2].gapMs - 3000) < 30, `${standings[2].gapMs}`);
  assert.ok(standings[0].lap >= 2);
});
