// What a user of TypeScript sees: events and results have their types, and mistakes are found before they are made.
import { RaceClient, RaceError, type ListedRoom } from "mp-server-client";
import { mockRelay } from "mp-server-client/mock";
import { defineRaceViewer, type RaceViewer } from "mp-server-client/viewer";
import { workerCore, workerSpectator } from "mp-server-client/worker";

export async function race(): Promise<string[]> {
  const client = await RaceClient.connect("https://relay.example", { name: "Ann", core: workerCore });
  const stop: () => void = client.on("state", ({ state }) => {
    const known: "idle" | "connecting" | "connected" | "reconnecting" | "closed" = state;
    return known;
  });
  stop();
  // @ts-expect-error: there is no such event
  client.on("stat", () => {});
  // @ts-expect-error: a player needs a name
  await RaceClient.connect("https://relay.example", {});
  const rooms: ListedRoom[] = await client.listRooms();
  const room = await client.createRoom("Friday");
  const typed = await client.joinOrCreate<{ lap: { ms: number }; horn: undefined }>("Friday");
  typed.on("message:lap", ({ senderName, payload }) => console.log(senderName, payload.ms * 2));
  await typed.send("lap", { ms: 41_250 });
  await typed.send("horn");
  // @ts-expect-error: a lap has milliseconds
  await typed.send("lap", { seconds: 41 });
  // @ts-expect-error: there is no such message
  typed.on("message:laps", () => {});
  room.on("message:anything", ({ payload }) => payload);
  typed.sendPose({ x: 1, z: 2, yaw: 0, speed: 40 });
  const went: boolean = room.sendState(1, 0, 2, 0, 0, 0, 1);
  for (const [id, player] of room.players) {
    const names: [string, string, boolean, boolean] = [id, player.name, player.isHost, player.isMe];
    // @ts-expect-error: players are only to be read
    player.name = names[1];
  }
  for (const car of room.cars()) if (car.x > 1) console.log(car.id, went);
  await client.close();
  return rooms.map(({ name }) => name);
}

export function worth(error: unknown): boolean {
  return error instanceof RaceError && error.retryable && error.code !== "room_full";
}

export const relay = mockRelay({ bots: 3 });
defineRaceViewer();
export const viewer = document.createElement("race-viewer") as RaceViewer;

export async function watch(room: string): Promise<number> {
  const spectator = await RaceClient.spectate("https://relay.example", room, { spectator: workerSpectator });
  const resources: [Disposable, AsyncDisposable?] = [spectator];
  const stop: () => void = spectator.on("room", ({ players }) => players.map(({ index }) => index));
  stop();
  for await (const { state } of spectator.events("state", { signal: AbortSignal.timeout(1000) })) {
    const known: "connecting" | "live" | "reconnecting" | "closed" = state;
    if (known === "live") break;
  }
  const { rows, count }: { rows: Float32Array; count: number } = spectator.sample(spectator.liveMs - 1000);
  return rows.length + count + resources.length;
}
