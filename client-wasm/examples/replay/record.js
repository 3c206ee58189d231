// Records a race: sits in a room, and keeps what comes and goes until it is stopped.

import { RaceClient } from "mp-server-client";

import { gridPlace, oval } from "./circuit.js";

/** Who sits there, beside the track: cars of others come only to those who say where they are. */
const WITNESS = "Recorder";
const EVERY_MS = 100;

/**
 * Come into the room, or make it, and begin.
 * @param {string} relay  an address, or `mock`
 * @param {string} roomName
 * @returns {Promise<{ race: RaceClient, room: import("mp-server-client").Room, track: import("./circuit.js").TrackFile, stop: () => Promise<Blob> }>}
 */
export async function beginRecording(relay, roomName) {
  const race = await connect(relay);
  try {
    const track = await fetchTrack(relay, race.url);
    const recording = await race.record();
    const rooms = await race.listRooms();
    const found = rooms.find(({ name }) => name === roomName);
    const room = found ? await race.joinRoom(found.id) : await race.createRoom(roomName);
    if (room.isHost) await room.start();
    const { x, z, yaw } = gridPlace(track, 0);
    const place = {
      position: { x: x + 14 * Math.cos(yaw), y: 0, z: z - 14 * Math.sin(yaw) },
      rotation: { x: 0, y: Math.sin(yaw / 2), z: 0, w: Math.cos(yaw / 2) },
    };
    const timer = setInterval(() => room.sendState(place), EVERY_MS);
    const stop = async () => {
      clearInterval(timer);
      const blob = recording.stop();
      await race.close();
      return blob;
    };
    return { race, room, track, stop };
  } catch (error) {
    await race.close();
    throw error;
  }
}

/** @param {string} relay */
async function connect(relay) {
  if (relay !== "mock") return RaceClient.connect(relay, { name: WITNESS });
  // Loaded only where it is wanted.
  const { mockRelay } = await import("mp-server-client/mock");
  const mock = await mockRelay({ rooms: [{ name: "Bot race", bots: 6, isActive: true }], track: oval() });
  return mock.connect(WITNESS);
}

/**
 * The circuit to draw: the relay's own where it has one.
 * @param {string} relay
 * @param {string} url
 * @returns {Promise<import("./circuit.js").TrackFile>}
 */
async function fetchTrack(relay, url) {
  if (relay === "mock") return oval();
  const answer = await fetch(new URL("track.json", url));
  return answer.ok ? answer.json() : oval();
}
