// The screens behind the sign-in form: the rooms, one room, the race. They are loaded together while the form is filled in, so
// that nothing is missing later if the network is poor.

import { Liveries } from "./livery.js";
import { createLobby } from "./lobby.js";
import { createMenu } from "./menu.js";
import { Race } from "./race.js";
import { nameKeys } from "./key-names.js";
import { createPadSetup } from "./pad-setup.js";
import { createRoom } from "./room.js";
import { Track } from "./track.js";
import { createRoute } from "./route.js";
import { createTrackCard } from "./track-card.js";

/** @typedef {ReturnType<typeof createScreens>} Screens */

/**
 * @param {import("./flow.js").Flow} flow
 * @param {import("./track.js").TrackFile} file
 * @param {() => import("./state.js").State} current
 */
export function createScreens(flow, file, current) {
  const track = new Track(file);
  const liveries = new Liveries();
  const openPadSetup = createPadSetup();
  const lobby = createLobby(flow);
  const room = createRoom(flow, liveries);
  const race = new Race(track, liveries, {
    client: flow.client,
    openMenu: () => menu.openMenu(),
    openMessage: () => menu.openMessage(),
    openPadSetup,
    onCamera: (headingUp) => menu.showCamera(headingUp),
  });
  const menu = createMenu(flow, race, openPadSetup);
  void nameKeys();
  const route = createRoute(flow, current);
  const trackCard = createTrackCard(track);

  return {
    race,
    /** @param {boolean} dark */
    useDark(dark) {
      race.useDark(dark);
      trackCard.useDark(dark);
    },
    /**
     * @param {import("./state.js").State} state
     * @param {import("./state.js").State} [before]
     */
    show(state, before) {
      const online = state.connection === "online";
      lobby.show(state);
      room.show(state);
      menu.show(state, before);
      race.show(state);
      route.show(state, before);
      flow.watchRooms(online && (state.screen === "lobby" || state.screen === "room"));
    },
  };
}
