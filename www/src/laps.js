// Laps and standings from where a car is on the centre line. Pure; the same counter serves the own car and,
// from what we see of them, the others.
//
// The lap is cut into checkpoints that must be crossed forwards, on or near the track, in order; the start line
// is the last of them. So turning back over the line, or cutting across the infield, never makes a lap.

export const CHECKPOINTS = 12;
/** Further from the centre line than this, a car is not on the lap: beyond the run-off of asphalt that is 16 m wide. */
const REACH_METRES = 21;
/** A checkpoint left this far behind uncrossed was missed. */
const MISSED_METRES = 12;
/** A bigger jump along the lap between two looks is a cut or a teleport for a car that we drive ourselves. */
export const OWN_JUMP_METRES = 20;
/** Others may vanish for a second and come back further on. */
export const REMOTE_JUMP_METRES = 130;

export class LapCounter {
  /**
   * @param {number} lengthMetres
   * @param {number} jumpMetres
   * @param {number} [reachMetres]  further from the centre line than this, a car is not on the lap
   */
  constructor(lengthMetres, jumpMetres, reachMetres = REACH_METRES) {
    this.length = lengthMetres;
    this.jump = jumpMetres;
    this.reach = reachMetres;
    this.gap = lengthMetres / CHECKPOINTS;
    /** Laps begun: 0 on the way from the garage to the line. */
    this.lap = 0;
    /** Laps that the car is taken to have done before it was first seen. They count only in `progress`. */
    this.earlier = 0;
    /** Seconds; NaN for none. */
    this.best = NaN;
    this.last = NaN;
    /** Where on the lap the car was last seen, NaN while it is off. */
    this.s = NaN;
    /** Number of the checkpoint to cross next, 1 … CHECKPOINTS (the start line); 0 while not on the track. */
    this.next = 0;
    this.started = NaN;
  }

  /** Back to the garage: the lap under way is void, best and last lap stay. */
  abandon() {
    this.s = NaN;
    this.next = 0;
    this.started = NaN;
  }

  /** Forget everything, for a new race. */
  reset() {
    this.lap = this.earlier = 0;
    this.best = NaN;
    this.last = NaN;
    this.abandon();
  }

  /**
   * Look at the car.
   * @param {number} s  metres along the lap
   * @param {number} lateral  metres beside the centre line
   * @param {number} seconds  race clock
   * @returns {boolean} true when a lap has just been completed
   */
  update(s, lateral, seconds) {
    if (Math.abs(lateral) > this.reach) {
      this.s = NaN;
      if (this.lap === 0) this.next = 0;
      return false;
    }
    const before = this.s;
    this.s = s;
    if (this.next === 0) {
      this.next = this.#nextFrom(s);
      return false;
    }
    if (Number.isNaN(before)) return false;
    const moved = this.#moved(before, s);
    // Before its first lap a car that is put elsewhere, as for a new race, starts from there.
    if (this.lap === 0 && Math.abs(moved) >= this.jump) this.next = this.#nextFrom(s);
    return moved > 0 && moved < this.jump && this.#cross(before, moved, seconds);
  }

  /** The checkpoint to cross next for a car that starts here. @param {number} s */
  #nextFrom(s) {
    return Math.floor(s / this.gap) + 1;
  }

  /**
   * @param {number} before
   * @param {number} moved
   * @param {number} seconds
   */
  #cross(before, moved, seconds) {
    const crossesStart = before + moved >= this.length;
    for (let passes = 0; passes < CHECKPOINTS; passes += 1) {
      if (this.next === CHECKPOINTS) break;
      const ahead = this.#forward(before, this.next * this.gap);
      if (ahead === 0 || ahead > moved) break;
      this.next += 1;
    }
    return crossesStart && this.#crossStart(seconds);
  }

  /**
   * Over the line with every checkpoint passed: a lap. Over it without: the lap starts afresh, uncounted.
   * @param {number} seconds
   */
  #crossStart(seconds) {
    const whole = this.next === CHECKPOINTS;
    const completed = whole && this.lap > 0 && !Number.isNaN(this.started);
    if (completed) {
      this.last = seconds - this.started;
      if (!(this.last >= this.best)) this.best = this.last;
    }
    if (whole) this.lap += 1;
    this.next = 1;
    this.started = this.lap > 0 ? seconds : NaN;
    return completed;
  }

  /**
   * Metres from one place on the lap forwards to another.
   * @param {number} from
   * @param {number} to
   */
  #forward(from, to) {
    return (((to - from) % this.length) + this.length) % this.length;
  }

  /**
   * @param {number} from
   * @param {number} to
   * @returns {number} metres forward (negative: backward), the short way round
   */
  #moved(from, to) {
    const half = this.length / 2;
    const moved = to - from;
    if (moved > half) return moved - this.length;
    return moved < -half ? moved + this.length : moved;
  }

  /**
   * Seconds into the lap under way, NaN before the first.
   * @param {number} seconds
   */
  current(seconds) {
    return seconds - this.started;
  }

  /** True when a checkpoint has been missed, so that this lap will not count. */
  get missed() {
    if (this.next === 0 || Number.isNaN(this.s)) return false;
    const ahead = this.#moved((this.next - 1) * this.gap, this.s);
    return ahead > this.gap + MISSED_METRES;
  }

  /**
   * Metres of valid lap behind the car, for the standings. Held between the checkpoint passed last and the next
   * one, so that neither a cut nor driving backwards gains anything.
   * @param {number} s
   */
  progress(s) {
    const laps = (this.earlier + this.lap - 1) * this.length;
    if (this.next === 0) return laps;
    const passed = (this.next - 1) * this.gap;
    const ahead = this.#moved(passed, s);
    const within = ahead < 0 ? 0 : ahead > this.gap ? this.gap : ahead;
    return laps + passed + within;
  }
}

/**
 * Sort entries by progress, furthest first, in place; equal ones keep a stable order by id.
 * Insertion sort: nearly sorted every time, and makes no garbage.
 * @template {{ progress: number, id: string }} T
 * @param {T[]} entries
 */
export function rank(entries) {
  for (let i = 1; i < entries.length; i += 1) {
    const entry = entries[i];
    let j = i - 1;
    while (j >= 0 && isAhead(entry, entries[j])) {
      entries[j + 1] = entries[j];
      j -= 1;
    }
    entries[j + 1] = entry;
  }
}

/**
 * @param {{ progress: number, id: string }} a
 * @param {{ progress: number, id: string }} b
 */
function isAhead(a, b) {
  return a.progress === b.progress ? a.id < b.id : a.progress > b.progress;
}

/**
 * A gap for the standings, never negative: between two rankings a car may already be ahead of the leader.
 * @param {{ progress: number }} entry
 * @param {{ progress: number }} leader
 */
export function metresBehind(entry, leader) {
  return Math.max(0, Math.round(leader.progress - entry.progress));
}

/**
 * A lap time for the eye: 1:02.345, or dashes for none.
 * @param {number} seconds
 * @param {number} [decimals]
 */
export function lapTime(seconds, decimals = 3) {
  if (!Number.isFinite(seconds)) return decimals === 3 ? "–:––.–––" : "–:––.–";
  const rounded = Number(seconds.toFixed(decimals));
  const minutes = Math.floor(rounded / 60);
  const rest = (rounded - minutes * 60).toFixed(decimals);
  return `${minutes}:${rest.padStart(3 + decimals, "0")}`;
}
