// How things stood at a moment: places, laps and gaps, read from what the ledger has written down. Fills the objects that
// the cars own, so that a table five times a second makes no garbage.

import { COLUMN_MS, IN_PIT, LOST, PRESENT, RACING, SHOWN, slotOf, WEAK } from "./past.js";

/** @typedef {import("./racer.js").Racer} Racer */
/** @typedef {import("./past.js").Past} Past */
/** @typedef {import("../livery.js").Livery} Livery */

/**
 * @typedef {object} Standing
 * @property {string} id
 * @property {number} index  of the car in the snapshots
 * @property {string} name
 * @property {Livery} livery
 * @property {number} place  1 = leader; 0 while no circuit is known
 * @property {number} lap  the one under way; 0 on the way to the start line
 * @property {number} lastMs  NaN for none
 * @property {number} bestMs  NaN for none
 * @property {number} gapMs  to the leader; 0 for the leader, NaN where unknown
 * @property {number} gapLaps  whole laps behind the leader
 * @property {number} intervalMs  to the car ahead; NaN for the leader and where unknown
 * @property {number} intervalLaps
 * @property {number} speed  metres a second
 * @property {"good" | "weak" | "lost"} connection
 * @property {number} s  metres along the lap, NaN while no circuit is known
 * @property {number} progress  metres of valid laps since the first crossing of the line, negative before it; a car that was racing when
 *   the viewer was opened counts as having crossed it once
 * @property {boolean} isFastest  holds the fastest lap
 * @property {boolean} inPit
 * @property {boolean} present  false while the car is not in the snapshots, although the player is in the room
 */

/** Slower than this a car stands. */
const STANDING_SPEED = 1;
/** Slower cars say nothing about the pace of the race. */
const PACE_SPEED = 5;
/** Nobody drives further than this from one column to the next, forwards or back. */
const JUMP_METRES = 30;

/**
 * @param {string} id
 * @param {Livery} livery
 * @returns {Standing}
 */
export function newStanding(id, livery) {
  const places = { place: 0, lap: 0, lastMs: NaN, bestMs: NaN };
  const gaps = { gapMs: NaN, gapLaps: 0, intervalMs: NaN, intervalLaps: 0 };
  const there = { s: NaN, progress: NaN, speed: 0, isFastest: false, inPit: false, present: false };
  return { id, index: 0, name: "", livery, connection: "good", ...places, ...gaps, ...there };
}

/**
 * The best lap there is; NaN for none.
 * @param {readonly Standing[]} standings
 */
export function bestLapMs(standings) {
  let best = NaN;
  for (const { bestMs } of standings) if (bestMs < best || Number.isNaN(best)) best = bestMs;
  return best;
}

export class Standings {
  constructor() {
    /** By place; the same array each time. @type {Standing[]} */
    this.rows = [];
    /** Whose they are. @type {Racer[]} */
    this.racers = [];
    // What is being reckoned with, here because a number that is handed on is a number that is allocated.
    this.column = 0;
    this.firstColumn = 0;
    this.lapMetres = NaN;
    /** Mean speed of those who race; NaN for none. */
    this.pace = NaN;
    this.gapMs = NaN;
  }

  /**
   * @param {readonly Racer[]} racers
   * @param {number} column
   * @param {number} firstColumn  nothing is known of those before
   * @param {number} lapMetres  NaN while no circuit is known
   * @returns {Standing[]}
   */
  at(racers, column, firstColumn, lapMetres) {
    this.column = column;
    this.firstColumn = firstColumn;
    this.lapMetres = lapMetres;
    const slot = slotOf(column);
    this.#gather(racers, slot);
    this.#measurePace(slot);
    const { rows } = this;
    let fastest = -1;
    for (let i = 0; i < rows.length; i += 1) {
      fill(rows[i], this.racers[i].past, slot);
      this.#reckonGaps(i);
      if (rows[i].bestMs < (fastest < 0 ? Infinity : rows[fastest].bestMs)) fastest = i;
    }
    if (fastest >= 0) rows[fastest].isFastest = true;
    return rows;
  }

