// Says overtakes and fastest laps aloud, through a live region: seldom enough to listen to, and never those of the past.

import { eventText } from "./words.js";

/** @typedef {import("./chronicle.js").RaceEvent} RaceEvent */

/** Between two things said. */
const PAUSE_MS = 3000;
/** What is older than this when its turn comes is said no more. */
const STALE_MS = 10_000;
const SAID = new Set(["overtake", "fastestLap", "started"]);

export class Announcer {
  /** @param {HTMLElement} region */
  constructor(region) {
    this.region = region;
    this.lastKey = -1;
    this.saidMs = -Infinity;
    /** @type {RaceEvent | null} */
    this.next = null;
    this.more = 0;
  }

  /** Nothing that has happened so far is said. @param {readonly RaceEvent[]} events */
  skip(events) {
    this.lastKey = events.length > 0 ? events[events.length - 1].key : this.lastKey;
    this.next = null;
    this.more = 0;
  }

  /**
   * @param {readonly RaceEvent[]} events  oldest first
   * @param {number} atMs  the moment shown
   */
  hear(events, atMs) {
    for (let i = events.length - 1; i >= 0 && events[i].key > this.lastKey; i -= 1) {
      if (!SAID.has(events[i].kind)) continue;
      if (this.next === null) this.next = events[i];
      else this.more += 1;
    }
    if (events.length > 0) this.lastKey = events[events.length - 1].key;
    if (this.next === null || atMs - this.saidMs < PAUSE_MS) return;
    if (atMs - this.next.atMs < STALE_MS) {
      this.saidMs = atMs;
      const more = this.more > 0 ? `, and ${this.more} more` : "";
      this.region.textContent = `${eventText(this.next)}${more}.`;
    }
    this.next = null;
    this.more = 0;
  }
}
