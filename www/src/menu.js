// The race's menu and its small message line: both are over the race, and both give the focus back to the canvas.

import { element, make, setText } from "./element.js";
import { createMessageList } from "./messages.js";
import { padWithoutMapping } from "./pads.js";
import { PlayerRow } from "./player-row.js";
import { showRows } from "./room-list.js";
import { count } from "./viewer/words.js";

/** @typedef {import("./state.js").State} State */

/** Messages over the race: they must not hide it. */
const MESSAGES_SHOWN = 4;
/** For how long a message is shown; messages.css lets it fade at the end of this time. */
const MESSAGE_MS = 12_600;

/**
 * @param {import("./flow.js").Flow} flow
 * @param {import("./livery.js").Liveries} liveries
 * @param {{ toGarage: () => void, turnCamera: () => void, putBack: () => void }} race
 * @param {() => void} openPadSetup
 */
export function createMenu(flow, liveries, race, openPadSetup) {
  const dialog = element("race-menu", HTMLDialogElement);
  const canvas = element("race-canvas", HTMLCanvasElement);
  const camera = element("menu-camera", HTMLButtonElement);
  const pad = element("menu-pad", HTMLButtonElement);
  const form = element("race-message-form", HTMLFormElement);
  const input = element("race-message-input", HTMLInputElement);
  const open = element("race-menu-open", HTMLButtonElement);
  const write = element("menu-message", HTMLButtonElement);
  /** The newest message that has been read, or was there before the race was shown. */
  let readKey = 0;
  /** @type {readonly import("./state.js").Message[]} */
  let shown = [];
  const mutes = createMutes(flow, liveries);
  element("menu-leave", HTMLButtonElement).before(mutes.root);
  const list = element("race-messages", HTMLDivElement);
  const messages = createMessageList(list, MESSAGES_SHOWN, MESSAGE_MS);

  function closeMenu() {
    if (dialog.open) dialog.close();
  }

  /** The key that opened it closes it too: a gamepad has no other. */
  function openMenu() {
    if (dialog.open) return dialog.close();
    pad.hidden = padWithoutMapping() === null;
    mutes.root.open = false;
    dialog.showModal();
  }

  /** Messages fade, so a mark stays on the menu until somebody opens them. @param {readonly import("./state.js").Message[]} all */
  function showUnread(all) {
    list.classList.toggle("reading", !form.hidden);
    if (!form.hidden) readKey = all.at(-1)?.key ?? 0;
    const unread = all.filter(({ key, own }) => key > readKey && !own).length;
    const words = unread && count(unread, "new message");
    open.toggleAttribute("data-unread", unread > 0);
    if (unread) open.dataset.unread = String(unread);
    open.setAttribute("aria-label", words ? `Menu, ${words}` : "Menu");
    setText(write, words ? `Read ${words}` : "Write a message");
  }

  function openMessage() {
    closeMenu();
    form.hidden = false;
    showUnread(shown);
    list.scrollTop = list.scrollHeight;
    input.focus();
  }

  function closeMessage() {
    if (form.hidden) return;
    form.hidden = true;
    showUnread(shown);
    input.value = "";
    canvas.focus({ preventScroll: true });
  }

  /**
   * @param {string} id
   * @param {() => void} action
   */
  function onClick(id, action) {
    element(id, HTMLButtonElement).addEventListener("click", action);
  }

  open.addEventListener("click", openMenu);
  onClick("menu-resume", closeMenu);
  write.addEventListener("click", openMessage);
  onClick("menu-camera", () => {
    race.turnCamera();
    closeMenu();
  });
  onClick("menu-pad", () => {
    closeMenu();
    openPadSetup();
  });
  onClick("touch-reset", () => {
    race.putBack();
    canvas.focus({ preventScroll: true });
  });
  onClick("menu-garage", () => {
    race.toGarage();
    closeMenu();
  });
  onClick("menu-leave", () => {
    closeMenu();
    flow.leaveRace();
  });
  dialog.addEventListener("close", () => {
    if (form.hidden) canvas.focus({ preventScroll: true });
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value;
    closeMessage();
    // A message that could not be sent stays in the line.
    if (!flow.sendMessage(text.trim())) input.value = text;
  });
  // The button must not take the focus from the line, which would close it.
  element("race-message-send", HTMLButtonElement).addEventListener("pointerdown", (event) =>
    event.preventDefault(),
  );
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    closeMessage();
  });
  input.addEventListener("blur", closeMessage);

  return {
    openMenu,
    openMessage,
    /** @param {boolean} headingUp */
    showCamera: (headingUp) => camera.setAttribute("aria-pressed", String(headingUp)),
    /**
     * @param {State} state
     * @param {State} [before]
     */
    show(state, before) {
      if (state.screen !== "race") {
        closeMenu();
        form.hidden = true;
        return;
      }
      if (before?.screen !== "race") {
        messages.skip(state.messages);
        readKey = state.messages.at(-1)?.key ?? 0;
      }
      shown = state.messages;
      messages.show(shown);
      showUnread(shown);
      mutes.show(state);
    },
  };
}

/**
 * The other players, each with a button that mutes them, behind an entry of the menu.
 * @param {import("./flow.js").Flow} flow
 * @param {import("./livery.js").Liveries} liveries
 */
function createMutes(flow, liveries) {
  const root = make("details", "menu-mutes");
  const title = make("summary", "button wide", "Mute messages");
  title.dataset.testid = "menu-mutes";
  const list = make("ul", "players");
  root.append(title, list);
  /** @type {Map<string, PlayerRow>} */
  const rows = new Map();

  return {
    root,
    /** @param {State} state */
    show({ players, room, me, muted }) {
      const others = players.filter(({ id }) => id !== me?.id);
      root.hidden = others.length === 0;
      showRows(
        list,
        rows,
        others,
        ({ id }) => {
          const row = new PlayerRow(id, liveries, flow);
          row.root.dataset.testid = "menu-player";
          return row;
        },
        (row, player) => row.show(player, player.id === room?.hostId, false, muted.includes(player.id)),
      );
    },
  };
}
