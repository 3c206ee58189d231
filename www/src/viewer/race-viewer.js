// <race-viewer>: a room's race as a live map with standings, gaps, events and the last ten minutes. Wires the parts;
// what is shown at a moment is read from the spectator, so live and past are one.
//
// Attributes: `src` the relay's address (default: where this module is from), `room` its id, `token` where the relay wants one,
// `track` the address of a circuit's JSON (default: the relay's track.json) or "learn", `follow` a driver's name or id,
// `theme` "light" or "dark" (default: the system's), `embed` for a transparent background and only the race, `gestures`
// "all" where the map may have the wheel and single fingers too. Each is a property as well.

import { find } from "../element.js";
import { Liveries } from "../livery.js";
import { plainName } from "../names.js";
import { Announcer } from "./announcer.js";
import { Board } from "./board.js";
import { ViewCamera } from "./camera.js";
import { Cars, Rosters } from "./cars.js";
import { fetchCircuit, fileOf, findRoom, keepCircuit, keptCircuit, watch } from "./connect.js";
import { Gestures, panKeys } from "./gestures.js";
import { actOf, describeKeys } from "./keys.js";
import { TrackLearner } from "./learner.js";
import { Ledger } from "./ledger.js";
import { look } from "./look.js";
import { markup } from "./markup.js";
import { News } from "./news.js";
import { Painter } from "./painter.js";
import { Playback, SPEEDS } from "./playback.js";
import { ATTRIBUTES, Base, reflect, takeOver } from "./properties.js";
import { GapRing } from "./ring.js";
import { Signs } from "./signs.js";
import { bestLapMs } from "./standing.js";
import { viewerState } from "./state.js";
import { JUMP_MS, Transport } from "./transport.js";
import { timeOfDay } from "./words.js";

/** @typedef {import("./feed.js").Spectator} Spectator */
/** @typedef {import("./feed.js").FeedState} FeedState */
/** @typedef {import("./circuit.js").Circuit} Circuit */
/** @typedef {import("./keys.js").Act} Act */
/**
 * Whether the room is in the relay's list: not known yet, never yet, or not any more; or the game server does not answer.
 * @typedef {"unknown" | "here" | "missing" | "gone" | "unanswered"} Existence
 */
/** @typedef {import("./properties.js").RaceViewerEvents} RaceViewerEvents */
/** @typedef {import("./properties.js").RaceViewerProperties} RaceViewerProperties */

/** How often the table, the ring and the bar are brought up to date. */
const PANELS_EVERY_MS = 200;
/** How often the line of time gets its events drawn. */
const TICKS_EVERY_MS = 1000;
/** The ledger catches up on so many steps in one frame after a pause, which no eye notices. */
const LEDGER_STEPS = 120;
/** A frame that took longer was no frame: the page was hidden. */
const LONGEST_STEP_MS = 250;
const STEP_MS = 100;
const ZOOM_STEP = 1.35;
/** The panels' distance from the map's edge, and the width of the map's buttons beside that. */
const MARGIN = 24;
const TOOLS = 44;
/** If the panels are below the map, only its buttons cover part of it. */
const NARROW_INSETS = { left: 10, top: 40, right: 48, bottom: 10 };

/** How often the relay is asked whether the room exists, while nobody is in it, or its cars are gone. */
const ASK_EVERY_MS = 5000;

export class RaceViewer extends Base {
  static observedAttributes = ATTRIBUTES;

