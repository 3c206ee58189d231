// One car over time: its laps and how far it is, from a look at it every tenth of a second. Kept by player, so that the
// place in the snapshot may change. Allocates nothing once it is made.

import { LapCounter } from "../laps.js";
import { CAR_AGE_MS, CAR_SPEED, CAR_STALE, CAR_X, CAR_Z } from "./feed.js";
import { GONE_MS } from "./cars.js";
import { IN_PIT, LOST, Past, PRESENT, RACING, SHOWN, slotOf, WEAK } from "./past.js";

/** @typedef {import("./circuit.js").Circuit} Circuit */
/** @typedef {import("../livery.js").Livery} Livery */
/** @typedef {import("./standing.js").Standing} Standing */

/** How long a car that is gone from snapshots and room stays in the standings: the list of players comes a moment later. */
const VANISHED_MS = 4000;
/** Nobody drives faster; a longer way between two looks is a jump. */
const MAX_SPEED = 130;
const JUMP_METRES = 15;
/** After so long out of sight, nobody knows which way the car came. */
const UNSEEN_MS = 10_000;
/** Datagrams older than this: a weak connection. */
const WEAK_MS = 300;
/** A connection that was lost counts as weak for so long. */
const RECOVERY_MS = 5000;

export class Racer {
  /**
   * @param {string} id
   * @param {Standing} standing
   */
  constructor(id, standing) {
    this.id = id;
    this.name = "";
    this.index = 0;
    /** Refilled for each moment asked for. */
    this.standing = standing;
    this.past = new Past();
    /** @type {Circuit | null} */
    this.circuit = null;
    this.laps = new LapCounter(1, JUMP_METRES);
    this.at = { s: NaN, lateral: 0, index: -1, x: 0, z: 0 };
    this.x = 0;
    this.z = 0;
    this.speed = 0;
    /** When the car was seen last, and when it was last heard of (not stale); before all time: never. */
    this.seenMs = -Infinity;
    this.heardMs = -Infinity;
    this.lostMs = -Infinity;
    /** When it was last seen or in the standings. */
    this.keptMs = -Infinity;
    /** It was seen in this race. */
    this.tookPart = false;
    this.isLost = false;
    this.isWeak = false;
    this.onTrack = false;
    this.inPit = false;
    /** It did not drive to where it is; until the next column. */
    this.jumped = false;
    this.progress = NaN;
    /** In the column written last. */
    this.shown = false;
    /** The column since which it is in the order. */
    this.since = 0;
    /** When its newest lap was completed, to a few milliseconds. */
    this.crossedMs = NaN;
  }

  /** Forget all of it, for another circuit. @param {Circuit | null} circuit */
  begin(circuit) {
    this.past.clear();
    this.circuit = circuit;
    this.seenMs = -Infinity;
    this.heardMs = -Infinity;
    this.lostMs = -Infinity;
    this.keptMs = -Infinity;
    this.tookPart = false;
    this.shown = false;
    this.onTrack = false;
    this.inPit = false;
    this.at.index = -1;
    this.at.s = NaN;
    this.laps = new LapCounter(circuit?.length ?? 1, JUMP_METRES);
    this.progress = circuit === null ? NaN : this.laps.progress(0);
  }

  /** A new race: all laps count from 0 again, and only those who are there take part. @param {number} atMs */
  restart(atMs) {
    this.tookPart &&= atMs - this.seenMs < VANISHED_MS;
    this.laps.reset();
    this.progress = this.circuit === null ? NaN : this.laps.progress(0);
  }

