// The list of rooms, and the form that creates one.

import { watchLink } from "./address.js";
import { element, make, setText } from "./element.js";
import { plainName, refusalOf } from "./names.js";
import { ROOM_PLACES, RoomRow, showRows } from "./room-list.js";
import { hasSizes } from "./state.js";
import { count } from "./viewer/words.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Room} Room */
/** @typedef {import("./flow.js").Flow} Flow */

/** @param {Flow} flow */
export function createLobby(flow) {
  const list = element("room-list", HTMLUListElement);
  const empty = element("rooms-empty", HTMLDivElement);
  const loading = element("rooms-loading", HTMLDivElement);
  const summary = element("lobby-summary", HTMLParagraphElement);
  const form = element("create-form", HTMLFormElement);
  const name = element("create-name", HTMLInputElement);
  const size = createSize(form);
  /** @type {Map<string, Row>} */
  const rows = new Map();

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    name.setCustomValidity(refusalOf(name.value, "Give the room a name."));
    if (form.reportValidity()) void flow.createRoom(plainName(name.value), size.value());
  });
  name.addEventListener("input", () => name.setCustomValidity(""));

  return {
    /** @param {State} state */
    show(state) {
      if (state.screen !== "lobby") {
        name.value = "";
        size.reset();
        return;
      }
      loading.hidden = state.roomsKnown;
      empty.hidden = !state.roomsKnown || state.rooms.length > 0;
      list.hidden = state.rooms.length === 0;
      setText(summary, summaryText(state));
      size.show(hasSizes(state));
      const { rooms, busy, spectate } = state;
      showRows(
        list,
        rows,
        rooms,
        ({ id }) => new Row(id, flow),
        (row, room) => row.show(room, busy, spectate),
      );
    },
  };
}

/** How many drivers a room may hold, where rooms have a size of their own. */
const SIZES = { least: 2, most: 128 };

/**
 * The field for the size of a new room, below that of its name.
 * @param {HTMLFormElement} form
 */
function createSize(form) {
  const field = make("div", "field");
  const label = make("label", "", "Drivers ");
  const input = make("input", "");
  const note = element("create-note", HTMLParagraphElement);
  const usual = note.textContent ?? "";
  input.type = "number";
  input.id = label.htmlFor = input.dataset.testid = "create-size";
  input.min = String(SIZES.least);
  input.max = String(SIZES.most);
  input.required = true;
  input.value = input.defaultValue = String(ROOM_PLACES);
  label.append(make("span", "optional", `${SIZES.least} to ${SIZES.most}`));
  field.append(label, input);

  return {
    value: () => (field.isConnected ? input.valueAsNumber : undefined),
    reset: () => (input.value = input.defaultValue),
    /** @param {boolean} wanted */
    show(wanted) {
      if (wanted === field.isConnected) return;
      if (wanted) form.querySelector(".field")?.after(field);
      else field.remove();
      setText(note, wanted ? "As the host, you decide when the race starts." : usual);
    },
  };
}

const FULL = /** @type {const} */ ({ kind: "full", text: "Full" });
const RACING = /** @type {const} */ ({ kind: "live", text: "Racing" });
const OPEN = /** @type {const} */ ({ kind: "open", text: "Open" });

class Row extends RoomRow {
  /**
   * @param {string} id
   * @param {Flow} flow
   */
  constructor(id, flow) {
    const button = make("button", "button", "Join");
    button.type = "button";
    button.dataset.testid = "join-room";
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") !== "true") void flow.joinRoom(id);
    });
    const watch = make("a", "button quiet", "Watch");
    watch.href = watchLink(id);
    watch.target = "_blank";
    watch.dataset.testid = "watch-room";
    super(id, "room-row", watch, button);
    this.button = button;
    this.watch = watch;
  }

  /**
   * @param {Room} room
   * @param {string} busy
   * @param {boolean} spectate
   */
  show({ id, name, playerCount, isActive, maxPlayers: places = ROOM_PLACES }, busy, spectate) {
    const shown = name || "Unnamed room";
    const full = playerCount >= places;
    const state = isActive ? RACING : OPEN;
    this.fill(shown, full ? FULL : state, playerCount, { places });
    this.watch.hidden = !spectate;
    this.watch.setAttribute("aria-label", `Watch ${shown} in a new tab`);
    this.button.setAttribute("aria-label", `Join ${shown}`);
    this.button.setAttribute("aria-disabled", String(full || busy !== ""));
    this.button.classList.toggle("waiting", busy === `join ${id}`);
  }
}

/** @param {State} state */
function summaryText({ rooms, roomsKnown }) {
  if (!roomsKnown || rooms.length === 0) return "";
  const drivers = rooms.reduce((sum, room) => sum + room.playerCount, 0);
  const racing = rooms.filter((room) => room.isActive).length;
  return `${count(rooms.length, "room")}, ${count(drivers, "driver")}, ${racing} racing`;
}
