// Typed events: listeners, promises of the next event, and loops over all events.

import { RaceError } from "./error.js";

/** The most listeners at once. A page with more forgets to unsubscribe. */
const MAX_LISTENERS = 1000;
/** How many events a loop may be behind before the oldest are dropped. */
const MAX_BEHIND = 256;

/** @typedef {{ signal?: AbortSignal }} ListenOptions  Until when is listened. */
/** @typedef {{ signal?: AbortSignal, limit?: number }} StreamOptions  Until when is listened, and how many events may wait. */
/** @typedef {{ call: (event: any) => void, ended: (() => void) | undefined, stop: () => void, live: boolean }} Listener */

/**
 * Call all listeners of an event, and say whether there are any. Only for the owner of the emitter.
 * @type {(emitter: Emitter<any>, type: string, event: unknown) => boolean}
 */
export let emit;
/**
 * End all events: remove all listeners, and end all loops. Only for the owner of the emitter.
 * @type {(emitter: Emitter<any>) => void}
 */
export let end;

/**
 * Something to listen to.
 * @template {object} Events  each event's name and content
 */
export class Emitter {
  /** @type {Map<string, Set<Listener>>} */
  #listeners = new Map();
  /** @type {(type: string, wanted: boolean) => void} */
  #demand;
  #count = 0;
  #ended = false;

  static {
    emit = (emitter, type, event) => emitter.#emit(type, event);
    end = (emitter) => emitter.#end();
  }

  /**
   * @param {readonly string[]} types  the events; one that ends in a colon stands for all that begin with it
   * @param {(type: string, wanted: boolean) => void} [demand]  called when an event gets its first listener or loses its last
   */
  constructor(types, demand = () => {}) {
    for (const type of types) this.#listeners.set(type, new Set());
    this.#demand = demand;
  }

  /**
   * Listen to an event.
   * @template {keyof Events & string} T
   * @param {T} type
   * @param {(event: Events[T]) => void} listener  an error that it throws is uncaught, and stops no other listener
   * @param {ListenOptions} [options]
   * @returns {() => void}  stops it
   */
  on(type, listener, options) {
    if (typeof listener !== "function") {
      throw new RaceError("invalid_argument", "the listener must be a function");
    }
    return this.#add(type, listener, undefined, options?.signal);
  }

  /**
   * Wait for the next event. Rejects with the signal's reason, or with code `closed` when no event can come any more.
   * @template {keyof Events & string} T
   * @overload
   * @param {T} type
   * @param {ListenOptions} [options]
   * @returns {Promise<Events[T]>}
   */
  /**
   * Listen to the next event only.
   * @template {keyof Events & string} T
   * @overload
   * @param {T} type
   * @param {(event: Events[T]) => void} listener
   * @param {ListenOptions} [options]
   * @returns {() => void}  stops it
   */
  /**
   * Listen to the next event only. With a listener this returns the function that stops it, without one a promise of the event. The
   * promise rejects with the signal's reason, or with code `closed` when no event can come any more.
   * @param {keyof Events & string} type
   * @param {((event: any) => void) | ListenOptions} [listener]
   * @param {ListenOptions} [options]
   */
  once(type, listener, options) {
    if (typeof listener !== "function") return this.#next(type, listener ?? {});
    const stop = this.on(
      type,
      (event) => {
        stop();
        listener(event);
      },
      options,
    );
    return stop;
  }

