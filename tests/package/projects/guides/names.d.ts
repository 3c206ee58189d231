// What the guides' blocks use without making it: a client in a room, a spectator, and parts of the reader's own page.
import type { RaceClient, Room, Spectator } from "mp-server-client";

declare global {
  const race: RaceClient;
  const room: Room;
  const roomId: string;
  const spectator: Spectator;
  const canvas: HTMLCanvasElement;
  const car: { x: number; z: number; yaw: number };
  const retryButton: HTMLButtonElement;
  function draw(id: string, x: number, z: number, yaw: number, stale: boolean): void;
  function tell(words: string): void;
  function askForPassword(name: string): null;
  function showLobby(): void;
}
