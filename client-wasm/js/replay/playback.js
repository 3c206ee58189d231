// Plays the records of a recording at their times. A seek goes back to the key frame before its goal, and forward from there.
// A `Show` decides what each record does.
import { checkClock, checkNumber } from "../checks.js";
import { RaceError } from "../error.js";
import { PAGE_CLOCK } from "../clock.js";
import { bad } from "./chunks.js";
import { PlayClock } from "./clock.js";
import { Cursor } from "./recording.js";

/**
 * @typedef {object} Show  What a recording is played to.
 * @property {number} leadMs  how long before the goal of a seek it gets the first records to play
 * @property {(record: Cursor) => void} note  learn from a record, without showing it
 * @property {(next: Cursor, atMs: number) => Promise<void>} foresee  learn from the records after that time what the client asked for only later
 * @property {(record: Cursor) => void} play
 * @property {(back: boolean) => Promise<void>} move  show what was noted; `back`: that is an earlier time
 * @property {() => void} release  answer everything that waits for later records
 * @property {() => void} close
 * @property {Promise<void> | null} moving  a move in progress
 */

/** @type {any} */
const NOTHING = null;
const SPEEDS = { from: 0.1, to: 32 };

/** Times are milliseconds since the recording began. */
export class Playback {
  /** The clock of the client or spectator that shows the recording. */
  clock;
  cursor;
  /** Set before the playback begins. @type {Show} */
  show = NOTHING;
  /** The earliest time that can be shown. */
  firstMs = 0;
  /** When it was recorded, ISO 8601. */
  startedAt;
  /** Whether texts were kept. */
  messages;
  durationMs;
  /** How much of the beginning was dropped to stay within the limits. */
  droppedMs;
  /** Why it ended early: the recording is damaged. A seek to an undamaged part clears it. @type {RaceError | null} */
  error = null;
  /** Resolves when the end is reached for the first time, or the playback is closed. @type {Promise<void>} */
  finished;
  #finish = () => {};
  /** The clock's time at the beginning of the recording. */
  #offsetMs = 0;
  #timer = 0;
  #closed = false;
  #ended = false;
  #beginning = false;
  /** During a seek: whether to play after it. @type {boolean | null} */
  #resume = null;
  /** Set while the chunk of the next record is being unpacked. @type {Promise<void> | null} */
  #loading = null;
  /** Seeks come one after the other. @type {Promise<void>} */
  #seeking = Promise.resolve();

