// A list of messages that only ever grows at its end, used in the room and, smaller, in the race.

import { make } from "./element.js";

/** @typedef {import("./state.js").Message} Message */

/**
 * @param {HTMLElement} list
 * @param {number} most  entries shown at once
 * @param {number} [stayMs]  an entry that is older is marked with the class "old"
 */
export function createMessageList(list, most, stayMs) {
  let lastKey = 0;
  return {
    /**
     * Leave out what was said before.
     * @param {readonly Message[]} messages
     */
    skip(messages) {
      list.replaceChildren();
      lastKey = messages.at(-1)?.key ?? 0;
    },
    /** @param {readonly Message[]} messages */
    show(messages) {
      if (messages.length === 0) {
        list.replaceChildren();
        lastKey = 0;
        return;
      }
      const fresh = messages.filter((message) => message.key > lastKey).slice(-most);
      if (fresh.length === 0) return;
      const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
      for (const message of fresh) {
        const item = entry(message);
        list.append(item);
        if (stayMs !== undefined) setTimeout(() => item.classList.add("old"), stayMs);
      }
      while (list.children.length > most) list.firstElementChild?.remove();
      lastKey = fresh[fresh.length - 1].key;
      if (atEnd) list.scrollTop = list.scrollHeight;
    },
  };
}

/** @param {Message} message */
function entry({ senderName, text, own }) {
  const item = make("p", own ? "message own" : "message");
  item.dataset.testid = "message";
  item.append(
    make("bdi", "message-from", own ? "You" : senderName || "Anonymous"),
    " ",
    make("bdi", "message-text", text),
  );
  return item;
}
