/**
 * A panel for developers that shows what a client does and makes up bad networks for it. Never loaded by the client itself:
 *
 * ```js
 * import { attachDebugPanel } from "mp-server-client/debug";
 * attachDebugPanel(race);
 * ```
 * @module mp-server-client/debug
 */

import { RaceDebug } from "./debug/panel.js";

export { RaceDebug };

/** @typedef {import("./debug/watch.js").Watched} Watched */

/**
 * @typedef {object} PanelOptions  How a panel is shown.
 * @property {Element} [parent]  default the page's body
 * @property {boolean} [folded]  only its head; default false
 * @property {boolean} [showMessages]  also what players write to each other; default false
 * @property {"light" | "dark"} [theme]  default the system's
 */

/** Name the element `<race-debug>`. Again is no error. */
export function defineRaceDebug() {
  if (!customElements.get("race-debug")) customElements.define("race-debug", RaceDebug);
}

/**
 * Show a panel for a client. It ends with `remove()`, which takes every made-up network with it.
 * @param {Watched} client  a `RaceClient`
 * @param {PanelOptions} [options]
 * @returns {RaceDebug}
 */
export function attachDebugPanel(
  client,
  { parent = document.body, folded = false, showMessages = false, theme } = {},
) {
  defineRaceDebug();
  const panel = /** @type {RaceDebug} */ (document.createElement("race-debug"));
  panel.toggleAttribute("folded", folded);
  panel.toggleAttribute("show-messages", showMessages);
  if (theme) panel.setAttribute("theme", theme);
  panel.client = client;
  parent.append(panel);
  return panel;
}
