// The failures of a relay and its game server, as a socket shows them: a close code, or the server's own refusal.

import { RaceError } from "../error.js";

/** @typedef {import("../mock.js").Method} Method */

/** The command of each method. @type {Readonly<Record<string, Method>>} */
const METHODS = Object.freeze({
  NAME: "signIn",
  CREATE_ROOM: "createRoom",
  JOIN_ROOM: "joinRoom",
  LEAVE_ROOM: "leaveRoom",
  LIST_ROOMS: "listRooms",
  GET_ROOM_PLAYERS: "roomPlayers",
  PLAYER_INFO: "playerInfo",
  RELAY_MESSAGE: "relayMessage",
  START_GAME: "startGame",
  PING: "ping",
});

/** What can be made to fail. */
export const FAILING = Object.freeze(["connect", ...Object.values(METHODS)]);

/** The close code of each end of a connection. @type {Readonly<Record<string, number>>} */
const CLOSES = Object.freeze({
  connection_lost: 1006,
  relay_unreachable: 1006,
  not_allowed: 1008,
  frame_too_large: 1009,
  relay_restarting: 1012,
  relay_full: 1013,
  server_ended: 4000,
  server_unreachable: 4001,
  certificate_not_trusted: 4002,
  server_timeout: 4003,
  sent_too_much: 4004,
  too_slow: 4005,
  malformed: 4006,
  taken_over: 4007,
});

/** How the server's refusal begins for commands that need a room. @type {Readonly<Record<string, string>>} */
const BEGINNINGS = Object.freeze({
  leaveRoom: "Cannot leave room. ",
  roomPlayers: "Cannot get players. ",
  startGame: "Cannot start game. ",
});
const IN_ROOM = Object.keys(BEGINNINGS);

/**
 * The sentence of each refusal, and the methods that the server refuses with it; without a list: all methods.
 * @type {Readonly<Record<string, readonly [sentence: string, methods?: string[]]>>}
 */
const REFUSALS = Object.freeze({
  auth_failed: ["Invalid password for this player name.", ["signIn"]],
  auth_required: ["Authentication required. Please use NAME command with password."],
  room_not_found: ["Room not found.", ["joinRoom", ...IN_ROOM]],
  room_full: ["Failed to join room. Room may be full or inactive.", ["joinRoom"]],
  not_host: ["Only the host can start the game.", ["startGame"]],
  not_in_room: ["No room joined.", IN_ROOM],
  player_not_found: ["Target player not found.", ["relayMessage"]],
  unknown_command: ["The game server does not know this command."],
  server_error: ["This server cannot hold any more rooms."],
});

/** The method of a command's line. @param {{ command?: unknown }} line @returns {Method | undefined} */
export const methodOf = ({ command }) => METHODS[String(command)];

/** The close code of a failure that ends a connection. @param {string} code @returns {number | undefined} */
export const closeNumber = (code) => CLOSES[code];

/**
 * The line by which the server refuses a method.
 * @param {Method} method
 * @param {string} code
 */
export function refusal(method, code) {
  if (code === "unknown_command") {
    const originalCommand = Object.keys(METHODS).find((word) => METHODS[word] === method);
    return JSON.stringify({ command: "UNKNOWN_COMMAND", originalCommand });
  }
  const [sentence, methods] = REFUSALS[code];
  const message = methods && method in BEGINNINGS ? BEGINNINGS[method] + sentence : sentence;
  return JSON.stringify({ command: code === "auth_failed" ? "AUTH_FAILED" : "ERROR", message });
}

/**
 * Reject a failure that a real relay cannot have: a test would wait for it in vain.
 * @param {string} method  what is to fail; `drop` for a connection
 * @param {string} code
 */
export function checkFailure(method, code) {
  const ends = Object.hasOwn(CLOSES, code);
  if (method === "drop" || method === "connect" ? ends : ends && code !== "relay_unreachable") return;
  if (code === "timeout" && method !== "drop") return;
  const known = Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : null;
  const [, methods = Object.values(METHODS)] = known ?? [null, []];
  if (methods.includes(method)) return;
  throw new RaceError("invalid_argument", `${method} never fails with ${code}`);
}

/** The error of a call that the mock cannot carry out. @param {string} code @param {string} [words] */
export function failure(code, words) {
  return new RaceError(code, words ?? REFUSALS[code]?.[0] ?? code);
}
