// The commands of one client: one outstanding at a time, the others wait in line, each answered after the way to the relay and back.

import { failure } from "./failure.js";

/** How many commands may wait at most. */
const MAX_QUEUE = 64;

/**
 * @typedef {object} Command
 * @property {string} method
 * @property {() => unknown} work  done at the relay; throws what it refuses
 * @property {(answer: any, sentMs: number) => void} apply  done when the answer is back
 * @property {(answer: any) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/**
 * @typedef {object} Path
 * @property {() => number} now
 * @property {(arrive: () => void) => void} up
 * @property {(arrive: () => void) => void} down
 * @property {(callback: () => void, delayMs: number) => void} wait
 * @property {(method: string) => string | undefined} failing  which code a method is to fail with
 * @property {number} timeoutMs
 */

export class Commands {
  /** @type {Command[]} */
  #queue = [];
  /** @type {Command | undefined} */
  #outstanding;
  #sentMs = 0;
  #path;

  /** @param {Path} path */
  constructor(path) {
    this.#path = path;
  }

  /**
   * @template T
   * @param {string} method
   * @param {() => T} work
   * @param {(answer: T, sentMs: number) => void} [apply]
   * @returns {Promise<T>}
   */
  send(method, work, apply = () => {}) {
    if (this.#queue.length >= MAX_QUEUE) return Promise.reject(failure("queue_full"));
    return new Promise((resolve, reject) => {
      this.#queue.push({ method, work, apply, resolve, reject });
      this.#next();
    });
  }

  /** Whether one of these is under way or waits. @param {string[]} methods */
  holds(...methods) {
    return [this.#outstanding, ...this.#queue].some((command) => command && methods.includes(command.method));
  }

  /** Those that wait have no answer any more. @param {boolean} [outstandingToo] */
  drop(outstandingToo = true) {
    const dropped = this.#queue.splice(0);
    if (outstandingToo && this.#outstanding) {
      dropped.unshift(this.#outstanding);
      this.#outstanding = undefined;
    }
    const ended = failure("closed", "the connection ended before the answer came", true);
    for (const { reject } of dropped) reject(ended);
  }

  #next() {
    const command = this.#queue[0];
    if (this.#outstanding || !command) return;
    this.#queue.shift();
    this.#outstanding = command;
    this.#sentMs = this.#path.now();
    this.#path.up(() => this.#reach(command));
  }

  /** @param {Command} command */
  #reach(command) {
    const code = this.#path.failing(command.method);
    if (code === "timeout") {
      // Nothing comes back, so it takes as long as it may.
      return this.#path.wait(
        () => this.#settle(command, () => command.reject(failure(code))),
        this.#path.timeoutMs,
      );
    }
    try {
      if (code) throw failure(code);
      const answer = command.work();
      this.#path.down(() => this.#settle(command, () => this.#answer(command, answer)));
    } catch (error) {
      this.#path.down(() => this.#settle(command, () => command.reject(error)));
    }
  }

  /**
   * @param {Command} command
   * @param {unknown} answer
   */
  #answer(command, answer) {
    command.apply(answer, this.#sentMs);
    command.resolve(answer);
  }

  /**
   * @param {Command} command
   * @param {() => void} settle
   */
  #settle(command, settle) {
    if (this.#outstanding !== command) return;
    this.#outstanding = undefined;
    settle();
    this.#next();
  }
}
