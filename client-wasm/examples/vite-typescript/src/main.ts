// From signing in through the lobby into a race, and back.

import type { RaceClient, StateChange } from "mp-server-client";

import { chooseRoom } from "./lobby.js";
import { field, page, showScreen } from "./page.js";
import { race } from "./race.js";
import { fetchTrack, makeClient } from "./relay.js";
import { showError } from "./words.js";

const STATES = {
  idle: "not connected",
  connecting: "connecting…",
  connected: "connected",
  reconnecting: "connection lost, coming back…",
  closed: "not connected",
};

const relay = page.signIn.elements.namedItem("relay") as HTMLInputElement;
relay.value = new URLSearchParams(location.search).get("relay") ?? "http://127.0.0.1:8080";
page.signIn.addEventListener("submit", (event) => {
  event.preventDefault();
  void play(field(page.signIn, "relay"), field(page.signIn, "driver"));
});

async function play(address: string, name: string): Promise<void> {
  showError(page.error, null);
  page.signIn.inert = true;
  let client: RaceClient | undefined;
  let dropPanel = () => {};
  try {
    client = await makeClient(address, name);
    client.on("state", showState);
    await client.connect();
    dropPanel = await showDebugPanel(client);
    const track = await fetchTrack(address, client);
    for (;;) {
      const room = await chooseRoom(client);
      if (!room) return;
      await race(client, room, track).catch((error) => {
        // Out of the room, but perhaps not out of the game.
        showError(page.error, error);
        if (client?.state === "closed") throw error;
      });
    }
  } catch (error) {
    showError(page.error, error as Error);
  } finally {
    dropPanel();
    page.signIn.inert = false;
    showScreen("signIn");
    // Says goodbye, so that the others do not see a car that stands there.
    await client?.close();
  }
}

function showState({ state }: StateChange): void {
  page.state.dataset.state = state;
  page.state.textContent = STATES[state];
}

/** While developing: what the client does, and worse networks to try. Vite leaves it out of what it builds. */
async function showDebugPanel(client: RaceClient): Promise<() => void> {
  if (!import.meta.env.DEV) return () => {};
  const { attachDebugPanel } = await import("mp-server-client/debug");
  const panel = attachDebugPanel(client, { folded: true });
  return () => panel.remove();
}
