// What runs in the worker; `worker.js` starts it.

import { serve } from "./worker/served.js";
import { wasmSpectator } from "./spectator.js";
import { wasmCore } from "./wasm-core.js";

/** So long the worker lives on after its core, for the last lines to get out. */
const LINGER_MS = 1000;
/** Where a worker has no frames. */
const FRAME_MS = 1000 / 60;

const worker = /** @type {import("./worker/messages.js").Port & { close: () => void }} */ (
  /** @type {unknown} */ (self)
);
serve(
  worker,
  { core: wasmCore, spectator: wasmSpectator },
  {
    nextFrame(callback) {
      if (typeof requestAnimationFrame === "function") requestAnimationFrame(callback);
      else setTimeout(callback, FRAME_MS);
    },
    ended: () => void setTimeout(() => worker.close(), LINGER_MS),
  },
);
