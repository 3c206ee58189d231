// What one car did in the last minutes, in columns of a fifth of a second: written by the ledger as the race goes on,
// read for any moment. Typed arrays used in a ring, so an evening's race needs no more than the first minutes.

/** A column stands for so much time; column k for what was true at k × COLUMN_MS. */
export const COLUMN_MS = 200;
/** The ten minutes the spectator keeps, and one more. */
export const COLUMNS = (11 * 60_000) / COLUMN_MS;

/** Marks of a column; none: the car is not in the standings. */
export const SHOWN = 1;
/** In the snapshot, not only remembered. */
export const PRESENT = 2;
export const IN_PIT = 4;
/** On the track, heard of, and come there by driving. */
export const RACING = 8;
export const WEAK = 16;
export const LOST = 32;

export class Past {
  constructor() {
    this.marks = new Uint8Array(COLUMNS);
    /** 1 = leader; 0 while there are no places. */
    this.place = new Uint16Array(COLUMNS);
    this.lap = new Uint16Array(COLUMNS);
    /** Metres along the lap; NaN without a circuit. */
    this.s = new Float32Array(COLUMNS);
    /** Metres of valid laps, negative before the first; see `LapCounter.progress`. */
    this.progress = new Float64Array(COLUMNS);
    this.speed = new Float32Array(COLUMNS);
    this.lastMs = new Float32Array(COLUMNS);
    this.bestMs = new Float32Array(COLUMNS);
  }

  /** Nothing is known of any column. */
  clear() {
    this.marks.fill(0);
  }
}

/**
 * Where in its ring a column is.
 * @param {number} column
 */
export function slotOf(column) {
  return column % COLUMNS;
}
