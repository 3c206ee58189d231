// The core behind a client: made as its relay wants it, its events led on, recorded or with a worse network where that is
// wished. Whether it is connected is not known here.

import { coreOptions, fetchConfig } from "./address.js";
import { RaceError } from "./error.js";
import { checked } from "./lab/conditions.js";
import { recording } from "./recorder.js";
import { wasmCore } from "./wasm-core.js";
import { Wiring } from "./wiring.js";

/** @typedef {import("./core.js").Core} Core */
/** @typedef {import("./core.js").CoreOptions} CoreOptions */
/** @typedef {import("./lab.js").Conditions} Conditions */
/** @typedef {import("./recorder.js").RecordingOptions} RecordingOptions */
/**
 * A recording that goes on.
 * @typedef {object} Recording
 * @property {number} durationMs  so far
 * @property {number} byteLength  so far
 * @property {boolean} stopped
 * @property {() => Blob} stop  ends it; gives the recording, and always the same one
 */
/**
 * What an engine is made with.
 * @typedef {object} EngineOptions
 * @property {import("./core.js").CoreFactory} [core]  what stands behind the client; default: the wasm client
 * @property {import("./address.js").RelayConfig} [config]  what the relay tells of itself, where it need not be asked
 * @property {typeof fetch} [fetch]  asks the relay
 */

/** Options of a client that are not the core's. */
const NOT_THE_CORES = new Set(["name", "password", "reconnect", "core", "config", "fetch"]);

export class Engine {
  #base;
  #options;
  #wiring;
  /** @type {import("./address.js").RelayConfig | undefined} */
  #config;
  /** The core itself, without a recorder around it. @type {Core | null} */
  #core = null;
  /** @type {Conditions | null} */
  #conditions = null;
  /** @type {import("./recorder.js").Recording | null} */
  #recording = null;

  /**
   * @param {string} base  the relay's address over HTTP
   * @param {EngineOptions & CoreOptions} options
   * @param {import("./wiring.js").Handlers} always
   * @param {import("./wiring.js").Handlers} onDemand
   */
  constructor(base, options, always, onDemand) {
    this.#base = base;
    this.#options = options;
    this.#wiring = new Wiring(always, onDemand);
  }

  /** What the relay told of itself, but for its secret. */
  get relay() {
    if (!this.#config) return null;
    const { version = "", insecure, features } = this.#config;
    return { version, insecure: insecure === true, spectate: features?.spectate === true };
  }

  /** Make a core; the one before is of no use any more. @returns {Promise<Core>} */
  async make() {
    const { core: factory = wasmCore, config, fetch: ask } = this.#options;
    this.#config ??= config ?? (await fetchConfig(this.#base, ask));
    const core = await factory({ ...coreOptions(this.#config), ...ownOptions(this.#options) });
    this.#core = core;
    if (this.#conditions) core.simulate?.(this.#conditions);
    return this.#lead(this.#recording?.wrap(core) ?? core);
  }

  /** @param {Core} core  that was made, or stands for it */
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

  /** @param {Conditions | null} conditions */
  simulate(conditions) {
    if (this.#core && !this.#core.simulate) {
      throw new RaceError("invalid_argument", "this client has no network that could be made worse");
    }
    checked(conditions, 0);
    this.#core?.simulate?.(conditions);
    this.#conditions = conditions;
  }

  /**
   * @param {RecordingOptions} options
   * @param {(core: Core) => void} swap  takes another core that has the same connection
   * @returns {Recording}
   */
  record(options, swap) {
    const core = this.#core;
    if (!core) throw new RaceError("not_connected", "there is nothing to record before connect()");
    if (this.#recording?.stopped === false) {
      throw new RaceError("invalid_argument", "it is recorded already: stop that recording first");
    }
    const made = recording(core, options);
    this.#recording = made;
    swap(this.#lead(made.core));
    return {
      get durationMs() {
        return made.durationMs;
      },
      get byteLength() {
        return made.byteLength;
      },
      get stopped() {
        return made.stopped;
      },
      stop: () => {
        if (!made.stopped && this.#core) swap(this.#lead(this.#core));
        return made.stop();
      },
    };
  }

  /** @param {Core} core */
  #lead(core) {
    this.#wiring.attach(core);
    return core;
  }
}

/** @param {EngineOptions & CoreOptions} options @returns {CoreOptions} */
function ownOptions(options) {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !NOT_THE_CORES.has(name)));
}
