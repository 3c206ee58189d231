// The wasm client of a page, whose parts are loaded when they are needed.

import { loadFailed } from "./error.js";
import { compile } from "./module.js";
import { WasmClient } from "./wasm-client.js";

/** @type {Promise<WebAssembly.Module> | undefined} */
let compiling;

/**
 * Compile the module once, for the page and its workers. After a failure the next call tries again.
 * @param {import("./module.js").InitInput} [input]
 */
export function compiled(input) {
  compiling ??= (
    input
      ? compile(input)
      : compile(
          new URL("./wasm/client_wasm_bg.wasm", import.meta.url),
          // @ts-ignore: the package makes it, so that it is not there where types are checked without one
          () => import("./wasm/bytes.js"),
        )
  ).catch((cause) => {
    compiling = undefined;
    throw cause;
  });
  return compiling;
}

const client = new WasmClient({
  // @ts-ignore: it is generated, and not there where types are checked without a build
  glue: () => import("./wasm/client_wasm.js"),
  module: compiled,
  lab: () => import("./lab.js"),
});

/** A session of the wasm client. */
export const wasmCore = client.core;
/** A spectator of the wasm client's. */
export const wasmSpectator = client.spectator;

/**
 * Load the wasm client. Nobody needs to call it: connecting does. Worth it to load early, or from elsewhere.
 * @param {import("./module.js").InitInput} [input]
 * @returns {Promise<void>}
 */
export async function init(input) {
  await compiled(input).catch(loadFailed);
  await client.load();
}
