// Checks of options and arguments, for the parts that are loaded on demand.
import { RaceError } from "./error.js";

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {string} name  what the message calls it
 * @param {unknown} value
 * @param {{ from?: number, to: number, whole?: boolean }} range
 * @returns {number}
 * @throws {RaceError} `invalid_argument`
 */
export function checkNumber(name, value, { from = 0, to, whole = false }) {
  const fits = typeof value === "number" && value >= from && value <= to;
  if (fits && (!whole || Number.isInteger(value))) return value;
  throw invalid(`${name} must be a ${whole ? "whole " : ""}number from ${from} to ${to}`);
}

/** @param {string} message */
export function invalid(message) {
  return new RaceError("invalid_argument", message);
}

/**
 * @param {unknown} clock
 * @throws {RaceError} `invalid_argument`
 */
export function checkClock(clock) {
  const methods = ["now", "setTimeout", "clearTimeout"];
  const given = /** @type {Record<string, unknown> | null} */ (clock);
  if (methods.every((method) => typeof given?.[method] === "function")) return;
  throw invalid(`option clock must be an object with the functions ${methods.join(", ")}`);
}
