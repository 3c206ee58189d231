// Records a race: sits in a room beside the track, and keeps what comes and goes until it is stopped.

import { RaceClient, fetchTrack } from "mp-server-client";
import { Track } from "mp-server-client/map";

const WITNESS = "Recorder";
/** Cars of others come only to those who say where they are. */
const EVERY_MS = 100;

/**
 * Join the room, or create it, and begin.
 * @param {string} relay  an address, or `mock`
 * @param {string} roomName
 */
export async function beginRecording(relay, roomName) {
  const track = relay === "mock" ? Track.oval() : await fetchTrack(relay).catch(() => Track.oval());
  const race = await connect(relay, track);
  try {
    const recording = await race.record();
    const room = await race.joinOrCreate(roomName);
    if (room.isHost) await room.start();
    const beside = track.at(0, 14);
    const timer = setInterval(() => room.sendPose(beside), EVERY_MS);
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

/** @param {string} relay @param {Track} track */
async function connect(relay, track) {
  if (relay !== "mock") return RaceClient.connect(relay, { name: WITNESS });
  const { mockRelay } = await import("mp-server-client/mock");
  const mock = await mockRelay({ rooms: [{ name: "Bot race", bots: 6, isActive: true }], track });
  return mock.connect(WITNESS);
}
