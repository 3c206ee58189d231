// The page "Events": the journal, filtered.

import { find } from "./markup.js";
import { cell } from "./network.js";
import { timeOfDay } from "./words.js";

/** More rows make a page slow and nobody reads them; all are in what is copied. */
const MAX_ROWS = 120;

export class EventsPage {
  /**
   * @param {ShadowRoot} root
   * @param {import("./journal.js").Journal} journal
   */
  constructor(root, journal) {
    this.journal = journal;
    this.filter = find(root, "#page-events input[type=search]", HTMLInputElement);
    this.chips = [.../** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("[data-kind]"))];
    this.list = find(root, "#page-events ol", HTMLOListElement);
    this.isStale = true;
    this.shown = 0;
    const changed = () => this.changed();
    this.filter.addEventListener("input", changed);
    for (const chip of this.chips) chip.addEventListener("change", changed);
  }

  /** Show at once what the filter says now. */
  changed() {
    this.isStale = true;
    this.show();
  }

  show() {
    if (!this.isStale && this.shown === this.journal.count) return;
    this.isStale = false;
    this.shown = this.journal.count;
    const kinds = new Set(this.chips.filter((chip) => chip.checked).map((chip) => chip.value));
    const rows = this.journal.find(kinds, this.filter.value, MAX_ROWS).map(({ ms, kind, words }) => {
      const row = document.createElement("li");
      row.append(cell("time", timeOfDay(ms)), cell(`kind kind-${kind}`, kind), cell("words", words));
      return row;
    });
    if (rows.length === 0) {
      const row = document.createElement("li");
      row.append(cell("nothing", this.journal.count > 0 ? "Nothing like this." : "Nothing yet."));
      rows.push(row);
    }
    this.list.replaceChildren(...rows);
  }
}
