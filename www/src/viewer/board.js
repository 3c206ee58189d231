// The leaderboard: a real table, one row a driver, kept by id so that nothing flickers and the focus stays where it is.

import { make, setText } from "../element.js";
import { wear } from "../map/plate.js";
import { gapText, lapText } from "./words.js";

/** @typedef {import("./standing.js").Standing} Standing */

/** A row that changes places glides there. */
const GLIDE = { duration: 260, easing: "cubic-bezier(0.2, 0.8, 0.2, 1)" };
const KMH = 3.6;

export class Board {
  /**
   * @param {HTMLTableSectionElement} body
   * @param {HTMLElement} nobody  shown while the table is empty
   * @param {(id: string) => void} onPick
   */
  constructor(body, nobody, onPick) {
    this.body = body;
    this.nobody = nobody;
    this.onPick = onPick;
    this.reducedMotion = false;
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** In the order shown. @type {Row[]} */
    this.order = [];
    this.turn = 0;
  }

  /**
   * @param {readonly Standing[]} standings  leader first
   * @param {string} selectedId
   */
  show(standings, selectedId) {
    this.turn += 1;
    const moved =
      standings.length !== this.order.length ||
      standings.some(({ id }, place) => this.order[place].id !== id);
    // Read before any text changes, or the browser must lay the table out once more.
    if (moved) for (const row of this.order) row.top = row.root.offsetTop;
    for (const standing of standings) {
      const row = this.#rowOf(standing.id);
      row.turn = this.turn;
      row.show(standing, standing.id === selectedId);
    }
    if (moved) this.#arrange(standings);
    this.nobody.hidden = standings.length > 0;
  }

  /** @param {readonly Standing[]} standings */
  #arrange(standings) {
    const focused = /** @type {ShadowRoot} */ (this.body.getRootNode()).activeElement;
    for (const [id, row] of this.rows) {
      if (row.turn === this.turn) continue;
      row.root.remove();
      this.rows.delete(id);
    }
    this.order = standings.map((standing) => this.#rowOf(standing.id));
    this.order.forEach((row, place) => {
      const at = this.body.children[place];
      if (at !== row.root) this.body.insertBefore(row.root, at ?? null);
    });
    // Moving an element takes its focus away.
    if (focused instanceof HTMLElement && focused.isConnected) focused.focus({ preventScroll: true });
    if (!this.reducedMotion) this.#glide();
  }

  /** Only rows in view glide. All places are read before the first row moves, so the browser lays the table out once. */
  #glide() {
    const { scrollTop, clientHeight } = /** @type {HTMLElement} */ (this.body.closest(".scroller"));
    const endTop = scrollTop + clientHeight;
    const height = this.order[0]?.root.offsetHeight ?? 0;
    const gliding = this.order.flatMap(({ root, top }) => {
      const by = top - root.offsetTop;
      const inView = Math.max(top, top - by) + height > scrollTop && Math.min(top, top - by) < endTop;
      return by && inView ? [{ root, by }] : [];
    });
    for (const { root, by } of gliding) {
      root.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], GLIDE);
    }
  }

  /** @param {string} id */
  #rowOf(id) {
    let row = this.rows.get(id);
    if (row === undefined) {
      row = new Row(id, this.onPick);
      this.rows.set(id, row);
    }
    return row;
  }
}

class Row {
  /**
   * @param {string} id
   * @param {(id: string) => void} onPick
   */
  constructor(id, onPick) {
    this.id = id;
    this.root = make("tr", "");
    this.root.dataset.testid = "viewer-row";
    this.root.dataset.id = id;
    this.place = make("td", "c-place");
    const driver = make("th", "c-driver");
    driver.scope = "row";
    this.button = make("button", "driver");
    this.button.type = "button";
    this.plate = make("span", "plate");
    this.name = make("bdi", "name");
    this.button.append(this.plate, this.name);
    driver.append(this.button);
    this.lap = make("td", "c-lap");
    this.gap = make("td", "c-gap");
    this.interval = make("td", "c-interval");
    this.last = make("td", "c-last");
    this.best = make("td", "c-best");
    this.speed = make("td", "c-speed");
    const signal = make("td", "c-signal");
    this.signal = make("span", "signal");
    this.signalWord = make("span", "visually-hidden");
    signal.append(this.signal, this.signalWord);
    this.root.append(
      this.place,
      driver,
      this.lap,
      this.gap,
      this.interval,
      this.last,
      this.best,
      this.speed,
      signal,
    );
    this.root.addEventListener("click", () => onPick(id));
    this.turn = 0;
    this.top = NaN;
    /** @type {import("../livery.js").Livery | null} */
    this.livery = null;
  }

  /**
   * @param {Standing} standing
   * @param {boolean} selected
   */
  show(standing, selected) {
    const { livery, connection } = standing;
    if (livery !== this.livery) wear(this.plate, livery);
    this.livery = livery;
    setText(this.place, standing.place > 0 ? String(standing.place) : "–");
    setText(this.name, standing.name || "Anonymous");
    setText(this.lap, standing.inPit ? "Pit" : standing.lap > 0 ? String(standing.lap) : "Out");
    const title = this.lap.textContent === "Out" ? "Out lap: on the way to the start line" : "";
    if (this.lap.title !== title) this.lap.title = title;
    setText(this.gap, standing.place === 1 ? "Leader" : gapText(standing.gapMs, standing.gapLaps));
    setText(this.interval, standing.place === 1 ? "" : gapText(standing.intervalMs, standing.intervalLaps));
    setText(this.last, lapText(standing.lastMs));
    setText(this.best, lapText(standing.bestMs));
    setText(this.speed, String(Math.round(standing.speed * KMH)));
    this.signal.dataset.kind = connection;
    setText(this.signalWord, connection);
    this.best.classList.toggle("fastest", standing.isFastest);
    this.root.classList.toggle("selected", selected);
    this.root.classList.toggle("lost", connection === "lost");
    const pressed = String(selected);
    if (this.button.getAttribute("aria-pressed") !== pressed) {
      this.button.setAttribute("aria-pressed", pressed);
    }
  }
}
