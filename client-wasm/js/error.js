// The error of every failure: a code to act on, a message, and whether trying again may help.

/**
 * Codes of the client itself, and whether trying again may help. Codes of the game server, the relay and the wasm core are passed on unchanged.
 * Every code has a section in the README.
 */
const OWN = Object.freeze({
  aborted: false,
  bad_recording: false,
  bad_track: false,
  closed: false,
  connection_lost: true,
  invalid_argument: false,
  kicked: false,
  load_failed: true,
  not_a_relay: false,
  not_connected: true,
  not_in_room: false,
  reconnecting: true,
  relay_unreachable: true,
  replaying: false,
  server_error: false,
  timeout: true,
  unsupported: false,
});

/** @typedef {keyof typeof OWN} OwnCode  Codes of the client itself. */
/** @typedef {"auth_failed" | "auth_required" | "password_missing" | "name_taken" | "name_length" | "password_too_short" | "account_locked" | "account_disabled" | "token_expired" | "email_taken" | "room_size" | "room_not_found" | "room_full" | "not_host" | "player_not_found" | "unknown_command" | "answer_too_long" | "queue_full" | "not_allowed" | "frame_too_large" | "relay_restarting" | "relay_full" | "server_ended" | "server_unreachable" | "certificate_not_trusted" | "server_timeout" | "sent_too_much" | "too_slow" | "malformed" | "taken_over"} CoreCode  Codes of the game server, the relay and the wasm core. */
/** @typedef {OwnCode | CoreCode | (string & {})} RaceErrorCode  A stable word for what went wrong; newer servers and relays may have more. */

/** What every function of this package throws or rejects with. */
export class RaceError extends Error {
  /** A stable word for what went wrong. @type {RaceErrorCode} */
  code;
  /** Whether trying again later may help. @type {boolean} */
  retryable;

  /**
   * @param {RaceErrorCode} code
   * @param {string} message  in plain words: what happened, and what to do
   * @param {{ retryable?: boolean, cause?: unknown }} [options]
   */
  constructor(code, message, { retryable, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "RaceError";
    this.code = code;
    this.retryable = retryable ?? (Object.hasOwn(OWN, code) ? OWN[/** @type {OwnCode} */ (code)] : false);
  }
}

/**
 * Check that a value is a text. The wasm client would take any value for one, and read beyond its memory.
 * @param {unknown} value
 * @param {string} what
 */
export function checkText(value, what) {
  if (typeof value !== "string") throw new RaceError("invalid_argument", `${what} must be a string`);
}

/**
 * Throw the error of a failed import of a part that is loaded on demand.
 * @param {unknown} cause
 * @returns {never}
 */
export function loadFailed(cause) {
  throw raceError(cause, "load_failed");
}

/**
 * Turn anything thrown into a `RaceError`. An error with a code keeps it.
 * @param {unknown} thrown
 * @param {RaceErrorCode} [otherwise]  the code of an error without one
 * @returns {RaceError}
 */
export function raceError(thrown, otherwise = "server_error") {
  if (thrown instanceof RaceError) return thrown;
  const { code, message, reason, retryable } = /** @type {Record<string, unknown>} */ (thrown ?? {});
  const words = [message, reason].find((text) => typeof text === "string" && text !== "") ?? String(thrown);
  // Errors of the browser have numbers for codes.
  if (typeof code !== "string") return new RaceError(otherwise, String(words), { cause: thrown });
  return new RaceError(code, String(words), { retryable: retryable === true, cause: thrown });
}
