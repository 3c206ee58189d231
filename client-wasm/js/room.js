// The room that the player is in.

import { Emitter } from "./emitter.js";
import { RaceError, checkText, loadFailed } from "./error.js";

/** @typedef {import("./membership.js").Membership} Membership */
/** @typedef {import("./players.js").Player} Player */
/** @typedef {import("./cars.js").Car} Car */
/** @typedef {import("./cars.js").CarSample} CarSample */
/** @typedef {import("./core.js").SpawnPosition} SpawnPosition */
/**
 * @typedef {object} RoomEvents  The events of a room.
 * @property {Player} joined  another player came in
 * @property {Player} left  another player left
 * @property {{ spawnPositions: SpawnPosition[], mine: SpawnPosition | null }} started  the race begins; `mine` is where this player starts
 * @property {{ senderId: string | null, senderName: string, text: string }} message  `senderId` is null if the server tells only the name, and
 *   several players have it
 * @property {{ hostId: string | null, isHost: boolean }} host  the room has a new host; `isHost`: it is this player
 * @property {{ id: string, steering: number, throttle: number, brake: number }} input  another driver's controls
 * @property {{ code: import("./error.js").RaceErrorCode, reason: string, retryable: boolean }} lost  the player is no longer in the room, and did not leave
 */
/** @typedef {{ x: number, y: number, z: number }} Vector  A place in metres, y upwards. */
/** @typedef {{ x: number, y: number, z: number, w: number }} Quaternion  A turn; of length 1. */
/** @typedef {{ x: number, z: number, yaw: number, y?: number, speed?: number }} Pose  Where a car on the ground is: metres, and `yaw` in radians, 0 along +z and positive towards +x. The `speed` is not sent, because others measure it. */
/**
 * @template {object} Messages
 * @typedef {{ [T in keyof Messages & string as `message:${T}`]: { senderId: string, senderName: string, payload: Messages[T] } }} CustomEvents  The events of a page's own messages, such as `message:lap`.
 */

/** The event of a custom message is its type behind the last of these. */
const TYPES = Object.freeze(["joined", "left", "started", "message", "host", "input", "lost", "message:"]);

/**
 * A room, for as long as the player is in it.
 * @template {object} [Messages=Record<string, unknown>]  the payload of each of the page's own messages, by its type
 * @extends {Emitter<RoomEvents & CustomEvents<Messages>>}
 */
export class Room extends Emitter {
  #inside;

  /** @param {Membership} inside */
  constructor(inside) {
    super(TYPES, inside.around.demand);
    this.#inside = inside;
  }

  /** The room's id, by which others join it. */
  get id() {
    return this.#inside.id;
  }

  /** The room's name. After `joinRoom` it is empty until the server has told it. */
  get name() {
    return this.#inside.name;
  }

  /** The id of the player who may start the race; null while it is unknown. */
  get hostId() {
    return this.#inside.hostId;
  }

  /** Whether this player may start the race. */
  get isHost() {
    const { hostId } = this.#inside;
    return hostId !== null && this.players.get(hostId)?.isMe === true;
  }

  /** The race was started. */
  get isActive() {
    return this.#inside.isActive;
  }

  /** Whether the player is still in the room. A lost connection does not end that, because the client comes back. */
  get isOpen() {
    return this.#inside.ended === null;
  }

  /** The players in the room, this one included: a live, read-only map. @returns {ReadonlyMap<string, Player>} */
  get players() {
    return this.#inside.roster.view;
  }

  /**
   * Offer the player's own position in metres and rotation, each frame. The newest is sent as often as the relay asks for it.
   * @overload
   * @param {number} x
   * @param {number} y
   * @param {number} z
   * @param {number} qx
   * @param {number} qy
   * @param {number} qz
   * @param {number} qw
   * @returns {boolean} whether it was sent now
   */
  /**
   * Offer the player's own position in metres and rotation, each frame. The newest is sent as often as the relay asks for it.
   * @overload
   * @param {{ position: Vector, rotation: Quaternion }} state
   * @returns {boolean} whether it was sent now
   */
  /**
   * Offer the player's own position in metres and rotation, each frame: seven numbers, or one object. The newest is sent as often as
   * the relay asks for it. Says whether it was sent now. Throws `invalid_argument` if a number is missing or not finite.
   * @param {number | { position: Vector, rotation: Quaternion }} x
   * @param {number} [y]
   * @param {number} [z]
   * @param {number} [qx]
   * @param {number} [qy]
   * @param {number} [qz]
   * @param {number} [qw]
   */
  sendState(x, y, z, qx, qy, qz, qw) {
    if (typeof x === "object") {
      const { position: p, rotation: r } = x ?? {};
      return this.#sendState(p?.x, p?.y, p?.z, r?.x, r?.y, r?.z, r?.w);
    }
    return this.#sendState(x, y, z, qx, qy, qz, qw);
  }

  /**
   * Offer the player's own place on the ground, like `sendState`.
   * @param {Pose} pose
   * @returns {boolean} whether it was sent now
   */
  sendPose(pose) {
    const { x, z, yaw, y = 0 } = pose ?? {};
    return this.#sendState(x, y, z, 0, Math.sin(yaw / 2), 0, Math.cos(yaw / 2));
  }

