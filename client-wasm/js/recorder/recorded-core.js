// A core that is recorded. It passes everything on to the core inside, and reports it to the recorder.
import { CAR_STRIDE } from "../core.js";

/** @typedef {import("../core.js").Core} Core */

/**
 * @typedef {object} Listener  What a recorded core tells.
 * @property {<T>(method: string, args: unknown[], promise: Promise<T>) => Promise<T>} call  gives the same promise back
 * @property {(rows: Float32Array, count: number) => void} sampled
 * @property {(car: number[]) => void} moved  called with each position and rotation that is sent to the server
 * @property {() => void} freed
 */

/** @implements {Core} */
export class RecordedCore {
  #core;
  #tell;
  /** A copy, because the recorder samples too, and a core's rows are valid only until its next sample. */
  #rows = new Float32Array(0);
  #count = 0;

  /**
   * @param {Core} core
   * @param {Listener} tell
   */
  constructor(core, tell) {
    this.#core = core;
    this.#tell = tell;
  }

  get state() {
    return this.#core.state;
  }

  get sessionId() {
    return this.#core.sessionId;
  }

  get roomId() {
    return this.#core.roomId;
  }

  /** @param {string} url */
  connect(url) {
    return this.#tell.call("connect", [url], this.#core.connect(url));
  }

  /**
   * @param {string} name
   * @param {string} [password]
   */
  signIn(name, password) {
    return this.#tell.call("signIn", [name], this.#core.signIn(name, password));
  }

  /** @param {string} name */
  createRoom(name) {
    return this.#tell.call("createRoom", [name], this.#core.createRoom(name));
  }

  /** @param {string} roomId */
  joinRoom(roomId) {
    return this.#tell.call("joinRoom", [roomId], this.#core.joinRoom(roomId));
  }

  leaveRoom() {
    return this.#tell.call("leaveRoom", [], this.#core.leaveRoom());
  }

  listRooms() {
    return this.#tell.call("listRooms", [], this.#core.listRooms());
  }

  roomPlayers() {
    return this.#tell.call("roomPlayers", [], this.#core.roomPlayers());
  }

  playerInfo() {
    return this.#tell.call("playerInfo", [], this.#core.playerInfo());
  }

  /**
   * @param {string} targetId
   * @param {string} text
   */
  relayMessage(targetId, text) {
    return this.#tell.call("relayMessage", [targetId, text], this.#core.relayMessage(targetId, text));
  }

  startGame() {
    return this.#tell.call("startGame", [], this.#core.startGame());
  }

  ping() {
    return this.#tell.call("ping", [], this.#core.ping());
  }

  close() {
    return this.#tell.call("close", [], this.#core.close());
  }

  abandon() {
    this.#core.abandon();
  }

  /**
   * @template {keyof import("../core.js").CoreEvents} T
   * @param {T} type
   * @param {(event: import("../core.js").CoreEvents[T]) => void} listener
   */
  on(type, listener) {
    return this.#core.on(type, listener);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} z
   * @param {number} qx
   * @param {number} qy
   * @param {number} qz
   * @param {number} qw
   */
  sendUpdate(x, y, z, qx, qy, qz, qw) {
    const sent = this.#core.sendUpdate(x, y, z, qx, qy, qz, qw);
    if (sent) this.#tell.moved([x, y, z, qx, qy, qz, qw]);
    return sent;
  }

  /**
   * @param {number} steering
   * @param {number} throttle
   * @param {number} brake
   */
  sendInput(steering, throttle, brake) {
    return this.#core.sendInput(steering, throttle, brake);
  }

  sample() {
    const rows = this.#core.sample();
    this.#count = this.#core.carCount();
    if (this.#rows.length < rows.length) this.#rows = new Float32Array(rows.length);
    this.#rows.set(rows.subarray(0, this.#count * CAR_STRIDE));
    this.#tell.sampled(this.#rows, this.#count);
    return this.#rows;
  }

  carCount() {
    return this.#count;
  }

  /** @param {number} slot */
  carId(slot) {
    return this.#core.carId(slot);
  }

  metrics() {
    return this.#core.metrics();
  }

  free() {
    this.#tell.freed();
    this.#core.free();
  }
}
