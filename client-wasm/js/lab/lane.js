// One way of a connection as a bad network treats it: when each frame arrives, and which never do. Pure: time is an
// argument and luck is seeded. Text keeps its order and is never lost, as over TCP; datagrams may be lost and overtake.
import { seeded } from "./random.js";

/** Datagrams on their way: 20 a second with 20 s of delay, twice. Beyond it the oldest is dropped. */
export const MAX_DATAGRAMS = 1024;
/** Text frames on their way. Text is never dropped, so beyond it the connection breaks. */
export const MAX_TEXTS = 4096;
/** Characters of text on their way, eight of the longest lines of a game server; beyond it the connection breaks. */
export const MAX_TEXT_LENGTH = 8 * 1024 * 1024;
/** How much longer a datagram is held back to be overtaken: longer than the gap between two at 20 a second. */
export const HELD_BACK_MS = 75;
/** Any number, so that the luck of texts is not that of datagrams. */
const TEXT_SEED = 0x7e57;

/**
 * @template T
 * @typedef {{ dueMs: number, order: number, frame: T, length: number }} Waiting
 */

/**
 * What waits in a lane, `T` being a frame.
 * @template T
 */
export class Lane {
  /** Of texts and of datagrams, apart: how they fall between each other is not repeatable. @type {() => number} */
  #textLuck = () => 0;
  /** @type {() => number} */
  #luck = () => 0;
  #order = 0;
  /** In order of arrival. @type {Array<Waiting<T>>} */
  #texts = [];
  /** In order of arrival. @type {Array<Waiting<T>>} */
  #datagrams = [];
  #textLength = 0;
  #lastDatagramMs = 0;
  /** Datagrams that never arrive, by loss or for want of room. */
  lost = 0;

  /** @param {number} seed */
  constructor(seed) {
    this.reseed(seed);
  }

  /** Start the luck anew. @param {number} seed */
  reseed(seed) {
    this.#luck = seeded(seed);
    this.#textLuck = seeded(seed ^ TEXT_SEED);
  }

  /**
   * Something that must arrive, in order.
   * @param {T} frame
   * @param {number} length  in characters
   * @param {number} nowMs
   * @param {import("./conditions.js").Checked} conditions
   * @returns {boolean}  false where too much waits: the connection cannot go on
   */
  text(frame, length, nowMs, conditions) {
    if (this.#texts.length >= MAX_TEXTS || this.#textLength + length > MAX_TEXT_LENGTH) return false;
    // Those before it are taken first, whatever their luck.
    const dueMs = nowMs + delayMs(conditions, this.#textLuck());
    this.#texts.push({ dueMs, order: this.#order++, frame, length });
    this.#textLength += length;
    return true;
  }

  /**
   * Something that may get lost.
   * @param {T} frame
   * @param {number} nowMs
   * @param {import("./conditions.js").Checked} conditions
   */
  datagram(frame, nowMs, conditions) {
    // Always as many draws, so that changed conditions change nothing about the luck of later ones.
    const [loss, jitter, reorder] = [this.#luck(), this.#luck(), this.#luck()];
    if (loss * 100 < conditions.lossPercent) {
      this.lost += 1;
      return;
    }
    const arrivesMs = nowMs + delayMs(conditions, jitter);
    let dueMs = Math.max(this.#lastDatagramMs, arrivesMs);
    if (reorder * 100 < conditions.reorderPercent) dueMs = arrivesMs + HELD_BACK_MS + conditions.jitterMs;
    else this.#lastDatagramMs = dueMs;
    insert(this.#datagrams, { dueMs, order: this.#order++, frame, length: 0 });
    if (this.#datagrams.length > MAX_DATAGRAMS) {
      this.#datagrams.splice(oldest(this.#datagrams), 1);
      this.lost += 1;
    }
  }

  /** The next frame that has arrived. @param {number} nowMs @returns {{ frame: T } | undefined} */
  take(nowMs) {
    const [text, datagram] = [this.#texts[0], this.#datagrams[0]];
    const isText = text !== undefined && (datagram === undefined || isBefore(text, datagram));
    const next = isText ? text : datagram;
    if (next === undefined || next.dueMs > nowMs) return undefined;
    (isText ? this.#texts : this.#datagrams).shift();
    this.#textLength -= next.length;
    return { frame: next.frame };
  }

  /** When the next frame arrives. @returns {number | undefined} */
  dueMs() {
    const times = [this.#texts[0]?.dueMs, this.#datagrams[0]?.dueMs].filter((time) => time !== undefined);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  /** How many frames are on their way. */
  get waiting() {
    return this.#texts.length + this.#datagrams.length;
  }

  clear() {
    this.#texts = [];
    this.#datagrams = [];
    this.#textLength = 0;
  }
}

/**
 * @param {import("./conditions.js").Checked} conditions
 * @param {number} luck
 */
function delayMs({ latencyMs, jitterMs }, luck) {
  return Math.max(0, latencyMs + (2 * luck - 1) * jitterMs);
}

/**
 * @param {Waiting<unknown>} a
 * @param {Waiting<unknown>} b
 */
function isBefore(a, b) {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

/**
 * Keep the order of arrival; most come last, so the search begins there.
 * @template T
 * @param {Array<Waiting<T>>} list
 * @param {Waiting<T>} item
 */
function insert(list, item) {
  let place = list.length;
  while (place > 0 && isBefore(item, list[place - 1])) place -= 1;
  list.splice(place, 0, item);
}

/** The one that was sent first. @param {Array<Waiting<unknown>>} list */
function oldest(list) {
  let found = 0;
  for (let at = 1; at < list.length; at += 1) if (list[at].order < list[found].order) found = at;
  return found;
}
