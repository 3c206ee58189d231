// The watching page: a list of races, or one of them. Nobody signs in here.

import { linkTo, wantedOf } from "./address.js";
import { copyText } from "./copy.js";
import { element, setText } from "./element.js";
import { createPoll } from "./poll.js";
import { createRaceList } from "./races.js";
import { createTheme } from "./theme.js";
import { defineRaceViewer, RaceViewer } from "./viewer/race-viewer.js";

const LIST_MS = 3000;
const COPY = "Copy link";

defineRaceViewer();
const wanted = wantedOf(location);
const viewer = element("viewer", RaceViewer);
const theme = element("theme-toggle", HTMLButtonElement);

document.documentElement.classList.toggle("embed", wanted.embed);
if (wanted.theme) document.documentElement.dataset.theme = wanted.theme;
createTheme(theme, (shown) => viewer.setAttribute("theme", shown));

if (wanted.room) showRace();
else showList();

function showRace() {
  const title = element("watch-title", HTMLElement);
  const name = element("watch-room", HTMLElement);
  document.body.dataset.watching = "";
  title.hidden = false;
  viewer.addEventListener("roomchange", (event) => {
    const room = /** @type {CustomEvent<{ name: string }>} */ (event).detail;
    setText(name, room.name);
    setText(title, room.name || "Race");
    document.title = `${room.name || "Watch"} · Race`;
  });
  viewer.toggleAttribute("embed", wanted.embed);
  if (wanted.token) viewer.setAttribute("token", wanted.token);
  if (wanted.follow) viewer.setAttribute("follow", wanted.follow);
  if (wanted.track) viewer.setAttribute("track", wanted.track);
  viewer.setAttribute("src", location.origin);
  viewer.setAttribute("room", wanted.room);
  viewer.hidden = false;
  // Nothing else is on this page: its keys are the viewer's.
  document.addEventListener("keydown", (event) => {
    if (event.target === document.body) viewer.press(event);
  });
  const copy = element("copy-link", HTMLButtonElement);
  const words = element("copy-link-words", HTMLElement);
  copy.hidden = false;
  copy.addEventListener("click", () =>
    copyText(linkTo(location.origin, wanted.room, wanted.token), COPY, (done) => {
      setText(words, done);
      setText(element("say-status", HTMLElement), done === COPY ? "" : done);
    }),
  );
  Object.assign(window, { viewer: Object.freeze({ state: () => viewer.state() }) });
}

function showList() {
  const races = createRaceList();
  element("races", HTMLElement).hidden = false;
  createPoll(races.refresh, LIST_MS).run(true);
}