  /**
   * @param {any} x
   * @param {any} y
   * @param {any} z
   * @param {any} qx
   * @param {any} qy
   * @param {any} qz
   * @param {any} qw
   */
  #sendState(x, y, z, qx, qy, qz, qw) {
    // A sum is finite only if all numbers are there and finite.
    if (!Number.isFinite(x + y + z + qx + qy + qz + qw)) {
      throw new RaceError("invalid_argument", "a state is seven finite numbers: x, y, z, qx, qy, qz, qw");
    }
    return this.isOpen && this.#inside.move(x, y, z, qx, qy, qz, qw);
  }

  /**
   * Offer the player's own controls, like `sendState`.
   * @param {number} steering  −1 … 1
   * @param {number} throttle  0 … 1
   * @param {number} brake  0 … 1
   * @returns {boolean} whether it was sent now
   */
  sendInput(steering, throttle, brake) {
    if (!Number.isFinite(steering + throttle + brake)) {
      throw new RaceError("invalid_argument", "an input is three finite numbers: steering, throttle, brake");
    }
    return this.#core()?.sendInput(steering, throttle, brake) ?? false;
  }

  /**
   * Send a text to one player, or to all others: at once where the server has chat, else one after the other.
   * @param {string} text
   * @param {string} [playerId]
   * @returns {Promise<number>} how many players it reached; rejects if there are others and it reached none
   */
  async say(text, playerId) {
    this.#checkSaid(text, playerId);
    const { generation, chat } = this.#inside.around.capabilities();
    // Once there is somebody to talk to, it is worth to know how.
    if (generation === null) this.#core()?.askGeneration?.();
    if (playerId !== undefined || !chat) return this.#relay(text, playerId);
    await this.#inside.refresh();
    const others = this.players.size - 1;
    if (others > 0) await this.#command((core) => core.chat(text));
    return Math.max(others, 0);
  }

  /**
   * @param {string} text
   * @param {string} [playerId]
   */
  #checkSaid(text, playerId) {
    this.#needOpen();
    for (const given of [text, playerId ?? ""]) checkText(given, "what is said, and to whom,");
  }

  /**
   * Send a text that says who sent it: chat tells only the sender's name.
   * @param {string} text
   * @param {string} [playerId]
   */
  async #relay(text, playerId) {
    // The server does not announce players who joined since the last list.
    if (playerId === undefined) await this.#inside.refresh();
    const others = [...this.players.values()].filter(({ isMe }) => !isMe).map(({ id }) => id);
    let reached = 0;
    /** @type {unknown} */
    let failure;
    for (const id of playerId === undefined ? others : [playerId]) {
      try {
        await this.#command((core) => core.relayMessage(id, text));
        reached += 1;
      } catch (error) {
        failure = error;
      }
    }
    if (reached === 0 && failure) throw failure;
    return reached;
  }

  /**
   * Send a message of the page's own to one player, or to all others. They get the event `message:TYPE` with the payload, if they
   * listen to it, and else the event `message` with a text.
   * @template {keyof Messages & string} T
   * @param {T} type  1 to 40 letters, digits, `_`, `.` or `-`
   * @param {Messages[T]} [payload]  anything that JSON has, at most 8,000 bytes long with its type
   * @param {string} [playerId]
   * @returns {Promise<number>} as that of `say`
   */
  async send(type, payload, playerId) {
    const { pack } = await import("./packed-message.js").catch(loadFailed);
    const text = pack(type, payload);
    this.#checkSaid(text, playerId);
    return this.#relay(text, playerId);
  }

  /** Start the race; only the host may. All members get the event `started`. @returns {Promise<void>} */
  async start() {
    await this.#command((core) => core.startGame());
  }

  /** Leave the room. It has no more events. @returns {Promise<void>} */
  leave() {
    return this.#inside.around.leave(this.#inside);
  }

  /**
   * The other cars now, smoothed, as rows of numbers. Makes no garbage.
   * @param {number} [now]  the frame's time; calls with the same time share a sample
   * @returns {CarSample}
   */
  sample(now) {
    return this.#inside.cars.sample(now);
  }

  /**
   * The other cars now, smoothed. Each call makes new objects, so they may be kept.
   * @param {number} [now]  as in `sample`
   */
  cars(now) {
    return this.#inside.cars.reader.list(this.sample(now));
  }

  /**
   * Call a function with each of the other cars. It is one object, filled again for each: copy what you keep. Makes no garbage.
   * @param {(car: Car) => void} work
   * @param {number} [now]  as in `sample`
   */
  forEachCar(work, now) {
    this.#inside.cars.reader.forEach(this.sample(now), work);
  }

  #needOpen() {
    if (!this.isOpen) throw new RaceError("not_in_room", "one is in this room no more: join it again");
  }

  #core() {
    return this.isOpen ? this.#inside.around.core() : null;
  }

  /**
   * @template T
   * @param {(core: import("./core.js").Core) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #command(work) {
    this.#needOpen();
    return this.#inside.around.command(work);
  }
}
