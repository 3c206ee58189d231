// What runs in the worker; `worker.js` starts it, and sends the compiled module first. The package has it as one file.

import * as lab from "./lab.js";
// @ts-ignore: it is generated, and not there where types are checked without a build
import * as glue from "./wasm/client_wasm.js";
import { WasmClient } from "./wasm-client.js";
import { serve } from "./worker/served.js";

/** So long the worker lives on after its core, for the last lines to get out. */
const LINGER_MS = 1000;
/** Where a worker has no frames. */
const FRAME_MS = 1000 / 60;

const worker = /** @type {import("./worker/messages.js").Port & { close: () => void }} */ (
  /** @type {unknown} */ (self)
);
worker.onmessage = (/** @type {MessageEvent<WebAssembly.Module>} */ { data: module }) => {
  const client = new WasmClient({
    glue: async () => /** @type {any} */ (glue),
    module: async () => module,
    lab: async () => lab,
  });
  serve(worker, client, {
    nextFrame(callback) {
      if (typeof requestAnimationFrame === "function") requestAnimationFrame(callback);
      else setTimeout(callback, FRAME_MS);
    },
    ended: () => void setTimeout(() => worker.close(), LINGER_MS),
  });
};
// It runs now, so the page may send.
worker.postMessage(null, []);
