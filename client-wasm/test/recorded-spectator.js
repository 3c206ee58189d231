// A watched race of a minute with a break in between, recorded by the real wasm client's spectator.
import assert from "node:assert/strict";
import { spectate } from "../js/spectator.js";
import { FakeSocket, id, wasm } from "./fake-relay.js";
import { ManualClock } from "./manual-clock.js";

// Loading takes real time, of which the tests' clocks know nothing.
await wasm.load();

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
export async function watched() {
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
  const recording = await spectator.record();
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
