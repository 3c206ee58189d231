// The races that there are, as buttons: asks the relay, and tells the viewer which one to show.

/** A list that is older than this is asked for anew. */
const EVERY_MS = 5000;
const WORDS = {
  unreachable: "The relay does not answer. Is it running, and is this its address?",
  off: "This relay shows no races.",
  none: "Nobody races at the moment. This page looks again every few seconds.",
};

/** @typedef {{ id: string, name: string, playerCount: number, live: boolean }} ListedRoom  as `/api/rooms` of a relay has them */

const page = new URLSearchParams(location.search);
const relay = new URL(page.get("relay") ?? "http://127.0.0.1:8080");
const viewer = /** @type {HTMLElement} */ (document.querySelector("race-viewer"));
const buttons = /** @type {HTMLElement} */ (document.querySelector("#rooms"));
const hint = /** @type {HTMLElement} */ (document.querySelector("#hint"));

/** Buttons by the id of their room: they stay, so that nobody loses the one that has the focus. @type {Map<string, HTMLButtonElement>} */
const shown = new Map();

viewer.setAttribute("src", relay.href);
const room = page.get("room");
if (room) show(room);
void refresh();
setInterval(() => void refresh(), EVERY_MS);

async function refresh() {
  try {
    const answer = await fetch(new URL("api/rooms", relay), { cache: "no-store" });
    if (!answer.ok) return say(answer.status === 404 ? WORDS.off : WORDS.unreachable);
    /** @type {ListedRoom[]} */
    const rooms = await answer.json();
    list(rooms.filter(({ playerCount, live }) => playerCount > 0 || live));
  } catch {
    say(WORDS.unreachable);
  }
}

/** @param {ListedRoom[]} races */
function list(races) {
  if (races.length > 0 && !viewer.hasAttribute("room")) show(races[0].id);
  say(races.length === 0 ? WORDS.none : "");
  for (const { id, name } of races) {
    const button = shown.get(id) ?? addButton(id);
    button.textContent = name;
  }
  for (const [id, button] of shown) {
    if (races.some((race) => race.id === id)) continue;
    button.remove();
    shown.delete(id);
  }
  mark();
}

/** @param {string} id */
function addButton(id) {
  const button = document.createElement("button");
  button.type = "button";
  button.addEventListener("click", () => show(id));
  shown.set(id, button);
  buttons.append(button);
  return button;
}

/** Which of them is shown. */
function mark() {
  for (const [id, button] of shown) {
    button.setAttribute("aria-pressed", String(viewer.getAttribute("room") === id));
  }
}

/** @param {string} id */
function show(id) {
  if (viewer.getAttribute("room") !== id) viewer.setAttribute("room", id);
  mark();
}

/** Where a room is shown, the viewer itself says what is wrong. @param {string} words */
function say(words) {
  const isShown = viewer.hasAttribute("room");
  viewer.hidden = !isShown;
  hint.hidden = isShown || words === "";
  hint.textContent = words;
}
