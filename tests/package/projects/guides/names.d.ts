// What the blocks of the guides and of the README use without making it: a client in a room, a spectator, and parts of the reader's own page.
import type { RaceClient, Room, RoomPlayer, Spectator } from "mp-server-client";
import type { ReactElement } from "react";

declare global {
  const race: RaceClient;
  const room: Room;
  const roomId: string;
  const spectator: Spectator;
  const canvas: HTMLCanvasElement;
  const car: { x: number; z: number; yaw: number };
  const retryButton: HTMLButtonElement;
  function draw(id: string, x: number, z: number, yaw: number, stale?: boolean): void;
  function Circuit(props: { room: Room; players: readonly RoomPlayer[] }): ReactElement;
  function tell(words: string): void;
  function askForPassword(name: string): null;
  function showLobby(): void;
}
