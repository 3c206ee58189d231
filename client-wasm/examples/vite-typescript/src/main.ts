// From signing in through the rooms into a race, and back.

import "@picocss/pico/css/pico.min.css";
import "./style.css";

import { RaceClient, fetchTrack } from "mp-server-client";
import { Track } from "mp-server-client/map";
import type { MockRelay } from "mp-server-client/mock";
import { workerCore } from "mp-server-client/worker";

import { chooseRoom } from "./lobby.js";
import { find, onSubmit, showError, showScreen } from "./page.js";
import { race } from "./race.js";

const relay = find<HTMLFormElement>("sign-in").elements.namedItem("relay") as HTMLInputElement;
relay.value = new URLSearchParams(location.search).get("relay") ?? "http://127.0.0.1:8080";
onSubmit("sign-in", "driver", (name) => void play(relay.value.trim(), name));

async function play(address: string, name: string): Promise<void> {
  showError(null);
  let client: RaceClient | undefined;
  let removePanel = () => {};
  try {
    const track = address === "mock" ? Track.oval() : await fetchTrack(address).catch(() => Track.oval());
    client = await connect(address, name, track);
    client.on("state", ({ state }) => (find("state").textContent = state));
    find("state").textContent = client.state;
    removePanel = await showDebugPanel(client);
    for (let room = await chooseRoom(client); room; room = await chooseRoom(client)) {
      const lost = await race(client, room, track);
      if (lost) showError(lost);
      if (client.state === "closed") return;
    }
  } catch (error) {
    showError(error);
  } finally {
    removePanel();
    showScreen("sign-in");
    // Says goodbye, so that the others see no car that stands there.
    await client?.close();
  }
}

/** One for the whole page, so that its players meet. */
let mock: MockRelay | undefined;

/** In a Web Worker, so that no slow frame delays its network. */
async function connect(address: string, name: string, track: Track): Promise<RaceClient> {
  if (address !== "mock") return RaceClient.connect(address, { name, core: workerCore });
  const { mockRelay } = await import("mp-server-client/mock");
  const rooms = [
    { name: "Friday", bots: 5, isActive: true },
    { name: "Newcomers", bots: 2 },
  ];
  mock ??= await mockRelay({ rooms, track });
  return mock.connect(name);
}

/** While developing: what the client does, and worse networks to try. Vite leaves it out of what it builds. */
async function showDebugPanel(client: RaceClient): Promise<() => void> {
  if (!import.meta.env.DEV) return () => {};
  const { attachDebugPanel } = await import("mp-server-client/debug");
  const panel = attachDebugPanel(client, { folded: true });
  return () => panel.remove();
}
