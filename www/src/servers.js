// The game servers of a relay that has several: a field to choose one, and what is wrong with a name that none of them has. Loaded
// only then.

import { element, make, setText } from "./element.js";
import { BASE, game, joinLink, joinOf } from "./join.js";
import { loadStyles } from "./later.js";
import { isolated, plainName } from "./names.js";

/** @typedef {import("./state.js").GameServer} GameServer */
/** @typedef {{ title: string, next: string }} Advice */

// The field works without its looks.
await loadStyles([`${BASE}servers.css`]).catch(() => {});

/** @type {HTMLSelectElement | undefined} */
let shown;
/** In the header, the name of the game server. @type {HTMLSpanElement | undefined} */
let where;

/**
 * Show the field in the sign-in form, and afterwards in the header which game server it is.
 * @param {import("./state.js").State} state
 * @param {import("./flow.js").Flow} flow
 */
export function show({ servers, busy, me }, flow) {
  const here = servers.find(({ name }) => name === (serverName() || servers[0]?.name));
  where ??= make("span", "brand-server");
  where.dataset.testid = "brand-server";
  setText(where, here ? isolated(labelOf(here)) : "");
  if (me) document.querySelector("#topbar .brand")?.append(where);
  else where.remove();
  shown ??= offerServers(element("signin-notice", HTMLElement), servers, () => {
    flow.dismiss();
    void flow.prepare();
  });
  shown.disabled = busy === "signin";
}

/** The name of the page's game server; empty for the default one. */
export const serverName = () => new URLSearchParams(game.query).get("server") ?? "";

/**
 * Put a field before an element, in which the visitor chooses a game server. The address follows the choice, so a reload keeps it.
 * @param {Element} next
 * @param {readonly GameServer[]} servers  the default one first
 * @param {() => void} chosen
 * @returns {HTMLSelectElement}
 */
export function offerServers(next, servers, chosen) {
  const field = make("div", "field");
  const label = make("label", "", "Game server");
  const select = make("select", "");
  select.id = label.htmlFor = select.dataset.testid = "server";
  select.append(...servers.map(optionOf));
  if (serverName() === servers[0]?.name) choose("");
  select.value = serverName() || (servers[0]?.name ?? "");
  // The address names one that the relay does not have, so nothing is chosen yet.
  if (!select.value) select.prepend(noChoice());
  select.addEventListener("change", () => {
    choose(select.value === servers[0]?.name ? "" : select.value);
    chosen();
  });
  field.append(label, select);
  next.before(field);
  return select;
}

/** @param {GameServer} server */
const labelOf = ({ name, label }) => plainName(label ?? "") || name;

/** @param {GameServer} server */
const optionOf = (server) => new Option(labelOf(server), server.name);

function noChoice() {
  const option = new Option("Choose one", "", true, true);
  option.disabled = option.hidden = true;
  return option;
}

/** @param {string} name  empty for the default one */
function choose(name) {
  game.query = name && `?server=${encodeURIComponent(name)}`;
  history.replaceState(history.state, "", addressFor(location, name));
}

/**
 * The address of this page for another game server.
 * @param {{ href: string, pathname: string, search: string, hash: string }} address
 * @param {string} name  that of the page's game server now, empty for the default one
 */
export function addressFor(address, name) {
  const room = joinOf(address);
  if (room) return joinLink(room) + address.hash;
  const url = new URL(address.href);
  if (name) url.searchParams.set("server", name);
  else url.searchParams.delete("server");
  return url.href;
}

/**
 * Find out why a relay does not answer at an address as relays do: it may have no game server of the name in it. Then the visitor can choose.
 * @param {unknown} error  what was wrong so far
 * @param {string} address
 * @param {typeof import("/pkg/index.js").relayConfig} relayConfig
 * @param {import("./state.js").Store} store
 * @returns {Promise<unknown>}  what is wrong
 */
export async function explainUnknown(error, address, relayConfig, store) {
  const url = new URL(address);
  const name = url.searchParams.get("server");
  if (name === null) return error;
  url.search = "";
  const { servers = [] } = await relayConfig(url);
  store.dispatch({ type: "configured", config: { servers } });
  return Object.assign(new Error("no such game server"), { advice: unknownServer(name, servers) });
}

/**
 * Say that a relay has no game server of this name.
 * @param {string} name
 * @param {readonly GameServer[]} servers
 * @returns {Advice}
 */
export function unknownServer(name, servers) {
  return {
    title: `This relay has no game server ${isolated(plainName(name))}.`,
    next: servers.length > 1 ? "Choose one from the list." : "Check the link, or ask for a new one.",
  };
}
