// The ledger of the race: laps, places, gaps and events, for every moment of the last ten minutes. It goes through the history
// in fixed steps, so that the same race always gives the same ledger, whenever the page was open. Pure.

import { CAR_SLOT, CAR_SPEED, CAR_STALE, CAR_STRIDE, CAR_X, CAR_YAW, CAR_Z } from "./feed.js";
import { Rosters } from "./cars.js";
import { Chronicle } from "./chronicle.js";
import { CERTAIN_MS, Order } from "./order.js";
import { COLUMN_MS, COLUMNS } from "./past.js";
import { seedLaps } from "./pack.js";
import { Racer } from "./racer.js";
import { Roll } from "./roll.js";
import { newStanding, Standings } from "./standing.js";

/** @typedef {import("./feed.js").Spectator} Spectator */
/** @typedef {import("./feed.js").SpectatedRoom} SpectatedRoom */
/** @typedef {import("./circuit.js").Circuit} Circuit */
/** @typedef {import("./standing.js").Standing} Standing */
/** @typedef {import("./chronicle.js").RaceEvent} RaceEvent */
/**
 * Is shown every car at each step, like `TrackLearner`.
 * @typedef {{ handle: (id: string, x: number, z: number, yaw: number, speed: number, stale: boolean, atMs: number) => void }} Onlooker
 */

/** The time between two steps. */
export const STEP_MS = 100;
const STEPS_A_COLUMN = COLUMN_MS / STEP_MS;
/** Cars that appear within this many columns of the first one were there from the start. */
const SEEDING_COLUMNS = 4;
/** Players kept, more than a snapshot holds. Beyond that the one not seen for the longest time is forgotten. */
const MAX_RACERS = 320;
/** Lap times are exact to about a millisecond; a smaller gain is no faster lap. */
const MIN_GAIN_MS = 1;
/** Positions beyond this are on no circuit: the sender is broken or malicious. */
const FAR_AWAY_METRES = 100_000;

export class Ledger {
  /** @param {import("../livery.js").Liveries} liveries */
  constructor(liveries) {
    this.liveries = liveries;
    /** @type {Circuit | null} */
    this.circuit = null;
    this.rosters = new Rosters();
    this.chronicle = new Chronicle();
    this.roll = new Roll(this.chronicle);
    this.order = new Order();
    this.table = new Standings();
    /** @type {Map<string, Racer>} */
    this.byId = new Map();
    /** The same, to go through without making garbage. @type {Racer[]} */
    this.racers = [];
    /** By place in the snapshot, for as long as the room stays as it is. @type {Array<Racer | undefined>} */
    this.bySeat = [];
    /** The next step to take; NaN before the first. */
    this.step = NaN;
    this.firstColumn = NaN;
    this.lastColumn = NaN;
    /** When the newest start was seen; NaN for none. */
    this.startedAt = NaN;
    this.fastestMs = NaN;
    /** Until this column the order is still a guess; NaN before the first car. */
    this.seedUntil = NaN;
    this.overtook = this.#overtook.bind(this);
  }

  /** What happened, in the order in which it became certain. @returns {readonly RaceEvent[]} */
  get events() {
    return this.chronicle.events;
  }

  /** Grows with every change of `events`. */
  get version() {
    return this.chronicle.version;
  }

  /**
   * Use another circuit, or none. The next `advance` begins again with the oldest moment kept.
   * @param {Circuit | null} circuit
   */
  setCircuit(circuit) {
    this.circuit = circuit;
    this.step = NaN;
  }

  /** @param {SpectatedRoom} room  as it is from its `atMs` on */
  addRoom(room) {
    this.rosters.add(room);
  }

  /**
   * Go on through the history.
   * @param {Spectator} spectator
   * @param {number} untilMs
   * @param {number} maxSteps  bounds one call, so that a page that catches up stays responsive
   * @param {Onlooker | null} [onlooker]
   * @returns {boolean} it has caught up
   */
  advance(spectator, untilMs, maxSteps, onlooker = null) {
    const { startMs } = spectator;
    if (Number.isNaN(startMs) || Number.isNaN(untilMs)) return true;
    const first = Math.ceil(startMs / STEP_MS);
    const last = Math.floor(untilMs / STEP_MS);
    if (Number.isNaN(this.step)) this.#begin(first);
    if (this.step < first) this.#skipTo(first);
    for (let taken = 0; this.step <= last; taken += 1) {
      if (taken >= maxSteps) return false;
      this.#look(spectator, this.step * STEP_MS, onlooker);
      if (this.step % STEPS_A_COLUMN === 0) this.#write(this.step / STEPS_A_COLUMN);
      this.step += 1;
    }
    return true;
  }

  /**
   * Give the standings at a moment, leader first. Each call fills the same array and rows anew.
   * @param {number} atMs
   * @returns {Standing[]}
   */
  standings(atMs) {
    const wanted = Math.floor(atMs / COLUMN_MS);
    const column = Math.min(Math.max(wanted, this.firstColumn), this.lastColumn);
    if (Number.isNaN(column)) {
      this.table.rows.length = 0;
      return this.table.rows;
    }
    const rows = this.table.at(this.racers, column, this.firstColumn, this.circuit?.length ?? NaN);
    for (const row of rows) row.livery = this.liveries.of(row.id);
    return rows;
  }