  /**
   * @param {readonly Racer[]} racers
   * @param {number} slot
   */
  #gather(racers, slot) {
    const sorted = this.racers;
    let count = 0;
    for (let i = 0; i < racers.length; i += 1) {
      const racer = racers[i];
      if ((racer.past.marks[slot] & SHOWN) === 0) continue;
      let at = count;
      while (at > 0 && isAhead(racer, sorted[at - 1], slot)) {
        sorted[at] = sorted[at - 1];
        at -= 1;
      }
      sorted[at] = racer;
      count += 1;
    }
    sorted.length = count;
    for (let i = 0; i < count; i += 1) {
      const { standing, index, name } = sorted[i];
      standing.index = index;
      standing.name = name;
      this.rows[i] = standing;
    }
    this.rows.length = count;
  }

  /** @param {number} slot */
  #measurePace(slot) {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < this.racers.length; i += 1) {
      const { past } = this.racers[i];
      if ((past.marks[slot] & RACING) === 0 || past.speed[slot] < PACE_SPEED) continue;
      sum += past.speed[slot];
      count += 1;
    }
    this.pace = sum / count;
  }

  /** @param {number} i */
  #reckonGaps(i) {
    const row = this.rows[i];
    row.gapLaps = 0;
    row.intervalMs = NaN;
    row.intervalLaps = 0;
    row.gapMs = i === 0 && !Number.isNaN(this.lapMetres) ? 0 : NaN;
    const { past } = this.racers[i];
    // Whoever has not been on the track since the start is behind nobody yet.
    const isOut = past.progress[slotOf(this.column)] > -this.lapMetres;
    if (i === 0 || !isOut) return;
    const leader = this.racers[0].past;
    const ahead = this.racers[i - 1].past;
    const behind = this.#lapsBetween(leader, past);
    // Nobody has seen how many laps a car did that has yet to cross the line.
    if (behind > 0 && past.lap[slotOf(this.column)] === 0) return;
    row.gapLaps = behind;
    row.intervalLaps = this.#lapsBetween(ahead, past);
    this.#measureGap(leader, past);
    // Side by side, a car may be a nose ahead of the one that still has the place: it is no nearer to the leader.
    row.gapMs = this.rows[i - 1].gapMs > this.gapMs ? this.rows[i - 1].gapMs : this.gapMs;
    if (i > 1) this.#measureGap(ahead, past);
    row.intervalMs = this.gapMs;
  }

  /**
   * How long ago the car ahead was where the other is now, without the time in which it stood: so long does the one behind
   * drive to where it is. Where that is not on record (somebody has only just begun to watch), from the pace of the race.
   * @param {Past} ahead
   * @param {Past} behind
   */
  #measureGap(ahead, behind) {
    const now = slotOf(this.column);
    const here = behind.progress[now];
    const lead = ahead.progress[now] - here;
    const bothStand = behind.speed[now] < STANDING_SPEED && ahead.speed[now] < STANDING_SPEED;
    this.gapMs = lead > 0 ? (bothStand ? NaN : (lead / this.pace) * 1000) : 0;
    if (!(lead > 0) || bothStand) return;
    let moving = 0;
    let to = ahead.progress[now];
    for (let k = this.column - 1; k >= this.firstColumn; k -= 1) {
      const slot = slotOf(k);
      const from = ahead.progress[slot];
      // Not there yet, or moved by no driving (a void lap, a new race, laps that were counted later): no record of this way.
      if ((ahead.marks[slot] & SHOWN) === 0 || Math.abs(from - to) > JUMP_METRES) return;
      if (from <= here && here < to) {
        this.gapMs = (moving + (to - here) / (to - from)) * COLUMN_MS;
        return;
      }
      if (ahead.speed[slot] >= STANDING_SPEED) moving += 1;
      to = from;
    }
  }

  /**
   * @param {Past} ahead
   * @param {Past} behind
   */
  #lapsBetween(ahead, behind) {
    const slot = slotOf(this.column);
    return Math.max(0, Math.floor((ahead.progress[slot] - behind.progress[slot]) / this.lapMetres));
  }
}

/**
 * @param {Racer} a
 * @param {Racer} b
 * @param {number} slot
 */
function isAhead(a, b, slot) {
  const before = a.past.place[slot] - b.past.place[slot];
  return before === 0 ? a.index < b.index : before < 0;
}

/**
 * @param {Standing} row
 * @param {Past} past
 * @param {number} slot
 */
function fill(row, past, slot) {
  const marks = past.marks[slot];
  row.place = past.place[slot];
  row.lap = past.lap[slot];
  row.lastMs = past.lastMs[slot];
  row.bestMs = past.bestMs[slot];
  row.speed = past.speed[slot];
  row.connection = (marks & LOST) !== 0 ? "lost" : (marks & WEAK) !== 0 ? "weak" : "good";
  row.s = past.s[slot];
  row.progress = past.progress[slot];
  row.isFastest = false;
  row.inPit = (marks & IN_PIT) !== 0;
  row.present = (marks & PRESENT) !== 0;
}
