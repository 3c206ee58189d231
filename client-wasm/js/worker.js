/**
 * The client in a Web Worker: drawing never delays its network, and its network never delays drawing.
 *
 * ```js
 * import { RaceClient } from "mp-server-client";
 * import { workerCore, workerSpectator } from "mp-server-client/worker";
 * const race = await RaceClient.connect(url, { name: "Ann", core: workerCore });
 * const spectator = await RaceClient.spectate(url, roomId, { spectator: workerSpectator });
 * ```
 * @module mp-server-client/worker
 */

import { RaceError, loadFailed, raceError } from "./error.js";
import { trusted } from "./trusted.js";
import { compiled } from "./wasm-core.js";
import { RemoteCore } from "./worker/remote.js";
import { RemoteSpectator } from "./worker/remote-spectator.js";

export { backgroundClock } from "./background-clock.js";

/** Longer than this a worker does not come. */
const START_TIMEOUT_MS = 20_000;
/** Vite's development server keeps scripts here. Before version 8 it leaves the files beside them behind, and warns of each request. */
const MOVED = "/.vite/deps/";

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
export async function workerSpectator(url, room, { clock: _, ...options } = {}) {
  const wish = { url: String(url), room, options };
  return inWorker((worker) => new RemoteSpectator(worker, wish, () => worker.terminate()));
}

/**
 * @template T
 * @param {(worker: Worker) => { made: Promise<T>, fail: (error: RaceError) => void }} make
 * @returns {Promise<T>}
 */
async function inWorker(make) {
  const module = await compiled().catch(loadFailed);
  const worker = await started();
  worker.postMessage(module);
  const remote = make(worker);
  worker.onerror = (event) => remote.fail(failure(event));
  return remote.made;
}

/** Start a worker. Its script is the file beside this one, or the text in the package if a tool has not copied the file. */
async function started() {
  if (typeof Worker === "undefined") {
    throw new RaceError("unsupported", "there are no workers here", { retryable: false });
  }
  /** @type {unknown} */
  let cause;
  if (!import.meta.url.includes(MOVED)) {
    try {
      return await run(new URL("./worker-host.js", import.meta.url).href);
    } catch (thrown) {
      cause = thrown;
    }
  }
  const { script } = await import("./worker/script.js").catch(loadFailed);
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  try {
    return await run(address);
  } catch (thrown) {
    throw raceError(cause ?? thrown, "load_failed");
  } finally {
    URL.revokeObjectURL(address);
  }
}

/**
 * @param {string} address
 * @returns {Promise<Worker>}
 */
function run(address) {
  const worker = new Worker(trusted().createScriptURL(address), { type: "module" });
  /** @type {ReturnType<typeof setTimeout>} */
  let late;
  return new Promise((resolve, reject) => {
    const fail = (/** @type {RaceError} */ error) => {
      worker.terminate();
      reject(error);
    };
    worker.onmessage = () => resolve(worker);
    worker.onerror = (event) => fail(failure(event));
    late = setTimeout(
      () => fail(new RaceError("load_failed", "the worker did not start in time")),
      START_TIMEOUT_MS,
    );
  }).finally(() => clearTimeout(late));
}

/** @param {ErrorEvent} event */
function failure(event) {
  // The rejection reports it, so the console need not.
  event.preventDefault();
  const words = event.message ?? "its script does not load; does the page's policy allow it?";
  return new RaceError("load_failed", `the worker cannot run: ${words}`);
}
