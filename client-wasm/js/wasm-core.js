// The wasm client as a core. The only module that knows where it lies.

import { RaceError, loadFailed, raceError } from "./error.js";

/** @typedef {import("./core.js").CoreFactory} CoreFactory */
/** @typedef {import("./core.js").Core} Core */
/** Where the `.wasm` is, if not beside this module: an address, an answer, its bytes or the compiled module. @typedef {string | URL | Request | Response | BufferSource | WebAssembly.Module} InitInput */
/**
 * @typedef {object} WasmModule
 * @property {(options?: { module_or_path: InitInput }) => Promise<unknown>} default
 * @property {new (options?: import("./core.js").CoreOptions) => Core} Session
 * @property {{ spectate: (url: string, room: string, options?: import("./spectator.js").SpectateOptions) => import("./spectator.js").Spectator }} RaceClient
 */

/** @type {Promise<WasmModule> | undefined} */
let loading;

/**
 * Load the wasm client. Nobody needs to call it: connecting does. Worth it to load early, or from elsewhere.
 * @param {InitInput} [input]
 * @returns {Promise<void>}
 */
export async function init(input) {
  await load(input);
}

/**
 * Load it once; a failure is forgotten, so that the next call tries again.
 * @param {InitInput} [input]
 */
export function load(input) {
  loading ??= start(input).catch((cause) => {
    loading = undefined;
    throw raceError(cause, "load_failed");
  });
  return loading;
}

/**
 * @param {InitInput} [input]
 * @returns {Promise<WasmModule>}
 */
async function start(input) {
  // @ts-ignore: it is generated, and not there where types are checked without a build
  const module = /** @type {WasmModule} */ (await import("./wasm/client_wasm.js"));
  const found = input ?? (await fileOnDisk());
  await module.default(found === undefined ? undefined : { module_or_path: found });
  return module;
}

/** Node fetches no files. */
async function fileOnDisk() {
  const url = new URL("./wasm/client_wasm_bg.wasm", import.meta.url);
  if (url.protocol !== "file:") return undefined;
  // Not imported, because a bundler for browsers would look for it.
  const files = globalThis.process?.getBuiltinModule?.("node:fs/promises");
  return files?.readFile(url);
}

/** @param {string} url @param {string[]} protocols */
const browsersOwn = (url, protocols) => new WebSocket(url, protocols);

/** A session of the wasm client, whose network can be made worse. @type {CoreFactory} */
export const wasmCore = async ({ webSocket = browsersOwn, ...options }) => {
  if (webSocket === browsersOwn && typeof WebSocket === "undefined") {
    const words = "there is no WebSocket here: take Node 22 or newer, or give the option webSocket";
    throw new RaceError("load_failed", words, { retryable: false });
  }
  const { Session } = await load();
  /** The newest, which a lab may have to step before. @type {WebSocket | undefined} */
  let socket;
  /** @param {string} url @param {string[]} protocols */
  let open = (url, protocols) => (socket = webSocket(url, protocols));
  const session = new Session({ ...options, webSocket: (url, protocols) => open(url, protocols) });
  /** @type {import("./lab.js").Lab | undefined} */
  let network;
  /** @param {import("./lab.js").Conditions | null} conditions */
  const simulate = async (conditions) => {
    const { lab } = await import("./lab.js").catch(loadFailed);
    if (!network) {
      network = lab(null, { webSocket });
      if (socket) network.adopt(socket);
      open = network.webSocket;
    }
    network.set(conditions);
  };
  return Object.assign(session, { simulate });
};
