// The list of races to watch, as the relay knows them. Rows are kept by room, so that a refresh disturbs nobody.

import { watchLink } from "./address.js";
import { BASE } from "./join.js";
import { element, make, setText } from "./element.js";
import { ROOM_PLACES } from "./lobby.js";
import { count } from "./viewer/words.js";

/** @typedef {{ id: string, name: string, playerCount: number, isActive: boolean, live: boolean, spectators: number }} Listed */

const TIMEOUT_MS = 8000;

export function createRaceList() {
  const list = element("race-list", HTMLUListElement);
  const summary = element("races-summary", HTMLElement);
  const empty = element("races-empty", HTMLElement);
  const title = element("races-empty-title", HTMLElement);
  const next = element("races-empty-next", HTMLElement);
  const nothing = { title: title.textContent ?? "", next: next.textContent ?? "" };
  /** @type {Map<string, Row>} */
  const rows = new Map();

  /** @param {Listed[]} rooms */
  function show(rooms) {
    const shown = rooms.filter((room) => room.playerCount > 0 || room.live).sort(byInterest);
    const ids = new Set(shown.map((room) => room.id));
    for (const [id, row] of rows) {
      if (ids.has(id)) continue;
      row.root.remove();
      rows.delete(id);
    }
    shown.forEach((room, place) => {
      const row = rows.get(room.id) ?? new Row(room.id);
      rows.set(room.id, row);
      row.show(room);
      if (list.children[place] !== row.root) list.insertBefore(row.root, list.children[place] ?? null);
    });
    const watching = rooms.reduce((sum, room) => sum + room.spectators, 0);
    setText(
      summary,
      shown.length > 0
        ? `${count(shown.length, "race")}, ${watching} watching. No account needed.`
        : "No account needed.",
    );
    say(nothing, shown.length === 0);
  }

  /**
   * @param {{ title: string, next: string }} words
   * @param {boolean} wanted
   */
  function say(words, wanted) {
    empty.hidden = !wanted;
    list.hidden = wanted;
    setText(title, words.title);
    setText(next, words.next);
  }

  return {
    async refresh() {
      try {
        const response = await fetch(`${BASE}api/rooms`, {
          signal: AbortSignal.timeout(TIMEOUT_MS),
          cache: "no-store",
        });
        if (response.status === 404) {
          say(
            {
              title: "No races are shown here",
              next: "The operator of this relay has turned watching off.",
            },
            true,
          );
          return;
        }
        if (!response.ok) throw new Error(`status ${response.status}`);
        show(await response.json());
      } catch {
        if (rows.size === 0) {
          say({ title: "Can't load races", next: "Retrying every few seconds…" }, true);
        }
      }
    },
  };
}

/**
 * Live ones first, then those with most drivers.
 * @param {Listed} a
 * @param {Listed} b
 */
function byInterest(a, b) {
  return (
    Number(b.live) - Number(a.live) ||
    b.playerCount - a.playerCount ||
    a.name.localeCompare(b.name) ||
    (a.id < b.id ? -1 : 1)
  );
}

class Row {
  /** @param {string} id */
  constructor(id) {
    this.root = make("li", "room");
    this.root.dataset.testid = "race-row";
    this.root.dataset.roomId = id;
    this.name = make("p", "room-name");
    this.state = make("span", "tag");
    this.players = make("p", "room-players");
    this.meter = make("span", "meter");
    this.meter.setAttribute("aria-hidden", "true");
    this.link = make("a", "button", "Watch");
    this.link.href = watchLink(id);
    this.link.dataset.testid = "watch-race";
    const actions = make("div", "room-actions");
    actions.append(this.link);
    this.root.append(this.name, this.state, this.players, this.meter, actions);
  }

  /** @param {Listed} room */
  show({ name, playerCount, isActive, live, spectators }) {
    const shown = name || "Unnamed room";
    setText(this.name, shown);
    setText(this.state, isActive ? "Racing" : live ? "On track" : "Open");
    this.state.dataset.kind = isActive ? "live" : "open";
    setText(
      this.players,
      `${playerCount} of ${ROOM_PLACES}${spectators > 0 ? `, ${spectators} watching` : ""}`,
    );
    this.meter.style.setProperty("--part", String(Math.min(playerCount / ROOM_PLACES, 1)));
    this.link.setAttribute("aria-label", `Watch ${shown}`);
  }
}
