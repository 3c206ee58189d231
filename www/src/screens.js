// The screens behind the sign-in form: the rooms, one room, the race. They are loaded together while the form is filled in, so
// that nothing is missing later if the network is poor.

import { element, setText } from "./element.js";
import { Liveries } from "./livery.js";
import { answerCopies } from "./copies.js";
import { createLobby } from "./lobby.js";
import { createLost } from "./lost.js";
import { createMenu } from "./menu.js";
import { Race } from "./race.js";
import { nameKeys } from "./key-names.js";
import { createPadSetup } from "./pad-setup.js";
import { createRoom } from "./room.js";
import { Track } from "./track.js";
import { createRoute } from "./route.js";
import { readTrack } from "./track-file.js";
import { createTrackCard } from "./track-card.js";
import { createTwin } from "./twin.js";

/** @typedef {ReturnType<typeof createScreens>} Screens */

/**
 * @param {import("./flow.js").Flow} flow
 * @param {unknown} file  the JSON of the circuit
 * @param {() => import("./state.js").State} current
 * @throws {Error} with advice for the visitor if it is no circuit
 */
export function createScreens(flow, file, current) {
  const track = new Track(readTrack(file));
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
  const menu = createMenu(flow, liveries, race, openPadSetup);
  void nameKeys();
  const route = createRoute(flow, current);
  const lost = createLost(flow);
  const trackCard = createTrackCard(track);
  const twin = createTwin(() =>
    flow.say(
      "You are also signed in in another tab.",
      "Each tab is a driver of its own. Sign out in the one you don't need.",
    ),
  );
  answerCopies();
  if (track.garageXs.length === 0) {
    setText(element("menu-garage", HTMLButtonElement), "Back to the grid");
  }

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
      twin.show(state, before);
      if (state.lost !== before?.lost) lost(state.lost);
      flow.watchRooms(online && (state.screen === "lobby" || state.screen === "room"));
    },
  };
}