  /**
   * @param {import("./recording.js").Recording} recording
   * @param {import("../replay.js").ReplayOptions} options
   */
  constructor(recording, { speed = 1, clock = PAGE_CLOCK }) {
    checkNumber("speed", speed, SPEEDS);
    checkClock(clock);
    this.clock = new PlayClock(clock, speed);
    this.cursor = new Cursor(recording);
    this.durationMs = recording.durationMs;
    ({ startedAt: this.startedAt, messages: this.messages, droppedMs: this.droppedMs } = recording.header);
    this.finished = new Promise((resolve) => (this.#finish = resolve));
  }

  get positionMs() {
    return Math.min(this.durationMs, this.clock.now() - this.#offsetMs);
  }

  get paused() {
    return this.#resume === null ? this.clock.paused : !this.#resume;
  }

  /** Whether no time passes: it is paused, and no seek is under way. */
  get isStill() {
    return this.clock.paused && !this.#beginning && this.#resume === null;
  }

  get speed() {
    return this.clock.speed;
  }

  set speed(speed) {
    checkNumber("speed", speed, SPEEDS);
    this.clock.speed = speed;
  }

  play = () => {
    if (this.#resume !== null) this.#resume = true;
    else if (!this.#closed && !this.#ended) this.clock.run();
  };

  pause = () => {
    if (this.#resume !== null) this.#resume = false;
    this.clock.pause();
    this.show.release();
  };

  /** Resolves when that time is shown. @param {number} atMs @returns {Promise<void>} */
  seek = (atMs) => {
    const done = this.#seeking.then(() => this.#seek(atMs));
    this.#seeking = done.catch(() => {});
    return done;
  };

  /** Go to the earliest time for the first time. */
  async begin() {
    this.#beginning = true;
    try {
      await this.#jump(this.firstMs, true);
    } catch (thrown) {
      throw faultOf(thrown);
    } finally {
      this.#beginning = false;
    }
    this.#arm();
  }

  /** End early. @param {unknown} thrown  why the rest cannot be shown */
  fail(thrown) {
    if (!this.#closed) this.#end(faultOf(thrown));
  }

  close = () => {
    if (this.#closed) return;
    this.#closed = true;
    this.clock.clear();
    this.show.close();
    this.#finish();
  };

  /** @param {number} atMs */
  async #seek(atMs) {
    if (!Number.isFinite(atMs)) throw new RaceError("invalid_argument", "seek takes milliseconds");
    if (this.#closed) return;
    this.#resume = !this.clock.paused;
    this.clock.pause();
    try {
      await this.#go(Math.min(this.durationMs, Math.max(this.firstMs, atMs)));
    } catch (thrown) {
      this.fail(thrown);
      throw faultOf(thrown);
    } finally {
      const resume = this.#resume;
      this.#resume = null;
      if (resume) this.play();
      else this.show.release();
    }
  }

  /** @param {number} goalMs */
  async #go(goalMs) {
    const { show } = this;
    show.release();
    await show.moving;
    const fromMs = this.positionMs;
    if (goalMs < fromMs || goalMs > fromMs + show.leadMs) {
      this.#disarm();
      await this.#jump(Math.max(this.firstMs, goalMs - show.leadMs), goalMs < fromMs);
    }
    this.#arm();
    await this.#run(goalMs);
  }

  /**
   * Show another time.
   * @param {number} atMs
   * @param {boolean} back
   */
  async #jump(atMs, back) {
    const { clock, cursor, show } = this;
    this.#ended = false;
    this.error = null;
    cursor.open(atMs);
    await cursor.ready();
    // What happens at this time is played, except for a key frame.
    while (cursor.dueMs < atMs || (cursor.dueMs === atMs && cursor.isAtKey)) {
      cursor.next();
      show.note(cursor);
      if (!cursor.isReady) await cursor.ready();
    }
    await show.foresee(cursor.copy(), atMs);
    if (this.#closed) return;
    clock.skip(clock.now() + Math.max(0, atMs - this.positionMs));
    await show.move(back);
    this.#throwIfFailed();
    this.#offsetMs = clock.now() - atMs;
  }

  /** Play up to a time at once. @param {number} goalMs */
  async #run(goalMs) {
    const { clock, show } = this;
    while (!this.#closed) {
      this.#throwIfFailed();
      if (this.#loading) {
        await this.#loading;
        continue;
      }
      if (clock.nextMs > goalMs + this.#offsetMs) break;
      clock.fireNext();
      if (!show.moving) continue;
      // Moving takes no time of the recording.
      const atMs = this.positionMs;
      this.#disarm();
      await show.moving;
      this.#offsetMs = clock.now() - atMs;
      this.#arm();
    }
    clock.skip(goalMs + this.#offsetMs);
  }

  #arm() {
    this.#disarm();
    if (this.#closed || this.#ended) return;
    if (!this.cursor.isReady) {
      this.#load();
      return;
    }
    const dueMs = Math.min(this.cursor.dueMs, this.durationMs);
    this.#timer = this.clock.at(dueMs + this.#offsetMs, () => this.#step());
  }

  #disarm() {
    this.clock.clearTimeout(this.#timer);
    this.#loading = null;
  }

  /** Go on once the next chunk is unpacked. */
  #load() {
    /** @type {Promise<void>} */
    const loading = this.cursor.ready().then(
      () => {
        if (this.#loading === loading) this.#arm();
      },
      (thrown) => {
        if (this.#loading === loading) this.fail(thrown);
      },
    );
    this.#loading = loading;
  }

  #step() {
    try {
      if (!this.cursor.next()) return this.#end(null);
      this.show.play(this.cursor);
      return this.#arm();
    } catch (thrown) {
      return this.fail(thrown);
    }
  }

  #throwIfFailed() {
    if (this.error) throw this.error;
  }

  /** @param {RaceError | null} error */
  #end(error) {
    this.error = error;
    this.#disarm();
    this.#ended = true;
    this.pause();
    this.#finish();
  }
}

/** @param {unknown} thrown @returns {RaceError} */
function faultOf(thrown) {
  return thrown instanceof RaceError ? thrown : bad("it is damaged", thrown);
}
