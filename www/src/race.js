// The race itself: drives the player's car, sends its position to the room, takes the other cars from the room, counts laps and
// ranks all cars. Drawing and HUD only read it.

import { Camera } from "./camera.js";
import { Car } from "./car.js";
import { Painter } from "./draw.js";
import { element } from "./element.js";
import { Field } from "./field.js";
import { Hud } from "./hud.js";
import { createInput } from "./input.js";
import { LapCounter, lapTime, OWN_JUMP_METRES, rank } from "./laps.js";
import { Liveries } from "./livery.js";
import { MiniMap } from "./minimap.js";
import { keepPlace, takePlace } from "./place.js";
import { resolveGarage } from "./spawn.js";

/** @typedef {import("/pkg/index.js").RaceClient} RaceClient */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./livery.js").Livery} Livery */

/** The red lights are on for three seconds: short, because each player's clock starts when the server's message arrives. */
const COUNTDOWN_SECONDS = 3;
/** How often the cars are ranked, and how often the client is asked for its figures. */
const RANK_EVERY_MS = 200;
const STATS_EVERY_MS = 500;
/** How often the tags are told where the panels are, which makes the browser lay the page out. */
const COVER_EVERY_MS = 250;
/** Where the car is on an upright phone, whose bottom third has the controls. */
const TOUCH_LEVEL = 0.42;
/** How far ahead the way out to the track is shown. */
const WAY_METRES = 18;
/** Whoever has driven this fast on the track, in metres a second, knows the keys. */
const DRIVEN_SPEED = 5;
/** A car that does not move forward for this long although its driver tries to is stuck, and the advice stays for a while. */
const STUCK_SECONDS = 0.8;
const ADVICE_SECONDS = 4;
const STUCK_SPEED = 1.2;
/** The map shows only dots, so every other frame is enough. */
const MAP_EVERY_FRAMES = 2;

/** What the standings show of a car, the player's own or a `RemoteCar`. @typedef {{ id: string, name: string, livery: Livery, progress: number, stale: boolean, lost: boolean, own?: boolean }} Entry */

/** @typedef {{ client: () => RaceClient | null, openMenu: () => void, openMessage: () => void, openPadSetup: () => void, onCamera: (headingUp: boolean) => void }} Surroundings */

export class Race {
  /**
   * @param {import("./track.js").Track} track
   * @param {import("./livery.js").Liveries} liveries
   * @param {Surroundings} around
   */
  constructor(track, liveries, around) {
    this.track = track;
    this.liveries = liveries;
    this.around = around;
    this.car = new Car();
    this.camera = new Camera();
    this.field = new Field(track, liveries);
    this.laps = new LapCounter(track.length, OWN_JUMP_METRES, track.reach);
    this.painter = new Painter(element("race-canvas", HTMLCanvasElement), track, this.camera);
    this.miniMap = new MiniMap(element("minimap", HTMLCanvasElement), track);
    this.hud = new Hud();
    this.input = createInput((command) => this.#obey(command));
    /** Seconds since the race began on this page. */
    this.seconds = 0;
    /** Seconds until the lights go out; negative afterwards. */
    this.countdown = -10;
    this.wrongWay = false;
    this.position = 1;
    /** @type {import("/pkg/index.js").Stats | null} */
    this.stats = null;
    /** @type {Entry & { own: true }} */
    this.me = {
      id: "",
      name: "",
      // Until the race begins. It takes no number and no colour from a player.
      livery: new Liveries().of(""),
      progress: 0,
      stale: false,
      lost: false,
      own: true,
    };
    /** All cars, leader first. @type {Entry[]} */
    this.entries = [this.me];
    /** For how many seconds the driver has tried in vain to move. */
    this.vainSeconds = 0;
    /** Until then, on the race clock, the driver is told how to get away from a wall. */
    this.stuckUntil = 0;
    /** The player has found the way to the track once. */
    this.hasBeenOut = false;
    this.garage = 0;
    this.round = 0;
    this.running = false;
    this.lastMs = NaN;
    this.rankDueMs = 0;
    this.statsDueMs = 0;
    this.coverDueMs = 0;
    this.frames = 0;
    this.at = { s: 0, lateral: 0, index: -1, x: 0, z: 0 };
    this.place = { x: 0, z: 0, yaw: 0 };
    this.frame = this.frame.bind(this);
    document.addEventListener("visibilitychange", () => this.#hide());
    window.addEventListener("pagehide", () => {
      if (this.running) keepPlace(this.me.id, this.car.pose, this.laps, this.seconds);
    });
    new ResizeObserver(() => this.#resize()).observe(this.painter.canvas);
  }

  /** @param {boolean} dark */
  useDark(dark) {
    this.painter.useNight(dark);
    this.miniMap.useDark(dark);
  }

  /**
   * Follow the page's state: a race that begins, ends or begins again, and the players' names.
   * @param {State} state
   */
  show(state) {
    const isOnline = state.connection === "online";
    const wanted = state.screen === "race" && isOnline;
    if (!isOnline) this.hud.stall(true);
    this.liveries.assign(state.players);
    if (state.screen === "race" && state.race && state.race.round !== this.round) this.#begin(state);
    if (state.race === null) this.round = 0;
    else if (state.screen === "race" && state.me) this.#become(state.me);
    this.field.nameAll(state.players);
    if (wanted !== this.running) this.#run(wanted);
  }

  /** @param {State} state */
  #begin({ race, me, players }) {
    if (!race || !me) return;
    this.round = race.round;
    this.#become(me);
    const ids = players.map((player) => player.id);
    this.garage = resolveGarage(race.spawns, me.id, ids, this.track.starts);
    this.countdown = race.countdown ? COUNTDOWN_SECONDS : -10;
    this.seconds = 0;
    this.laps.reset();
    this.field.restart(!race.countdown);
    this.painter.forgetCars();
    this.painter.clearSkids();
    this.hud.reset();
    this.#toGarage();
    const place = race.countdown ? null : takePlace(me.id, this.laps);
    if (!place) return;
    this.seconds = place.seconds;
    this.car.reset(place.pose);
  }

  /** Take the player's id and name. Each connection gets a new id. @param {import("./state.js").Player} me */
  #become({ id, name }) {
    this.me.id = id;
    this.me.name = name;
    const livery = this.liveries.of(id);
    if (livery === this.me.livery) return;
    this.me.livery = livery;
    this.painter.forgetCars();
  }

  /** Drawing stops in a hidden page, so the car stops where it is. The client keeps sending that pose. */
  #hide() {
    if (!document.hidden || !this.running) return;
    this.car.reset(this.car.pose);
    this.#sendPose();
  }

