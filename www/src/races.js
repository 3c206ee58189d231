// The list of races to watch, as the relay knows them.

import { watchLink } from "./address.js";
import { BASE, game } from "./join.js";
import { element, make, setText } from "./element.js";
import { RoomRow, showRows } from "./room-list.js";
import { count } from "./viewer/words.js";

/** @typedef {{ id: string, name: string, playerCount: number, maxPlayers?: number, isActive: boolean, live: boolean, spectators: number }} Listed */

/** A relay that has not answered by then counts as one that cannot be reached. */
const TIMEOUT_MS = 5000;
const FAILED = { title: "Can't load races", next: "Retrying every few seconds…" };

/** @param {string} token  empty if none is needed */
export function createRaceList(token) {
  const list = element("race-list", HTMLUListElement);
  const summary = element("races-summary", HTMLElement);
  const empty = element("races-empty", HTMLElement);
  const title = element("races-empty-title", HTMLElement);
  const next = element("races-empty-next", HTMLElement);
  let isRefused = false;
  /** The relay does not have the page's game server, until the visitor chooses another. */
  let isUnknown = false;
  const nothing = { title: title.textContent ?? "", next: next.textContent ?? "" };
  /** @type {Map<string, Row>} */
  const rows = new Map();

  /** @param {Listed[]} rooms */
  function show(rooms) {
    const shown = rooms.filter((room) => room.playerCount > 0 || room.live).sort(byInterest);
    showRows(
      list,
      rows,
      shown,
      ({ id }) => new Row(id, token),
      (row, room) => row.show(room),
    );
    const watching = rooms.reduce((sum, room) => sum + room.spectators, 0);
    setText(
      summary,
      shown.length > 0
        ? `${count(shown.length, "race")}, ${watching} watching. No account needed.`
        : "No account needed.",
    );
    list.classList.remove("outdated");
    say(nothing, shown.length === 0);
  }

  /** An older list stays, but nobody should take it for the present one. */
  function sayFailed() {
    if (rows.size === 0) return say(FAILED, true);
    list.classList.add("outdated");
    setText(summary, `${FAILED.title}. ${FAILED.next}`);
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

  /** The relay shows no races, or has no game server of the page's name. */
  async function sayWhyNone() {
    const config = await fetch(`${BASE}api/config`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    /** @type {{ servers?: import("./state.js").GameServer[] }} */
    const { servers = [] } = await config.json();
    const { serverName, unknownServer } = await import("./servers.js");
    const name = serverName();
    if (!name || servers.some((server) => server.name === name)) {
      const advice = "The operator of this relay has turned watching off.";
      return say({ title: "No races are shown here", next: advice }, true);
    }
    isUnknown = true;
    say(unknownServer(name, servers), true);
  }

  return {
    /** Show nothing until the next answer: another game server was chosen. */
    clear() {
      list.replaceChildren();
      list.classList.remove("outdated");
      rows.clear();
      setText(summary, "No account needed.");
      empty.hidden = true;
      isUnknown = false;
    },
    async refresh() {
      // The token of this page will not become another one, and each wrong one is counted.
      if (isRefused || isUnknown) return;
      const server = game.query;
      try {
        const response = await fetch(`${BASE}api/rooms${server}`, {
          signal: AbortSignal.timeout(TIMEOUT_MS),
          cache: "no-store",
          headers: token ? { authorization: `Bearer ${token}` } : {},
        });
        // Another one was chosen meanwhile. An answer that is not read counts as aborted when the page goes.
        if (server !== game.query) return void (await response.text());
        if (response.status === 404) return await sayWhyNone();
        if (response.status === 401) {
          isRefused = true;
          const advice = token
            ? "The access token of this link is not the right one. Ask for a new link."
            : "Ask whoever runs this relay for a link with an access token.";
          say({ title: "These races are private", next: advice }, true);
          return;
        }
        if (!response.ok) throw new Error(`status ${response.status}`);
        const rooms = await response.json();
        if (server === game.query) show(rooms);
      } catch {
        if (server === game.query) sayFailed();
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

class Row extends RoomRow {
  /**
   * @param {string} id
   * @param {string} token
   */
  constructor(id, token) {
    const link = make("a", "button", "Watch");
    link.href = watchLink(id, token);
    link.dataset.testid = "watch-race";
    super(id, "race-row", link);
    this.link = link;
  }

  /** @param {Listed} room */
  show({ name, playerCount, maxPlayers: places, isActive, live, spectators }) {
    const shown = name || "Unnamed room";
    const text = isActive ? "Racing" : live ? "On track" : "Open";
    const more = spectators > 0 ? `, ${spectators} watching` : "";
    this.fill(shown, { kind: isActive ? "live" : "open", text }, playerCount, { more, places });
    this.link.setAttribute("aria-label", `Watch ${shown}`);
  }
}
