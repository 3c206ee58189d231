// The numbers over the race. They are written at most ten times a second and only if they changed, so that the draw loop
// neither causes layout nor makes strings.

import { element, find, make, setText } from "./element.js";
import { lapTime, metresBehind } from "./laps.js";
import { wear } from "./map/plate.js";

/** @typedef {import("./race.js").Race} Race */

/** Fast enough to read, slow enough not to flicker. */
const EVERY_MS = 100;
/** How often the sentence for visitors who cannot see the canvas changes. */
const STATUS_EVERY_MS = 1000;
/** What lies over the map, and would shine through. */
const COVERING = ".panel, .notice, .message:not(.old), .touch-steer, .pedal";
/** The top speed of the bar in km/h, and the gears it is divided into. */
const BAR_KMH = 300;
const GEARS = 7;
const TOWER_ROWS = 20;
const ALERT_MS = 3500;
/** Slower cars do not count as driving in the wrong direction. */
const WRONG_WAY_SPEED = 4;

export class Hud {
  constructor() {
    const text = (/** @type {string} */ id) => element(id, HTMLElement);
    this.root = text("hud");
    this.isStalled = false;
    this.position = text("hud-position");
    this.field = text("hud-field");
    this.lap = text("hud-lap");
    this.lapKey = text("hud-lap-key");
    this.time = text("hud-time");
    this.last = text("hud-last");
    this.best = text("hud-best");
    this.speed = text("hud-speed");
    this.gear = text("hud-gear");
    this.rev = text("rev");
    this.rtt = text("hud-rtt");
    this.loss = text("hud-loss");
    this.lossField = text("hud-loss-field");
    this.alert = text("hud-alert");
    this.lights = text("lights");
    this.hint = text("hud-hint");
    this.start = find(this.hint, "p", HTMLElement);
    this.advice = stuckAdvice();
    this.hint.append(this.advice);
    this.way = element("hud-way", SVGElement);
    this.status = text("race-status");
    this.say = text("say-status");
    this.tower = element("tower", HTMLOListElement);
    this.rows = Array.from({ length: TOWER_ROWS }, () => new TowerRow());
    this.tower.append(...this.rows.map((row) => row.root));
    this.shown = {
      speed: -1,
      gear: "",
      part: -1,
      lap: -1,
      position: -1,
      of: -1,
      last: 0,
      best: 0,
      rtt: -1,
      loss: -2,
      light: -1,
    };
    this.dueMs = 0;
    this.statusDueMs = 0;
    this.alertUntilMs = 0;
  }

  /** Show everything anew, because another race begins. */
  reset() {
    const { shown } = this;
    shown.speed = shown.part = shown.lap = shown.position = shown.of = shown.rtt = shown.light = -1;
    shown.loss = -2;
    shown.last = shown.best = 0;
    this.alertUntilMs = this.dueMs = this.statusDueMs = 0;
  }

  /**
   * @param {Race} race
   * @param {number} nowMs
   */
  update(race, nowMs) {
    if (nowMs < this.dueMs) return;
    this.dueMs = nowMs + EVERY_MS;
    this.#showDriving(race);
    this.#showLaps(race);
    this.#showNet(race);
    this.#showLights(race.countdown);
    this.#showAlert(race, nowMs);
    this.#showTower(race);
    this.hint.hidden = race.hasBeenOut && !race.isStuck;
    this.advice.hidden = !race.isStuck;
    this.start.hidden = race.isStuck;
    this.way.toggleAttribute("hidden", race.hasBeenOut);
    if (!race.hasBeenOut) this.way.style.setProperty("--way", `${race.wayOut().toFixed(2)}rad`);
    if (nowMs < this.statusDueMs) return;
    this.statusDueMs = nowMs + STATUS_EVERY_MS;
    setText(this.status, statusText(race));
  }

  /**
   * Show a short message in the middle, also for screen readers.
   * @param {string} text
   * @param {number} nowMs
   */
  announce(text, nowMs) {
    this.alertUntilMs = nowMs + ALERT_MS;
    this.alert.dataset.kind = "good";
    setText(this.alert, text);
    setText(this.say, text);
  }

