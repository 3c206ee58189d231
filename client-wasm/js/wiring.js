// Passes the events of the current core on to their handlers. Events that cost something are passed on only while somebody
// listens.

/** @typedef {import("./core.js").Core} Core */
/** @typedef {import("./core.js").CoreEvents} CoreEvents */
/** @typedef {{ [T in keyof CoreEvents]?: (event: CoreEvents[T]) => void }} Handlers */

export class Wiring {
  #always;
  #onDemand;
  /** @type {Core | null} */
  #core = null;
  /** @type {Map<string, () => void>} */
  #stops = new Map();
  /** @type {Set<string>} */
  #wanted = new Set();

  /**
   * @param {Handlers} always
   * @param {Handlers} onDemand  handlers that are attached only while they are wanted
   */
  constructor(always, onDemand) {
    this.#always = always;
    this.#onDemand = onDemand;
  }

  /** @param {Core} core  replaces the one before */
  attach(core) {
    this.detach();
    this.#core = core;
    for (const type of keys(this.#always)) this.#lead(type, this.#always);
    for (const type of keys(this.#onDemand)) if (this.#wanted.has(type)) this.#lead(type, this.#onDemand);
  }

  detach() {
    this.#core = null;
    for (const stop of this.#stops.values()) stop();
    this.#stops.clear();
  }

  /**
   * @param {string} type
   * @param {boolean} wanted
   */
  want(type, wanted) {
    const known = keys(this.#onDemand).find((name) => name === type);
    if (!known) return;
    if (wanted) {
      this.#wanted.add(known);
      if (!this.#stops.has(known)) this.#lead(known, this.#onDemand);
      return;
    }
    this.#wanted.delete(known);
    this.#stops.get(known)?.();
    this.#stops.delete(known);
  }

  /**
   * @template {keyof CoreEvents} T
   * @param {T} type
   * @param {Handlers} handlers
   */
  #lead(type, handlers) {
    const handler = handlers[type];
    if (this.#core && handler) this.#stops.set(type, this.#core.on(type, handler));
  }
}

/** @param {Handlers} handlers */
function keys(handlers) {
  return /** @type {Array<keyof CoreEvents>} */ (Object.keys(handlers));
}
