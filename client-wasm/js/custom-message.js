// Messages of a page's own: a type and a payload in a text that any player of any client can be sent.

import { RaceError, raceError } from "./error.js";

/** The longest text of a custom message, in UTF-16 units. In any script it fits into a line of the relay, which takes 64 KiB. */
const MAX_TEXT = 4000;
/** An invisible separator that nobody types, the type, and JSON. The chat of another client shows it as `lap {"number":3}`. */
const FORM = /^\u2063([\w.-]{1,40})(?: ([^]+))?$/;

/**
 * @param {string} type
 * @param {unknown} payload
 */
export function pack(type, payload) {
  let text = `\u2063${type}`;
  try {
    if (payload !== undefined) text += ` ${JSON.stringify(payload)}`;
  } catch (cause) {
    throw raceError(cause, "invalid_argument");
  }
  if (text.length <= MAX_TEXT && unpack(text)) return text;
  throw new RaceError(
    "invalid_argument",
    `a type is 1 to 40 of A-Z a-z 0-9 _ . - and a payload is JSON; both have at most ${MAX_TEXT} characters`,
  );
}

/**
 * @param {string} text
 * @returns {{ type: string, payload: unknown } | null}  null: an ordinary text
 */
export function unpack(text) {
  const [, type, json] = FORM.exec(text) ?? [];
  if (!type) return null;
  try {
    return { type, payload: json && JSON.parse(json) };
  } catch {
    return null;
  }
}
