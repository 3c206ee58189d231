// The race's events as a list, newest first; a press on one shows the moment just before it.

import { make, setText } from "../element.js";
import { eventText } from "./words.js";

/** @typedef {import("./chronicle.js").RaceEvent} RaceEvent */

/** Shown at once; more is scrolled past by nobody. */
const MAX_SHOWN = 80;
/** An event is shown with what led to it. */
export const LEAD_MS = 3000;

export class News {
  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} nobody  shown while the list is empty
   * @param {(atMs: number) => void} onPick
   */
  constructor(list, nobody, onPick) {
    this.list = list;
    this.nobody = nobody;
    this.onPick = onPick;
    /** Keys of the events shown, newest first. @type {number[]} */
    this.keys = [];
    this.version = -1;
  }

  /** Rewrite the list, with the times. */
  clear() {
    this.version = -1;
    this.list.replaceChildren();
  }

  /**
   * @param {{ events: readonly RaceEvent[], version: number }} ledger
   * @param {number} startMs  the oldest moment that can be shown
   * @param {(atMs: number) => string} timeOf  the time of day
   */
  show(ledger, startMs, timeOf) {
    if (ledger.version !== this.version) {
      this.version = ledger.version;
      this.#rebuild(ledger.events, timeOf);
    }
    for (const item of this.list.children) {
      const button = /** @type {HTMLButtonElement} */ (item.firstElementChild);
      const past = Number(button.dataset.at) < startMs;
      if (button.disabled !== past) button.disabled = past;
    }
  }

  /**
   * @param {readonly RaceEvent[]} events
   * @param {(atMs: number) => string} timeOf
   */
  #rebuild(events, timeOf) {
    const wanted = events.slice(-MAX_SHOWN).reverse();
    const keys = new Set(wanted.map((event) => event.key));
    for (const item of [...this.list.children]) {
      if (!keys.has(Number(/** @type {HTMLElement} */ (item).dataset.key))) item.remove();
    }
    const shown = new Map(
      [...this.list.children].map((item) => [Number(/** @type {HTMLElement} */ (item).dataset.key), item]),
    );
    wanted.forEach((event, place) => {
      const item = shown.get(event.key) ?? this.#item(event, timeOf);
      // A name may have become known since.
      setText(/** @type {Element} */ (item.querySelector("span")), eventText(event));
      if (this.list.children[place] !== item) this.list.insertBefore(item, this.list.children[place] ?? null);
    });
    this.nobody.hidden = wanted.length > 0;
  }

  /**
   * @param {RaceEvent} event
   * @param {(atMs: number) => string} timeOf
   */
  #item(event, timeOf) {
    const item = make("li", "");
    item.dataset.key = String(event.key);
    const button = make("button", "event");
    button.type = "button";
    button.dataset.kind = event.kind;
    button.dataset.at = String(event.atMs);
    button.dataset.testid = "viewer-event";
    const time = make("time", "", timeOf(event.atMs));
    button.append(make("i", ""), make("span", ""), time);
    button.addEventListener("click", () => this.onPick(event.atMs - LEAD_MS));
    item.append(button);
    return item;
  }
}
