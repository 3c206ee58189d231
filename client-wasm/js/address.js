// A relay's address, in every form that people write, and what the relay says about itself.

import { RaceError, loadFailed } from "./error.js";

/** How long a relay may take to answer. */
const TIMEOUT_MS = 8000;

/**
 * @typedef {object} RelayConfig  What a relay says about itself at `/api/config`.
 * @property {string} [version]
 * @property {string} [udpSecret]  the secret of the datagrams
 * @property {number} [updateHz]  positions a second
 * @property {string} [generation]  that of the game server, if the relay knows it
 * @property {boolean} [insecure]  the relay accepts any certificate of the game server; a page must show it
 * @property {string} [telemetryUrl]  where the site wants figures about connections, as `mp-server-client/telemetry` sends them
 * @property {{ name: string, label?: string }[]} [servers]  the game servers, if they have names, the default one first; `?server=NAME` picks one
 * @property {{ spectate?: boolean, gzip?: boolean, batch?: boolean, resume?: boolean }} [features]
 */

/**
 * The relay's base address from `http(s)://…` or `ws(s)://…`, with or without a path. In a page it may be relative to the page's address.
 * `?server=NAME` picks one of several game servers behind the relay.
 * @param {string | URL} given
 * @returns {{ base: string, socket: string, config: string }}  `base` is the address over HTTP, with a slash at its end; `socket` is that of the
 *   WebSocket, `config` that of what the relay says about itself
 */
export function relayAddress(given) {
  const url = parse(String(given));
  const secure = url.protocol === "https:" || url.protocol === "wss:";
  if (!secure && url.protocol !== "http:" && url.protocol !== "ws:") {
    throw new RaceError("invalid_argument", `${given} is no relay's address: use https:// or wss://`);
  }
  if (!secure && globalThis.location?.protocol === "https:" && !isThisMachine(url.hostname)) {
    throw new RaceError("invalid_argument", `${given}: a page of https:// may use a relay of https:// only`);
  }
  const path = url.pathname.replace(/\/(ws)?$/, "");
  const rest = `${url.host}${path}/`;
  const server = url.searchParams.get("server");
  const query = server === null ? "" : `?server=${encodeURIComponent(server)}`;
  const base = `http${secure ? "s" : ""}://${rest}`;
  return { base, socket: `ws${secure ? "s" : ""}://${rest}ws${query}`, config: `${base}api/config${query}` };
}

/** Browsers trust this machine without TLS. @param {string} host */
function isThisMachine(host) {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || host.startsWith("127.");
}

/** @param {string} given */
function parse(given) {
  try {
    return new URL(given, globalThis.location?.href);
  } catch (cause) {
    throw new RaceError("invalid_argument", `${given} is no address: use https://relay.example`, { cause });
  }
}

/**
 * Ask a relay what it says about itself, without connecting. A client takes the answer as its option `config`.
 * @param {string | URL} url  the relay's address
 * @param {{ fetch?: typeof fetch, signal?: AbortSignal }} [options]
 */
export async function relayConfig(url, options) {
  return fetchConfig(relayAddress(url).config, options?.fetch, options?.signal);
}

/**
 * Fetch the circuit of a relay. Rejects with `bad_track` if the relay has none, or if its file is not valid.
 * @param {string | URL} [url]  the relay's address; default: the site of the page
 * @param {{ fetch?: typeof fetch, signal?: AbortSignal }} [options]
 * @returns {Promise<import("./track.js").Track>}
 */
export async function fetchTrack(url = "/", options) {
  const { fetched } = await import("./track.js").catch(loadFailed);
  return fetched(url, options ?? {});
}

/**
 * @param {string} url  the `config` of an address
 * @param {typeof fetch} [request]
 * @param {AbortSignal} [given]  ends the request
 * @returns {Promise<RelayConfig>}
 */
export async function fetchConfig(url, request, given) {
  const response = await ask(url, request, given);
  const { status } = response;
  const config = response.ok ? await response.json().catch(() => undefined) : undefined;
  if (typeof config === "object" && config !== null) return config;
  throw new RaceError("not_a_relay", `${url} answers ${status}, but not as a relay does: check the address`);
}

/**
 * Request a file of a relay.
 * @param {string} url
 * @param {typeof fetch} [request]
 * @param {AbortSignal} [given]  ends the request
 */
export async function ask(url, request = fetch, given) {
  const late = AbortSignal.timeout(TIMEOUT_MS);
  // Browsers of 2023 cannot combine signals; there only the time limit ends the request.
  const signal = (given && AbortSignal.any?.([given, late])) ?? late;
  /** @type {Response} */
  let response;
  try {
    response = await request(url, { signal, cache: "no-store" });
  } catch (cause) {
    throw new RaceError(
      "relay_unreachable",
      `the relay does not answer at ${url}: check address and network, and that the relay lets this page read it`,
      { cause },
    );
  }
  const { status } = response;
  if (status >= 500 || status === 429) throw new RaceError("relay_unreachable", `${url} answers ${status}`);
  return response;
}

/**
 * Select the options of a core. A value of the wrong type is left out, so the core uses its default.
 * @param {RelayConfig} config
 * @returns {import("./core.js").CoreOptions}
 */
export function coreOptions({ udpSecret, generation, updateHz, features }) {
  const { batch } = features ?? {};
  return {
    ...(typeof udpSecret === "string" && { secret: udpSecret }),
    ...(typeof generation === "string" && { generation }),
    ...(typeof updateHz === "number" && { updateHz }),
    ...(typeof batch === "boolean" && { batch }),
  };
}
