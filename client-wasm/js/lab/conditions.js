// What a bad network is made of, checked.
import { checkNumber, invalid, isObject } from "../checks.js";

/**
 * @typedef {object} Conditions  A made-up network. What is left out is zero: a network without that trouble.
 * @property {number} [latencyMs]  each way, 0 to 10000
 * @property {number} [jitterMs]  so much more or less than the latency, drawn anew for each frame, 0 to 10000
 * @property {number} [lossPercent]  of the datagrams, each way, 0 to 100
 * @property {number} [reorderPercent]  of the datagrams, each way: held back so that later ones overtake, 0 to 100
 * @property {number} [disconnectAfterMs]  each connection breaks so long after it opened (one that is open: after it was
 *   told), 0 to 3600000; left out: never
 * @property {number} [seed]  repeats the same luck, 0 to 4294967295; left out: the one before
 */

/** Highest values: beyond them no session lives, so they are mistakes in units. */
const HIGHEST = Object.freeze({
  latencyMs: 10_000,
  jitterMs: 10_000,
  lossPercent: 100,
  reorderPercent: 100,
  disconnectAfterMs: 3_600_000,
  seed: 2 ** 32 - 1,
});

/** @typedef {{ latencyMs: number, jitterMs: number, lossPercent: number, reorderPercent: number, disconnectAfterMs: number | null, seed: number }} Checked */

/**
 * @param {Conditions | null | undefined} conditions  null: a network without any trouble
 * @param {number} seed  where none is given
 * @returns {Checked}
 */
export function checked(conditions, seed) {
  if (conditions !== null && conditions !== undefined && !isObject(conditions)) {
    throw invalid("network conditions must be an object, or null for none");
  }
  const given = new Map(Object.entries(conditions ?? {}).filter(([, value]) => value !== undefined));
  for (const [name, value] of given) check(name, value);
  const number = (/** @type {string} */ name) => given.get(name) ?? 0;
  return {
    latencyMs: number("latencyMs"),
    jitterMs: number("jitterMs"),
    lossPercent: number("lossPercent"),
    reorderPercent: number("reorderPercent"),
    disconnectAfterMs: given.get("disconnectAfterMs") ?? null,
    seed: given.get("seed") ?? seed,
  };
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function check(name, value) {
  if (!Object.hasOwn(HIGHEST, name)) {
    throw invalid(`there is no network condition ${name}; there are ${Object.keys(HIGHEST).join(", ")}`);
  }
  const to = HIGHEST[/** @type {keyof typeof HIGHEST} */ (name)];
  checkNumber(name, value, { to, whole: name === "seed" });
}
