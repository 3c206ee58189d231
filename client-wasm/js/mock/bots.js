// The bots: each drives the line at its own pace. Where one is depends on the time since the start alone.

/** @typedef {import("./room.js").Player} Player */
/** @typedef {import("./room.js").Pose} Pose */

export const BOT_NAMES = ["Mika", "Ines", "Jörg", "Hana", "Zoë", "Emil", "Priya", "Bo", "Carmen", "Li Wei"];
/** How often a bot says where it is. */
export const BOT_INTERVAL_MS = 50;
/** Places of the grid are so far apart, and the first is so far behind the line, in metres. */
const GRID_METRES = 8;
const GRID_FIRST_METRES = 10;
/** A standing car has nearly its full speed after three times as many seconds. */
const START_SECONDS = 5;
/** The slowest bot's part of the fastest one's pace. */
const SLOWEST = 0.94;
/** How far a bot keeps from the middle, and how much it swerves, in metres. */
const SIDE_METRES = 2.4;
const SWERVE_METRES = 1.2;
const SWERVES_A_LAP = 3;

export class Bot {
  /**
   * @param {Player} player
   * @param {import("./line.js").Line} line
   * @param {import("./id.js").Random} random
   */
  constructor(player, line, random) {
    this.player = player;
    this.line = line;
    this.pace = SLOWEST + (1 - SLOWEST) * random();
    this.phase = 2 * Math.PI * random();
  }

  /** Where it is so long after the start from a place of the grid. @param {number} ms @param {number} place @returns {Pose} */
  pose(ms, place) {
    const { line } = this;
    const behind = GRID_FIRST_METRES + GRID_METRES * place;
    const seconds = (ms / 1000) * this.pace;
    const rolled = seconds - START_SECONDS * (1 - Math.exp(-seconds / START_SECONDS));
    const { along } = line.driven(line.secondsAt(line.length - behind) - line.lapSeconds + rolled);
    const swerve = Math.sin((2 * Math.PI * SWERVES_A_LAP * along) / line.length + this.phase);
    const side = (place % 2 === 0 ? 1 : -1) * SIDE_METRES + SWERVE_METRES * swerve;
    const { x, z } = line.at(along);
    const yaw = line.yaw(along);
    return {
      x: x + Math.cos(yaw) * side,
      y: 0,
      z: z - Math.sin(yaw) * side,
      qx: 0,
      qy: Math.sin(yaw / 2),
      qz: 0,
      qw: Math.cos(yaw / 2),
    };
  }
}

/** All bots of a relay; their clock runs only while somebody hears them. */
export class Bots {
  /** @type {Map<string, Bot>} */
  #bots = new Map();
  #clock;
  /** @type {unknown} */
  #timer;
  #tickMs = 0;

  /** @param {import("../clock.js").Clock} clock */
  constructor(clock) {
    this.#clock = clock;
  }

  /** @param {Bot} bot */
  add(bot) {
    this.#bots.set(bot.player.id, bot);
  }

  /** @param {string} id */
  remove(id) {
    this.#bots.delete(id);
  }

  get count() {
    return this.#bots.size;
  }

  /** Somebody may hear them now. */
  wake() {
    if (this.#timer !== undefined || this.#bots.size === 0) return;
    this.#tickMs = this.#clock.now();
    this.#schedule();
  }

  stop() {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule() {
    const nowMs = this.#clock.now();
    // A page that was hidden does not make up for what it missed.
    this.#tickMs = Math.max(this.#tickMs + BOT_INTERVAL_MS, nowMs);
    const timer = this.#clock.setTimeout(() => this.#tick(), this.#tickMs - nowMs);
    // In Node, bots alone keep no process alive.
    /** @type {{ unref?: () => void }} */ (timer).unref?.();
    this.#timer = timer;
  }

  #tick() {
    this.#timer = undefined;
    let isHeard = false;
    for (const bot of this.#bots.values()) {
      const { player } = bot;
      const { room } = player;
      if (!room || ![...room.seats.values()].some((seat) => !seat.player.isBot)) continue;
      isHeard = true;
      const sentMs = this.#clock.now();
      const pose = bot.pose(sentMs - room.startedMs, room.placeOf(player.id));
      room.spread(player, { type: "update", id: player.id, pose, sentMs });
    }
    if (isHeard) this.#schedule();
  }
}
