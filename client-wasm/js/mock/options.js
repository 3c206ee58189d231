// Checks the options of a mock: a misspelt or mistyped one would otherwise be ignored, and a test would test something else.

import { checkClock, checkNumber, invalid, isObject } from "../checks.js";
import { PAGE_CLOCK } from "../clock.js";
import { FAILING, checkFailure } from "./failure.js";

/** @typedef {import("../mock.js").MockOptions} MockOptions */
/** @typedef {import("../mock.js").Failures} Failures */
/** @typedef {{ name: string, bots: number, isActive: boolean }} Room */
/** @typedef {{ track: import("../mock.js").TrackFile | undefined, latencyMs: number, seed: number, clock: import("../clock.js").Clock, fail: Failures, rooms: Room[] }} Checked */

/** The longest round trip that may be set: a connection with a longer one does not work. */
const MAX_LATENCY_MS = 10_000;
const BOTS = { to: 20, whole: true };
const MAX_SEED = 2 ** 32 - 1;
const NAMES = ["bots", "rooms", "track", "latencyMs", "seed", "clock", "fail"];
const ROOM_NAMES = ["name", "bots", "isActive"];

/**
 * @param {MockOptions} options
 * @returns {Checked}
 * @throws {RaceError} `invalid_argument`: names the option and what it takes
 */
export function checkOptions(options) {
  if (!isObject(options)) throw invalid("the options of mockRelay must be an object");
  checkNames(options, "option", NAMES);
  const { bots = 6, rooms = ["Bot race"], track, latencyMs = 20, seed = 1 } = options;
  const { clock = PAGE_CLOCK, fail = {} } = options;
  checkNumber("option bots", bots, BOTS);
  checkNumber("option latencyMs", latencyMs, { to: MAX_LATENCY_MS });
  checkNumber("option seed", seed, { to: MAX_SEED, whole: true });
  if (track !== undefined && !isObject(track)) {
    throw invalid("option track must be an object in the form of track.json");
  }
  checkClock(clock);
  checkFailures(fail);
  if (!Array.isArray(rooms)) throw invalid("option rooms must be a list of names and objects");
  return { track, latencyMs, seed, clock, fail, rooms: rooms.map((plan, i) => roomOf(plan, i, bots)) };
}

/**
 * @param {Failures} fail
 * @throws {RaceError} `invalid_argument`
 */
export function checkFailures(fail) {
  if (!isObject(fail)) throw invalid("option fail must be an object: codes by method");
  checkNames(fail, "option fail.", FAILING);
  for (const [method, codes] of Object.entries(fail)) {
    // `undefined` is the same as leaving the method out.
    for (const code of codes === undefined ? [] : [codes].flat()) {
      if (typeof code !== "string") throw invalid(`option fail.${method} must be a code, or a list of codes`);
      checkFailure(method, code);
    }
  }
}

/**
 * @param {unknown} plan
 * @param {number} index
 * @param {number} otherwise  how many bots, if the plan does not say
 * @returns {Room}
 */
function roomOf(plan, index, otherwise) {
  const place = `rooms[${index}]`;
  if (typeof plan === "string") return { name: plan, bots: otherwise, isActive: false };
  if (!isObject(plan)) throw invalid(`option ${place} must be a name, or an object with a name`);
  checkNames(plan, `option ${place}.`, ROOM_NAMES);
  const { name, bots = otherwise, isActive = false } = plan;
  if (typeof name !== "string") throw invalid(`option ${place}.name must be a string`);
  if (typeof isActive !== "boolean") throw invalid(`option ${place}.isActive must be true or false`);
  return { name, bots: checkNumber(`option ${place}.bots`, bots, BOTS), isActive };
}

/**
 * @param {object} given
 * @param {string} what
 * @param {readonly string[]} known
 */
function checkNames(given, what, known) {
  const wrong = Object.keys(given).find((name) => !known.includes(name));
  if (wrong === undefined) return;
  const shown = what.endsWith(".") ? what + wrong : `${what} ${wrong}`;
  throw invalid(`there is no ${shown}; there are ${known.join(", ")}`);
}