  /**
   * Look at the car.
   * @param {Float32Array} rows  a sample
   * @param {number} row  where in it the car's begins
   * @param {number} atMs
   * @returns {boolean} a lap has just been completed
   */
  look(rows, row, atMs) {
    this.seenMs = this.keptMs = atMs;
    this.tookPart = true;
    this.isLost = rows[row + CAR_STALE] !== 0;
    if (this.isLost) this.lostMs = atMs;
    this.isWeak = rows[row + CAR_AGE_MS] >= WEAK_MS || atMs - this.lostMs < RECOVERY_MS;
    this.speed = this.isLost ? 0 : rows[row + CAR_SPEED];
    // Where a silent car stands is a guess; it is reckoned with when it is heard of again.
    if (this.isLost) return false;
    const completed = this.circuit !== null && this.#drive(this.circuit, rows, row, atMs);
    this.x = rows[row + CAR_X];
    this.z = rows[row + CAR_Z];
    this.heardMs = atMs;
    return completed;
  }

  /**
   * @param {Circuit} circuit
   * @param {Float32Array} rows
   * @param {number} row
   * @param {number} atMs
   */
  #drive(circuit, rows, row, atMs) {
    const { at, laps } = this;
    const x = rows[row + CAR_X];
    const z = rows[row + CAR_Z];
    const limit = this.#limit(atMs);
    const jumped = (x - this.x) * (x - this.x) + (z - this.z) * (z - this.z) > limit * Math.abs(limit);
    const wasOnTrack = this.onTrack;
    circuit.project(x, z, at, jumped ? -1 : at.index);
    this.inPit = circuit.inPit(x, z, at.lateral);
    this.onTrack = !this.inPit && Math.abs(at.lateral) <= circuit.reach;
    if (jumped) {
      this.jumped = true;
      if (wasOnTrack && this.onTrack) laps.started = NaN;
    }
    laps.jump = limit;
    this.crossedMs = this.#crossing(laps.s, at.s, atMs);
    const completed = laps.update(at.s, this.onTrack ? 0 : Infinity, this.crossedMs / 1000);
    this.progress = laps.progress(at.s);
    return completed;
  }

  /**
   * Further than this it has not driven since it was last heard of; less than nothing when that is too long ago to tell.
   * @param {number} atMs
   */
  #limit(atMs) {
    const elapsed = atMs - this.heardMs;
    return elapsed > UNSEEN_MS ? -1 : JUMP_METRES + (MAX_SPEED * elapsed) / 1000;
  }

  /**
   * When the start line was crossed, if it was: between the two looks.
   * @param {number} before  metres along the lap, NaN when not on it
   * @param {number} now
   * @param {number} atMs
   */
  #crossing(before, now, atMs) {
    const { length } = this.laps;
    const moved = now - before + length;
    if (!(moved > 0 && moved < length / 2)) return atMs;
    return this.heardMs + ((length - before) / moved) * (atMs - this.heardMs);
  }

  /**
   * Write down how things stand.
   * @param {number} column
   * @param {number} atMs
   * @param {boolean} inRoom  the car keeps its row although it vanished from the snapshots
   * @returns {boolean} it is in the standings
   */
  write(column, atMs, inRoom) {
    const { past, laps } = this;
    const slot = slotOf(column);
    const keptMs = inRoom && this.tookPart ? GONE_MS : VANISHED_MS;
    this.shown = atMs - this.seenMs < keptMs;
    if (this.shown) this.keptMs = atMs;
    past.marks[slot] = this.shown ? this.#marks(atMs) : 0;
    past.place[slot] = 0;
    past.lap[slot] = laps.lap;
    past.s[slot] = this.at.s;
    past.progress[slot] = this.progress;
    past.speed[slot] = this.seenMs < atMs ? 0 : this.speed;
    past.lastMs[slot] = laps.last * 1000;
    past.bestMs[slot] = laps.best * 1000;
    this.jumped = false;
    return this.shown;
  }

  /** @param {number} atMs */
  #marks(atMs) {
    let marks = SHOWN;
    if (this.inPit) marks |= IN_PIT;
    if (this.seenMs < atMs) return marks | LOST;
    marks |= PRESENT;
    if (this.isLost) return marks | LOST;
    if (this.isWeak) marks |= WEAK;
    if (this.onTrack && !this.jumped) marks |= RACING;
    return marks;
  }
}
