// The page "Room": who is in it, and what is known of each car.

import { find } from "./markup.js";
import { put } from "./network.js";
import { inMs, many, short } from "./words.js";

const KMH = 3.6;

/** @typedef {import("./watch.js").Watched} Watched */
/** @typedef {{ speed: number, ageMs: number, stale: boolean }} Seen */

export class RoomPage {
  /** @param {ShadowRoot} root */
  constructor(root) {
    this.name = find(root, ".room-name", HTMLElement);
    this.note = find(root, ".room-note", HTMLElement);
    this.table = find(root, "#page-room table", HTMLTableElement);
    this.body = find(root, "#page-room tbody", HTMLTableSectionElement);
  }

  /** @param {Watched} client */
  show({ room }) {
    this.table.hidden = !room;
    put(this.name, room ? room.name || "A room without a name" : "In no room");
    if (!room) {
      put(this.note, "Players and cars show here once this client is in a room.");
      this.body.replaceChildren();
      return;
    }
    const started = room.isActive ? "race started" : "not started";
    put(this.note, `${room.id} · ${many(room.players.size, "player")} · ${started}`);
    const cars = this.#cars(room);
    this.body.replaceChildren(
      ...[...room.players.values()].map((player) => rowOf(player, cars.get(player.id))),
    );
  }

  /** @param {import("./watch.js").WatchedRoom} room */
  #cars(room) {
    /** @type {Map<string, Seen>} */
    const cars = new Map();
    // One object is used for all of them, so what is shown is copied.
    for (const { id, speed, ageMs, stale } of room.cars()) cars.set(id, { speed, ageMs, stale });
    return cars;
  }
}

/**
 * @param {{ id: string, name: string, isHost: boolean, isMe: boolean }} player
 * @param {Seen | undefined} car
 */
function rowOf({ id, name, isHost, isMe }, car) {
  const row = document.createElement("tr");
  if (car?.stale) row.className = "stale";
  const marks = [isMe && "me", isHost && "host"].filter(Boolean);
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name || "Anonymous";
  for (const mark of marks) head.append(markOf(String(mark)));
  const cells = [
    short(id),
    car ? `${Math.round(car.speed * KMH)} km/h` : "–",
    car ? inMs(Math.round(car.ageMs)) : "–",
  ];
  row.append(
    head,
    ...cells.map((words, index) => {
      const made = document.createElement("td");
      made.textContent = words;
      if (index === 0) made.title = id;
      made.className = index === 0 ? "id" : "number";
      return made;
    }),
  );
  return row;
}

/** @param {string} words */
function markOf(words) {
  const mark = document.createElement("small");
  mark.textContent = words;
  return mark;
}
