// Makes the core behind a client as its relay wants it, and passes on its events. On request it records the core or makes its
// network worse, and loads the code for that only then. It does not know whether the core is connected.

import { coreOptions, fetchConfig } from "./address.js";
import { RaceError, loadFailed } from "./error.js";
import { wasmCore } from "./wasm-core.js";
import { Wiring } from "./wiring.js";

/** @typedef {import("./core.js").Core} Core */
/** @typedef {import("./core.js").CoreOptions} CoreOptions */
/** @typedef {import("./lab.js").Conditions} Conditions */
/** @typedef {import("./recorder.js").RecordingOptions} RecordingOptions */
/**
 * @typedef {object} Recording  A recording in progress.
 * @property {number} durationMs  its length so far
 * @property {number} byteLength  its size so far
 * @property {boolean} stopped
 * @property {() => Blob} stop  ends it and gives the recording; each call gives the same one
 */
/**
 * @typedef {object} EngineOptions  The options of an engine.
 * @property {import("./core.js").CoreFactory} [core]  makes the core behind the client; default: the wasm client
 * @property {import("./address.js").RelayConfig} [config]  what the relay says about itself; without it the relay is asked
 * @property {typeof fetch} [fetch]  used to ask the relay
 */

/** @typedef {{ reconnect?: import("./core.js").ReconnectOptions | false }} Reconnecting */

/** Options of a client that its core does not know. */
const NOT_THE_CORES = new Set([
  "name",
  "password",
  "create",
  "token",
  "reconnect",
  "core",
  "config",
  "fetch",
]);

export class Engine {
  #address;
  #options;
  #wiring;
  /** @type {import("./address.js").RelayConfig | undefined} */
  #config;
  /** @type {Core | null} */
  #core = null;
  /** @type {Conditions | null} */
  #conditions = null;
  /** @type {import("./recorder.js").PlayerRecorder | null} */
  #recording = null;
  /** Resolves when all changes of the network so far are made. @type {Promise<unknown>} */
  #changes = Promise.resolve();

  /**
   * @param {string} address  where the relay says what it is
   * @param {EngineOptions & CoreOptions & Reconnecting} options
   * @param {import("./wiring.js").Handlers} always
   * @param {import("./wiring.js").Handlers} onDemand
   */
  constructor(address, options, always, onDemand) {
    this.#address = address;
    this.#options = options;
    this.#wiring = new Wiring(always, onDemand);
  }

  /** What the relay says about itself, without its secret. */
  get relay() {
    if (!this.#config) return null;
    const { version = "", insecure, features } = this.#config;
    return { version, insecure: insecure === true, spectate: features?.spectate === true };
  }

  /** Make a core. The one before is no longer used. @param {AbortSignal} signal @returns {Promise<Core>} */
  async make(signal) {
    const { core: factory = wasmCore, config, fetch: ask } = this.#options;
    this.#config ??= config ?? (await fetchConfig(this.#address, ask, signal));
    const core = await factory({ ...coreOptions(this.#config), ...ownOptions(this.#options) });
    // Conditions that are set before the core connects apply from its first byte.
    await this.#inTurn(async () => {
      this.#core = core;
      if (this.#conditions) await core.simulate?.(this.#conditions);
    }).catch((thrown) => {
      this.free(core);
      throw thrown;
    });
    this.#recording?.attach(core);
    this.#wiring.attach(core);
    return core;
  }

  /** @param {Core} core */
  free(core) {
    this.#wiring.detach();
    this.#core = null;
    core.free();
  }

  /**
   * @param {string} type
   * @param {boolean} wanted
   */
  want(type, wanted) {
    this.#wiring.want(type, wanted);
  }

  /** @param {Conditions | null} conditions @returns {Promise<void>} */
  simulate(conditions) {
    return this.#inTurn(async () => {
      if (this.#core && !this.#core.simulate) {
        throw new RaceError("invalid_argument", "this client has no network that could be made worse");
      }
      // The real network needs no lab.
      if (!conditions && !this.#conditions) return;
      const { checked } = await import("./lab.js").catch(loadFailed);
      checked(conditions, 0);
      await this.#core?.simulate?.(conditions);
      this.#conditions = conditions;
    });
  }

  /**
   * @param {RecordingOptions} options
   * @returns {Promise<Recording>}
   */
  async record(options) {
    const { PlayerRecorder } = await import("./recorder.js").catch(loadFailed);
    const core = this.#core;
    if (!core) throw new RaceError("not_connected", "there is nothing to record before connect()");
    if (this.#recording?.stopped === false) {
      throw new RaceError("invalid_argument", "it is recorded already: stop that recording first");
    }
    this.#recording = new PlayerRecorder(core, { clock: this.#options.clock, ...options });
    return this.#recording;
  }

  /**
   * Change the network in the order of the calls, although each may have to load something first.
   * @param {() => Promise<void>} change
   */
  #inTurn(change) {
    const done = this.#changes.then(change);
    this.#changes = done.catch(() => {});
    return done;
  }
}

/**
 * @param {EngineOptions & CoreOptions & Reconnecting} options
 * @returns {CoreOptions}
 */
function ownOptions(options) {
  const own = Object.entries(options).filter(([name]) => !NOT_THE_CORES.has(name));
  return { ...Object.fromEntries(own), ...retryOptions(options) };
}

/**
 * The limits of reconnecting as options of the core.
 * @param {Reconnecting} options
 * @returns {CoreOptions}
 */
function retryOptions({ reconnect }) {
  const { minMs, maxMs, attempts } = reconnect === false ? { attempts: 0 } : (reconnect ?? {});
  return {
    ...(minMs !== undefined && { retryMinMs: minMs }),
    ...(maxMs !== undefined && { retryMaxMs: maxMs }),
    // The core has no limit by default, and takes only finite numbers.
    ...(attempts !== undefined && attempts !== Infinity && { retries: attempts }),
  };
}
