// Every way in which the real thing fails, so that a page can be shown each of them.

import { RaceError } from "../error.js";

/**
 * By code: the words, whether trying again may help, and for the end of a connection its close code.
 * @type {Readonly<Record<string, readonly [words: string, retryable: boolean, number?: number]>>}
 */
const FAILURES = {
  auth_failed: ["Invalid password for this player name.", false],
  auth_required: ["sign in first", false],
  room_not_found: ["Room not found.", false],
  room_full: ["Failed to join room. Room may be full or inactive.", false],
  not_host: ["Cannot start game. Only the host can start the game.", false],
  not_in_room: ["Cannot do that. No room joined.", false],
  player_not_found: ["Target player not found.", false],
  unknown_command: ["the game server does not know this command", false],
  server_error: ["This server cannot hold any more rooms.", false],
  invalid_argument: ["that is not allowed", false],
  queue_full: ["64 commands are waiting already", true],
  timeout: ["the game server did not answer in time", true],
  not_connected: ["not connected: call connect() first", true],
  closed: ["the connection was closed", false, 1000],
  connection_lost: ["the connection was lost", true, 1006],
  relay_unreachable: ["the relay cannot be reached", true, 1006],
  not_allowed: ["the relay does not allow this page", false, 1008],
  frame_too_large: ["a message was too large for the relay", false, 1009],
  relay_restarting: ["the relay is restarting", true, 1012],
  relay_full: ["the relay is full", true, 1013],
  server_ended: ["the game server ended the session", true, 4000],
  server_unreachable: ["the game server cannot be reached", true, 4001],
  certificate_not_trusted: ["the relay does not trust the game server's certificate", false, 4002],
  server_timeout: ["the game server did not answer in time", true, 4003],
  sent_too_much: ["this page sent too much", false, 4004],
  too_slow: ["this page was too slow to read", true, 4005],
  malformed: ["this page sent something malformed", false, 4006],
};

/** @typedef {RaceError} Failure */

/**
 * Make the error that the wasm client would give.
 * @param {string} code
 * @param {string} [words]  instead of the usual ones
 * @param {boolean} [retryable]  likewise
 * @returns {Failure}
 */
export function failure(code, words, retryable) {
  const [usual, mayPass] = FAILURES[code] ?? ["something went wrong", false];
  return new RaceError(code, words ?? usual, { retryable: retryable ?? mayPass });
}

/** The close code of a failure that ends a connection; undefined for one that does not. @param {string} code */
export function closeNumber(code) {
  return FAILURES[code]?.[2];
}

/** Refuse a code that the real thing does not have: a test would wait for it in vain. @param {string} code */
export function known(code) {
  if (FAILURES[code]) return code;
  throw failure(
    "invalid_argument",
    `there is no error ${code}; there are ${Object.keys(FAILURES).join(", ")}`,
  );
}
