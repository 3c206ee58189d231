// Every error in plain words: what happened, and what to do next. Pure.

/**
 * @typedef {object} Advice
 * @property {string} title  what happened
 * @property {string} next  what to do about it
 */

/** @type {Record<string, [title: string, next: string]>} */
const TEXTS = {
  timeout: [
    "The game server took too long to answer.",
    "Try again. If it keeps happening, the server may be overloaded.",
  ],
  not_connected: ["There is no connection to the game server.", "Sign in again to connect."],
  closed: ["The connection is closed.", "Sign in again to connect."],
  auth_failed: [
    "That password does not match this name.",
    "Somebody is online under this name with another password. Check the password, or choose another name.",
  ],
  auth_required: ["The game server does not know who you are.", "Sign in again."],
  room_not_found: ["That room is gone.", "Choose another room, or create your own."],
  room_full: [
    "That room is full, or the server still lists you in it.",
    "Choose another room, or create your own.",
  ],
  not_host: [
    "Only the host can start the race.",
    "Ask the host in the messages, or create a room of your own.",
  ],
  not_in_room: ["You are no longer in that room.", "Go back to the rooms and join again."],
  player_not_found: ["That player has left.", "The player list will be up to date in a moment."],
  server_error: ["The game server refused.", "Try again. If it keeps happening, go back to the rooms."],
  unknown_command: ["This game server does not support that.", "Nothing is broken; carry on without it."],
  queue_full: ["Too many requests are still waiting for an answer.", "Wait a few seconds, then try again."],
  invalid_argument: ["Something in there cannot be sent.", "Change the text and try again."],
  connection_lost: ["The connection was lost.", "Check your network; the page reconnects by itself."],
  relay_unreachable: [
    "The relay cannot be reached.",
    "Check your network and that the relay is running; the page keeps trying.",
  ],
  server_unreachable: [
    "The relay cannot reach the game server.",
    "It may be switched off or restarting. Wait a little and try again.",
  ],
  certificate_not_trusted: [
    "The relay does not trust the game server's certificate.",
    "Trying again will not help: the operator of this site must configure the certificate.",
  ],
  server_timeout: ["The game server did not answer the relay in time.", "Wait a little and try again."],
  server_ended: ["The game server ended the session.", "Reconnect to go on with a new session."],
  not_allowed: [
    "The relay does not accept connections from this page.",
    "Open the page from the relay's own address, or ask its operator to allow this one.",
  ],
  frame_too_large: ["The message is too long for the relay.", "Shorten it and try again."],
  relay_full: ["The relay has no free place right now.", "Wait a little; the page tries again by itself."],
  relay_restarting: ["The relay is restarting.", "Wait a moment; the page reconnects by itself."],
  sent_too_much: ["This page sent more than the relay allows.", "Wait a minute, then sign in again."],
  too_slow: [
    "This device or its network was too slow to keep up.",
    "Close other tabs or move closer to the router; the page reconnects by itself.",
  ],
  malformed: [
    "The relay received something it did not understand.",
    "Reload the page: it may be older than the relay.",
  ],
  kicked: [
    "The operator of the game server disconnected you.",
    "You can sign in again unless you were asked not to.",
  ],
  page_unreachable: [
    "The relay that serves this page does not answer.",
    "Check your network and that the relay is running, then try again.",
  ],
  page_incomplete: [
    "A part of this page could not be loaded.",
    "Check your network, then try again. If that does not help, reload the page.",
  ],
  page_broken: [
    "The game code could not be loaded.",
    "Reload the page. If that does not help, this browser may be too old or block WebAssembly.",
  ],
};

export const ERROR_CODES = Object.freeze(Object.keys(TEXTS));

/**
 * Words for a code; one that is not known still says something useful.
 * @param {string} code
 * @param {string} [message]  what the server said, shown where our own words are general
 * @returns {Advice}
 */
export function adviceFor(code, message = "") {
  const known = Object.hasOwn(TEXTS, code) ? TEXTS[code] : undefined;
  if (code === "server_error" && message) {
    return { title: `The game server says: “${shorten(message)}”`, next: TEXTS.server_error[1] };
  }
  if (known) return { title: known[0], next: known[1] };
  const title = message ? `Something went wrong: ${shorten(message)}` : "Something went wrong.";
  return { title, next: "Try again. If it keeps happening, reload the page." };
}

/**
 * @param {unknown} error
 * @returns {Advice & { code: string, retryable: boolean }}
 */
export function adviceForError(error) {
  const { code, message, retryable } = /** @type {Record<string, unknown>} */ (error ?? {});
  const known = typeof code === "string" ? code : "unknown";
  const said = typeof message === "string" ? message : "";
  return { ...adviceFor(known, said), code: known, retryable: retryable === true };
}

/** Longest piece of somebody else's text inside our own. */
const MAX_QUOTED = 160;

/** @param {string} text */
function shorten(text) {
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
}
