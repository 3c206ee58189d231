// The client in a Web Worker: drawing never delays its network, and its network never delays drawing.
//
//   import { RaceClient } from "mp-server-client";
//   import { workerCore } from "mp-server-client/worker";
//   const race = await RaceClient.connect(url, { name: "Ann", core: workerCore });

import { RaceError } from "./error.js";
import { RemoteCore } from "./worker/remote.js";

/** Longer than this a worker does not come. */
const START_TIMEOUT_MS = 20_000;

/**
 * Makes a core in a worker of its own, which ends with the core.
 * @type {import("./core.js").CoreFactory}
 */
export async function workerCore(options) {
  const worker = start();
  const core = new RemoteCore(worker, options, () => worker.terminate());
  /** @param {string} words */
  const fail = (words) => core.fail(new RaceError("load_failed", words));
  worker.onerror = (event) => {
    // Told here, and by the rejection; the console need not have it again.
    event.preventDefault();
    fail(
      `the worker cannot run: ${event.message ?? "its script does not load; does the page's policy allow it?"}`,
    );
  };
  const late = setTimeout(() => fail("the worker did not start in time"), START_TIMEOUT_MS);
  try {
    return await core.made;
  } finally {
    clearTimeout(late);
  }
}

function start() {
  if (typeof Worker === "undefined") {
    throw new RaceError("load_failed", "there are no workers here", { retryable: false });
  }
  try {
    return new Worker(new URL("./worker-host.js", import.meta.url), { type: "module" });
  } catch (cause) {
    const words = "the worker may not start: its script must come from the page's own site";
    throw new RaceError("load_failed", words, { retryable: false, cause });
  }
}
