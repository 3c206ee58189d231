// What surrounds the screens: which one is shown, the focus when it changes, and notices.

import { element, setText } from "./element.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Screen} Screen */
/** @typedef {import("./flow.js").Flow} Flow */

/** An informing notice leaves by itself after this long; an error stays until it is dismissed or solved. */
const INFO_SHOWN_MS = 6000;

/** @type {Record<Screen, { title: string, focus: string }>} */
const SCREENS = {
  signin: { title: "Sign in", focus: "signin-title" },
  lobby: { title: "Rooms", focus: "lobby-title" },
  room: { title: "Room", focus: "room-title" },
  race: { title: "On the track", focus: "race-canvas" },
};

/** @param {Flow} flow */
export function createShell(flow) {
  const banner = element("insecure-banner", HTMLElement);
  const whoami = element("whoami", HTMLParagraphElement);
  const signOut = element("sign-out", HTMLButtonElement);
  const notice = createNotice(flow);
  signOut.addEventListener("click", () => void flow.signOut());

  /**
   * @param {State} state
   * @param {Screen | undefined} before
   */
  function showScreen(state, before) {
    const { screen } = state;
    for (const name of Object.keys(SCREENS)) {
      element(name, HTMLElement).hidden = name !== screen;
    }
    document.body.dataset.screen = screen;
    const { title, focus } = SCREENS[screen];
    document.title = `${screen === "room" ? (state.room?.name ?? title) : title} · Race`;
    window.scrollTo(0, 0);
    if (before === undefined) return;
    element(focus, HTMLElement).focus({ preventScroll: true });
  }

  return {
    /**
     * @param {State} state
     * @param {State} [before]
     */
    show(state, before) {
      if (state.screen !== before?.screen) showScreen(state, before?.screen);
      banner.hidden = !state.insecure;
      whoami.hidden = signOut.hidden = state.me === null;
      setText(whoami, state.me?.name ?? "");
      if (state.notice !== before?.notice || state.screen !== before?.screen) notice(state);
    },
  };
}

/** @param {Flow} flow */
function createNotice(flow) {
  const box = element("notice", HTMLDivElement);
  const text = element("notice-text", HTMLParagraphElement);
  const alert = element("say-alert", HTMLParagraphElement);
  const status = element("say-status", HTMLParagraphElement);
  const [title, next] = text.children;
  /** Where it is least in the way: in the form, under the lights, or at the bottom of the page. */
  const places = {
    signin: element("signin-notice", HTMLDivElement),
    race: element("hud-middle", HTMLDivElement),
    page: document.body,
  };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  element("notice-close", HTMLButtonElement).addEventListener("click", flow.dismiss);

  return (/** @type {State} */ { notice: shown, screen }) => {
    clearTimeout(timer);
    const place = screen === "signin" || screen === "race" ? places[screen] : places.page;
    if (box.parentElement !== place) place.append(box);
    box.hidden = shown === null;
    setText(alert, shown?.kind === "error" ? `${shown.title} ${shown.next}` : "");
    setText(status, shown?.kind === "info" ? `${shown.title} ${shown.next}` : "");
    if (!shown) return;
    box.dataset.kind = shown.kind;
    setText(title, shown.title);
    setText(next, shown.next);
    if (shown.kind === "info") timer = setTimeout(flow.dismiss, INFO_SHOWN_MS);
  };
}
