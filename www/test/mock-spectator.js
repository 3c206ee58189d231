// A spectator without a relay: cars that lap a line at their own pace, known at every moment. For tests, and for
// building the viewer's parts alone; works in Node and in a page.

const STRIDE = 12;

/** @typedef {import("../src/viewer/feed.js").SpectatedRoom} SpectatedRoom */
/** @typedef {import("../src/viewer/feed.js").Spectator} Spectator */

/**
 * @typedef {object} MockOptions
 * @property {number} [cars]  how many
 * @property {number} [historyMs]  how much was seen before
 * @property {() => number} [now]  the clock, ms
 * @property {number} [speed]  metres a second of the fastest car
 * @property {number} [spreadMetres]  between the cars at the start
 */

/** @implements {Spectator} */
export class MockSpectator {
  /**
   * @param {import("../src/track.js").Line} line  closed
   * @param {MockOptions} [options]
   */
  constructor(
    line,
    { cars = 20, historyMs = 60_000, now = () => performance.now(), speed = 40, spreadMetres = 9 } = {},
  ) {
    this.line = line;
    this.cars = cars;
    this.speed = speed;
    this.spread = spreadMetres;
    this.now = now;
    this.began = now() - historyMs;
    /** @type {"connecting" | "live" | "reconnecting" | "closed"} */
    this.state = "live";
    /** No snapshot comes any more. */
    this.silent = false;
    this.startMs = 0;
    this.rows = new Float32Array(255 * STRIDE);
    this.count = 0;
    this.place = { x: 0, z: 0, yaw: 0 };
    /** @type {Map<string, Set<(event: any) => void>>} */
    this.listeners = new Map();
    /** @type {SpectatedRoom} */
    this.room = {
      id: "mock",
      name: "Friday evening",
      hostId: "player-0",
      isActive: true,
      players: Array.from({ length: cars }, (_, index) => ({
        index,
        id: `player-${index}`,
        name: nameOf(index),
      })),
      atMs: 0,
    };
  }

  get liveMs() {
    return this.now() - this.began;
  }

  /** @param {number} [atMs] */
  sample(atMs = this.liveMs) {
    const { rows, place } = this;
    for (let index = 0; index < this.cars; index += 1) {
      // Everybody is a little faster here and slower there, so that they overtake.
      const own = this.speed * (1 - (0.06 * ((index * 7) % this.cars)) / this.cars);
      const phase = index * 1.7;
      const seconds = atMs / 1000;
      const s =
        -index * this.spread - 20 + own * seconds + 18 * (Math.sin(seconds / 9 + phase) - Math.sin(phase));
      const speed = own + 2 * Math.cos(seconds / 9 + phase);
      this.line.place(s, place);
      const lateral = 3 * Math.sin(phase + seconds / 5);
      const x = place.x - Math.cos(place.yaw) * lateral;
      const z = place.z + Math.sin(place.yaw) * lateral;
      const at = index * STRIDE;
      rows[at] = index;
      rows[at + 1] = x;
      rows[at + 2] = 0;
      rows[at + 3] = z;
      rows[at + 4] = 0;
      rows[at + 5] = Math.sin(place.yaw / 2);
      rows[at + 6] = 0;
      rows[at + 7] = Math.cos(place.yaw / 2);
      rows[at + 8] = speed;
      rows[at + 9] = 60;
      rows[at + 10] = 0;
      rows[at + 11] = place.yaw;
    }
    return { rows, count: this.cars };
  }

  get stats() {
    return {
      received: this.silent ? 1 : 1 + Math.floor((this.liveMs || 0) / 50),
      skipped: 0,
      refused: 0,
      bytesReceived: 0,
      bytesPerSecond: 8000,
      snapshotsPerSecond: 20,
      delayMs: 75,
      jitterMs: 2,
      historyBytes: 0,
    };
  }

  /**
   * @param {string} type
   * @param {(event: any) => void} listener
   */
  on(type, listener) {
    const listeners = this.listeners.get(type) ?? new Set();
    listeners.add(listener);
    this.listeners.set(type, listeners);
    return () => listeners.delete(listener);
  }

  /**
   * @param {string} type
   * @param {any} event
   */
  emit(type, event) {
    for (const listener of this.listeners.get(type) ?? []) listener(event);
  }

  close() {
    this.state = "closed";
    this.emit("state", {
      state: "closed",
      code: "closed",
      reason: "the connection was closed",
      retryable: false,
    });
  }

  free() {}
}

const NAMES = ["Ann", "Bo", "Carmen", "Dee", "Emil", "Fatima", "Gustavo", "Hana", "Ines", "Jörg"];

/** @param {number} index */
function nameOf(index) {
  return (
    NAMES[index % NAMES.length] + (index < NAMES.length ? "" : ` ${Math.floor(index / NAMES.length) + 1}`)
  );
}
