// What the element fetches: the package's spectator of a room, and the circuit. Works from any origin, since a club's page
// takes the element from the relay's, or from the npm package, which has a way of its own to the client.

import { parseCircuit } from "./circuit.js";
import { once } from "../later.js";

/** @typedef {import("./feed.js").Spectator} Spectator */
/** @typedef {import("./circuit.js").Circuit} Circuit */
/** @typedef {Pick<typeof import("/pkg/spectator.js"), "spectate">} Client */

const TRACK_TIMEOUT_MS = 10_000;
/** A learned circuit is some 10 kB; what is larger is not ours. */
const MAX_KEPT_LETTERS = 200_000;
const KEPT_UNDER = "race-viewer.track ";

/** @type {() => Promise<Client>} */
let load = once(() => {
  // In a variable, because bundlers would look for it: the npm package has the client elsewhere.
  const url = new URL("../../pkg/spectator.js", import.meta.url).href;
  return import(/* webpackIgnore: true */ /* @vite-ignore */ url);
});

/** Take the client from there, instead of the relay's page. @param {Client} client */
export function useClient(client) {
  load = async () => client;
}

/**
 * Begin to watch a room.
 * @param {string} src  the relay's address
 * @param {string} room
 * @param {string} token  empty where none is needed
 * @returns {Promise<Spectator>}
 */
export async function watch(src, room, token) {
  const { spectate } = await load();
  return spectate(src, room, token ? { token } : {});
}

/**
 * The operator's circuit; nothing where there is none at the address.
 * @param {string} url
 * @returns {Promise<Circuit | null>}
 */
export async function fetchCircuit(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(TRACK_TIMEOUT_MS) });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  return parseCircuit(await response.json());
}

/**
 * The circuit that was learned at an earlier visit.
 * @param {string} src
 * @returns {Circuit | null}
 */
export function keptCircuit(src) {
  try {
    const text = localStorage.getItem(KEPT_UNDER + src);
    if (text === null || text.length > MAX_KEPT_LETTERS) return null;
    return parseCircuit(JSON.parse(text));
  } catch {
    // No storage, or something else in it: it is learned anew.
    return null;
  }
}

/**
 * Keep a learned circuit for the next visit, or with null forget it.
 * @param {string} src
 * @param {Circuit | null} circuit
 */
export function keepCircuit(src, circuit) {
  try {
    if (circuit === null) localStorage.removeItem(KEPT_UNDER + src);
    else localStorage.setItem(KEPT_UNDER + src, JSON.stringify(circuit.toFile()));
  } catch {
    // No storage: it is learned anew next time.
  }
}
