// What went wrong, in words for a player. The codes are those of the package's README.

/** @type {Record<string, string>} */
const WORDS = {
  auth_failed: "Somebody who is online has this name. Choose another one.",
  bad_recording: "This file is no recording, or it is cut off.",
  certificate_not_trusted: "The relay does not trust its game server. Its operator has to look at that.",
  closed: "The connection was closed.",
  connection_lost: "The connection was lost.",
  kicked: "An administrator ended your session.",
  load_failed: "A part of this page could not be loaded. Reload the page.",
  not_a_relay: "There is something at this address, but it is no relay.",
  not_allowed: "This relay does not let pages of this site in.",
  not_host: "Only the host of the room can start the race.",
  not_in_room: "You are not in the room any more.",
  relay_full: "The relay is full. Try again later.",
  relay_restarting: "The relay is restarting. Try again in a moment.",
  relay_unreachable: "No relay answers at this address. Check the address, and whether you are online.",
  room_full: "This room is full. Choose another one.",
  room_not_found: "This room is gone.",
  server_unreachable: "The relay does not reach its game server. Try again later.",
  timeout: "The game server took too long to answer. Try again.",
};

/** @param {{ code?: string, message?: string, reason?: string }} error  or a change of state */
export function inWords({ code = "", message, reason }) {
  return WORDS[code] ?? message ?? reason ?? "Something went wrong.";
}

/**
 * Show it: the words for everybody, the code for whoever is asked for help.
 * @param {HTMLElement} place
 * @param {{ code?: string, message?: string, reason?: string } | null} error  null: nothing is wrong
 */
export function showError(place, error) {
  place.hidden = error === null;
  if (!error) return place.replaceChildren();
  const code = document.createElement("code");
  code.textContent = error.code ?? "";
  place.replaceChildren(inWords(error), " ", code);
}
