// One client of a mock relay, with all of a core's methods and events; between it and the relay lies a way that takes time.

import { Cars, EXPIRY_MS } from "./cars.js";
import { Commands } from "./commands.js";
import { closeNumber, failure } from "./failure.js";
import { Listeners } from "./listeners.js";
import { Pacer } from "./pacer.js";
import { Traffic } from "./traffic.js";

/** @typedef {import("../core.js").Core} Core */
/** @typedef {import("../core.js").CoreState} CoreState */
/** @typedef {import("./room.js").Player} Player */
/** @typedef {import("./room.js").Pose} Pose */
/** @typedef {import("./room.js").Controls} Controls */

/**
 * What a client sees of its relay.
 * @typedef {object} Relay
 * @property {import("./lobby.js").Lobby} lobby
 * @property {import("./clock.js").Clock} clock
 * @property {number} latencyMs  of a round trip
 * @property {(method: string) => string | undefined} failing  which code the method is to fail with
 * @property {(core: MockCore) => void} attach
 * @property {(core: MockCore) => void} detach
 * @property {() => void} wake  somebody may hear the bots
 * @property {boolean} isUp
 */

const DEFAULT_HZ = 20;
const MAX_HZ = 60;
const DEFAULT_TIMEOUT_MS = 10_000;
/** How long a connection may take. */
const CONNECT_TIMEOUT_MS = 20_000;

/** @implements {Core} */
export class MockCore {
  /** @type {CoreState} */
  state = "disconnected";
  /** @type {string | undefined} */
  sessionId;
  /** @type {string | undefined} */
  roomId;
  /** @type {Player | undefined} */
  #player;
  #relay;
  #commands;
  #updates;
  #inputs;
  #cars;
  #listeners = new Listeners();
  #sent = new Traffic();
  #received = new Traffic();
  /** @type {number | null} */
  #roundTripMs = null;
  /** All that is under way; it ends with the connection. @type {Set<unknown>} */
  #timers = new Set();
  /** @type {unknown} */
  #expiry;
  /** @type {{ resolve: (id: string) => void, reject: (error: unknown) => void } | undefined} */
  #connecting;
  /** @type {unknown} */
  #dial;
  /** @type {Array<() => void>} */
  #closing = [];
  #isOpen = false;

