// What tests of a client begin with: a client in a made-up world, what it told, and time that stands still.
import assert from "node:assert/strict";

import { RaceClient, RaceError } from "../js/index.js";
import { settled } from "./fake-core.js";

/** @typedef {import("./fake-core.js").World} World */
/** @typedef {import("../js/index.js").StateChange} StateChange */
/** @typedef {import("node:test").TestContext} TestContext */

export const RELAY = "https://relay.example";

/** @param {string} code @param {boolean} [retryable] */
export function withCode(code, retryable) {
  return (/** @type {unknown} */ error) => {
    assert.ok(error instanceof RaceError, String(error));
    assert.equal(error.code, code);
    if (retryable !== undefined) assert.equal(error.retryable, retryable);
    return true;
  };
}

/** @param {World} world @param {object} [options] */
export function client(world, options = {}) {
  return new RaceClient(RELAY, { name: "Ann", core: world.core, config: {}, ...options });
}

/** @param {RaceClient} race */
export function statesOf(race) {
  /** @type {StateChange[]} */
  const states = [];
  race.on("state", (change) => states.push(change));
  return states;
}

/** Time that stands still, and no luck: each wait is half of its longest. @param {TestContext} t */
export function stopTime(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(Math, "random", () => 0.5);
  return async (/** @type {number} */ ms) => {
    await settled();
    t.mock.timers.tick(ms);
    await settled();
  };
}
