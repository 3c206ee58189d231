// The list of rooms, until the player chose one or signed out.

import type { ListedRoom, RaceClient, Room } from "mp-server-client";

import { field, item, page, showScreen } from "./page.js";
import { showError } from "./words.js";

const EVERY_MS = 2000;

/** Gives the room that was entered; null where the player signed out. Rejects when the connection is gone for good. */
export async function chooseRoom(race: RaceClient): Promise<Room | null> {
  showScreen("lobby");
  const done = new AbortController();
  const { signal } = done;
  try {
    return await new Promise<Room | null>((resolve, reject) => {
      const enter = (entering: Promise<Room>) =>
        void entering.then(resolve, (error) => showError(page.error, error));
      const refresh = () =>
        race.listRooms().then(
          (rooms) => signal.aborted || showRooms(rooms, (id) => enter(race.joinRoom(id))),
          // The next time perhaps; a connection that is gone for good is told below.
          () => {},
        );
      const timer = setInterval(refresh, EVERY_MS);
      signal.addEventListener("abort", () => clearInterval(timer));
      void refresh();
      race.on("state", (change) => change.state === "closed" && reject(change), { signal });
      page.create.addEventListener(
        "submit",
        (event) => {
          event.preventDefault();
          enter(race.createRoom(field(page.create, "room")));
        },
        { signal },
      );
      page.signOut.addEventListener("click", () => resolve(null), { signal });
    });
  } finally {
    done.abort();
    showError(page.error, null);
  }
}

function showRooms(rooms: ListedRoom[], join: (id: string) => void): void {
  page.noRooms.hidden = rooms.length > 0;
  const items = rooms.map(({ id, name, playerCount, isActive }) => {
    const button = document.createElement("button");
    button.type = "button";
    const title = document.createElement("strong");
    title.textContent = name;
    const details = document.createElement("span");
    details.textContent = `${playerCount} of 20${isActive ? " · racing" : ""}`;
    button.append(title, details);
    button.addEventListener("click", () => join(id));
    return item(button);
  });
  // Nobody wants to lose the button that they are about to press.
  const shown = [...page.rooms.children].map((child) => child.textContent).join("\n");
  if (shown !== items.map((child) => child.textContent).join("\n")) page.rooms.replaceChildren(...items);
}
