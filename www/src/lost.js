// The dialog of a lost connection. It covers every screen behind the sign-in form, and is loaded with them.

import { element, setText } from "./element.js";

/** @typedef {import("./state.js").State} State */

/** The cause may be the player's own network. */
const NETWORK = ["connection_lost", "relay_unreachable"];

/** @param {import("./flow.js").Flow} flow */
export function createLost(flow) {
  const dialog = element("lost", HTMLDialogElement);
  const title = element("lost-title", HTMLHeadingElement);
  const next = element("lost-next", HTMLParagraphElement);
  const retry = element("lost-retry", HTMLParagraphElement);
  const again = element("lost-reconnect", HTMLButtonElement);
  again.addEventListener("click", () => void flow.reconnect());
  element("lost-signout", HTMLButtonElement).addEventListener("click", () => void flow.signOut());
  dialog.addEventListener("cancel", (event) => event.preventDefault());

  return (/** @type {State["lost"]} */ lost) => {
    if (!lost) {
      if (dialog.open) dialog.close();
      return;
    }
    setText(title, lost.advice.title);
    setText(next, nextText(lost));
    setText(retry, retryText(lost));
    again.disabled = lost.retrying && lost.retrySeconds === 0;
    if (dialog.open) return;
    dialog.showModal();
    again.focus();
  };
}

/**
 * The advice of an error is for those who have to try again themselves.
 * @param {import("./state.js").Lost} lost
 */
function nextText({ advice, code = "", retrying }) {
  if (!retrying) return advice.next;
  return NETWORK.includes(code)
    ? "This page reconnects by itself. Meanwhile, check your network."
    : "This page reconnects by itself. You can wait here.";
}

/** @param {import("./state.js").Lost} lost */
function retryText({ retrying, retrySeconds }) {
  if (!retrying) return "Automatic reconnecting has stopped.";
  return retrySeconds > 0 ? `Retrying in ${retrySeconds} s` : "Reconnecting…";
}
