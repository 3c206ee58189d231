// The wasm client of a page, whose parts are loaded when they are needed.

import { WasmClient } from "./wasm-client.js";

/** @typedef {import("./wasm-client.js").InitInput} InitInput */

const client = new WasmClient({
  // @ts-ignore: it is generated, and not there where types are checked without a build
  glue: () => import("./wasm/client_wasm.js"),
  lab: () => import("./lab.js"),
});

/** A session of the wasm client. */
export const wasmCore = client.core;
/** A spectator of the wasm client's. */
export const wasmSpectator = client.spectator;

/** @param {InitInput} [input] */
export const load = (input) => client.load(input);

/**
 * Load the wasm client. Nobody needs to call it: connecting does. Worth it to load early, or from elsewhere.
 * @param {InitInput} [input]
 * @returns {Promise<void>}
 */
export async function init(input) {
  await load(input);
}
