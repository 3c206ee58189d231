// Two tabs of one browser that play under the same name. A password lets both in, and each is a player of its own: the newer one
// says so.

import { BASE } from "./join.js";

/**
 * @param {() => void} onTwin  another tab has the name that this one has just signed in with
 * @param {BroadcastChannel} [channel]  to the other tabs of this page
 */
export function createTwin(onTwin, channel = new BroadcastChannel(`race ${BASE}`)) {
  let name = "";
  channel.addEventListener("message", ({ data }) => {
    if (name === "" || data.name !== name) return;
    if (data.asks) channel.postMessage({ name, asks: false });
    else onTwin();
  });

  return {
    /**
     * @param {import("./state.js").State} state
     * @param {import("./state.js").State} [before]
     */
    show({ me }, before) {
      const isNew = me && !before?.me;
      name = me?.name ?? "";
      if (isNew) channel.postMessage({ name, asks: true });
    },
  };
}
