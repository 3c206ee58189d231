// The wasm client as a core and as a spectator. The caller decides how its parts are loaded: a page loads them when they are
// needed, a worker all at once.

import { RaceError, loadFailed, raceError } from "./error.js";

/** @typedef {import("./core.js").CoreFactory} CoreFactory */
/** @typedef {import("./core.js").Core} Core */
/**
 * @typedef {object} WasmModule
 * @property {(options: { module_or_path: WebAssembly.Module }) => Promise<unknown>} default
 * @property {new (options?: import("./core.js").CoreOptions) => Core} Session
 * @property {{ spectate: (url: string, room: string, options?: import("./spectator.js").SpectateOptions) => import("./spectator.js").SpectatorCore }} RaceClient
 */
/** @typedef {{ glue: () => Promise<WasmModule>, module: () => Promise<WebAssembly.Module>, lab: () => Promise<typeof import("./lab.js")> }} Parts */

export class WasmClient {
  #parts;
  /** @type {Promise<WasmModule> | undefined} */
  #loading;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Load the module once. After a failure the next call tries again. */
  load() {
    this.#loading ??= this.#start().catch((cause) => {
      this.#loading = undefined;
      throw raceError(cause, "load_failed");
    });
    return this.#loading;
  }

  /** @returns {Promise<WasmModule>} */
  async #start() {
    const [glue, module] = await Promise.all([this.#parts.glue(), this.#parts.module()]);
    await glue.default({ module_or_path: module });
    return glue;
  }

  /** Make a session whose network can be made worse. @type {CoreFactory} */
  core = async ({ webSocket: given, clock, ...options }) => {
    const webSocket = sockets(given);
    const { Session } = await this.load();
    /** The newest socket, which a network lab may have to take over. @type {WebSocket | undefined} */
    let socket;
    /** @param {string} url @param {string[]} protocols */
    let open = (url, protocols) => (socket = webSocket(url, protocols));
    const session = new Session({ ...options, clock, webSocket: (url, protocols) => open(url, protocols) });
    /** @type {import("./lab.js").Lab | undefined} */
    let network;
    /** @param {import("./lab.js").Conditions | null} conditions */
    const simulate = async (conditions) => {
      const { lab } = await this.#parts.lab().catch(loadFailed);
      if (!network) {
        network = lab(null, { webSocket, clock });
        if (socket) network.adopt(socket);
        open = network.webSocket;
      }
      network.set(conditions);
    };
    return Object.assign(session, { simulate });
  };

  /** @type {import("./spectator.js").SpectatorFactory} */
  spectator = async (url, room, options) => {
    const webSocket = sockets(options.webSocket);
    const { RaceClient } = await this.load();
    /** @type {import("./spectator.js").SpectatorCore["sockets"]} */
    const made = { opened: () => {} };
    /** @type {typeof webSocket} */
    const open = (...args) => {
      made.newest = webSocket(...args);
      made.opened(made.newest);
      return made.newest;
    };
    const core = RaceClient.spectate(url, room, { ...options, webSocket: open });
    return Object.assign(core, { sockets: made });
  };
}

/**
 * Give the function that makes the sockets. `close` reports every end, but with the package `ws` an unhandled `error` would end
 * the process.
 * @param {NonNullable<import("./core.js").CoreOptions["webSocket"]>} [given]
 * @returns {NonNullable<import("./core.js").CoreOptions["webSocket"]>}
 */
function sockets(given) {
  if (!given && typeof WebSocket === "undefined") {
    const words = "there is no WebSocket here: take Node 22 or newer, or give the option webSocket";
    throw new RaceError("unsupported", words, { retryable: false });
  }
  return (url, protocols) => {
    const socket = given?.(url, protocols) ?? new WebSocket(url, protocols);
    socket.onerror ??= () => {};
    return socket;
  };
}
