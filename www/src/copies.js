// Whether this tab is a copy of one that is still open. A browser that copies a tab copies what the page keeps for it too, with the
// player's name, which is in use then.

import { BASE } from "./join.js";
import { keep, recall } from "./keep.js";

/** Under this key the session keeps a name for the tab, which a copy has too. */
const KEPT = "race-tab";
/** The original answers much sooner, also from behind. */
const ANSWER_MS = 500;

const channelOf = () => new BroadcastChannel(`race tabs ${BASE}`);

/** Answer the copies of this tab, as long as the page is open. @param {BroadcastChannel} [channel] */
export function answerCopies(channel = channelOf()) {
  const id = recall(KEPT) ?? `${Date.now()} ${Math.random()}`;
  keep(KEPT, id);
  channel.addEventListener("message", ({ data }) => {
    if (data.asks === id) channel.postMessage({ here: id });
  });
}

/** Ask the original. Used before `answerCopies`. @param {BroadcastChannel} [channel] @returns {Promise<boolean>} */
export async function isCopy(channel = channelOf()) {
  const id = recall(KEPT);
  if (!id) return false;
  const found = await new Promise((resolve) => {
    channel.addEventListener("message", ({ data }) => data.here === id && resolve(true));
    setTimeout(resolve, ANSWER_MS, false);
    channel.postMessage({ asks: id });
  });
  channel.close();
  // A name of its own.
  if (found) keep(KEPT, null);
  return found;
}