  /**
   * Loop over an event: `for await (const event of race.events("message")) …`. Listens from the call on. A loop that falls
   * behind by more than `limit` events (256 unless told) loses the oldest of them; `dropped` counts those. Ends, without an
   * error, when the signal says so or when no event can come any more.
   * @template {keyof Events & string} T
   * @param {T} type
   * @param {StreamOptions} [options]
   * @returns {EventStream<Events[T]>}
   */
  events(type, options) {
    const { signal, limit = MAX_BEHIND } = options ?? {};
    if (!(Number.isInteger(limit) && limit > 0)) {
      throw new RaceError("invalid_argument", "limit must be a whole number above 0");
    }
    return new EventStream((deliver, ended) => this.#add(type, deliver, ended, signal), limit);
  }

  /**
   * @param {string} type
   * @param {ListenOptions} options
   * @returns {Promise<any>}
   */
  #next(type, { signal }) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const ended = () => {
        if (signal?.aborted) reject(signal.reason);
        else reject(new RaceError("closed", `closed before the event ${type}`));
      };
      const stop = this.#add(
        type,
        (event) => {
          stop();
          resolve(event);
        },
        ended,
        signal,
      );
    });
  }

  /**
   * @param {string} type
   * @param {(event: any) => void} call
   * @param {(() => void) | undefined} ended  called when it is stopped from here or by the signal
   * @param {AbortSignal} [signal]
   */
  #add(type, call, ended, signal) {
    const listeners = this.#of(type);
    if (this.#ended || signal?.aborted) {
      ended?.();
      return () => {};
    }
    if (this.#count >= MAX_LISTENERS) {
      throw new RaceError(
        "invalid_argument",
        `more than ${MAX_LISTENERS} listeners: call what on() gave back`,
      );
    }
    const abort = () => {
      listener.stop();
      ended?.();
    };
    const stop = () => {
      if (!listener.live) return;
      listener.live = false;
      listeners.delete(listener);
      this.#count -= 1;
      signal?.removeEventListener("abort", abort);
      if (listeners.size === 0) this.#demand(type, false);
    };
    /** @type {Listener} */
    const listener = { call, ended, stop, live: true };
    listeners.add(listener);
    this.#count += 1;
    signal?.addEventListener("abort", abort);
    if (listeners.size === 1) this.#demand(type, true);
    return stop;
  }

  /** @param {string} type */
  #of(type) {
    let listeners = this.#listeners.get(type);
    if (!listeners && this.#listeners.has(`${type}`.replace(/:.+/, ":"))) {
      this.#listeners.set(type, (listeners = new Set()));
    }
    if (listeners) return listeners;
    const names = [...this.#listeners.keys()].join(", ");
    throw new RaceError("invalid_argument", `there is no event ${type}; there are ${names}`);
  }

  /**
   * @param {string} type
   * @param {unknown} event
   */
  #emit(type, event) {
    // A copy, because listeners may add and remove listeners. No list is made for a type that a peer has thought of.
    const listeners = [...(this.#listeners.get(type) ?? [])];
    for (const listener of listeners) {
      if (!listener.live) continue;
      try {
        listener.call(event);
      } catch (thrown) {
        report(thrown);
      }
    }
    return listeners.length > 0;
  }

  #end() {
    this.#ended = true;
    for (const listeners of this.#listeners.values()) {
      for (const listener of [...listeners]) {
        listener.stop();
        listener.ended?.();
      }
    }
  }
}

/**
 * Events as they come, for `for await`.
 * @template Event
 * @implements {AsyncIterableIterator<Event>}
 */
class EventStream {
  /** @type {Event[]} */
  #waiting = [];
  /** @type {Array<(result: IteratorResult<Event, undefined>) => void>} */
  #takers = [];
  #limit;
  #stop;
  #done = false;
  /** How many events were lost because the loop was too far behind. */
  dropped = 0;

  /**
   * @param {(deliver: (event: Event) => void, ended: () => void) => () => void} listen
   * @param {number} limit
   */
  constructor(listen, limit) {
    this.#limit = limit;
    this.#stop = listen(
      (event) => this.#deliver(event),
      () => this.#finish(),
    );
  }

  /** @returns {Promise<IteratorResult<Event, undefined>>} */
  async next() {
    if (this.#waiting.length > 0) {
      return { value: /** @type {Event} */ (this.#waiting.shift()), done: false };
    }
    if (this.#done) return { value: undefined, done: true };
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** @returns {Promise<IteratorResult<Event, undefined>>} */
  async return() {
    this.#stop();
    this.#waiting = [];
    this.#finish();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** @param {Event} event */
  #deliver(event) {
    const taker = this.#takers.shift();
    if (taker) return taker({ value: event, done: false });
    this.#waiting.push(event);
    if (this.#waiting.length <= this.#limit) return;
    this.#waiting.shift();
    this.dropped += 1;
  }

  /** End the loop. Events that wait are still given out. */
  #finish() {
    this.#done = true;
    for (const taker of this.#takers.splice(0)) taker({ value: undefined, done: true });
  }
}

/**
 * Report a listener's error to the page's error handler, as an uncaught error.
 * @param {unknown} thrown
 */
function report(thrown) {
  if (typeof reportError === "function") return reportError(thrown);
  queueMicrotask(() => {
    throw thrown;
  });
}
