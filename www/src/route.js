// The address follows the screens: the list of rooms, a room, its race. Back and Forward do what the page's buttons do, and a
// link or a reload leads into its room.

import { BASE, endResuming, game, IN_RACE, joinLink, joinOf, KEPT_ROOM } from "./join.js";
import { keep, recall } from "./keep.js";

/** @typedef {import("./state.js").State} State */

/** How many history entries a screen is after the list of rooms. */
const DEPTHS = { signin: 0, lobby: 0, room: 1, race: 2 };

/**
 * @param {import("./flow.js").Flow} flow
 * @param {() => State} current
 */
export function createRoute(flow, current) {
  /** The page is following Back, Forward or a link, so the address must not change. */
  let acting = false;
  /** The page itself is going back in the history. */
  let rewinding = false;

  /** @param {number} depth */
  function addressAt(depth) {
    const { room } = current();
    if (depth === 0 || !room) return BASE + game.query;
    return joinLink(room.id) + (depth === 2 ? IN_RACE : "");
  }

  function follow() {
    if (acting || rewinding) return;
    const wanted = DEPTHS[current().screen];
    // An entry without a depth was opened by a link: no entry before it is this page's.
    if (history.state?.depth === undefined) history.replaceState({ depth: 0 }, "", addressAt(0));
    let { depth } = history.state;
    if (depth > wanted) {
      rewinding = true;
      history.go(wanted - depth);
      return;
    }
    for (; depth < wanted;) {
      depth += 1;
      history.pushState({ depth }, "", addressAt(depth));
    }
    if (location.href !== addressAt(depth)) history.replaceState({ depth }, "", addressAt(depth));
  }

  /** Do as the address says. */
  async function obey() {
    const room = joinOf(location);
    const wanted = room ? (location.hash === IN_RACE ? 2 : 1) : 0;
    acting = true;
    try {
      if (current().screen === "race" && wanted < 2) flow.leaveRace();
      if (current().screen === "room" && wanted === 0) await flow.leaveRoom();
      if (wanted > 0 && current().room?.id !== room) await enter(room);
      if (wanted === 2 && current().room?.isActive) flow.joinRace();
    } finally {
      acting = false;
      follow();
      endResuming();
    }
  }

  /** @param {string} id */
  async function enter(id) {
    /** @type {{ id: string, name: string, alone: boolean } | null} */
    const kept = recall(KEPT_ROOM);
    await flow.joinRoom(id);
    if (current().room || !kept?.alone || kept.id !== id) return;
    await flow.createRoom(kept.name);
    if (!current().room) return;
    flow.say("Your room had ended, this is a new one.", "Copy the link again for your guests.");
  }

  window.addEventListener("popstate", () => {
    if (rewinding) {
      rewinding = false;
      follow();
    } else if (current().me) {
      void obey();
    }
  });

  return {
    /**
     * @param {State} state
     * @param {State} [before]
     */
    show(state, before) {
      const { me, room, players } = state;
      if (room?.name && room !== before?.room) {
        keep(KEPT_ROOM, { id: room.id, name: room.name, alone: players.length === 1 });
      }
      // The state changes while it is being shown, so both wait a moment.
      if (me && !before?.me) queueMicrotask(obey);
      else if ((me || before?.me) && state.screen !== before?.screen) queueMicrotask(follow);
    },
  };
}
