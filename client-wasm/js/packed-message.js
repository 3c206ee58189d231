// Writes custom messages. Loaded when the first one is sent.

import { unpack } from "./custom-message.js";
import { RaceError, raceError } from "./error.js";

/** The longest text of a custom message, in bytes of JSON: with its command it fits into a line of the relay, which takes 8 KiB. */
const MAX_BYTES = 8000;

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
  const bytes = new TextEncoder().encode(JSON.stringify(text)).length;
  if (bytes <= MAX_BYTES && unpack(text)) return text;
  throw new RaceError(
    "invalid_argument",
    `a type has 1 to 40 of A-Z a-z 0-9 _ . - and a payload is JSON; together they have at most ${MAX_BYTES} bytes of JSON`,
  );
}
