// Loads the mock's wasm module, once for all mocks.

import { raceError } from "../error.js";
import { compile } from "../module.js";

/** @typedef {new (seed: number, track?: string) => import("./backend.js").MockServer} ServerClass */

/** @type {Promise<ServerClass> | undefined} */
let loading;

/** jsdom, the page of many unit tests, lacks what reads and writes text in a module. Node around it has that. */
function borrowFromNode() {
  const { process } = /** @type {{ process?: { getBuiltinModule?: (name: string) => any } }} */ (globalThis);
  const { TextDecoder, TextEncoder } = process?.getBuiltinModule?.("node:util") ?? {};
  globalThis.TextDecoder ??= TextDecoder;
  globalThis.TextEncoder ??= TextEncoder;
}

/** The class of the relay with its game server. After a failure the next call tries again. */
export function loadServer() {
  loading ??= start().catch((cause) => {
    loading = undefined;
    throw raceError(cause, "load_failed");
  });
  return loading;
}

/** @returns {Promise<ServerClass>} */
async function start() {
  borrowFromNode();
  const file = new URL("../wasm/mock_wasm_bg.wasm", import.meta.url);
  const [glue, module] = await Promise.all([
    // @ts-ignore: it is generated, so it is missing where types are checked without a build
    import("../wasm/mock_wasm.js"),
    compile(file, () => import("../wasm/mock-bytes.js")),
  ]);
  await glue.default({ module_or_path: module });
  return glue.MockServer;
}
