// Who is ahead of whom. A place changes hands when the one behind has been clearly ahead for a second, so that two cars
// side by side do not flap; where one of them was not racing (silent, in the pit, put elsewhere) it changes at once, and
// that is no overtake.

import { COLUMN_MS, RACING, slotOf } from "./past.js";

/** @typedef {import("./racer.js").Racer} Racer */

/** Less far ahead is side by side. */
const CLEAR_METRES = 3;
/** For so many columns before the present one. */
const HOLD_COLUMNS = 5;
/** An overtake took place so long before it is sure. */
export const CERTAIN_MS = HOLD_COLUMNS * COLUMN_MS;

const STAYS = 0;
const MOVES_UP = 1;
const OVERTAKES = 2;

export class Order {
  constructor() {
    /** Leader first. @type {Racer[]} */
    this.list = [];
  }

  clear() {
    this.list.length = 0;
  }

  /**
   * Put in a car that has just come.
   * @param {Racer} racer
   * @param {number} column
   */
  add(racer, column) {
    racer.since = column;
    this.list.push(racer);
  }

  /** @param {Racer} racer */
  remove(racer) {
    const place = this.list.indexOf(racer);
    if (place >= 0) this.list.splice(place, 1);
  }

  /** For a new race: only progress counts, then the place in the room. @param {number} column */
  restart(column) {
    for (const racer of this.list) racer.since = column;
    this.list.sort((a, b) => a.index - b.index);
  }

  /**
   * Bring the order up to date and write the places down.
   * @param {number} column
   * @param {(racer: Racer, passed: Racer, place: number) => void} onOvertake
   */
  settle(column, onOvertake) {
    const { list } = this;
    for (let i = 1; i < list.length; i += 1) {
      for (let j = i; j > 0; j -= 1) {
        const verdict = verdictOn(list[j], list[j - 1], column);
        if (verdict === STAYS) break;
        const racer = list[j];
        const passed = list[j - 1];
        list[j - 1] = racer;
        list[j] = passed;
        if (verdict === OVERTAKES) onOvertake(racer, passed, j);
      }
    }
    const slot = slotOf(column);
    for (let i = 0; i < list.length; i += 1) list[i].past.place[slot] = i + 1;
  }
}

/**
 * @param {Racer} racer  placed behind
 * @param {Racer} ahead
 * @param {number} column
 */
function verdictOn(racer, ahead, column) {
  const lead = racer.progress - ahead.progress;
  if (!(lead > 0)) return STAYS;
  if (racer.since === column || ahead.since === column) return MOVES_UP;
  if (lead < CLEAR_METRES) return STAYS;
  let held = true;
  for (let k = column - HOLD_COLUMNS; k <= column; k += 1) {
    const slot = slotOf(k);
    if ((racer.past.marks[slot] & ahead.past.marks[slot] & RACING) === 0) return MOVES_UP;
    if (racer.past.progress[slot] - ahead.past.progress[slot] < CLEAR_METRES) held = false;
  }
  return held ? OVERTAKES : STAYS;
}
