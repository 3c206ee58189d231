import assert from "node:assert/strict";
import { test } from "node:test";
import { replay } from "../js/replay.js";
import { Spectator, spectate } from "../js/spectator.js";
import { FakeSocket, id, wasm } from "./fake-relay.js";
import { ManualClock, settled } from "./manual-clock.js";

const ROOM = id(7);
const PLAYERS = [{ index: 3, id: id(1), name: "Ben" }];
const text = (/** @type {boolean} */ isActive) =>
  JSON.stringify({ room: ROOM, name: "Monza", hostId: id(1), isActive, players: PLAYERS });

/** A snapshot with one car that drives 30 m/s. @param {number} number @param {number} atMs */
function snapshot(number, atMs) {
  const view = new DataView(new ArrayBuffer(31));
  const centimetres = Math.round(3 * atMs);
  [1, 1].forEach((byte, at) => view.setUint8(at, byte));
  view.setUint32(4, number, true);
  view.setUint32(8, atMs, true);
  view.setUint8(12, 3);
  view.setUint16(14, centimetres & 0xffff, true);
  view.setInt8(16, centimetres >> 16);
  view.setUint32(23, 3 | (512 << 2) | (512 << 12) | (512 << 22), true);
  view.setUint16(27, 3000, true);
  return view.buffer;
}

/** A spectator, recorded for ten minutes with a break in between. */
async function watched() {
  const clock = new ManualClock();
  /** @type {FakeSocket[]} */
  const sockets = [];
  const spectator = await spectate("wss://relay.example", ROOM, {
    clock,
    spectator: wasm.spectator,
    webSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      clock.setTimeout(() => {
        socket.open();
        socket.deliver(text(sockets.length > 1));
      }, 10);
      return /** @type {any} */ (socket);
    },
  });
  await clock.pass(20);
  const recording = await spectator.record({ clock });
  const startMs = clock.now();
  for (let step = 0; step < 1200; step += 1) {
    if (step === 600) sockets[0].end(1006);
    sockets.at(-1)?.deliver(snapshot(step, step * 50));
    await clock.pass(50);
  }
  const blob = recording.stop();
  spectator.close();
  await assert.rejects(spectator.record(), { code: "invalid_argument" });
  assert.equal(clock.now() - startMs, 60_000);
  return blob;
}

/** Where the car is in the live moment. @param {Spectator} spectator */
function liveCar(spectator) {
  const [car] = [...spectator.cars()].map(({ name, x }) => ({ name, x }));
  return car;
}

test("a spectator's recording is shown by a spectator, at any time and at any speed", async () => {
  const blob = await watched();
  const clock = new ManualClock();
  const shown = await Spectator.replay(blob, { clock, spectator: wasm.spectator, paused: true });
  const { playback } = shown;
  assert.ok(playback);
  /** @type {string[]} */
  const states = [];
  shown.on("state", ({ state }) => states.push(state));
  await settled();
  assert.deepEqual(
    [shown.state, shown.room?.name, shown.room?.isActive, playback.paused],
    ["live", "Monza", false, true],
  );
  playback.play();
  await clock.pass(5000);
  const { name, x } = liveCar(shown);
  assert.equal(name, "Ben");
  assert.ok(x > 0.03 * 4500 && x < 150, `${x}`);
  playback.pause();
  await playback.seek(50_000);
  assert.equal(shown.room?.isActive, true);
  assert.ok(liveCar(shown).x > 0.03 * 49_000 && liveCar(shown).x < 1500, `${liveCar(shown).x}`);
  await playback.seek(20_000);
  assert.equal(shown.room?.isActive, false);
  assert.ok(liveCar(shown).x > 0.03 * 19_000 && liveCar(shown).x < 600, `${liveCar(shown).x}`);
  const past = shown.sample(shown.liveMs - 5000);
  assert.ok(Math.abs(past.rows[1] - 0.03 * 15_000) < 30, "the moments before are there as well");
  playback.speed = 4;
  playback.play();
  await clock.pass(2500);
  assert.ok(liveCar(shown).x > 0.03 * 29_000, `${liveCar(shown).x}`);
  await clock.pass(5000);
  await settled();
  assert.ok(states.includes("reconnecting"), "the break is in it");
  assert.equal(shown.state, "live");
  await clock.pass(10_000);
  await playback.finished;
  assert.deepEqual([playback.positionMs, playback.paused], [playback.durationMs, true]);
  shown.close();
  assert.equal(clock.timers, 0);
});

test("a recording is shown by what recorded it", async () => {
  const blob = await watched();
  await assert.rejects(replay(blob), { code: "bad_recording" });
  await assert.rejects(Spectator.replay(new Blob(["none"]), { spectator: wasm.spectator }), {
    code: "bad_recording",
  });
});
