// The watching page: a list of races, or one of them. Nobody signs in here.

// @ts-ignore: relative, because a proxy may serve the relay under a path; the package need not be built when types are checked.
import { PAGE_CLOCK } from "../pkg/clock.js";
// @ts-ignore
import { Poll } from "../pkg/poll.js";
import { wantedOf, watchLink } from "./address.js";
import { copyText } from "./copy.js";
import { element, find, setText } from "./element.js";
import { BASE, game } from "./join.js";
import { whenIdle } from "./later.js";
import { createRaceList } from "./races.js";
import { createTheme } from "./theme.js";

const LIST_MS = 3000;
const COPY = "Copy link";

const loadViewer = async () => {
  const module = await import("./viewer/race-viewer.js");
  module.defineRaceViewer();
  return module;
};
const wanted = wantedOf(location);
/** A plain element until the viewer is loaded. */
const place = element("viewer", HTMLElement);
const theme = element("theme-toggle", HTMLButtonElement);

document.documentElement.classList.toggle("embed", wanted.embed);
createTheme(theme, (shown) => place.setAttribute("theme", shown), wanted.theme || undefined);

// A link with another token that is opened in this tab does not reload the page by itself.
addEventListener("hashchange", () => {
  if (wantedOf(location).token !== wanted.token) location.reload();
});

nameServer();
if (wanted.room) await showRace();
else showList();

/** Lead to the other pages of the same game server. */
function nameServer() {
  find(document, "a.brand", HTMLAnchorElement).href = `${BASE}watch/${game.query}`;
  element("drive", HTMLAnchorElement).href = BASE + game.query;
}

async function showRace() {
  const title = element("watch-title", HTMLElement);
  const name = element("watch-room", HTMLElement);
  document.body.dataset.watching = "";
  title.hidden = false;
  const unknown = await unknownServer().catch(() => null);
  const module = unknown ? null : await loadViewer().catch(() => null);
  if (module === null) {
    const missing = "The viewer could not be loaded. Check your network, then reload the page.";
    place.className = "empty";
    place.hidden = false;
    setText(place, unknown ? `${unknown.title} ${unknown.next}` : missing);
    return;
  }
  const viewer = element("viewer", module.RaceViewer);
  viewer.addEventListener("roomchange", (event) => {
    const room = /** @type {CustomEvent<{ name: string }>} */ (event).detail;
    setText(name, room.name);
    setText(title, room.name || "Race");
    document.title = `${room.name || "Watch"} · Race`;
  });
  const { room, token, follow, track, embed } = wanted;
  const given = {
    src: BASE + game.query,
    room,
    token: token || null,
    follow: follow || null,
    track: track || null,
  };
  // The viewer fills this page, so it takes the wheel and single fingers, unless the page is embedded in another.
  Object.assign(viewer, given, { embed, gestures: embed ? null : "all" });
  viewer.hidden = false;
  // Nothing else is on this page: its keys are the viewer's, also while a button of the top bar has the focus.
  document.addEventListener("keydown", (event) => {
    if (!event.composedPath().includes(viewer)) viewer.press(event);
  });
  const copy = element("copy-link", HTMLButtonElement);
  const words = element("copy-link-words", HTMLElement);
  copy.hidden = false;
  copy.addEventListener("click", () =>
    copyText(watchLink(wanted.room, wanted.token), COPY, (done) => {
      setText(words, done);
      setText(element("say-status", HTMLElement), done === COPY ? "" : done);
    }),
  );
  Object.assign(window, { viewer: Object.freeze({ state: () => viewer.state() }) });
}

function showList() {
  const races = createRaceList(wanted.token);
  element("races", HTMLElement).hidden = false;
  const poll = new Poll(races.refresh, LIST_MS, PAGE_CLOCK);
  const ask = () => {
    if (document.hidden) return poll.stop();
    poll.start();
    poll.now();
  };
  document.addEventListener("visibilitychange", ask);
  ask();
  offerServers(() => {
    nameServer();
    races.clear();
    poll.now();
  }).catch(() => {});
  // Whoever chooses a race has the viewer already.
  whenIdle(() => loadViewer().catch(() => {}));
}

/** The relay's game servers, the default one first; empty if they have no names. */
async function knownServers() {
  const response = await fetch(`${BASE}api/config`);
  /** @type {{ servers?: import("./state.js").GameServer[] }} */
  const { servers = [] } = await response.json();
  return servers;
}

/** What is wrong with the game server in a race's address; null if nothing is. */
async function unknownServer() {
  if (!game.query) return null;
  const [servers, { serverName, unknownServer: explain }] = await Promise.all([
    knownServers(),
    import("./servers.js"),
  ]);
  const name = serverName();
  // There is nothing to choose from beside a race.
  return servers.some((server) => server.name === name) ? null : explain(name, []);
}

/** Let the visitor choose, if the relay has several game servers. @param {() => void} chosen */
async function offerServers(chosen) {
  const servers = await knownServers();
  if (servers.length < 2) return;
  const module = await import("./servers.js");
  module.offerServers(element("races-server", HTMLElement), servers, chosen);
}