  /** Tell where on the canvas no name tag can be read. @param {import("./map/labels.js").Labels} labels */
  cover(labels) {
    const { left: x, top: y } = this.root.getBoundingClientRect();
    labels.uncover();
    for (const part of this.root.querySelectorAll(COVERING)) {
      const { left, top, right, bottom } = part.getBoundingClientRect();
      if (right > left) labels.cover(left - x, top - y, right - x, bottom - y);
    }
  }

  /** Show the standings and the map in grey, because nothing new arrives. @param {boolean} isStalled */
  stall(isStalled) {
    if (isStalled === this.isStalled) return;
    this.isStalled = isStalled;
    this.root.classList.toggle("stalled", isStalled);
  }

  /** @param {Race} race */
  #showDriving({ car }) {
    const { shown } = this;
    const kmh = Math.round(car.speed * 3.6);
    if (kmh !== shown.speed) {
      shown.speed = kmh;
      this.speed.textContent = String(kmh);
    }
    const gear = gearOf(car.forward, kmh);
    if (gear !== shown.gear) {
      shown.gear = gear;
      this.gear.textContent = gear;
    }
    const part = Math.min(Math.round((kmh / BAR_KMH) * 100), 100);
    if (part !== shown.part) {
      shown.part = part;
      this.rev.style.setProperty("--part", String(part / 100));
    }
  }

  /** @param {Race} race */
  #showLaps({ laps, seconds, position, entries }) {
    const { shown } = this;
    if (laps.lap !== shown.lap) {
      shown.lap = laps.lap;
      this.lapKey.hidden = laps.lap === 0;
      this.lap.textContent = laps.lap === 0 ? "Out lap" : String(laps.lap);
    }
    if (position !== shown.position) {
      shown.position = position;
      this.position.textContent = String(position);
    }
    if (entries.length !== shown.of) {
      shown.of = entries.length;
      this.field.textContent = `/${entries.length}`;
    }
    setText(this.time, lapTime(laps.current(seconds), 1));
    if (!Object.is(laps.last, shown.last)) {
      shown.last = laps.last;
      this.last.textContent = lapTime(laps.last);
    }
    if (!Object.is(laps.best, shown.best)) {
      shown.best = laps.best;
      this.best.textContent = lapTime(laps.best);
    }
  }

  /** @param {Race} race */
  #showNet({ stats }) {
    const { shown } = this;
    const rtt = stats?.roundTripMs ?? -1;
    if (rtt !== shown.rtt) {
      shown.rtt = rtt;
      this.rtt.textContent = rtt < 0 ? "–" : `${Math.round(rtt)} ms`;
    }
    // An estimate can be too high although nothing was lost, so only measured loss is shown.
    const loss = stats && !stats.lossEstimated ? stats.lossPercent : -1;
    if (loss !== shown.loss) {
      shown.loss = loss;
      this.lossField.hidden = loss < 0;
      this.loss.textContent = `${loss.toFixed(1)} %`;
    }
  }

  /** @param {number} left  seconds, negative when the race is on */
  #showLights(left) {
    const light = left > 0 ? 4 - Math.ceil(left) : left > -1 ? 4 : 0;
    if (light === this.shown.light) return;
    this.shown.light = light;
    this.lights.hidden = light === 0;
    this.lights.dataset.light = String(light);
    if (light > 0) setText(this.say, light === 4 ? "Go!" : `${4 - light}`);
  }

  /**
   * @param {Race} race
   * @param {number} nowMs
   */
  #showAlert(race, nowMs) {
    if (nowMs < this.alertUntilMs) {
      this.alert.hidden = false;
      return;
    }
    const text =
      race.wrongWay && race.car.speed > WRONG_WAY_SPEED
        ? "Wrong way"
        : race.laps.missed
          ? "Lap invalid: track cut"
          : race.field.isCutOff
            ? "No data from the other cars: check your network"
            : "";
    this.alert.hidden = text === "";
    if (text) {
      this.alert.dataset.kind = "bad";
      setText(this.alert, text);
    }
  }

  /** @param {Race} race */
  #showTower({ entries, track }) {
    for (let i = 0; i < TOWER_ROWS; i += 1) {
      this.rows[i].show(i < entries.length ? entries[i] : null, i, entries[0], track.length);
    }
  }
}

