// The messages of a room, kept over a reload of the page. Reads and writes the browser's storage, and nothing else.

import { keep, recall } from "./keep.js";

/** @typedef {import("./state.js").Message} Message */

/** Under this key a page that is left keeps its room's messages, for its tab. */
const KEPT = "race-messages";
/** More than fit on a screen. */
const MOST = 50;

/**
 * @param {string} room  its id
 * @param {readonly Message[]} messages
 */
export function keepMessages(room, messages) {
  keep(KEPT, messages.length > 0 ? { room, messages: messages.slice(-MOST) } : null);
}

/**
 * Take what the page before has kept, once.
 * @param {string} room
 * @returns {Message[]}  empty if it was in another room
 */
export function takeMessages(room) {
  const kept = recall(KEPT);
  keep(KEPT, null);
  if (kept?.room !== room || !Array.isArray(kept.messages)) return [];
  return kept.messages.filter(isMessage).slice(-MOST);
}

/** @param {any} message @returns {message is Message} */
function isMessage(message) {
  const texts = [message?.senderId, message?.senderName, message?.text];
  return texts.every((text) => typeof text === "string") && typeof message.own === "boolean";
}