  /**
   * @param {Relay} relay
   * @param {import("../core.js").CoreOptions} [options]
   */
  constructor(relay, { updateHz = DEFAULT_HZ, commandTimeoutMs = DEFAULT_TIMEOUT_MS } = {}) {
    if (!(updateHz >= 1 && updateHz <= MAX_HZ)) {
      throw failure("invalid_argument", `option updateHz must be a number from 1 to ${MAX_HZ}`);
    }
    this.#relay = relay;
    this.#cars = new Cars((type, event) => this.#listeners.emit(type, event));
    this.#commands = new Commands({
      way: (callback) => this.#later(callback, this.#halfMs),
      wait: (callback, delayMs) => this.#later(callback, delayMs),
      failing: relay.failing,
      timeoutMs: commandTimeoutMs,
    });
    this.#updates = new Pacer(updateHz, relay.clock, (/** @type {Pose} */ pose) => this.#sendPose(pose));
    this.#inputs = new Pacer(updateHz, relay.clock, (/** @type {Controls} */ c) => this.#sendControls(c));
  }

  /** @param {string} url  any: there is only this relay */
  connect(url) {
    void url;
    if (this.#isOpen) {
      return Promise.reject(failure("invalid_argument", "already connected: call close() first"));
    }
    this.#isOpen = true;
    return new Promise((/** @type {(id: string) => void} */ resolve, reject) => {
      this.#connecting = { resolve, reject };
      const code = this.#relay.isUp ? this.#relay.failing("connect") : "relay_unreachable";
      const arrive = () => (code ? this.end(code) : this.#welcome());
      this.#dial =
        code === "timeout"
          ? this.#later(() => this.#fallApart(failure(code)), CONNECT_TIMEOUT_MS)
          : this.#later(arrive, this.#relay.latencyMs);
    });
  }

  /**
   * @param {string} name
   * @param {string} [password]
   */
  signIn(name, password) {
    const work = () => this.#relay.lobby.signIn(this.#own(), name, password);
    return this.#command("signIn", work, () => this.#become("authenticated"));
  }

  /** @param {string} name */
  createRoom(name) {
    return this.#inside(
      "createRoom",
      () => this.#relay.lobby.create(this.#own(), name),
      ({ roomId }) => this.#enter(roomId),
    );
  }

  /** @param {string} roomId */
  joinRoom(roomId) {
    return this.#inside(
      "joinRoom",
      () => this.#relay.lobby.join(this.#own(), roomId),
      () => this.#enter(roomId),
    );
  }

  leaveRoom() {
    return this.#inside(
      "leaveRoom",
      () => this.#relay.lobby.leave(this.#own()),
      () => this.#enter(undefined),
    );
  }

  listRooms() {
    return this.#command("listRooms", () => this.#relay.lobby.list());
  }

  async roomPlayers() {
    try {
      return await this.#inside("roomPlayers", () => this.#relay.lobby.playersOf(this.#own()));
    } catch (error) {
      this.#noticeLoss(error);
      throw error;
    }
  }

  playerInfo() {
    return this.#command("playerInfo", () => {
      const { id, name, room } = this.#own();
      return { id, name, roomId: room?.id ?? null };
    });
  }

  /**
   * @param {string} targetId
   * @param {string} text
   */
  relayMessage(targetId, text) {
    return this.#inside("relayMessage", () => this.#relay.lobby.relayMessage(this.#own(), targetId, text));
  }

  async startGame() {
    try {
      return await this.#inside("startGame", () => this.#relay.lobby.start(this.#own()));
    } catch (error) {
      this.#noticeLoss(error);
      throw error;
    }
  }

  async ping() {
    const { clock } = this.#relay;
    let startMs = 0;
    const work = () => void (startMs = clock.now() - this.#halfMs);
    await this.#command("ping", work, () => void (this.#roundTripMs = clock.now() - startMs));
    return this.#roundTripMs ?? 0;
  }

  /** Say goodbye: leave the room, then close. @returns {Promise<void>} */
  close() {
    if (!this.#isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      this.#closing.push(() => resolve());
      if (this.#closing.length > 1) return;
      this.#relay.clock.clearTimeout(this.#dial);
      this.#silence();
      this.#commands.drop(false);
      this.#later(() => this.#forgetPlayer(), this.#halfMs);
      this.#later(() => this.end("closed"), this.#relay.latencyMs);
    });
  }

  /**
   * @template {keyof import("../core.js").CoreEvents} T
   * @param {T} type
   * @param {(event: import("../core.js").CoreEvents[T]) => void} listener
   */
  on(type, listener) {
    return this.#listeners.add(type, listener);
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
    const length = Math.hypot(qx, qy, qz, qw);
    refuseInfinite(x, y, z, 1 / length);
    if (!this.#maySend()) return false;
    const turn = { qx: qx / length, qy: qy / length, qz: qz / length, qw: qw / length };
    return this.#updates.offer({ x, y, z, ...turn });
  }

  /**
   * @param {number} steering
   * @param {number} throttle
   * @param {number} brake
   */
  sendInput(steering, throttle, brake) {
    refuseInfinite(steering, throttle, brake);
    if (!this.#maySend()) return false;
    return this.#inputs.offer({
      steering: clamp(steering, -1),
      throttle: clamp(throttle, 0),
      brake: clamp(brake, 0),
    });
  }

  sample() {
    return this.#cars.sample(this.#relay.clock.now());
  }

  carCount() {
    return this.#cars.count;
  }

  /** @param {number} slot */
  carId(slot) {
    return this.#cars.idOf(slot);
  }

  metrics() {
    const nowMs = this.#relay.clock.now();
    return {
      roundTripMs: this.#roundTripMs,
      sent: this.#sent.count,
      received: this.#received.count,
      refused: 0,
      lost: 0,
      lossPercent: 0,
      lossEstimated: true,
      sentPerSecond: this.#sent.perSecond(nowMs),
      receivedPerSecond: this.#received.perSecond(nowMs),
      bytesSent: this.#sent.bytes,
      bytesReceived: this.#received.bytes,
    };
  }

  /** Let everything go at once, and tell nobody. */
  free() {
    this.#listeners.clear();
    this.#fallApart(failure("closed", "the session was freed"));
  }

  /** Who this is at the relay; undefined while not connected. */
  get player() {
    return this.#player;
  }

  /** The connection ends, with everything that an end brings. @param {string} code @param {string} [words] */
  end(code, words) {
    if (!this.#isOpen) return;
    const reason = this.#closing.length > 0 ? failure("closed") : failure(code, words);
    this.#fallApart(reason);
    const number = closeNumber(code) ?? 1006;
    const { message, retryable } = reason;
    this.#listeners.emit("close", { code: reason.code, number, reason: message, retryable });
  }

  /** An administrator ends the session. @param {string} message */
  kick(message) {
    this.#later(() => {
      this.#listeners.emit("kicked", { message });
      this.end("server_ended");
    }, this.#halfMs);
  }

  /** @param {number} seconds */
  drain(seconds) {
    this.#later(() => this.#listeners.emit("draining", { seconds }), this.#halfMs);
    this.#later(() => this.end("relay_restarting"), this.#halfMs + seconds * 1000);
  }

  get #halfMs() {
    return this.#relay.latencyMs / 2;
  }

  /** @returns {Player} */
  #own() {
    if (!this.#player) throw failure("not_connected");
    return this.#player;
  }

  #welcome() {
    this.#player = this.#relay.lobby.welcome({ isBot: false, take: (push) => this.#take(push) });
    this.#relay.attach(this);
    this.sessionId = this.#player.id;
    this.#become("connected");
    this.#connecting?.resolve(this.sessionId);
    this.#connecting = undefined;
  }

  /** @param {CoreState} state */
  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.#listeners.emit("state", { state });
  }

  /**
   * A command that needs a sign-in; one that waits or is under way counts.
   * @template T
   * @param {string} method
   * @param {() => T} work
   * @param {(answer: T) => void} [apply]
   */
  #inside(method, work, apply) {
    const mayGo = this.state !== "connected" || this.#commands.holds("signIn");
    return mayGo ? this.#command(method, work, apply) : Promise.reject(failure("auth_required"));
  }

  /**
   * @template T
   * @param {string} method
   * @param {() => T} work
   * @param {(answer: T) => void} [apply]
   */
  #command(method, work, apply) {
    if (this.state === "disconnected" || this.#closing.length > 0) {
      return Promise.reject(failure("not_connected"));
    }
    return this.#commands.send(
      method,
      () => {
        if (!OPEN.has(method) && this.state !== "authenticated") throw failure("auth_required");
        return work();
      },
      apply,
    );
  }

  /** @param {string | undefined} roomId */
  #enter(roomId) {
    this.#silence();
    this.#cars.clear();
    this.roomId = roomId;
    if (roomId) this.#relay.wake();
  }

  /** The relay says that we are in no room, and we thought that we were. @param {unknown} error */
  #noticeLoss(error) {
    const { roomId } = this;
    const { code } = /** @type {import("./failure.js").Failure} */ (error);
    if (!roomId || (code !== "not_in_room" && code !== "room_not_found")) return;
    this.#enter(undefined);
    this.#listeners.emit("roomLost", { roomId });
  }

  #maySend() {
    const isLeaving = this.#commands.holds("leaveRoom", "joinRoom", "createRoom");
    return this.roomId !== undefined && this.#closing.length === 0 && !isLeaving;
  }

  /** @param {Pose} pose */
  #sendPose(pose) {
    const { clock } = this.#relay;
    const sentMs = clock.now();
    this.#sent.add(sentMs);
    this.#later(() => {
      const player = this.#player;
      player?.room?.spread(player, { type: "update", id: player.id, pose, sentMs });
    }, this.#halfMs);
  }

  /** @param {Controls} controls */
  #sendControls(controls) {
    this.#sent.add(this.#relay.clock.now());
    this.#later(() => {
      const player = this.#player;
      player?.room?.spread(player, { type: "input", id: player.id, controls });
    }, this.#halfMs);
  }

  /** Something is on its way from the relay. @param {import("./room.js").Push} push */
  #take(push) {
    this.#later(() => this.#receive(push), this.#halfMs);
  }

  /** @param {import("./room.js").Push} push */
  #receive(push) {
    if (push.type === "gameStarted") this.#listeners.emit("gameStarted", push.start);
    else if (push.type === "message") {
      const { senderId, senderName, message } = push;
      this.#listeners.emit("message", { senderId, senderName, message });
    } else if (this.roomId) {
      this.#received.add(this.#relay.clock.now());
      if (push.type === "input") this.#listeners.emit("input", { id: push.id, ...push.controls });
      else this.#see(push);
    }
  }

  /** @param {Extract<import("./room.js").Push, { type: "update" }>} push */
  #see({ id, pose, sentMs }) {
    this.#cars.arrive(id, pose, sentMs + this.#relay.latencyMs);
    if (this.#expiry === undefined) this.#expiry = this.#later(() => this.#expire(), EXPIRY_MS);
  }

  #expire() {
    this.#expiry = undefined;
    this.#cars.expire(this.#relay.clock.now());
    // Looked at five times while a car's time runs out: nobody sees it later by a fifth.
    if (!this.#cars.isEmpty) this.#expiry = this.#later(() => this.#expire(), EXPIRY_MS / 5);
  }

  /**
   * @param {() => void} callback
   * @param {number} delayMs
   */
  #later(callback, delayMs) {
    const timer = this.#relay.clock.setTimeout(() => {
      this.#timers.delete(timer);
      callback();
    }, delayMs);
    this.#timers.add(timer);
    return timer;
  }

  #silence() {
    this.#updates.reset();
    this.#inputs.reset();
  }

  #forgetPlayer() {
    if (this.#player) this.#relay.lobby.remove(this.#player);
  }

  /** @param {import("./failure.js").Failure} reason */
  #fallApart(reason) {
    for (const timer of this.#timers) this.#relay.clock.clearTimeout(timer);
    this.#timers.clear();
    this.#expiry = undefined;
    this.#silence();
    this.#forgetPlayer();
    this.#relay.detach(this);
    this.#isOpen = false;
    this.#player = undefined;
    this.sessionId = undefined;
    this.roomId = undefined;
    this.#roundTripMs = null;
    const [connecting, closing] = [this.#connecting, this.#closing];
    this.#connecting = undefined;
    this.#closing = [];
    this.#become("disconnected");
    this.#commands.drop();
    this.#cars.clear();
    connecting?.reject(reason);
    for (const resolve of closing) resolve();
  }
}

/** What may be asked before signing in. */
const OPEN = new Set(["signIn", "listRooms", "playerInfo", "ping"]);

/** @param {number[]} numbers */
function refuseInfinite(...numbers) {
  if (numbers.every(Number.isFinite)) return;
  throw failure("invalid_argument", "a number that is not finite, or a rotation without direction");
}

/**
 * @param {number} value
 * @param {number} low
 */
const clamp = (value, low) => Math.min(Math.max(value, low), 1);
