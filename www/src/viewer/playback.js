// The playhead: which moment is shown. Live, or behind it at a speed of its own; never beyond live, never before what is
// kept, never backwards by itself. Pure: it is told how much time went by.

/** Times the pace of the race, slowest first. */
export const SPEEDS = /** @type {const} */ ([0.25, 0.5, 1, 2, 4, 8]);

export class Playback {
  constructor() {
    /** The moment shown; NaN before the first snapshot. */
    this.atMs = NaN;
    /** Following the race as it happens. Never at once with `paused`. */
    this.live = true;
    this.paused = false;
    /** One of `SPEEDS`; 1 while live. */
    this.speed = 1;
    /** What can be shown, as told last. */
    this.startMs = NaN;
    this.liveMs = NaN;
  }

  /** How far behind live; 0 before the first snapshot. */
  get behindMs() {
    return Number.isNaN(this.atMs) || this.live ? 0 : this.liveMs - this.atMs;
  }

  /**
   * Let time go by.
   * @param {number} stepMs  since the last frame
   * @param {number} startMs  the oldest moment kept
   * @param {number} liveMs
   */
  advance(stepMs, startMs, liveMs) {
    if (Number.isNaN(startMs) || Number.isNaN(liveMs)) return;
    this.startMs = startMs;
    this.liveMs = Math.max(liveMs, startMs);
    if (Number.isNaN(this.atMs)) this.atMs = this.liveMs;
    if (this.live) this.atMs = Math.max(this.atMs, this.liveMs);
    else if (!this.paused) this.#goOn(stepMs);
    this.#keepWithin();
  }

  pause() {
    this.live = false;
    this.paused = true;
  }

  play() {
    this.paused = false;
    if (this.#isAtLive()) this.toLive();
  }

  /**
   * Show another moment; the last one there is means live, unless paused.
   * @param {number} atMs
   */
  seek(atMs) {
    if (Number.isNaN(this.liveMs) || Number.isNaN(atMs)) return;
    this.live = false;
    this.atMs = atMs;
    this.#keepWithin();
    if (!this.paused && this.#isAtLive()) this.toLive();
  }

  toLive() {
    this.live = true;
    this.paused = false;
    this.speed = 1;
    this.atMs = this.liveMs;
  }

  /**
   * Play faster or slower. Live cannot be faster; slower leaves it.
   * @param {number} speed  one of `SPEEDS`, or the nearest of them is taken
   */
  setSpeed(speed) {
    if (Number.isNaN(speed)) return;
    const nearest = SPEEDS.reduce((a, b) => (Math.abs(b - speed) < Math.abs(a - speed) ? b : a));
    if (this.live && nearest >= 1) return;
    this.live = false;
    this.speed = nearest;
  }

  /** @param {number} stepMs */
  #goOn(stepMs) {
    this.atMs += Math.max(0, stepMs) * this.speed;
    if (this.#isAtLive()) this.toLive();
  }

  #keepWithin() {
    this.atMs = Math.min(Math.max(this.atMs, this.startMs), this.liveMs);
  }

  #isAtLive() {
    return this.atMs >= this.liveMs;
  }
}
