// One room before (or beside) the race: who is here, what they say, and who may start.

import { watchLink } from "./address.js";
import { copyText } from "./copy.js";
import { element, make, setText } from "./element.js";
import { joinLink } from "./join.js";
import { createMessageList } from "./messages.js";
import { isolated } from "./names.js";
import { keepMessages } from "./past-messages.js";
import { PlayerRow } from "./player-row.js";
import { showRows } from "./room-list.js";
import { hostOf, MAX_MESSAGES } from "./state.js";
import { count as plural } from "./viewer/words.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./livery.js").Liveries} Liveries */

/**
 * @param {import("./flow.js").Flow} flow
 * @param {Liveries} liveries
 */
export function createRoom(flow, liveries) {
  const title = element("room-title", HTMLHeadingElement);
  const summary = element("room-summary", HTMLParagraphElement);
  const start = element("start-race", HTMLButtonElement);
  const join = element("join-race", HTMLButtonElement);
  const leave = element("leave-room", HTMLButtonElement);
  const copy = element("copy-watch", HTMLButtonElement);
  const anew = make("button", "button primary", "New room");
  anew.type = "button";
  anew.dataset.testid = "new-room";
  anew.hidden = true;
  start.after(anew);
  const count = element("player-count", HTMLSpanElement);
  const list = element("player-list", HTMLUListElement);
  const form = element("message-form", HTMLFormElement);
  const input = element("message-input", HTMLInputElement);
  const messages = createMessageList(element("message-list", HTMLDivElement), MAX_MESSAGES);
  const unread = createUnread(element("message-list", HTMLDivElement), element("room", HTMLElement));
  /** @type {Map<string, PlayerRow>} */
  const rows = new Map();
  let roomId = "";
  let roomName = "";
  let isActive = false;
  /** Whether it has been said that the host is gone. */
  let isHostGone = false;
  /** @type {State["messages"]} */
  let said = [];
  window.addEventListener("pagehide", () => keepMessages(roomId, said));

  const restart = element("restart", HTMLDialogElement);
  start.addEventListener("click", () => {
    if (start.getAttribute("aria-disabled") === "true") return;
    // Everybody's lap is lost, so it takes a second click.
    if (isActive) restart.showModal();
    else void flow.startGame();
  });
  element("restart-confirm", HTMLButtonElement).addEventListener("click", () => {
    restart.close();
    void flow.startGame();
  });
  element("restart-cancel", HTMLButtonElement).addEventListener("click", () => restart.close());
  join.addEventListener("click", () => flow.joinRace());
  leave.addEventListener("click", () => void flow.leaveRoom());
  anew.addEventListener("click", () => void makeAnew());
  onCopy(copy, () => watchLink(roomId));
  onCopy(element("copy-join", HTMLButtonElement), () => joinLink(roomId));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (flow.sendMessage(input.value.trim())) input.value = "";
  });

  /** Nobody else can start a race here any more. */
  async function makeAnew() {
    if (anew.getAttribute("aria-disabled") === "true") return;
    const old = roomId;
    await flow.createRoom(roomName);
    if (roomId && roomId !== old) {
      flow.say("This is a new room of the same name.", "Copy the invite link again for the others.");
    }
  }

  /** @param {State} state */
  function showHostGone({ screen }) {
    if (isHostGone || screen !== "room") return;
    isHostGone = true;
    flow.say("The host has left.", "Nobody can start a race here any more. Make a new room instead.");
  }

  /** @param {State} state */
  function showPlayers({ players, room, rooms, me, muted }) {
    liveries.assign(players);
    showRows(
      list,
      rows,
      players,
      ({ id }) => new PlayerRow(id, liveries, flow),
      (row, player) =>
        row.show(player, player.id === room?.hostId, player.id === me?.id, muted.includes(player.id)),
    );
    const places = rooms.find(({ id }) => id === room?.id)?.maxPlayers;
    setText(count, places ? `${players.length} of ${places}` : String(players.length));
  }

  /** @param {State} state */
  function showActions(state) {
    const host = hostOf(state);
    const active = state.room?.isActive === true;
    const mine = host.kind === "me";
    const gone = host.kind === "gone";
    setHidden(join, !active, mine ? start : anew);
    setHidden(start, !mine, active ? join : anew);
    setHidden(anew, !gone, active ? join : start);
    anew.classList.toggle("primary", !active);
    anew.setAttribute("aria-disabled", String(state.busy !== ""));
    anew.classList.toggle("waiting", state.busy === "create");
    if (gone) showHostGone(state);
    else isHostGone = false;
    setText(start, active ? "Restart race" : "Start race");
    start.classList.toggle("primary", !active);
    start.setAttribute("aria-disabled", String(state.busy !== ""));
    start.classList.toggle("waiting", state.busy === "start");
    leave.setAttribute("aria-disabled", String(state.busy !== ""));
    setText(summary, summaryText(host, active));
  }

  return {
    /** @param {State} state */
    show(state) {
      said = state.messages;
      roomId = state.room?.id ?? "";
      roomName = state.room?.name ?? "";
      if (state.screen !== "room" || !state.room) {
        if (restart.open) restart.close();
        return;
      }
      isActive = state.room.isActive;
      copy.hidden = !state.spectate;
      setText(title, state.room.name || "Unnamed room");
      showPlayers(state);
      showActions(state);
      messages.show(state.messages);
      unread(state.messages);
    },
  };
}

