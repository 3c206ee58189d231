// The running races as buttons: asks the relay, and tells the viewer which one to show.

const EVERY_MS = 5000;
const WORDS = {
  unreachable: "The relay does not answer. Is it running, and is this its address?",
  private: "This relay shows its races only to those who have a token.",
  off: "This relay shows no races.",
  none: "Nobody races at the moment. This page looks again every few seconds.",
};

/** @typedef {{ id: string, name: string, playerCount: number, live: boolean }} ListedRoom  as a relay has them at `/api/rooms` */

const page = new URLSearchParams(location.search);
const relay = new URL(page.get("relay") ?? "http://127.0.0.1:8080");
const [viewer, buttons, hint] = ["race-viewer", "#rooms", "#hint"].map(
  (selector) => /** @type {HTMLElement} */ (document.querySelector(selector)),
);
/** By the id of their room. A button stays, so that nobody loses the one with the focus. @type {Map<string, HTMLButtonElement>} */
const shown = new Map();

viewer.setAttribute("src", relay.href);
const room = page.get("room");
if (room) show(room);
void refresh();
setInterval(() => void refresh(), EVERY_MS);

async function refresh() {
  try {
    const answer = await fetch(new URL("api/rooms", relay), { cache: "no-store" });
    if (answer.status === 401) return say(WORDS.private);
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
  const gone = new Set(shown.keys());
  for (const { id, name } of races) {
    gone.delete(id);
    const button = shown.get(id) ?? addButton(id);
    button.textContent = name;
  }
  for (const id of gone) {
    shown.get(id)?.remove();
    shown.delete(id);
  }
  if (races.length > 0 && !viewer.hasAttribute("room")) show(races[0].id);
  say(races.length === 0 ? WORDS.none : "");
}

/** @param {string} id */
function addButton(id) {
  const button = document.createElement("button");
  button.onclick = () => show(id);
  shown.set(id, button);
  buttons.append(button);
  mark();
  return button;
}

/** @param {string} id */
function show(id) {
  if (viewer.getAttribute("room") !== id) viewer.setAttribute("room", id);
  mark();
}

function mark() {
  for (const [id, button] of shown) {
    const isShown = viewer.getAttribute("room") === id;
    button.setAttribute("aria-pressed", String(isShown));
    button.className = isShown ? "" : "outline";
  }
}

/** If a room is shown, the viewer itself says what is wrong. @param {string} words */
function say(words) {
  viewer.hidden = !viewer.hasAttribute("room");
  buttons.hidden = shown.size === 0;
  hint.hidden = !viewer.hidden || words === "";
  hint.textContent = words;
}
