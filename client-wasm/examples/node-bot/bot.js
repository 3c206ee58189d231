#!/usr/bin/env node
// A bot that joins a room, or creates it, and drives laps until it is told to stop.
//
//   node bot.js http://127.0.0.1:8080 --room Friday --name Robo
//   node bot.js mock                     without any server

import { parseArgs } from "node:util";

import { RaceClient, RaceError, fetchTrack } from "mp-server-client";
import { Track } from "mp-server-client/map";
import { mockRelay } from "mp-server-client/mock";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: "string", default: "Robo" },
    room: { type: "string", default: "Bot race" },
    laps: { type: "string", default: "Infinity" },
  },
});
const [relay = "http://127.0.0.1:8080"] = positionals;
const laps = Number(values.laps);

/** How often the bot looks at the road. The client sends no more often than the relay wants. */
const TICK_MS = 25;
/** In m/s²: how fast a bot changes its speed, and what a bend allows. */
const [THRUST, GRIP] = [9, 11];
const TOP_SPEED = 48;
/** A bot brakes for what is so far ahead, in metres. */
const LOOK_AHEAD = 30;

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stopping.abort());

try {
  const options = { name: values.name, signal: stopping.signal };
  const race =
    relay === "mock"
      ? await (await mockRelay({ bots: 3 })).connect(values.name, options)
      : await RaceClient.connect(relay, options);
  try {
    race.on("state", ({ state, code, reason }) => console.log(code ? `${state}: ${code}, ${reason}` : state));
    const track = relay === "mock" ? Track.oval() : await fetchTrack(relay).catch(() => Track.oval());
    const room = await race.joinOrCreate(values.room);
    console.log(`${race.name} is in "${room.name}" with ${room.players.size - 1} others`);
    await drive(room, track);
    if (race.state === "closed") process.exitCode = 1;
  } finally {
    // Says goodbye, so that no car is left standing on the track.
    await race.close();
  }
} catch (error) {
  if (!stopping.signal.aborted) {
    // The package's README explains the code of a `RaceError`.
    console.error(error instanceof RaceError ? `${error.code}: ${error.message}` : error);
    process.exitCode = 1;
  }
}

/**
 * Drive until the laps are done, the room is gone, or somebody says stop.
 * @param {import("mp-server-client").Room} room
 * @param {Track} track
 */
async function drive(room, track) {
  room.on("joined", ({ name }) => console.log(`${name} came in`));
  room.on("left", ({ name }) => console.log(`${name} went away`));
  room.on("lost", ({ code, reason }) => console.log(`out of the room: ${code}, ${reason}`));
  // The host of a room starts its race.
  room.on("host", () => void startIfHost(room));
  await startIfHost(room);

  // Not on the line of the next bot: 3 m to one side or the other of the middle.
  const side = 6 * (Math.random() - 0.5);
  let [metres, speed, lapsDone] = [0, 0, 0];
  let lastMs = performance.now();
  while (room.isOpen && lapsDone < laps && !stopping.signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    const nowMs = performance.now();
    const seconds = Math.min((nowMs - lastMs) / 1000, 0.25);
    lastMs = nowMs;
    const wanted = speedAt(track, metres);
    speed += Math.min(Math.max(wanted - speed, -2 * THRUST * seconds), THRUST * seconds);
    metres += speed * seconds;
    room.sendPose(track.at(metres, side));
    room.sendInput(0, wanted > speed ? 1 : 0, wanted < speed - 1 ? 1 : 0);
    if (metres < (lapsDone + 1) * track.lengthMetres) continue;
    lapsDone += 1;
    console.log(`lap ${lapsDone}`);
  }
}

/**
 * The speed that the next bend allows, in m/s.
 * @param {Track} track
 * @param {number} metres
 */
function speedAt(track, metres) {
  const turn = track.at(metres + LOOK_AHEAD).yaw - track.at(metres).yaw;
  const bend = Math.abs(Math.atan2(Math.sin(turn), Math.cos(turn))) / LOOK_AHEAD;
  return Math.min(Math.sqrt(GRIP / (bend || 1e-6)), TOP_SPEED);
}

/** @param {import("mp-server-client").Room} room */
async function startIfHost(room) {
  if (!room.isHost || room.isActive) return;
  await room.start().catch(({ code, message }) => console.log(`cannot start the race: ${code}, ${message}`));
}
