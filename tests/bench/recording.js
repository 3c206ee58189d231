// Measures the size of a recorded hour: twenty cars that send positions at uneven intervals, twenty times a second, lists of
// players and rooms, and the own car. Runs on a virtual clock, and then reads the file again. Prints bytes and seconds.
//
//   node tests/bench/recording.js [minutes]
import { PlayerRecorder } from "../../client-wasm/js/recorder.js";
import { readRecording } from "../../client-wasm/js/replay/recording.js";

const MINUTES = Number(process.argv[2] ?? 60);
const CARS = 20;
const STEP_MS = 50;
const LIMIT_BYTES = 40e6;

/** @param {number} number */
const id = (number) => String(number).padStart(32, "0");
const players = Array.from({ length: CARS }, (_, car) => ({ id: id(car), name: `Driver ${car}` }));
const LISTS = [
  { command: "ROOM_PLAYERS", roomId: id(99), players },
  {
    command: "ROOM_LIST",
    rooms: [{ id: id(99), name: "Sunday", playerCount: CARS, isActive: true, hostId: id(0) }],
  },
].map((line) => JSON.stringify(line));

let nowMs = 0;
/** @type {Map<string, (event: any) => void>} */
const listeners = new Map();
/** @type {any} */
const core = {
  state: "authenticated",
  sessionId: id(98),
  roomId: id(99),
  sendUpdate: () => true,
  metrics: () => ({ roundTripMs: 20 + Math.random() * 10 }),
  listRooms: async () => [],
  roomPlayers: async () => ({}),
  on: (/** @type {string} */ type, /** @type {(event: any) => void} */ listener) => {
    listeners.set(type, listener);
    return () => {};
  },
};

/** Where a car is on an oval, as a float of 32 bits is spelt. @param {number} car @param {number} atMs */
function update(car, atMs) {
  const angle = (atMs / 90_000) * 2 * Math.PI + car / 3 + Math.sin(atMs / 7000 + car) / 50;
  const number = (/** @type {number} */ value) => Number(Math.fround(value).toPrecision(8));
  const radius = 300 + 4 * Math.sin(atMs / 3000 + car);
  return JSON.stringify({
    command: "UPDATE",
    sessionId: id(car),
    position: {
      x: number(radius * Math.cos(angle)),
      y: number(0.3 * Math.sin(angle)),
      z: number(0.6 * radius * Math.sin(angle)),
    },
    rotation: {
      x: number(Math.sin(atMs / 400) / 300),
      y: number(Math.sin(-angle / 2)),
      z: number(Math.cos(atMs / 500) / 300),
      w: number(Math.cos(-angle / 2)),
    },
  });
}

const clock = { now: () => nowMs, setTimeout: () => 0, clearTimeout: () => {} };
const recorder = new PlayerRecorder(core, { clock, name: "Driver", maxMinutes: 240, maxMegabytes: 256 });
const frame = (/** @type {string} */ text) => listeners.get("frame")?.(text);
const began = performance.now();
for (let step = 0; step < (MINUTES * 60_000) / STEP_MS; step += 1) {
  // Each car is late by up to 20 ms of its own.
  const due = players
    .map((_, car) => ({ car, ms: step * STEP_MS + Math.random() * 20 }))
    .sort((a, b) => a.ms - b.ms);
  for (const { car, ms } of due) {
    nowMs = Math.max(nowMs, ms);
    frame(update(car, ms));
  }
  core.sendUpdate(step / 10, 0, 5, 0, 0, 0, 1);
  if (step % 30 === 0) LISTS.forEach(frame);
  if (step % 40 === 0) frame('{"command":"PONG"}');
  // Let the chunk be compressed.
  if (step % 1200 === 1199) await recorder.tape.packed;
}
await recorder.tape.packed;
const blob = recorder.stop();
const recorded = performance.now();
const { durationMs, chunks } = await readRecording(blob, "player");
const { unpackedBytes } = chunks;
const perHour = Math.round((blob.size * 3_600_000) / durationMs);
const seconds = (/** @type {number} */ ms) => `${(ms / 1000).toFixed(1)} s`;
process.stdout
  .write(`${(durationMs / 60_000).toFixed(1)} minutes, ${CARS} cars: ${blob.size} bytes, unpacked ${unpackedBytes}
an hour: ${perHour} bytes, at most ${LIMIT_BYTES}
recorded in ${seconds(recorded - began)}, read in ${seconds(performance.now() - recorded)}
`);
if (perHour > LIMIT_BYTES) process.exitCode = 1;
