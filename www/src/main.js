// Wires the page together: what the session says goes into the state, the state goes onto the screens. Nothing is
// decided here.

import { element } from "./element.js";
import { createFlow } from "./flow.js";
import { Hero } from "./hero.js";
import { Liveries } from "./livery.js";
import { createLobby, createTrackCard } from "./lobby.js";
import { createMenu } from "./menu.js";
import { createPoll } from "./poll.js";
import { loadClient, loadConfig, relayUrl } from "./net.js";
import { Race } from "./race.js";
import { createRoom } from "./room.js";
import { createShell } from "./shell.js";
import { createSignIn } from "./signin.js";
import { createStore, initialState } from "./state.js";
import { snapshot } from "./snapshot.js";
import { createTheme } from "./theme.js";
import { Track } from "./track.js";

/** Pauses between questions to the server, ms: lists that people watch, and the same ones beside a race. */
const ROOMS_MS = 2000;
const PLAYERS_MS = 1500;
const RACE_PLAYERS_MS = 3000;
const PING_MS = 2000;

const store = createStore(initialState());
const flow = createFlow(store, { loadClient, loadConfig, url: relayUrl(location) });
const liveries = new Liveries();
const track = new Track(await (await fetch("/track.json")).json());

const shell = createShell(flow);
const signIn = createSignIn(flow);
const lobby = createLobby(flow);
const room = createRoom(flow, liveries);
const hero = new Hero(element("hero", HTMLCanvasElement), track);
const race = new Race(track, liveries, {
  session: flow.session,
  openMenu: () => menu.openMenu(),
  openMessage: () => menu.openMessage(),
  onCamera: (headingUp) => menu.showCamera(headingUp),
});
const menu = createMenu(flow, race);
const trackCard = createTrackCard(track);
createTheme(element("theme-toggle", HTMLButtonElement), (theme) => {
  race.useDark(theme === "dark");
  trackCard.useDark(theme === "dark");
});
flow.onSession((session) => race.follow(session));

const rooms = createPoll(flow.refreshRooms, ROOMS_MS);
const players = createPoll(flow.refreshPlayers, PLAYERS_MS);
const racePlayers = createPoll(flow.refreshPlayers, RACE_PLAYERS_MS);

const ping = createPoll(flow.measure, PING_MS);

/**
 * @param {import("./state.js").State} state
 * @param {import("./state.js").State} [before]
 */
function show(state, before) {
  const online = state.connection === "online";
  shell.show(state, before);
  signIn.show(state, before);
  lobby.show(state, before);
  room.show(state);
  menu.show(state, before);
  race.show(state);
  hero.run(state.screen === "signin");
  rooms.run(online && (state.screen === "lobby" || state.screen === "room"));
  players.run(online && state.screen === "room");
  ping.run(online && state.screen === "race");
  racePlayers.run(online && state.screen === "race");
}

store.subscribe(show);
show(store.get());
// A page that goes away closes its connection; the relay says goodbye to the game server on its behalf.
window.addEventListener("pagehide", flow.leavePage);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) void flow.signOut();
});
Object.assign(window, { race: Object.freeze({ state: () => snapshot(store.get(), race, flow.session()) }) });
await flow.prepare();
