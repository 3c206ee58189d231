// <race-debug>: what a client does, live, and what a bad network would do to it. Wires the parts. Set its property `client`.
//
// Attributes: `theme` "light" or "dark" (default: the system's), `folded`, `show-messages` to show what players write.

import { Bench } from "./bench.js";
import { EventsPage } from "./events.js";
import { History } from "./history.js";
import { Journal } from "./journal.js";
import { look } from "./look.js";
import { find, markup } from "./markup.js";
import { NetworkPage, put } from "./network.js";
import { Place } from "./place.js";
import { RoomPage } from "./room.js";
import { Figures, LOOK_MS } from "./series.js";
import { attachTabs } from "./tabs.js";
import { watch } from "./watch.js";
import { inMs, inPercent, lasting } from "./words.js";

/** @typedef {import("./watch.js").Watched} Watched */

const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {});

export class RaceDebug extends Base {
  static observedAttributes = ["folded"];

  /** Examines the relay; another may be put in its place. @type {import("./bench.js").Doctor} */
  doctor = examine;
  /** @type {Watched | null} */
  #client = null;
  #journal = new Journal();
  #history = new History();
  #figures = new Figures();
  #page = "network";
  /** Ends what was begun for the client, while the panel is in a page. @type {Array<() => void>} */
  #stops = [];

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [look()];
    root.append(markup());
    this.stateSign = find(root, ".state", HTMLElement);
    this.stateName = find(root, ".state b", HTMLElement);
    this.since = find(root, ".since", HTMLElement);
    this.glance = find(root, ".glance", HTMLElement);
    this.body = find(root, "#body", HTMLElement);
    this.fold = find(root, '[data-act="fold"]', HTMLButtonElement);
    this.network = new NetworkPage(root);
    this.room = new RoomPage(root);
    this.events = new EventsPage(root, this.#journal);
    this.bench = new Bench(
      root,
      () => this.#client,
      () => this.doctor,
    );
    this.place = new Place(this, find(root, "header", HTMLElement), find(root, ".grip", HTMLElement));
    attachTabs(root, (page) => {
      this.#page = page;
      this.#show();
    });
    root.addEventListener("click", (event) => this.#click(event));
  }

  /** Whom the panel shows. */
  get client() {
    return this.#client;
  }

  set client(client) {
    if (client === this.#client) return;
    this.#stop();
    this.#client = client;
    this.#history = new History();
    this.#figures = new Figures();
    if (this.isConnected) this.#begin();
  }

  connectedCallback() {
    this.#adopt();
    this.#begin();
  }

  disconnectedCallback() {
    this.#stop();
  }

  attributeChangedCallback() {
    const folded = this.hasAttribute("folded");
    this.body.hidden = folded;
    this.fold.setAttribute("aria-expanded", String(!folded));
    this.fold.setAttribute("aria-label", folded ? "Unfold" : "Fold");
    this.place.settle();
    this.#show();
  }

  /** What a page set before the element had its name lies on the element and hides what is here. */
  #adopt() {
    if (!Object.hasOwn(this, "client")) return;
    const early = this.client;
    Reflect.deleteProperty(this, "client");
    this.client = early;
  }

  #begin() {
    const client = this.#client;
    this.bench.dress();
    this.#show();
    if (!client || this.#stops.length > 0) return;
    this.#history.add(client.stateChange, Date.now());
    const timer = setInterval(() => this.#look(), LOOK_MS);
    globalThis.addEventListener("resize", this.place.settle);
    this.#stops = [
      () => this.bench.stop(),
      () => clearInterval(timer),
      () => globalThis.removeEventListener("resize", this.place.settle),
      watch(client, this.#journal, {
        showMessages: () => this.hasAttribute("show-messages"),
        onState: (change) => {
          this.#history.add(change, Date.now());
          this.#show();
        },
      }),
    ];
    this.#look();
  }

  #stop() {
    for (const stop of this.#stops.splice(0)) stop();
  }

  #look() {
    const client = this.#client;
    if (!client) return;
    this.#figures.look(client.stats, client.state === "connected");
    this.#show();
  }

  #show() {
    const client = this.#client;
    const nowMs = Date.now();
    this.#showHead(client, nowMs);
    if (!client || this.body.hidden || document.hidden) return;
    if (this.#page === "network") {
      this.network.show(client.stats, this.#figures);
      this.network.showStates(this.#history.stays, nowMs);
    } else if (this.#page === "room") this.room.show(client);
    else if (this.#page === "events") this.events.show();
    else this.bench.show();
  }

  /**
   * @param {Watched | null} client
   * @param {number} nowMs
   */
  #showHead(client, nowMs) {
    const stay = this.#history.current;
    this.stateSign.dataset.state = stay?.state ?? "idle";
    put(this.stateName, stay?.state ?? "no client");
    const retryMs = (stay?.retryAtMs ?? 0) - nowMs;
    const since = stay ? lasting(nowMs - stay.fromMs) : "";
    put(this.since, retryMs > 0 ? `again in ${lasting(retryMs)}` : since);
    const isConnected = client?.state === "connected";
    const { roundTripMs = null } = isConnected ? client.stats : {};
    put(this.glance, isConnected ? `${inMs(roundTripMs)} · ${inPercent(this.#figures.loss.newest)}` : "");
  }

  /** @param {Event} event */
  #click(event) {
    const target = /** @type {Element} */ (event.target).closest("[data-act]");
    const act = target?.getAttribute("data-act");
    if (act === "fold") this.toggleAttribute("folded");
    else if (act === "close") this.remove();
    else if (act === "clear") this.#clear();
    else if (act === "copy") void this.#copy();
    else if (act === "disconnect") this.bench.disconnect();
    else if (act === "record") void this.bench.toggleRecording();
    else if (act === "doctor") void this.bench.diagnose();
  }

  #clear() {
    this.#journal.clear();
    this.events.changed();
  }

  async #copy() {
    const button = find(/** @type {ShadowRoot} */ (this.shadowRoot), '[data-act="copy"]', HTMLButtonElement);
    const copied = navigator.clipboard?.writeText(this.#journal.text());
    const words = await (copied ?? Promise.reject()).then(
      () => "Copied",
      () => "Not allowed",
    );
    put(button, words);
    setTimeout(() => put(button, "Copy"), 3 * LOOK_MS);
  }
}

/** Loaded when it is asked for. @type {import("./bench.js").Doctor} */
async function examine(url) {
  const { doctor } = await import("../doctor.js");
  return doctor(url);
}