  /** @param {number} step */
  #begin(step) {
    this.step = step;
    this.firstColumn = NaN;
    this.lastColumn = NaN;
    this.startedAt = NaN;
    this.fastestMs = NaN;
    this.seedUntil = NaN;
    this.bySeat.length = 0;
    this.roll.clear();
    this.order.clear();
    this.chronicle.forgetSince(step * STEP_MS);
    for (const racer of this.racers) racer.begin(this.circuit);
  }

  /** Skip a part of the history that is no longer kept. Nothing is known of that time. @param {number} step */
  #skipTo(step) {
    this.step = step;
    this.firstColumn = NaN;
    this.lastColumn = NaN;
    for (const racer of this.racers) racer.past.clear();
  }

  /**
   * @param {Spectator} spectator
   * @param {number} atMs
   * @param {Onlooker | null} onlooker
   */
  #look(spectator, atMs, onlooker) {
    const room = this.rosters.at(atMs);
    if (room !== this.roll.room) this.bySeat.length = 0;
    if (this.roll.advance(room, atMs)) this.#restart(atMs);
    const { rows, count } = spectator.sample(atMs);
    for (let row = 0; row < count; row += 1) this.#take(rows, row * CAR_STRIDE, atMs, onlooker);
  }

  /**
   * @param {Float32Array} rows
   * @param {number} at
   * @param {number} atMs
   * @param {Onlooker | null} onlooker
   */
  #take(rows, at, atMs, onlooker) {
    const racer = this.#racerAt(rows[at + CAR_SLOT], atMs);
    const x = rows[at + CAR_X];
    const z = rows[at + CAR_Z];
    if (racer === undefined || !(Math.abs(x) < FAR_AWAY_METRES) || !(Math.abs(z) < FAR_AWAY_METRES)) return;
    if (racer.look(rows, at, atMs)) this.#completed(racer);
    if (onlooker === null) return;
    onlooker.handle(
      racer.id,
      x,
      z,
      rows[at + CAR_YAW],
      rows[at + CAR_SPEED],
      rows[at + CAR_STALE] !== 0,
      atMs,
    );
  }

  /**
   * @param {number} seat
   * @param {number} atMs
   */
  #racerAt(seat, atMs) {
    const known = this.bySeat[seat];
    if (known !== undefined) return known;
    const player = this.roll.seats[seat];
    if (player === undefined) return undefined;
    const racer = this.byId.get(player.id) ?? this.#enter(player.id, atMs);
    racer.index = seat;
    racer.name = this.roll.names.get(player.id) ?? "";
    this.bySeat[seat] = racer;
    return racer;
  }

  /**
   * @param {string} id
   * @param {number} atMs
   */
  #enter(id, atMs) {
    this.#forgetLongGone(atMs);
    const racer = new Racer(id, newStanding(id, this.liveries.of(id)));
    racer.begin(this.circuit);
    this.byId.set(id, racer);
    this.racers.push(racer);
    return racer;
  }

  /** Forget players who are in no column any more, and players beyond the limit. @param {number} atMs */
  #forgetLongGone(atMs) {
    const oldestMs = atMs - COLUMNS * COLUMN_MS;
    let longest = this.racers[0];
    for (const racer of this.racers) if (racer.keptMs < longest.keptMs) longest = racer;
    const isFull = this.racers.length >= MAX_RACERS;
    const gone = this.racers.filter((racer) => racer.keptMs < oldestMs || (isFull && racer === longest));
    for (const racer of gone) {
      this.byId.delete(racer.id);
      this.order.remove(racer);
      this.racers.splice(this.racers.indexOf(racer), 1);
    }
    if (gone.length > 0) this.bySeat.length = 0;
  }

  /** Begin a new race. @param {number} atMs */
  #restart(atMs) {
    this.startedAt = this.roll.room?.atMs ?? atMs;
    this.fastestMs = NaN;
    this.seedUntil = -Infinity;
    for (const racer of this.racers) racer.restart(atMs);
    this.order.restart(Math.ceil(atMs / COLUMN_MS));
  }

  /** @param {Racer} racer */
  #completed(racer) {
    const lapMs = racer.laps.last * 1000;
    if (lapMs > this.fastestMs - MIN_GAIN_MS) return;
    const { id, name, crossedMs: atMs } = racer;
    this.chronicle.add({ kind: "fastestLap", atMs, id, name, lapMs, isFirst: Number.isNaN(this.fastestMs) });
    this.fastestMs = lapMs;
  }

  /** @param {number} column */
  #write(column) {
    if (!(column > this.seedUntil)) this.#seed(column);
    for (let i = 0; i < this.racers.length; i += 1) this.#writeOne(this.racers[i], column);
    if (this.circuit !== null) this.order.settle(column, this.overtook);
    if (Number.isNaN(this.firstColumn)) this.firstColumn = column;
    this.firstColumn = Math.max(this.firstColumn, column - COLUMNS + 1);
    this.lastColumn = column;
  }

  /** Guess the order, since the cars of a room may appear one after the other. @param {number} column */
  #seed(column) {
    if (this.racers.length === 0) return;
    if (Number.isNaN(this.seedUntil)) this.seedUntil = column + SEEDING_COLUMNS;
    if (this.circuit !== null) seedLaps(this.racers, this.circuit.length);
  }

  /**
   * @param {Racer} racer
   * @param {number} column
   */
  #writeOne(racer, column) {
    const wasShown = racer.shown;
    const isShown = racer.write(column, column * COLUMN_MS, this.roll.has(racer.id));
    if (isShown === wasShown) return;
    if (isShown) this.order.add(racer, column);
    else this.order.remove(racer);
  }

  /**
   * @param {Racer} racer
   * @param {Racer} passed
   * @param {number} place
   */
  #overtook(racer, passed, place) {
    const inRace = this.roll.isActive || (racer.laps.lap > 0 && passed.laps.lap > 0);
    if (!inRace) return;
    const atMs = Math.max(0, this.step * STEP_MS - CERTAIN_MS);
    const { id, name } = racer;
    this.chronicle.add({
      kind: "overtake",
      atMs,
      id,
      name,
      otherId: passed.id,
      otherName: passed.name,
      place,
    });
  }
}
