// What happened, as a list: bounded, numbered, and with names that are put in where they become known later.

/**
 * @typedef {object} RaceEvent
 * @property {number} key  grows from event to event
 * @property {number} atMs  moment of the timeline
 * @property {"joined" | "left" | "started" | "overtake" | "fastestLap"} kind
 * @property {string} id  the player's; empty for `started`
 * @property {string} name
 * @property {string} [otherId]  who was overtaken
 * @property {string} [otherName]
 * @property {number} [place]  won by the overtake
 * @property {number} [lapMs]  of the fastest lap
 * @property {boolean} [isFirst]  no lap was completed before the fastest one
 */

/** Enough for an hour of twenty cars; beyond it the oldest is forgotten. */
const MAX_EVENTS = 500;

export class Chronicle {
  constructor() {
    /** In the order in which they became certain: an overtake a second after it happened. @type {RaceEvent[]} */
    this.events = [];
    /** Grows with every change of the list. */
    this.version = 0;
    this.nextKey = 1;
  }

  /** @param {Omit<RaceEvent, "key">} event */
  add(event) {
    this.events.push({ key: this.nextKey, ...event });
    this.nextKey += 1;
    if (this.events.length > MAX_EVENTS) this.events.shift();
    this.version += 1;
  }

  /** Forget what is about to be told anew. @param {number} atMs */
  forgetSince(atMs) {
    const kept = this.events.filter((event) => event.atMs < atMs);
    if (kept.length === this.events.length) return;
    this.events.length = 0;
    this.events.push(...kept);
    this.version += 1;
  }

  /**
   * A player's name has become known.
   * @param {string} id
   * @param {string} name
   */
  nameAll(id, name) {
    for (const event of this.events) {
      if (event.id === id && event.name === "") event.name = name;
      else if (event.otherId === id && event.otherName === "") event.otherName = name;
      else continue;
      this.version += 1;
    }
  }
}
