// A core whose other end is a recording. The stage decides what it answers, and when.
import { RaceError } from "../error.js";

/** @typedef {import("../core.js").Core} Core */
/** @typedef {import("../core.js").CoreEvents} CoreEvents */
/** @typedef {import("./stage.js").Stage} Stage */

/** @implements {Core} */
export class ReplayCore {
  #stage;
  /** @type {Map<string, Set<(event: any) => void>>} */
  #listeners = new Map();

  /** @param {Stage} stage */
  constructor(stage) {
    this.#stage = stage;
  }

  get state() {
    return this.#stage.known.state;
  }

  get sessionId() {
    return this.#stage.known.sessionId;
  }

  get roomId() {
    return this.#stage.known.roomId;
  }

  connect() {
    return this.#stage.call("connect", []);
  }

  /** @param {string} name */
  signIn(name) {
    return this.#stage.call("signIn", [name]);
  }

  /** @param {string} name */
  createRoom(name) {
    return this.#stage.call("createRoom", [name]);
  }

  /** @param {string} roomId */
  joinRoom(roomId) {
    return this.#stage.call("joinRoom", [roomId]);
  }

  leaveRoom() {
    return this.#stage.call("leaveRoom", []);
  }

  listRooms() {
    return this.#stage.ask("listRooms");
  }

  roomPlayers() {
    return this.#stage.ask("roomPlayers");
  }

  playerInfo() {
    return this.#stage.ask("playerInfo");
  }

  /**
   * @param {string} targetId
   * @param {string} text
   */
  relayMessage(targetId, text) {
    return this.#stage.call("relayMessage", [targetId, text]);
  }

  startGame() {
    return this.#stage.call("startGame", []);
  }

  ping() {
    return this.#stage.ask("ping");
  }

  /** Close the client's connection only: the recording goes on, and the client may connect again. */
  async close() {
    this.#stage.hangUp();
  }

  abandon() {
    this.#stage.lose("the connection was lost in this recording");
  }

  /**
   * @template {keyof CoreEvents} T
   * @param {T} type
   * @param {(event: CoreEvents[T]) => void} listener
   */
  on(type, listener) {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    // A new function each time, so that the same listener may be added twice.
    const own = (/** @type {any} */ event) => listener(event);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  /**
   * @param {string} type
   * @param {unknown} event
   */
  emit(type, event) {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        // An error of one listener stops no other, as in every core.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** @param {number[]} numbers */
  sendUpdate(...numbers) {
    finite(numbers);
    return false;
  }

  /** @param {number[]} numbers */
  sendInput(...numbers) {
    finite(numbers);
    return false;
  }

  sample() {
    return this.#stage.sample();
  }

  carCount() {
    return this.#stage.carCount;
  }

  /** @param {number} slot */
  carId(slot) {
    return this.#stage.known.cars.get(slot);
  }

  metrics() {
    return this.#stage.metrics();
  }

  free() {
    this.#listeners.clear();
    this.#stage.release(this);
  }
}

/** @param {number[]} numbers */
function finite(numbers) {
  if (!numbers.every(Number.isFinite)) {
    throw new RaceError("invalid_argument", "a number is not finite");
  }
}