  constructor() {
    super();
    this.root = this.attachShadow({ mode: "open" });
    this.root.adoptedStyleSheets = [look()];
    this.root.append(markup());
    this.viewer = find(this.root, ".viewer", HTMLElement);
    this.stage = find(this.root, ".stage", HTMLElement);
    this.map = find(this.root, "canvas.map", HTMLCanvasElement);
    this.signs = new Signs(this.root);
    this.keys = find(this.root, "dialog.keys", HTMLDialogElement);
    describeKeys(find(this.keys, "dl", HTMLElement));

    this.liveries = new Liveries();
    this.camera = new ViewCamera();
    this.painter = new Painter(this.map, this.camera);
    const ring = find(this.root, "canvas.ring", HTMLCanvasElement);
    this.ring = new GapRing(ring);
    this.playback = new Playback();
    this.board = new Board(
      find(this.root, "tbody", HTMLTableSectionElement),
      find(this.root, ".board .nobody", HTMLElement),
      (id) => this.select(id === this.selectedId ? "" : id),
    );
    this.news = new News(
      find(this.root, ".news ol", HTMLElement),
      find(this.root, ".news .nobody", HTMLElement),
      (atMs) => this.seek(atMs),
    );
    this.transport = new Transport(this.root, {
      seek: (atMs) => this.seek(atMs),
      toLive: () => this.toLive(),
      setSpeed: (speed) => this.setSpeed(speed),
    });
    this.announcer = new Announcer(find(this.root, "[role=status]", HTMLElement));

    this.rosters = new Rosters();
    this.cars = new Cars(this.liveries);
    this.ledger = new Ledger(this.liveries);
    /** Learns the circuit where nobody gave one. @type {TrackLearner | null} */
    this.learner = null;
    /** End what was begun with the spectator. @type {Array<() => void>} */
    this.stops = [];
    /** @type {Spectator | null} */
    this.spectator = null;
    /** @type {FeedState} */
    this.feed = { state: "connecting" };
    /** @type {Circuit | null} */
    this.circuit = null;
    /** @type {import("./standing.js").Standing[]} */
    this.standings = [];
    this.selectedId = "";
    /** A driver to follow as soon as there is one of that name or id. */
    this.wanted = "";
    /** The ledger has read all there is, and the track was not empty: what happens from now on is news. */
    this.isCaughtUp = false;
    this.hadCars = false;
    /** Grows with each connection, so that what comes late of an older one is dropped. */
    this.round = 0;
    this.frames = 0;
    this.lastMs = NaN;
    this.panelsDueMs = 0;
    this.ticksDueMs = 0;
    /** The next frame; 0 while none is due. */
    this.request = 0;
    /** What `show` was given. @type {{ spectator: Spectator, circuit: Circuit | null } | null} */
    this.given = null;
    /** The spectator, if it came from there: it is not ours to close. @type {Spectator | null} */
    this.shown = null;
    this.isOpening = false;
    /** Until the element is free of a race it had when it was removed. @type {ReturnType<typeof setTimeout> | undefined} */
    this.freeing = undefined;
    /** @type {Existence} */
    this.existence = "here";
    /** The delay that the relay adds. */
    this.delayMs = 0;
    this.askDueMs = 0;
    this.frame = this.frame.bind(this);

    this.stillness = globalThis.matchMedia("(prefers-reduced-motion: reduce)");
    this.darkness = globalThis.matchMedia("(prefers-color-scheme: dark)");
    this.dress = this.dress.bind(this);
    this.sizes = new ResizeObserver(() => this.#resize());
    this.sizes.observe(this.stage);
    this.sizes.observe(ring);
    ring.addEventListener("click", (event) => {
      const id = this.ring.pick(event.offsetX, event.offsetY);
      if (id) this.select(id);
    });
    this.root.addEventListener("click", (event) => this.#click(event));
    this.addEventListener("keydown", (event) => this.press(event));
    new Gestures(this.map, this.camera, {
      onPick: (x, y) => this.#pick(this.painter.pick(x, y)?.id ?? ""),
      onChange: () => this.signs.showFollow(this),
      onScroll: (by) => this.signs.hintAt(by),
      isGreedy: () => this.gestures === "all",
    });
  }

  connectedCallback() {
    clearTimeout(this.freeing);
    this.stillness.addEventListener("change", this.dress);
    this.darkness.addEventListener("change", this.dress);
    takeOver(this);
    this.dress();
    if (this.spectator === null) this.#openSoon();
    else this.#run();
  }

  disconnectedCallback() {
    this.stillness.removeEventListener("change", this.dress);
    this.darkness.removeEventListener("change", this.dress);
    cancelAnimationFrame(this.request);
    this.request = 0;
    // An element that is moved in the document is connected again at once, and keeps its race.
    this.freeing = setTimeout(() => this.#close(), 0);
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} now
   */
  attributeChangedCallback(name, before, now) {
    if (before === now) return;
    if (name === "follow") this.wanted = now ?? "";
    else if (name === "theme" || name === "embed") this.dress();
    else if (name !== "gestures") {
      this.given = null;
      this.#openSoon();
    }
  }

  /** What the viewer shows, as a plain copy: for tests and for curious people. */
  state() {
    return viewerState(this);
  }

  /**
   * Show another spectator than the one the attributes name: one of the package, live, replayed or of a mock. The
   * caller must close it.
   * @param {Spectator} spectator
   * @param {Circuit | null} [circuit]  learned where there is none
   */
  show(spectator, circuit = null) {
    if (typeof spectator?.sample !== "function" || typeof spectator.on !== "function") {
      // The package's own error is part of the client, which the element loads only for a room.
      const words = "show() takes a spectator, such as RaceClient.spectate gives";
      throw Object.assign(new TypeError(words), { code: "invalid_argument", retryable: false });
    }
    this.given = { spectator, circuit };
    void this.#open();
  }

  /** Choose a driver and follow the car; with "", or whatever is no driver's id, none. @param {string} wanted */
  select(wanted) {
    const id = this.#isKnown(wanted) ? wanted : "";
    this.selectedId = id;
    this.wanted = "";
    if (id) this.camera.follow();
    else if (this.camera.mode === "follow") this.camera.fit();
    this.panelsDueMs = 0;
    this.signs.showFollow(this);
    this.#emit("select", { id, name: this.cars.find(id)?.name ?? "" });
  }

  /** @param {string} id */
  #isKnown(id) {
    if (this.cars.find(id) || this.standings.some((standing) => standing.id === id)) return true;
    return this.rosters.at(this.playback.atMs)?.players.some((player) => player.id === id) ?? false;
  }

  /** Do what a key asks for; a page may hand over those that nothing else has the focus for. @param {KeyboardEvent} event */
  press(event) {
    const act = actOf(event);
    if (act) this.#do(act);
    else if (!this.#isForMap(event) || !panKeys(event, this.camera)) return;
    event.preventDefault();
  }

  play() {
    this.playback.play();
    this.panelsDueMs = 0;
  }

  pause() {
    this.playback.pause();
    this.panelsDueMs = 0;
  }

  /** Show a moment of the last minutes. @param {number} atMs */
  seek(atMs) {
    const { spectator, playback, painter, cars } = this;
    if (!spectator || Number.isNaN(spectator.startMs)) return;
    playback.seek(atMs);
    playback.advance(0, spectator.startMs, spectator.liveMs);
    painter.trails.refill(spectator, cars, playback.atMs);
    this.panelsDueMs = 0;
  }

  toLive() {
    const { spectator, playback, painter, cars } = this;
    if (playback.live) return;
    playback.toLive();
    if (spectator && !Number.isNaN(spectator.liveMs)) {
      playback.advance(0, spectator.startMs, spectator.liveMs);
      painter.trails.refill(spectator, cars, playback.atMs);
    }
    this.announcer.skip(this.ledger.events);
    this.panelsDueMs = 0;
  }

  /** @param {number} speed  one of SPEEDS */
  setSpeed(speed) {
    this.playback.setSpeed(speed);
    this.panelsDueMs = 0;
  }

  /** Once for all attributes that change together. */
  #openSoon() {
    if (this.isOpening) return;
    this.isOpening = true;
    queueMicrotask(() => {
      if (this.isOpening && this.isConnected) void this.#open();
      this.isOpening = false;
    });
  }

  async #open() {
    this.isOpening = false;
    this.#close();
    this.#forget();
    if (this.given !== null) {
      const { spectator, circuit } = this.given;
      this.learner = circuit === null ? new TrackLearner() : null;
      this.#useCircuit(circuit);
      this.#begin(spectator);
      return;
    }
    const { round, room } = this;
    if (!room) {
      // Without the attribute the page has yet to say what it wants.
      if (this.hasAttribute("room")) this.#refuse("a room's id must not be empty");
      return;
    }
    if (!URL.canParse(this.src)) return this.#refuse("src is not a valid address");
    try {
      await this.#findCircuit(round);
      if (round !== this.round) return;
      const spectator = await watch(this.src, room, this.token);
      if (round === this.round && this.isConnected) this.#begin(spectator);
      else spectator.close();
    } catch (error) {
      if (round !== this.round) return;
      const reason = "The page's files cannot be loaded: check the connection and try again.";
      const {
        code = "unreachable",
        message = reason,
        retryable = true,
      } = /** @type {{ code?: string, message?: string, retryable?: boolean }} */ (error);
      this.#feedChanged({
        state: "closed",
        code,
        reason: code === "unreachable" ? reason : message,
        retryable,
      });
    }
  }

  /** @param {string} reason */
  #refuse(reason) {
    this.#feedChanged({ state: "closed", code: "invalid_argument", reason, retryable: false });
  }

  /** @param {number} round */
  async #findCircuit(round) {
    /** @type {string} */
    const track = this.track || "track.json";
    const given =
      track === "learn"
        ? null
        : await fetchCircuit(fileOf(this.src, track).href).catch((error) => {
            // A race without a map of the track is still a race: it is learned.
            // eslint-disable-next-line no-console -- the operator must hear what is wrong with the file
            console.warn(`race-viewer: ${error.message}`);
            this.#emit("error", { code: "bad_track", message: error.message });
            return null;
          });
    if (round !== this.round) return;
    const kept = given === null ? keptCircuit(this.src) : null;
    this.learner = given === null ? new TrackLearner(kept) : null;
    this.#useCircuit(given ?? kept);
  }

  #close() {
    this.round += 1;
    for (const stop of this.stops) stop();
    this.stops = [];
    if (this.spectator !== this.shown) this.spectator?.close();
    this.spectator = this.shown = null;
  }

  /** Everything of a race before. */
  #forget() {
    this.#forgetPast();
    this.learner = null;
    this.selectedId = "";
    this.wanted = this.follow;
    this.feed = { state: "connecting" };
    this.existence = this.given === null ? "unknown" : "here";
    this.delayMs = this.askDueMs = 0;
  }

  /** Forget everything that was read of the spectator's past. */
  #forgetPast() {
    this.rosters = new Rosters();
    this.cars = new Cars(this.liveries);
    this.ledger = new Ledger(this.liveries);
    this.ledger.setCircuit(this.circuit);
    this.playback = new Playback();
    this.standings = [];
    this.isCaughtUp = this.hadCars = false;
    this.painter.trails.clear();
    this.panelsDueMs = 0;
  }

  /** @param {Spectator} spectator */
  #begin(spectator) {
    this.spectator = spectator;
    if (this.given !== null) this.shown = spectator;
    this.#feedChanged({ state: spectator.state });
    if (spectator.room) this.#roomChanged(spectator.room);
    this.stops = [
      spectator.on("state", (feed) => this.#feedChanged(feed)),
      spectator.on("room", (room) => this.#roomChanged(room)),
    ];
  }

  /** @param {FeedState} feed */
  #feedChanged(feed) {
    this.feed = feed;
    this.panelsDueMs = 0;
    this.#run();
    this.#emit("statechange", { ...feed });
    if (feed.state !== "closed" || feed.code === "closed") return;
    this.#emit("error", { code: feed.code ?? "", message: feed.reason ?? "" });
  }

  /**
   * @template {keyof RaceViewerEvents} K
   * @param {K} type
   * @param {RaceViewerEvents[K]} detail
   */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** @param {import("./feed.js").SpectatedRoom} told */
  #roomChanged(told) {
    // A replay that jumps begins a new timeline: it reports the room before the first snapshot.
    const isNewTime = Number.isNaN(this.spectator?.liveMs) && !Number.isNaN(this.playback.atMs);
    if (isNewTime) this.#forgetPast();
    const players = told.players.map((player) => ({ ...player, name: plainName(player.name) }));
    const room = { ...told, name: plainName(told.name), players };
    this.rosters.add(room);
    this.ledger.addRoom(room);
    this.#emit("roomchange", room);
  }

  /** @param {Circuit | null} circuit */
  #useCircuit(circuit) {
    this.circuit = circuit;
    this.ledger.setCircuit(circuit);
    this.painter.setCircuit(circuit);
    if (circuit) this.camera.setBounds(circuit.bounds);
    this.camera.forget();
    this.isCaughtUp = false;
  }

  /** Bring theme, transparency and motion up to date. */
  dress() {
    const theme = this.getAttribute("theme") ?? (this.darkness.matches ? "dark" : "light");
    const shown = theme === "dark" ? "dark" : "light";
    this.painter.useTheme(shown);
    this.ring.useTheme(shown);
    this.transport.theme = shown;
    this.painter.transparent = this.ring.transparent = this.hasAttribute("embed");
    this.painter.reducedMotion = this.board.reducedMotion = this.stillness.matches;
    this.panelsDueMs = this.ticksDueMs = 0;
    this.#resize();
  }

  #resize() {
    const { clientWidth, clientHeight } = this.map;
    if (clientWidth === 0 || clientHeight === 0) return;
    this.camera.resize(clientWidth, clientHeight, this.#insets());
    this.painter.resize();
    this.ring.resize();
    this.panelsDueMs = this.ticksDueMs = 0;
  }

  /** What the panels cover of the map. */
  #insets() {
    const style = getComputedStyle(this.viewer);
    const [left, right] = ["--left", "--right"].map((name) => parseFloat(style.getPropertyValue(name)));
    if (left === 0) return NARROW_INSETS;
    if (this.embed) return { left: left + MARGIN, top: MARGIN, right: MARGIN, bottom: MARGIN };
    const bottom = find(this.root, ".transport", HTMLElement).offsetHeight + MARGIN;
    return { left: left + MARGIN, top: MARGIN, right: right + MARGIN + TOOLS, bottom };
  }

  #run() {
    if (this.request !== 0 || !this.isConnected) return;
    this.lastMs = NaN;
    this.request = requestAnimationFrame(this.frame);
  }

  /** @param {number} nowMs */
  frame(nowMs) {
    this.request = requestAnimationFrame(this.frame);
    const passed = Number.isNaN(this.lastMs) ? 0 : nowMs - this.lastMs;
    this.lastMs = nowMs;
    this.frames += 1;
    const step = Math.min(passed, LONGEST_STEP_MS) / 1000;
    const { spectator } = this;
    if (spectator !== null) this.#advance(spectator, passed, step);
    this.#draw(step);
    if (nowMs >= this.panelsDueMs) this.#showPanels(nowMs);
  }

  /**
   * @param {Spectator} spectator
   * @param {number} passedMs
   * @param {number} step
   */
  #advance(spectator, passedMs, step) {
    const liveMs = spectator.liveMs;
    if (Number.isNaN(liveMs)) return;
    this.playback.advance(passedMs, spectator.startMs, liveMs);
    this.isCaughtUp = this.ledger.advance(spectator, liveMs, LEDGER_STEPS, this.learner);
    const { atMs } = this.playback;
    this.cars.update(spectator, atMs, this.rosters.at(atMs), step);
    this.painter.trails.push(this.cars.list, atMs);
    if (this.wanted) this.#findWanted();
  }

  #findWanted() {
    const { list } = this.cars;
    for (let i = 0; i < list.length; i += 1) {
      if (list[i].id !== this.wanted && list[i].name !== this.wanted) continue;
      this.select(list[i].id);
      return;
    }
  }

  /** @param {number} step */
  #draw(step) {
    const target = this.selectedId ? (this.cars.find(this.selectedId) ?? null) : null;
    this.camera.update(target, step, this.stillness.matches);
    this.painter.draw(this.cars, this.selectedId, step);
  }

  /** @param {number} nowMs */
  #showPanels(nowMs) {
    this.panelsDueMs = nowMs + PANELS_EVERY_MS;
    this.#learn();
    if (this.circuit === null) this.camera.see(this.cars.list);
    if (nowMs >= this.askDueMs) void this.#ask(nowMs);
    const { spectator, playback, ledger } = this;
    const liveMs = spectator?.liveMs ?? NaN;
    const startMs = spectator?.startMs ?? NaN;
    if (!Number.isNaN(liveMs)) {
      // What the table said last is no longer so, and nobody tells what is.
      const isKnown = !playback.live || this.existence !== "unanswered";
      this.standings = isKnown ? ledger.standings(playback.atMs) : [];
      this.#place();
    }
    this.board.show(this.standings, this.selectedId);
    this.ring.draw(this.standings, this.selectedId, bestLapMs(this.standings));
    this.transport.show(playback, startMs, liveMs);
    // What is live now happened this much earlier.
    const lateMs = this.delayMs + (spectator?.stats?.delayMs ?? 0);
    const daytime = Date.now() - liveMs - lateMs;
    this.news.show(ledger, startMs, (atMs) => timeOfDay(daytime + atMs));
    this.signs.show(this);
    this.#announce();
    if (nowMs < this.ticksDueMs) return;
    this.ticksDueMs = nowMs + TICKS_EVERY_MS;
    this.transport.drawTicks(ledger.events);
  }

  /** The cars wear their place in the standings. */
  #place() {
    for (const standing of this.standings) {
      const car = this.cars.views[standing.index];
      if (car !== undefined && car.id === standing.id) car.place = standing.place;
    }
  }

  /** Take over what was learned of the circuit; forget it where it does not fit what is driven. */
  #learn() {
    const { learner } = this;
    if (learner === null) return;
    if (this.circuit !== null) {
      if (learner.fits) return;
      keepCircuit(this.src, null);
      this.learner = new TrackLearner();
      this.#useCircuit(null);
      return;
    }
    const circuit = learner.circuit;
    if (circuit === null) return;
    keepCircuit(this.src, circuit);
    this.#useCircuit(circuit);
  }

  /** Ask the relay whether the room exists: once, and as long as nobody is in it. @param {number} nowMs */
  async #ask(nowMs) {
    const { spectator, round } = this;
    if (!spectator?.room || spectator === this.shown) return;
    const hasLost = this.hadCars && this.playback.live && this.cars.present === 0;
    if (this.askDueMs > 0 && spectator.room.players.length > 0 && !hasLost) {
      this.existence = "here";
      return;
    }
    this.askDueMs = nowMs + ASK_EVERY_MS;
    const found = await findRoom(this.src, this.room, this.token);
    if (round !== this.round) return;
    if (found === "unanswered") {
      this.existence = found;
      this.panelsDueMs = 0;
      return;
    }
    if (found === undefined) {
      if (this.existence === "unknown") this.existence = "here";
      return;
    }
    const isEmpty = spectator.room?.players.length === 0;
    this.existence = found !== null || !isEmpty ? "here" : this.hadCars ? "gone" : "missing";
    this.panelsDueMs = 0;
    if (!found?.delayMs || found.delayMs === this.delayMs) return;
    this.delayMs = found.delayMs;
    this.news.clear();
  }

  /** What was there when the page came is nobody's news. */
  #announce() {
    if (!this.isCaughtUp || !this.hadCars) {
      this.announcer.skip(this.ledger.events);
      this.hadCars = this.cars.list.length > 0;
    } else if (this.playback.live) {
      this.announcer.hear(this.ledger.events, this.playback.atMs);
    }
  }

  /** @param {string} id */
  #pick(id) {
    if (id) this.select(id);
  }

  /** @param {Event} event */
  #click(event) {
    const [target] = event.composedPath();
    if (!(target instanceof Element)) return;
    const act = target.closest("[data-act]")?.getAttribute("data-act");
    if (act === "retry") this.#open();
    else if (act === "keys-close") this.keys.close();
    else if (act) this.#do(/** @type {Act} */ (act));
    const tab = target.closest(".tabs button");
    if (tab instanceof HTMLElement) this.#turnTo(tab);
  }

  /** @param {HTMLElement} tab */
  #turnTo(tab) {
    this.viewer.dataset.tab = tab.dataset.tab;
    for (const other of this.root.querySelectorAll(".tabs button")) {
      other.setAttribute("aria-pressed", String(other === tab));
    }
    this.#resize();
  }

  /** Arrows scroll whatever has the focus, unless that is the map or nothing. @param {KeyboardEvent} event */
  #isForMap(event) {
    const [target] = event.composedPath();
    return target === this.map || target === document.body;
  }

  /** @param {Act} act */
  #do(act) {
    const { playback, camera } = this;
    const steps = { back: -JUMP_MS, forward: JUMP_MS, stepBack: -STEP_MS, stepForward: STEP_MS }[
      /** @type {string} */ (act)
    ];
    if (steps !== undefined) this.seek(playback.atMs + steps);
    else if (act === "toggle") playback.paused ? this.play() : this.pause();
    else if (act === "slower" || act === "faster") this.#changeSpeed(act === "faster" ? 1 : -1);
    else if (act === "live") this.toLive();
    else if (act === "fit") camera.fit();
    else if (act === "nearer") camera.zoomSmoothly(ZOOM_STEP);
    else if (act === "further") camera.zoomSmoothly(1 / ZOOM_STEP);
    else if (act === "next" || act === "previous") this.#step(act === "next" ? 1 : -1);
    else if (act === "follow") this.#follow();
    else if (act === "release") this.select("");
    else this.keys.showModal();
    this.panelsDueMs = 0;
  }

  #follow() {
    if (this.selectedId === "") this.#step(1);
    else if (this.camera.mode === "follow") this.camera.fit();
    else this.camera.follow();
  }

  /** Choose the driver before or behind in the standings. @param {number} by */
  #step(by) {
    const { standings } = this;
    if (standings.length === 0) return;
    const at = standings.findIndex((standing) => standing.id === this.selectedId);
    const next = at < 0 ? (by > 0 ? 0 : standings.length - 1) : at + by;
    this.select(standings[(next + standings.length) % standings.length].id);
  }

  /** @param {number} by */
  #changeSpeed(by) {
    const at = SPEEDS.findIndex((speed) => speed === this.playback.speed) + by;
    if (SPEEDS[at] !== undefined) this.setSpeed(SPEEDS[at]);
  }
}

reflect(RaceViewer);

/** Make the element known to the page. */
export function defineRaceViewer() {
  if (!customElements.get("race-viewer")) customElements.define("race-viewer", RaceViewer);
}
