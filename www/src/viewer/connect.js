// What the element loads: the package's spectator of a room, and the circuit. It works from any origin, because another site's
// page may take the element from the relay, or from the npm package, which supplies the client itself.

import { parseCircuit } from "./circuit.js";
import { once } from "../later.js";

/** @typedef {import("./feed.js").Spectator} Spectator */
/** @typedef {import("./circuit.js").Circuit} Circuit */
/** @typedef {Pick<typeof import("/pkg/spectator.js"), "spectate">} Client */

const TIMEOUT_MS = 10_000;
/** The longest circuit that is read from storage. A learned one has some 10 kB. */
const MAX_KEPT_LETTERS = 200_000;
const KEPT_UNDER = "race-viewer.track ";

/** @type {() => Promise<Client>} */
let load = once(() => {
  // In a variable, so that bundlers do not resolve it: in the npm package the client is elsewhere.
  const url = new URL("../../pkg/spectator.js", import.meta.url).href;
  return import(/* webpackIgnore: true */ /* @vite-ignore */ url);
});

/** Use this client instead of the one that the relay serves. @param {Client} client */
export function useClient(client) {
  load = async () => client;
}

/**
 * An address as seen from the relay's, which may have a path and may lack the slash at its end.
 * @param {string} src
 * @param {string} address
 */
export function fileOf(src, address) {
  const base = new URL(src);
  base.pathname = base.pathname.replace(/\/?$/, "/");
  return new URL(address, base);
}

/**
 * An address as seen from the relay's, for the same one of several game servers behind it.
 * @param {string} src
 * @param {string} address
 */
export function fileOfServer(src, address) {
  const url = fileOf(src, address);
  const server = new URL(src).searchParams.get("server");
  if (server) url.searchParams.set("server", server);
  return url;
}

/**
 * Begin to watch a room.
 * @param {string} src  the relay's address
 * @param {string} room
 * @param {string} token  empty if none is needed
 * @returns {Promise<Spectator>}
 */
export async function watch(src, room, token) {
  const { spectate } = await load();
  return spectate(src, room, token ? { token } : {});
}

/**
 * What the relay's list of rooms says of one: null if it is not listed, undefined if the relay gave no list. A relay whose
 * game server does not answer has the status 502.
 * @param {string} src
 * @param {string} room
 * @param {string} token  empty if none is needed
 * @returns {Promise<{ delayMs?: number } | "unanswered" | null | undefined>}
 */
export async function findRoom(src, room, token) {
  const request = {
    cache: /** @type {const} */ ("no-store"),
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: /** @type {HeadersInit} */ (token ? { authorization: `Bearer ${token}` } : {}),
  };
  const response = await fetch(fileOfServer(src, "api/rooms"), request).catch(() => null);
  if (response?.status === 502) return "unanswered";
  if (!response?.ok) return undefined;
  const rooms = await response.json().catch(() => undefined);
  return rooms?.find((/** @type {{ id: string }} */ { id }) => id === room) ?? (rooms && null);
}

/**
 * Fetch the operator's circuit. Gives null if there is none at the address.
 * @param {string} url
 * @returns {Promise<Circuit | null>}
 */
export async function fetchCircuit(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  return parseCircuit(await response.json());
}

/**
 * Read the circuit that was learned at an earlier visit.
 * @param {string} src
 * @returns {Circuit | null}
 */
export function keptCircuit(src) {
  try {
    const text = localStorage.getItem(KEPT_UNDER + src);
    if (text === null || text.length > MAX_KEPT_LETTERS) return null;
    return parseCircuit(JSON.parse(text));
  } catch {
    // There is no storage, or its content is damaged: the circuit is learned again.
    return null;
  }
}

/**
 * Store a learned circuit for the next visit, or remove it if it is null.
 * @param {string} src
 * @param {Circuit | null} circuit
 */
export function keepCircuit(src, circuit) {
  try {
    if (circuit === null) localStorage.removeItem(KEPT_UNDER + src);
    else localStorage.setItem(KEPT_UNDER + src, JSON.stringify(circuit.toFile()));
  } catch {
    // There is no storage: the circuit is learned again next time.
  }
}
