// The listeners of a core or spectator that is not the wasm client's own.

import { RaceError } from "./error.js";

/** @template {object} Events  each event's name and content */
export class Listeners {
  #types;
  /** @type {Array<{ type: string, listener: (event: any) => void }>} */
  #list = [];

  /** @param {readonly (keyof Events & string)[]} types  the events */
  constructor(types) {
    this.#types = types;
  }

  /**
   * @template {keyof Events & string} T
   * @param {T} type
   * @param {(event: Events[T]) => void} listener
   * @returns {() => void}  stops it
   */
  add(type, listener) {
    if (!this.#types.includes(type)) {
      const words = `there is no event ${type}; there are ${this.#types.join(", ")}`;
      throw new RaceError("invalid_argument", words);
    }
    const entry = { type, listener };
    this.#list.push(entry);
    return () => {
      this.#list = this.#list.filter((other) => other !== entry);
    };
  }

  /**
   * Call all listeners of an event. An error of one stops no other, and reaches the page's error handler.
   * @template {keyof Events & string} T
   * @param {T} type
   * @param {Events[T]} event
   */
  emit(type, event) {
    for (const entry of this.#list.filter((one) => one.type === type)) {
      try {
        entry.listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear() {
    this.#list = [];
  }
}
