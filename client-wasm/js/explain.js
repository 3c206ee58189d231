/**
 * Explains every error to players: what happened, and what they can do about it.
 * @module mp-server-client/explain
 */

/**
 * @typedef {object} Explanation  An error explained to players.
 * @property {string} title  what happened, as a sentence
 * @property {string} next  what to do about it
 */

/** @type {Record<string, [title: string, next: string]>} */
const WORDS = {
  timeout: [
    "The game server took too long to answer.",
    "Try again. If it keeps happening, the server may be overloaded.",
  ],
  answer_too_long: ["The answer is too long for the relay.", "Try again later."],
  not_connected: ["You are not connected to the game server.", "Sign in again to connect."],
  closed: ["The connection is closed.", "Sign in again to connect."],
  aborted: ["Connecting was cancelled.", "Sign in again when you are ready."],
  reconnecting: ["The connection is down right now.", "Wait until it is back, then try again."],
  auth_failed: [
    "This name is taken.",
    "Choose another name. If it is yours, enter its password, or sign out in the tab that uses it.",
  ],
  auth_required: ["The game server does not know who you are.", "Sign in again."],
  password_missing: ["This game server has accounts.", "Enter your password, or create an account."],
  name_taken: ["There is an account with this name already.", "Sign in to it, or choose another name."],
  name_length: ["An account's name has 3 to 50 characters.", "Choose another name."],
  password_too_short: ["An account's password has at least 6 characters.", "Choose a longer one."],
  account_locked: [
    "This account is locked, because a wrong password was entered too often.",
    "Wait until it is unlocked. Another wrong password locks it again.",
  ],
  account_disabled: [
    "This account is disabled.",
    "Only the operator of the game server can enable it, or make another account.",
  ],
  token_expired: ["You have been signed out.", "Enter your password to sign in again."],
  email_taken: ["There is an account with this e-mail address already.", "Sign in to it."],
  room_size: ["A room holds 2 to 128 players.", "Choose another number."],
  room_not_found: ["That room no longer exists.", "Choose another room, or create your own."],
  room_full: [
    "That room is full, or the server still lists you in it.",
    "Choose another room, or create your own.",
  ],
  not_host: ["Only the host can start the race.", "Ask the host in the chat, or create a room of your own."],
  not_in_room: ["You are no longer in that room.", "Choose another room, or create your own."],
  player_not_found: ["That player has left.", "The player list will be up to date in a moment."],
  server_error: [
    "The game server refused the request.",
    "Try again. If it keeps happening, go back to the rooms.",
  ],
  unknown_command: ["This game server does not support that.", "You can carry on without it."],
  queue_full: ["Too many requests are still waiting for an answer.", "Wait a few seconds, then try again."],
  invalid_argument: ["That can't be sent as it is.", "Change the text and try again."],
  connection_lost: ["The connection was lost.", "Check your network, then try again."],
  relay_unreachable: [
    "The relay can't be reached.",
    "Check your network and that the relay is running, then try again.",
  ],
  not_a_relay: ["There is no relay at this address.", "Check the address, or ask the operator of this site."],
  server_unreachable: [
    "The relay can't reach the game server.",
    "It may be off or restarting. Wait a moment and try again.",
  ],
  certificate_not_trusted: [
    "The relay does not trust the game server's certificate.",
    "Trying again won't help: the operator of this site must configure the certificate.",
  ],
  server_timeout: ["The game server did not answer the relay in time.", "Wait a moment and try again."],
  server_ended: [
    "The game server ended your session.",
    "It may be restarting. Wait a moment, then sign in again.",
  ],
  not_allowed: [
    "The relay does not accept connections from this page.",
    "Open the page from the relay's own address, or ask its operator to allow this one.",
  ],
  frame_too_large: ["The message is too long.", "Shorten it and try again."],
  relay_full: ["The relay is full right now.", "Wait a moment, then try again."],
  relay_restarting: ["The relay is restarting.", "Wait a moment, then try again."],
  sent_too_much: ["This page sent more than the relay allows.", "Wait a minute, then sign in again."],
  too_slow: [
    "This device or its network was too slow to keep up.",
    "Close other tabs or move closer to the router, then try again.",
  ],
  malformed: [
    "The relay received something it did not understand.",
    "Reload the page: it may be older than the relay.",
  ],
  taken_over: ["This race goes on in another tab.", "Close the other tab to go on here."],
  kicked: [
    "The operator of the game server disconnected you.",
    "You can sign in again unless you were asked not to.",
  ],
  load_failed: [
    "A part of the game could not be loaded.",
    "Check your network, then reload the page. If that does not help, this browser may be too old or block WebAssembly.",
  ],
  unsupported: [
    "This browser can't run the game.",
    "Update it, or take another browser. A program of yours needs Node 22 or newer, or the option webSocket.",
  ],
  bad_track: ["There is no map of this circuit.", "You can race without it."],
  bad_recording: ["This recording can't be played.", "Choose another file."],
  replaying: ["This is a recording, so nothing can be sent.", "Join a race to take part."],
};

/** A refusal where there are accounts: the name is not taken, but it or the password is wrong. */
const WRONG_ACCOUNT = /username or password/i;
const WRONG = {
  title: "The name or the password is wrong.",
  next: "Enter them again, or create an account. After three wrong passwords an account is locked for half an hour.",
};
/** Until when an account is locked, in the server's words. */
const UNTIL = /after (\d{1,2}:\d{2} UTC)/;

/** A name that is refused although nobody has it: too long, empty, one too many. */
const UNFIT = /characters|cannot|be seen/;

/** How much of an error's own text is quoted, in characters. */
const MAX_QUOTED = 160;

/**
 * Explain an error to players. Takes whatever was thrown, and anything else with `code` and `reason`, such as a state. An
 * unknown code gets a general explanation.
 * @param {unknown} thrown
 * @returns {Explanation}
 */
export function explain(thrown) {
  const { code, message, reason } = /** @type {Record<string, unknown>} */ (thrown ?? {});
  const said = shorten([message, reason].find((text) => typeof text === "string") ?? "");
  const known = typeof code === "string" && Object.hasOwn(WORDS, code) ? WORDS[code] : undefined;
  if (said && (code === "server_error" || (code === "auth_failed" && UNFIT.test(said)))) {
    return { title: `The game server says: “${said}”`, next: WORDS[code][1] };
  }
  if (code === "auth_failed" && WRONG_ACCOUNT.test(said)) return { ...WRONG };
  const until = code === "account_locked" && UNTIL.exec(said)?.[1];
  if (until) {
    return { title: WORDS[code][0], next: `Wait until ${until}. Another wrong password locks it again.` };
  }
  if (known) return { title: known[0], next: known[1] };
  const title = said ? `Something went wrong: ${said}` : "Something went wrong.";
  return { title, next: "Try again. If it keeps happening, reload the page." };
}

/** @param {unknown} text */
function shorten(text) {
  const letters = String(text);
  return letters.length > MAX_QUOTED ? `${letters.slice(0, MAX_QUOTED)}…` : letters;
}
