// Writes custom messages. Loaded when the first one is sent.

import { unpack } from "./custom-message.js";
import { RaceError, raceError } from "./error.js";

/** The longest text of a custom message, in UTF-16 units. In any script it fits into a line of the relay, which takes 64 KiB. */
const MAX_TEXT = 4000;

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
    `a type has 1 to 40 of A-Z a-z 0-9 _ . - and a payload is JSON; together they have at most ${MAX_TEXT} characters`,
  );
}
