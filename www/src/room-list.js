// Lists whose rows are kept by id, so that a refresh neither flickers nor takes the focus away; and the row of a room, as the
// lobby and the watching page show it.

import { make, setText } from "./element.js";

/** A room has 20 places where rooms have no size of their own. */
export const ROOM_PLACES = 20;

/**
 * Show a row for each item, in the order of the items.
 * @template {{ id: string }} T
 * @template {{ root: HTMLElement }} R
 * @param {HTMLElement} list
 * @param {Map<string, R>} rows  those shown, by id
 * @param {readonly T[]} items
 * @param {(item: T) => R} create
 * @param {(row: R, item: T) => void} fill
 */
export function showRows(list, rows, items, create, fill) {
  const ids = new Set(items.map(({ id }) => id));
  for (const [id, { root }] of rows) {
    if (ids.has(id)) continue;
    passFocusOn(root);
    root.remove();
    rows.delete(id);
  }
  items.forEach((item, place) => {
    const row = rows.get(item.id) ?? create(item);
    rows.set(item.id, row);
    fill(row, item);
    if (list.children[place] !== row.root) list.insertBefore(row.root, list.children[place] ?? null);
  });
}

/** Move the focus from a row that is about to go to its neighbour, or else to the heading. @param {HTMLElement} row */
function passFocusOn(row) {
  if (!row.contains(document.activeElement)) return;
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const target =
    next?.querySelector("button:not([hidden])") ??
    next?.querySelector("a") ??
    row.closest("section")?.querySelector("h1");
  if (target instanceof HTMLElement) target.focus();
}

/** A room: its name, what goes on in it, how full it is, and what can be done. */
export class RoomRow {
  /**
   * @param {string} id
   * @param {string} testid
   * @param {HTMLElement[]} actions
   */
  constructor(id, testid, ...actions) {
    this.root = make("li", "room");
    this.root.dataset.testid = testid;
    this.root.dataset.roomId = id;
    this.name = make("p", "room-name");
    this.state = make("span", "tag");
    this.players = make("p", "room-players");
    this.meter = make("span", "meter");
    this.meter.setAttribute("aria-hidden", "true");
    const end = make("div", "room-actions");
    end.append(...actions);
    this.root.append(this.name, this.state, this.players, this.meter, end);
  }

  /**
   * @param {string} name
   * @param {{ kind: "full" | "live" | "open", text: string }} state
   * @param {number} playerCount
   * @param {{ more?: string, places?: number }} [options]  `more` is shown after the number of players
   */
  fill(name, { kind, text }, playerCount, { more = "", places = ROOM_PLACES } = {}) {
    setText(this.name, name);
    setText(this.state, text);
    this.state.dataset.kind = kind;
    setText(this.players, `${playerCount} of ${places}${more}`);
    this.meter.style.setProperty("--part", String(Math.min(playerCount / places, 1)));
  }
}
