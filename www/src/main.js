// Wires the page together: the client changes the state, and the screens show the state. Nothing is decided here. The sign-in
// form is loaded first, then the circuit beside it and the client, and in idle time all other screens.

// Relative, because a proxy may serve the relay under a path. The types are those of "/pkg/…", whether or not the module is built.
// @ts-ignore
import { explain } from "../pkg/explain.js";
// @ts-ignore
import * as client from "../pkg/index.js";
import { element, sayLimits, setText } from "./element.js";
import { createFlow } from "./flow.js";
import { loadStyles, once, whenIdle } from "./later.js";
import { Line } from "./line.js";
import { BASE, game, joinLink, joinOf } from "./join.js";
import { createShell } from "./shell.js";
import { createSignIn } from "./signin.js";
import { createStore, initialState } from "./state.js";
import { snapshot } from "./snapshot.js";
import { createTheme } from "./theme.js";

/** @type {import("./hero.js").Hero | null} */
let hero = null;
/** @type {import("./screens.js").Screens | null} */
let screens = null;
/** @type {import("/pkg/index.js").Clock | undefined} */
let clock;

const loadTrack = once(async () => {
  const response = await fetch(`${BASE}track.json`);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return /** @type {import("./track-file.js").TrackFile} */ (await response.json());
});
const loadLook = once(() =>
  loadStyles(["lobby", "race", "race-small", "messages"].map((name) => `${BASE}${name}.css`)),
);
const loadScreens = once(async () => {
  const [{ createScreens }, { backgroundClock }, file] = await Promise.all([
    import("./screens.js"),
    // @ts-ignore
    import("../pkg/background-clock.js"),
    loadTrack(),
    loadLook(),
  ]);
  clock ??= backgroundClock();
  screens = createScreens(flow, file, store.get);
  screens.useDark(theme.current() === "dark");
  screens.show(store.get());
});

const store = createStore(initialState());
const library = /** @type {import("./flow.js").Parts["library"]} */ (
  /** @type {any} */ ({ ...client, explain })
);
// @ts-ignore
const loadTelemetry = () => import("../pkg/telemetry.js");
const flow = createFlow(store, {
  library,
  loadTelemetry,
  loadScreens,
  url: () => BASE + game.query,
  clock: () => clock,
});
const shell = createShell(flow);
const signIn = createSignIn(flow);
const theme = createTheme(element("theme-toggle", HTMLButtonElement), (shown) =>
  screens?.useDark(shown === "dark"),
);

/**
 * @param {import("./state.js").State} state
 * @param {import("./state.js").State} [before]
 */
function show(state, before) {
  shell.show(state, before);
  signIn.show(state, before);
  screens?.show(state, before);
  hero?.run(state.screen === "signin");
}

async function showHero() {
  const [{ Hero, trackFacts }, file] = await Promise.all([import("./hero.js"), loadTrack()]);
  const line = new Line(file.centreline, true);
  hero = new Hero(element("hero", HTMLCanvasElement), line);
  setText(element("hero-name", HTMLElement), file.name ?? "");
  const garages = file.pitLane ? (file.garages?.xMetres.length ?? 0) : 0;
  setText(element("hero-facts", HTMLElement), trackFacts(line, garages));
  hero.run(store.get().screen === "signin");
}

sayLimits();
store.subscribe(show);
show(store.get());
// The relay keeps the player for some seconds, in case the page is reloaded, and then says goodbye on its behalf.
window.addEventListener("pagehide", signIn.leavePage);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
Object.assign(window, {
  race: Object.freeze({ state: () => snapshot(store.get(), screens?.race ?? null, flow.client()) }),
});
// Only decoration: the form works without it.
showHero().catch(() => {});
const invited = joinOf(location);
// The relay answers a link from the page's own place, where the page finds its files.
if (invited) history.replaceState(history.state, "", joinLink(invited) + location.hash);
await flow.prepare();
signIn.resume();
// Signing in before that waits for the screens, and says so if they cannot be loaded.
whenIdle(() => flow.load().catch(flow.refuseTrack));
