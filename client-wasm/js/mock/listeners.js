// Who listens to which event of a mock.

import { EVENTS } from "../core.js";
import { failure } from "./failure.js";

/** @typedef {import("../core.js").CoreEvents} CoreEvents */

export class Listeners {
  /** @type {Array<{ type: string, listener: (event: any) => void }>} */
  #list = [];

  /**
   * @param {string} type
   * @param {(event: any) => void} listener
   */
  add(type, listener) {
    if (!EVENTS.some((known) => known === type)) {
      throw failure("invalid_argument", `there is no event ${type}; there are ${EVENTS.join(", ")}`);
    }
    const entry = { type, listener };
    this.#list.push(entry);
    return () => {
      this.#list = this.#list.filter((other) => other !== entry);
    };
  }

  /**
   * What a listener throws is its own: it stops nobody, and the page hears of it.
   * @template {keyof CoreEvents} T
   * @param {T} type
   * @param {CoreEvents[T]} event
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
