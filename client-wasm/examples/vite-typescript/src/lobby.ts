// The list of rooms, until the player chooses one or signs out.

import type { ListedRoom, RaceClient, Room } from "mp-server-client";

import { element, find, onSubmit, showError, showScreen } from "./page.js";
import type { Messages } from "./race.js";

/** Gives the room that was entered; null if the player signed out. Rejects if the connection is gone for good. */
export async function chooseRoom(client: RaceClient): Promise<Room<Messages> | null> {
  showScreen("lobby");
  const done = new AbortController();
  const { signal } = done;
  try {
    return await new Promise((resolve, reject) => {
      const enter = (entering: Promise<Room<Messages>>) => void entering.then(resolve, showError);
      client.on("rooms", (rooms) => showRooms(rooms, (id) => enter(client.joinRoom(id))), { signal });
      client.on("state", (change) => change.state === "closed" && reject(change), { signal });
      onSubmit("create", "room", (name) => enter(client.joinOrCreate(name)));
      find("sign-out").onclick = () => resolve(null);
    });
  } finally {
    done.abort();
  }
}

function showRooms(rooms: ListedRoom[], join: (id: string) => void): void {
  const words = rooms.map(({ name, playerCount, isActive }) => {
    return `${name}: ${playerCount} of 20${isActive ? ", racing" : ""}`;
  });
  const shown = [...find("rooms").children].map(({ textContent }) => textContent);
  // A button that somebody is about to press stays.
  if (words.join() === shown.join()) return;
  const buttons = rooms.map(({ id }, i) => {
    const button = element("button", words[i]);
    button.className = "outline";
    button.onclick = () => join(id);
    return button;
  });
  find("rooms").replaceChildren(...buttons);
}
