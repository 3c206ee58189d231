#!/usr/bin/env node
// A bot that joins a room, or makes it, and drives laps until it is told to stop.
//
//   node bot.js http://127.0.0.1:8080 --room Friday --name Robo
//   node bot.js mock                     without any server

import { parseArgs } from "node:util";

import { RaceClient, RaceError } from "mp-server-client";

import { Circuit, oval } from "./circuit.js";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: "string", default: "Robo" },
    room: { type: "string", default: "Bot race" },
    laps: { type: "string", default: "Infinity" },
  },
});
const relay = positionals[0] ?? "http://127.0.0.1:8080";
const laps = Number(values.laps);

/** How often the bot looks at the road; the client itself sends no oftener than the relay wants. */
const TICK_MS = 25;
/** How fast a bot changes its speed, in m/s². */
const THRUST = 9;

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stopping.abort());

try {
  const race = await connect();
  race.on("state", ({ state, code, reason }) => {
    console.log(code ? `${state}: ${code}, ${reason}` : state);
    // A lost connection comes back by itself; a closed one does not.
    if (state === "closed") stopping.abort();
    if (state === "closed" && code !== "closed") process.exitCode = 1;
  });
  try {
    const room = await enter(race);
    console.log(`${race.name} is in "${room.name}" with ${room.players.size - 1} others`);
    await drive(room, new Circuit(await track(race.url)));
  } finally {
    // Says goodbye, so that no car is left standing on the track.
    await race.close();
  }
} catch (error) {
  if (!stopping.signal.aborted) {
    // A `RaceError` has a code; what its README says of it helps more than where it was thrown.
    console.error(error instanceof RaceError ? `${error.code}: ${error.message}` : error);
    process.exitCode = 1;
  }
}

/** @returns {Promise<RaceClient>} */
async function connect() {
  const options = { name: values.name, signal: stopping.signal };
  if (relay !== "mock") return RaceClient.connect(relay, options);
  const { mockRelay } = await import("mp-server-client/mock");
  const mock = await mockRelay({ bots: 3 });
  return mock.connect(values.name, options);
}

/**
 * Into the room of that name; where there is none, make it.
 * @param {RaceClient} race
 */
async function enter(race) {
  const rooms = await race.listRooms();
  const found = rooms.find(({ name }) => name === values.room);
  return found ? race.joinRoom(found.id) : race.createRoom(values.room);
}

/**
 * The relay's own circuit; a bot that does not know it drives an oval.
 * @param {string} url
 */
async function track(url) {
  if (relay === "mock") return oval();
  const answer = await fetch(new URL("track.json", url), { signal: stopping.signal });
  return answer.ok ? answer.json() : oval();
}

/**
 * Drive until the laps are done, the room is gone, or somebody says stop.
 * @param {import("mp-server-client").Room} room
 * @param {Circuit} circuit
 */
async function drive(room, circuit) {
  room.on("joined", ({ name }) => console.log(`${name} came in`));
  room.on("left", ({ name }) => console.log(`${name} went away`));
  room.on("lost", ({ code, reason }) => console.log(`out of the room: ${code}, ${reason}`));
  // Whoever is the host of a room starts its race.
  room.on("host", () => void startIfHost(room));
  await startIfHost(room);

  // Not on the line of the next bot: 3 m to one side or the other of the middle.
  const side = 6 * (Math.random() - 0.5);
  let metres = 0;
  let speed = 0;
  let lapsDone = 0;
  let lastMs = performance.now();
  while (room.isOpen && lapsDone < laps && !stopping.signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    const nowMs = performance.now();
    const seconds = Math.min((nowMs - lastMs) / 1000, 0.25);
    lastMs = nowMs;

    const wanted = circuit.speedAt(metres);
    speed += Math.min(Math.max(wanted - speed, -2 * THRUST * seconds), THRUST * seconds);
    metres += speed * seconds;
    const { x, z, yaw } = circuit.at(metres);
    // A turn about the upright axis, as a quaternion.
    room.sendState({
      position: { x: x + side * Math.cos(yaw), y: 0, z: z - side * Math.sin(yaw) },
      rotation: { x: 0, y: Math.sin(yaw / 2), z: 0, w: Math.cos(yaw / 2) },
    });
    room.sendInput(0, wanted > speed ? 1 : 0, wanted < speed - 1 ? 1 : 0);

    if (metres >= (lapsDone + 1) * circuit.length) {
      lapsDone += 1;
      console.log(`lap ${lapsDone}`);
    }
  }
}

/** @param {import("mp-server-client").Room} room */
async function startIfHost(room) {
  if (!room.isHost || room.isActive) return;
  await room.start().catch(({ code, message }) => console.log(`cannot start the race: ${code}, ${message}`));
}