  /** @param {boolean} wanted */
  #run(wanted) {
    this.running = wanted;
    this.#hide();
    this.input.listen(wanted);
    this.lastMs = NaN;
    if (!wanted) return;
    this.#resize();
    this.camera.follow(this.car.pose, 0, Infinity);
    requestAnimationFrame(this.frame);
  }

  #resize() {
    const { clientWidth, clientHeight } = this.painter.canvas;
    const upright = clientHeight > clientWidth;
    this.camera.level = upright && "touch" in document.body.dataset ? TOUCH_LEVEL : 0.5;
    this.painter.resize();
    this.miniMap.resize();
  }

  /** @param {number} nowMs */
  frame(nowMs) {
    if (!this.running) return;
    requestAnimationFrame(this.frame);
    const step = Number.isNaN(this.lastMs) ? 0 : Math.max((nowMs - this.lastMs) / 1000, 0);
    this.lastMs = nowMs;
    this.seconds += step;
    this.countdown -= step;
    this.#drive(step);
    this.#exchange(step, nowMs);
    this.#countLaps(nowMs);
    if (nowMs >= this.rankDueMs) this.#rank(nowMs);
    this.camera.follow(this.car.pose, this.car.speed, step);
    if (nowMs >= this.coverDueMs) this.#cover(nowMs);
    this.painter.draw(this.car, this.me.livery, this.field.cars, step);
    this.frames += 1;
    if (this.frames % MAP_EVERY_FRAMES === 0) this.miniMap.draw(this.car, this.me.livery, this.field.cars);
    this.hud.update(this, nowMs);
  }

  /** @param {number} step */
  #drive(step) {
    const controls = this.input.read();
    if (this.countdown > 0) controls.throttle = controls.brake = 0;
    this.car.advance(step, controls, this.track);
    this.controls = controls;
    const isTrying = this.countdown <= 0 && !controls.handbrake && controls.throttle > 0;
    this.vainSeconds = isTrying && this.car.speed < STUCK_SPEED ? this.vainSeconds + step : 0;
    if (this.vainSeconds > STUCK_SECONDS) this.stuckUntil = this.seconds + ADVICE_SECONDS;
  }

  /**
   * @param {number} step
   * @param {number} nowMs
   */
  #exchange(step, nowMs) {
    const client = this.around.client();
    const room = client?.room;
    const isConnected = client?.state === "connected";
    this.hud.stall(!isConnected);
    // Without a connection the room has no cars. The last standings are better than none.
    if (!isConnected) this.field.hold(step);
    if (!isConnected || !room) return;
    this.#sendPose();
    if (this.controls) room.sendInput(this.controls.steering, this.controls.throttle, this.controls.brake);
    this.field.update(room, nowMs, this.seconds, step);
    if (nowMs < this.statsDueMs) return;
    this.statsDueMs = nowMs + STATS_EVERY_MS;
    this.stats = client.stats;
  }

  /** @param {number} nowMs */
  #cover(nowMs) {
    this.coverDueMs = nowMs + COVER_EVERY_MS;
    this.hud.cover(this.painter.tags.labels);
  }

  #sendPose() {
    this.around.client()?.room?.sendPose(this.car.pose);
  }

  /** @param {number} nowMs */
  #countLaps(nowMs) {
    const { at, car, track } = this;
    track.project(car.pose.x, car.pose.z, at, at.index);
    const before = this.laps.best;
    if (this.laps.update(at.s, at.lateral, this.seconds)) {
      const time = lapTime(this.laps.last);
      const best = this.laps.best !== before;
      this.hud.announce(best ? `Best lap: ${time}` : `Lap ${this.laps.lap - 1}: ${time}`, nowMs);
    }
    this.hasBeenOut ||= this.laps.next > 0 && car.speed > DRIVEN_SPEED;
    this.me.progress = this.laps.progress(at.s);
    const along =
      Math.sin(car.pose.yaw) * track.line.dx[at.index] + Math.cos(car.pose.yaw) * track.line.dz[at.index];
    this.wrongWay = this.laps.next > 0 && along * Math.sign(car.forward) < -0.3;
  }

  get isStuck() {
    return this.seconds < this.stuckUntil;
  }

  /** The way out to the track on the screen, in radians clockwise from up. */
  wayOut() {
    const { car, track, place } = this;
    const { pit, scratch: at } = track;
    const { x, z } = car.pose;
    pit?.project(x, z, at);
    const line = pit && at.s < pit.length - WAY_METRES ? pit : track.line;
    line.project(x, z, at);
    line.place(at.s + WAY_METRES, place);
    return Math.atan2(place.x - x, place.z - z) - this.camera.turn;
  }

  /** @param {number} nowMs */
  #rank(nowMs) {
    this.rankDueMs = nowMs + RANK_EVERY_MS;
    const { entries, field } = this;
    // Keep the old order, remove cars that are gone and append new ones: then sorting has little to do.
    let kept = 0;
    for (let i = 0; i < entries.length; i += 1) {
      const entry = entries[i];
      if (entry !== this.me && !field.cars.includes(/** @type {import("./field.js").RemoteCar} */ (entry))) {
        continue;
      }
      entries[kept] = entry;
      kept += 1;
    }
    entries.length = kept;
    for (let i = 0; i < field.cars.length; i += 1) {
      if (!entries.includes(field.cars[i])) entries.push(field.cars[i]);
    }
    rank(entries);
    this.position = entries.indexOf(this.me) + 1;
  }

  /** @param {import("./input.js").Command} command */
  #obey(command) {
    if (command === "reset") this.putBack();
    else if (command === "camera") this.turnCamera();
    else if (command === "message") this.around.openMessage();
    else if (command === "pad") this.around.openPadSetup();
    else this.around.openMenu();
  }

  turnCamera() {
    this.camera.headingUp = !this.camera.headingUp;
    this.around.onCamera(this.camera.headingUp);
  }

  /** Put the car back on the middle of the track where it left it, or into the garage before its first lap. */
  putBack() {
    if (this.laps.next === 0) {
      this.#toGarage();
      return;
    }
    this.track.project(this.car.pose.x, this.car.pose.z, this.at, this.at.index);
    this.track.line.place(this.at.s, this.place);
    this.stuckUntil = 0;
    this.car.reset(this.place);
    this.painter.clearSkids();
  }

  /** Put the car into the garage. The current lap does not count. */
  toGarage() {
    this.laps.abandon();
    this.#toGarage();
  }

  #toGarage() {
    this.at.index = -1;
    this.stuckUntil = 0;
    this.car.reset(this.track.start(this.garage));
    this.painter.clearSkids();
    this.camera.follow(this.car.pose, 0, Infinity);
  }
}
