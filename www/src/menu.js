// The race's menu and its small message line: both are over the race, and both give the focus back to the canvas.

import { element } from "./element.js";
import { createMessageList } from "./messages.js";
import { padWithoutMapping } from "./pads.js";

/** @typedef {import("./state.js").State} State */

/** Messages over the race: they must not hide it. */
const MESSAGES_SHOWN = 4;

/**
 * @param {import("./flow.js").Flow} flow
 * @param {{ toGarage: () => void, turnCamera: () => void, putBack: () => void }} race
 * @param {() => void} openPadSetup
 */
export function createMenu(flow, race, openPadSetup) {
  const dialog = element("race-menu", HTMLDialogElement);
  const canvas = element("race-canvas", HTMLCanvasElement);
  const camera = element("menu-camera", HTMLButtonElement);
  const pad = element("menu-pad", HTMLButtonElement);
  const form = element("race-message-form", HTMLFormElement);
  const input = element("race-message-input", HTMLInputElement);
  const messages = createMessageList(element("race-messages", HTMLDivElement), MESSAGES_SHOWN);

  function closeMenu() {
    if (dialog.open) dialog.close();
  }

  /** The key that opened it closes it too: a gamepad has no other. */
  function openMenu() {
    if (dialog.open) return dialog.close();
    pad.hidden = padWithoutMapping() === null;
    dialog.showModal();
  }

  function openMessage() {
    closeMenu();
    form.hidden = false;
    input.focus();
  }

  function closeMessage() {
    if (form.hidden) return;
    form.hidden = true;
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

  onClick("race-menu-open", openMenu);
  onClick("menu-resume", closeMenu);
  onClick("menu-message", openMessage);
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
      if (before?.screen !== "race") messages.skip(state.messages);
      messages.show(state.messages);
    },
  };
}
