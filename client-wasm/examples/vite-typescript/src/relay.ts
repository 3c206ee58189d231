// The way to a relay: a real one by its address, or one that is made up in the page, with bots.

import { RaceClient } from "mp-server-client";
import type { MockRelay } from "mp-server-client/mock";
import { workerCore } from "mp-server-client/worker";

import { oval, type TrackFile } from "./circuit.js";

/** One for the whole page, so that its players meet. */
let mock: Promise<MockRelay> | undefined;

/** A client that is not connected yet. */
export async function makeClient(relay: string, name: string): Promise<RaceClient> {
  // In a worker, so that no slow frame keeps its network waiting.
  if (relay !== "mock") return new RaceClient(relay, { name, core: workerCore });
  // Loaded only where it is wanted.
  mock ??= import("mp-server-client/mock").then(({ mockRelay }) =>
    mockRelay({
      rooms: [
        { name: "Friday", bots: 5, isActive: true },
        { name: "Newcomers", bots: 2 },
      ],
      track: oval(),
    }),
  );
  const { options } = await mock;
  return new RaceClient("http://localhost/", { name, ...options });
}

/** The circuit to draw: the relay's own where it has one. */
export async function fetchTrack(relay: string, race: RaceClient): Promise<TrackFile> {
  if (relay === "mock") return oval();
  const answer = await fetch(new URL("track.json", race.url));
  return answer.ok ? answer.json() : oval();
}
