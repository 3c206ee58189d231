// The clock of a replay: runs at any speed, pauses, and can be advanced timer by timer. It never goes back.

/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {{ id: number, dueMs: number, callback: () => void }} Timer */

/** The longest delay that browsers' timers support. */
const MAX_WAIT_MS = 2 ** 31 - 1;

/** @implements {Clock} */
export class PlayClock {
  #clock;
  #speed;
  paused = true;
  /** The time at `#sinceMs` of the real clock. */
  #fromMs = 0;
  #sinceMs = 0;
  /** The latest time that `now` has given. */
  #toldMs = 0;
  /** A timer is being called, at the time given last. */
  #firing = false;
  /** @type {Timer[]} */
  #timers = [];
  #lastId = 0;
  /** @type {unknown} */
  #wake;

  /**
   * @param {Clock} clock  the real one
   * @param {number} speed
   */
  constructor(clock, speed) {
    this.#clock = clock;
    this.#speed = speed;
  }

  now = () => {
    if (!this.#firing) this.#toldMs = Math.max(this.#toldMs, this.#flowMs());
    return this.#toldMs;
  };

  /** @type {(callback: () => void, delayMs: number) => number} */
  setTimeout = (callback, delayMs) => this.at(this.now() + Math.max(0, delayMs), callback);

  /** @type {(timer: number) => void} */
  clearTimeout = (timer) => {
    this.#timers = this.#timers.filter(({ id }) => id !== timer);
  };

  /**
   * Call back at a time of this clock.
   * @param {number} dueMs
   * @param {() => void} callback
   */
  at(dueMs, callback) {
    const id = ++this.#lastId;
    this.#timers.push({ id, dueMs, callback });
    this.#timers.sort((a, b) => a.dueMs - b.dueMs || a.id - b.id);
    if (!this.#firing) this.#arm();
    return id;
  }

  get speed() {
    return this.#speed;
  }

  set speed(speed) {
    this.#set(speed, this.paused);
  }

  run() {
    this.#set(this.#speed, false);
  }

  pause() {
    this.#set(this.#speed, true);
  }

  /** How late the current timer is being called. */
  get lateMs() {
    return this.#flowMs() - this.#toldMs;
  }

  /** When the next timer is due; Infinity if there is none. */
  get nextMs() {
    return this.#timers[0]?.dueMs ?? Infinity;
  }

  /** Call the next timer, even if it is not due yet. A paused clock advances to its time. */
  fireNext() {
    const next = this.#timers.shift();
    if (!next) return;
    this.#toldMs = Math.max(this.#toldMs, next.dueMs);
    if (this.paused) this.#fromMs = Math.max(this.#fromMs, this.#toldMs);
    this.#firing = true;
    try {
      next.callback();
    } finally {
      this.#firing = false;
    }
  }

  /** Advance a paused clock to a time, and call each timer that is due then once. @param {number} ms */
  skip(ms) {
    this.#fromMs = Math.max(this.#fromMs, ms);
    for (let left = this.#timers.length; left > 0 && this.nextMs <= ms; left -= 1) this.fireNext();
  }

  clear() {
    this.#timers = [];
    this.pause();
  }

  #flowMs() {
    return this.paused ? this.#fromMs : this.#fromMs + (this.#clock.now() - this.#sinceMs) * this.#speed;
  }

  /**
   * @param {number} speed
   * @param {boolean} paused
   */
  #set(speed, paused) {
    this.#fromMs = this.#flowMs();
    this.#sinceMs = this.#clock.now();
    this.#speed = speed;
    this.paused = paused;
    this.#arm();
  }

  #arm() {
    this.#clock.clearTimeout(this.#wake);
    if (this.paused || this.nextMs === Infinity) return;
    const waitMs = Math.max(0, Math.ceil((this.nextMs - this.#flowMs()) / this.#speed));
    this.#wake = this.#clock.setTimeout(() => this.#work(), Math.min(MAX_WAIT_MS, waitMs));
  }

  #work() {
    // A timer may pause, seek or close.
    while (!this.paused && this.nextMs <= this.#flowMs()) this.fireNext();
    this.#arm();
  }
}