/** A key by its place on the keyboard; key-names.js knows what is written on it. @param {"KeyS" | "KeyR"} code */
function keyCap(code) {
  const key = make("kbd", "", code.at(-1));
  key.dataset.code = code;
  return key;
}

/** What a driver can do whose car a wall holds. */
function stuckAdvice() {
  const advice = make("p", "");
  advice.hidden = true;
  const keys = make("span", "hint-keys");
  const reverse = make("span", "hint-keys");
  const putBack = make("span", "hint-keys");
  reverse.append(keyCap("KeyS"), make("kbd", "", "↓"), " reverse");
  putBack.append(keyCap("KeyR"), " put the car back");
  keys.append(reverse, putBack);
  const touch = make("span", "hint-touch", "Hold Brake to reverse, or put the car back with ↺");
  advice.append(make("strong", "", "Stuck?"), keys, touch);
  return advice;
}

class TowerRow {
  constructor() {
    this.root = make("li", "tower-row");
    this.root.hidden = true;
    this.place = make("span", "tower-place");
    this.plate = make("span", "plate small");
    this.name = make("bdi", "tower-name");
    this.gap = make("span", "tower-gap");
    this.root.append(this.place, this.plate, this.name, this.gap);
    /** @type {import("./race.js").Entry | null} */
    this.entry = null;
    /** @type {import("./livery.js").Livery | null} */
    this.livery = null;
    this.metres = -1;
    this.laps = -1;
    this.stale = false;
    this.lost = false;
  }

  /**
   * @param {import("./race.js").Entry | null} entry
   * @param {number} index
   * @param {import("./race.js").Entry} leader
   * @param {number} lapMetres
   */
  show(entry, index, leader, lapMetres) {
    if (this.root.hidden !== (entry === null)) this.root.hidden = entry === null;
    if (entry === null) return;
    if (this.entry !== entry || this.livery !== entry.livery) this.#wear(entry, index);
    setText(this.name, entry.name || "…");
    if (this.stale !== entry.stale || this.lost !== entry.lost) {
      this.stale = entry.stale;
      this.lost = entry.lost;
      this.root.classList.toggle("stale", entry.stale);
      this.metres = -1;
    }
    this.#showGap(entry, leader, lapMetres);
  }

  /**
   * @param {import("./race.js").Entry} entry
   * @param {number} index
   */
  #wear(entry, index) {
    this.entry = entry;
    this.livery = entry.livery;
    this.metres = -1;
    this.place.textContent = String(index + 1);
    wear(this.plate, entry.livery);
    this.root.classList.toggle("own", entry.own === true);
  }

  /**
   * @param {import("./race.js").Entry} entry
   * @param {import("./race.js").Entry} leader
   * @param {number} lapMetres
   */
  #showGap(entry, leader, lapMetres) {
    const metres = metresBehind(entry, leader);
    if (metres === this.metres) return;
    this.metres = metres;
    setText(this.gap, gapText(entry, leader, metres, lapMetres));
  }
}

/**
 * @param {import("./race.js").Entry} entry
 * @param {import("./race.js").Entry} leader
 * @param {number} metres
 * @param {number} lapMetres
 */
function gapText(entry, leader, metres, lapMetres) {
  if (entry.lost) return "lost";
  if (entry.stale) return "away";
  if (entry === leader) return "Leader";
  const laps = Math.floor(metres / lapMetres);
  return laps === 0 ? `+${metres} m` : `+${laps} lap${laps === 1 ? "" : "s"}`;
}

/**
 * @param {number} forward
 * @param {number} kmh
 */
function gearOf(forward, kmh) {
  if (forward < -0.4) return "R";
  if (kmh < 1) return "N";
  return GEAR_NAMES[Math.min(Math.floor((kmh / BAR_KMH) * GEARS) + 1, GEARS)];
}

const GEAR_NAMES = ["N", "1", "2", "3", "4", "5", "6", "7"];

/** @param {Race} race */
function statusText({ laps, position, entries, car, countdown }) {
  const lap = laps.lap === 0 ? "On the way to the start line" : `Lap ${laps.lap}`;
  const where =
    countdown > 0
      ? "waiting for the start"
      : car.surface === "asphalt"
        ? "on the track"
        : `on ${car.surface}`;
  return `${lap}, position ${position} of ${entries.length}, ${Math.round(car.speed * 3.6)} km/h, ${where}.`;
}
