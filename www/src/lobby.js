// The list of rooms. Rows are kept by room id, so that a refresh neither flickers nor takes the focus away.

import { watchLink } from "./address.js";
import { element, make, setText } from "./element.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Room} Room */
/** @typedef {import("./flow.js").Flow} Flow */

/** A room of the first generation always has 20 places. */
export const ROOM_PLACES = 20;

/** @param {Flow} flow */
export function createLobby(flow) {
  const list = element("room-list", HTMLUListElement);
  const empty = element("rooms-empty", HTMLDivElement);
  const loading = element("rooms-loading", HTMLDivElement);
  const summary = element("lobby-summary", HTMLParagraphElement);
  const form = element("create-form", HTMLFormElement);
  const name = element("create-name", HTMLInputElement);
  /** @type {Map<string, Row>} */
  const rows = new Map();

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = name.value.trim();
    name.setCustomValidity(wanted ? "" : "Give the room a name.");
    if (form.reportValidity()) void flow.createRoom(wanted);
  });
  name.addEventListener("input", () => name.setCustomValidity(""));

  /** @param {State} state */
  function showRows({ rooms, busy, spectate }) {
    const listed = new Set(rooms.map((room) => room.id));
    for (const [id, row] of rows) {
      if (listed.has(id)) continue;
      row.remove();
      rows.delete(id);
    }
    rooms.forEach((room, place) => {
      const row = rows.get(room.id) ?? new Row(flow);
      rows.set(room.id, row);
      row.show(room, busy, spectate);
      if (list.children[place] !== row.root) list.insertBefore(row.root, list.children[place] ?? null);
    });
  }

  return {
    /** @param {State} state */
    show(state) {
      if (state.screen !== "lobby") {
        name.value = "";
        return;
      }
      loading.hidden = state.roomsKnown;
      empty.hidden = !state.roomsKnown || state.rooms.length > 0;
      list.hidden = state.rooms.length === 0;
      setText(summary, summaryText(state));
      showRows(state);
    },
  };
}

class Row {
  /** @param {Flow} flow */
  constructor(flow) {
    this.id = "";
    this.root = make("li", "room");
    this.root.dataset.testid = "room-row";
    this.name = make("p", "room-name");
    this.state = make("span", "tag");
    this.players = make("p", "room-players");
    this.meter = make("span", "meter");
    this.meter.setAttribute("aria-hidden", "true");
    this.button = make("button", "button", "Join");
    this.button.type = "button";
    this.button.dataset.testid = "join-room";
    this.button.addEventListener("click", () => {
      if (this.button.getAttribute("aria-disabled") === "true") return;
      void flow.joinRoom(this.id);
    });
    this.watch = make("a", "button quiet", "Watch");
    this.watch.target = "_blank";
    this.watch.dataset.testid = "watch-room";
    const actions = make("div", "room-actions");
    actions.append(this.watch, this.button);
    this.root.append(this.name, this.state, this.players, this.meter, actions);
  }

  /**
   * @param {Room} room
   * @param {string} busy
   * @param {boolean} spectate
   */
  show({ id, name, playerCount, isActive }, busy, spectate) {
    const shown = name || "Unnamed room";
    const full = playerCount >= ROOM_PLACES;
    this.id = id;
    this.root.dataset.roomId = id;
    setText(this.name, shown);
    setText(this.state, full ? "Full" : isActive ? "Racing" : "Open");
    this.state.dataset.kind = full ? "full" : isActive ? "live" : "open";
    setText(this.players, `${playerCount} of ${ROOM_PLACES}`);
    this.meter.style.setProperty("--part", String(Math.min(playerCount / ROOM_PLACES, 1)));
    this.watch.hidden = !spectate;
    this.watch.href = watchLink(id);
    this.watch.setAttribute("aria-label", `Watch ${shown} in a new tab`);
    this.button.setAttribute("aria-label", `Join ${shown}`);
    this.button.setAttribute("aria-disabled", String(full || busy !== ""));
    this.button.classList.toggle("waiting", busy === `join ${id}`);
  }

  /** Remove the row. If it has the focus, its neighbour gets it. */
  remove() {
    if (this.root.contains(document.activeElement)) {
      const next = this.root.nextElementSibling ?? this.root.previousElementSibling;
      (next?.querySelector("button") ?? element("lobby-title", HTMLElement)).focus();
    }
    this.root.remove();
  }
}

/** @param {State} state */
function summaryText({ rooms, roomsKnown }) {
  if (!roomsKnown || rooms.length === 0) return "";
  const drivers = rooms.reduce((sum, room) => sum + room.playerCount, 0);
  const racing = rooms.filter((room) => room.isActive).length;
  return `${count(rooms.length, "room")}, ${count(drivers, "driver")}, ${racing} racing`;
}

/**
 * @param {number} number
 * @param {string} noun
 */
function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
