// The client in a Web Worker: drawing never delays its network, and its network never delays drawing.
//
//   import { RaceClient } from "mp-server-client";
//   import { workerCore, workerSpectator } from "mp-server-client/worker";
//   const race = await RaceClient.connect(url, { name: "Ann", core: workerCore });
//   const spectator = await RaceClient.spectate(url, roomId, { spectator: workerSpectator });

import { RaceError } from "./error.js";
import { RemoteCore } from "./worker/remote.js";
import { RemoteSpectator } from "./worker/remote-spectator.js";

export { backgroundClock } from "./background-clock.js";

/** Longer than this a worker does not come. */
const START_TIMEOUT_MS = 20_000;

/**
 * Makes a core in a worker of its own, which ends with the core. It goes by the worker's clock.
 * @param {import("./core.js").CoreOptions} options
 * @returns {Promise<import("./core.js").Core>}
 */
export async function workerCore({ clock: _, ...options }) {
  return inWorker((worker) => new RemoteCore(worker, options, () => worker.terminate()));
}

/**
 * Watches a room in a worker of its own, which ends when the spectator is freed. A moment of the past that nobody looked at
 * for a while takes a few frames to come; until then `sample` gives what it gave last.
 * @param {string} url
 * @param {string} room
 * @param {import("./spectator.js").SpectateOptions} options
 * @returns {Promise<import("./spectator.js").SpectatorCore>}
 */
export async function workerSpectator(url, room, options) {
  const wish = { url: String(url), room, options };
  return inWorker((worker) => new RemoteSpectator(worker, wish, () => worker.terminate()));
}

/**
 * @template T
 * @param {(worker: Worker) => { made: Promise<T>, fail: (error: RaceError) => void }} make
 * @returns {Promise<T>}
 */
async function inWorker(make) {
  const worker = start();
  const remote = make(worker);
  /** @param {string} words */
  const fail = (words) => remote.fail(new RaceError("load_failed", words));
  worker.onerror = (event) => {
    // Told here, and by the rejection; the console need not have it again.
    event.preventDefault();
    fail(
      `the worker cannot run: ${event.message ?? "its script does not load; does the page's policy allow it?"}`,
    );
  };
  const late = setTimeout(() => fail("the worker did not start in time"), START_TIMEOUT_MS);
  try {
    return await remote.made;
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