/**
 * A button that says how many messages came while the newest is off the screen, as on a phone, and leads there.
 * @param {HTMLElement} list
 * @param {HTMLElement} room
 */
function createUnread(list, room) {
  const button = make("button", "button primary unread");
  button.type = "button";
  button.hidden = true;
  button.dataset.testid = "unread";
  room.append(button);
  let readKey = 0;
  /** @type {State["messages"]} */
  let all = [];
  const observer = new IntersectionObserver(
    ([{ isIntersecting }]) => {
      if (isIntersecting) readKey = all.at(-1)?.key ?? 0;
      const fresh = all.filter(({ key, own }) => key > readKey && !own).length;
      button.hidden = fresh === 0;
      setText(button, plural(fresh, "new message"));
    },
    { threshold: 0.5 },
  );
  button.addEventListener("click", () => {
    list.focus({ preventScroll: true });
    list.parentElement?.scrollIntoView({ block: "end" });
  });

  return (/** @type {State["messages"]} */ messages) => {
    if (messages === all) return;
    all = messages;
    observer.disconnect();
    const { lastElementChild: newest } = list;
    if (newest) observer.observe(newest);
    else button.hidden = true;
  };
}

/**
 * Let a button copy an address.
 * @param {HTMLButtonElement} button
 * @param {() => string} address
 */
function onCopy(button, address) {
  const usual = button.textContent?.trim() ?? "";
  button.addEventListener("click", () => void copyText(address(), usual, (words) => setText(button, words)));
}

/**
 * Show or hide a button; a focus on it moves on to `heir`, or else to the title.
 * @param {HTMLElement} button
 * @param {boolean} hidden
 * @param {HTMLElement} heir
 */
function setHidden(button, hidden, heir) {
  if (button.hidden === hidden) return;
  const focused = button === document.activeElement;
  button.hidden = hidden;
  if (focused) (heir.hidden ? element("room-title", HTMLElement) : heir).focus();
}

/**
 * @param {ReturnType<typeof hostOf>} host
 * @param {boolean} active
 */
function summaryText({ kind, name }, active) {
  if (active && kind === "gone") {
    return "The race is on, but its host has left: nobody can start another here.";
  }
  if (active) {
    return kind === "me" ? "The race is on. You are the host." : "The race is on: join whenever you like.";
  }
  if (kind === "me") return "You are the host. Start when everyone is here.";
  if (kind === "other") {
    return `Waiting for ${name ? `${isolated(name)}, the host,` : "the host"} to start the race.`;
  }
  if (kind === "gone") {
    return "The host has left: nobody can start a race here.";
  }
  return "Looking for the host…";
}
