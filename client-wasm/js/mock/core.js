// One client of a mock relay, with all of a core's methods and events. What it sends and receives takes time on the way.

import { EVENTS } from "../core.js";
import { checked } from "../lab/conditions.js";
import { Commands } from "./commands.js";
import { Datagrams, LOOK_MS } from "./datagrams.js";
import { closeNumber, failure } from "./failure.js";
import { Listeners } from "../listeners.js";
import { Way } from "./way.js";

/** @typedef {import("../core.js").Core} Core */
/** @typedef {import("../core.js").CoreState} CoreState */
/** @typedef {import("./room.js").Player} Player */

/**
 * @typedef {object} Relay  What a client sees of its relay.
 * @property {import("./lobby.js").Lobby} lobby
 * @property {import("../clock.js").Clock} clock
 * @property {number} latencyMs  the time of a round trip
 * @property {(method: string) => string | undefined} failing  the code that the method must fail with, if any
 * @property {(core: MockCore) => void} attach
 * @property {(core: MockCore) => void} detach
 * @property {() => void} wake  called when somebody may see the bots
 * @property {boolean} isUp
 * @property {() => number} makeSeed
 */

const DEFAULT_TIMEOUT_MS = 10_000;
/** How long a connection may take. */
const CONNECT_TIMEOUT_MS = 30_000;
/** How long a client waits before each attempt to reconnect, unless the option `reconnect` says otherwise. */
const RETRY_MS = 250;

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
  #datagrams;
  /** @type {Listeners<import("../core.js").CoreEvents>} */
  #listeners = new Listeners(EVENTS);
  /** @type {number | null} */
  #roundTripMs = null;
  #conditions;
  #up;
  #down;
  /** They end with the connection. @type {Set<unknown>} */
  #timers = new Set();
  /** @type {{ resolve: (id: string) => void, reject: (error: unknown) => void } | undefined} */
  #connecting;
  /** @type {unknown} */
  #break;
  /** @type {Array<() => void>} */
  #closing = [];
  #isOpen = false;
  #retries;
  #retryInMs;
  /** Attempts to reconnect in a row. */
  #attempt = 0;

  /**
   * @param {Relay} relay
   * @param {import("../core.js").CoreOptions} [options]
   */
  constructor(
    relay,
    {
      updateHz,
      commandTimeoutMs = DEFAULT_TIMEOUT_MS,
      retryMinMs = RETRY_MS,
      retryMaxMs = Infinity,
      retries = Infinity,
    } = {},
  ) {
    this.#retries = retries;
    this.#retryInMs = Math.min(retryMinMs, retryMaxMs);
    this.#relay = relay;
    this.#conditions = checked(null, relay.makeSeed());
    const { seed } = this.#conditions;
    this.#up = new Way(relay.clock, relay.latencyMs / 2, ~seed >>> 0);
    this.#down = new Way(relay.clock, relay.latencyMs / 2, seed);
    this.#datagrams = new Datagrams(
      {
        clock: relay.clock,
        up: (arrive) => this.#up.datagram(arrive, this.#conditions),
        player: () => this.#player,
        look: () => void this.#later(() => this.#datagrams.expire(), LOOK_MS),
        tell: (type, event) => this.#listeners.emit(type, event),
      },
      updateHz,
    );
    this.#commands = new Commands({
      now: () => relay.clock.now(),
      up: (arrive) => this.#send(this.#up, arrive),
      down: (arrive) => this.#send(this.#down, arrive),
      wait: (callback, delayMs) => this.#later(callback, delayMs),
      failing: relay.failing,
      timeoutMs: commandTimeoutMs,
    });
  }

  /** @param {string} url  any address: there is only this relay */
  connect(url) {
    void url;
    if (this.#isOpen) {
      return Promise.reject(failure("invalid_argument", "already connected: call close() first"));
    }
    this.#isOpen = true;
    return new Promise((/** @type {(id: string) => void} */ resolve, reject) => {
      this.#connecting = { resolve, reject };
      const code = this.#relay.isUp ? this.#relay.failing("connect") : "relay_unreachable";
      if (code === "timeout") {
        return void this.#later(() => this.end(code), CONNECT_TIMEOUT_MS);
      }
      this.#armBreak();
      this.#send(this.#up, () => this.#send(this.#down, () => (code ? this.end(code) : this.#welcome())));
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
    const measure = (/** @type {void} */ _, /** @type {number} */ sentMs) =>
      void (this.#roundTripMs = clock.now() - sentMs);
    await this.#command("ping", () => {}, measure);
    return this.#roundTripMs ?? 0;
  }

  /** Say goodbye: leave the room, then close. @returns {Promise<void>} */
  close() {
    this.#attempt = 0;
    if (!this.#isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      this.#closing.push(() => resolve());
      if (this.#closing.length > 1) return;
      this.#datagrams.silence();
      this.#commands.drop(false);
      if (this.state === "disconnected") {
        this.#up.clear();
        this.#down.clear();
      }
      this.#send(this.#up, () => {
        this.#forgetPlayer();
        this.#send(this.#down, () => this.end("closed"));
      });
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
    refuseInfinite(x, y, z, 1 / Math.hypot(qx, qy, qz, qw));
    return this.#maySend() && this.#datagrams.offerPose({ x, y, z, qx, qy, qz, qw });
  }

  /**
   * @param {number} steering
   * @param {number} throttle
   * @param {number} brake
   */
  sendInput(steering, throttle, brake) {
    refuseInfinite(steering, throttle, brake);
    return this.#maySend() && this.#datagrams.offerControls({ steering, throttle, brake });
  }

  /**
   * A worse network from now on.
   * @param {import("../lab.js").Conditions | null} conditions
   */
  simulate(conditions) {
    this.#conditions = checked(conditions, this.#conditions.seed);
    if (conditions?.seed !== undefined) {
      this.#down.reseed(conditions.seed);
      this.#up.reseed(~conditions.seed >>> 0);
    }
    if (this.#isOpen) this.#armBreak();
  }

  sample() {
    return this.#datagrams.sample();
  }

  carCount() {
    return this.#datagrams.cars.count;
  }

  /** @param {number} slot */
  carId(slot) {
    return this.#datagrams.cars.idOf(slot);
  }

  metrics() {
    return { roundTripMs: this.#roundTripMs, ...this.#datagrams.metrics(this.#down.lost) };
  }

  /** Free everything at once, without an event. */
  free() {
    this.#listeners.clear();
    this.#fallApart(failure("closed", "the session was freed"));
  }

  /** This client's player at the relay; undefined while not connected. */
  get player() {
    return this.#player;
  }

  /** End the connection, with all consequences. @param {string} code @param {string} [words] */
  end(code, words) {
    if (!this.#isOpen) return;
    if (this.state === "authenticated") this.#attempt = 0;
    const reason = this.#closing.length > 0 ? failure("closed") : failure(code, words);
    this.#lose(reason, closeNumber(code), reason.retryable);
  }

  /** Drop the connection without a goodbye, like a lost one. */
  abandon() {
    if (this.#isOpen) this.#lose(failure("connection_lost"));
  }

  /**
   * @param {import("./failure.js").Failure} error
   * @param {number} [number]
   * @param {boolean} [mayReturn]
   */
  #lose(error, number = 1006, mayReturn = true) {
    this.#fallApart(error);
    const returns = mayReturn && this.#attempt < this.#retries;
    if (returns) this.#attempt += 1;
    this.#listeners.emit("close", {
      code: error.code,
      number,
      reason: error.message,
      retryable: error.retryable,
      attempt: this.#attempt,
      retryInMs: returns ? this.#retryInMs : null,
    });
  }

  /** An administrator ends the session. @param {string} message */
  kick(message) {
    this.#send(this.#down, () => {
      this.#listeners.emit("kicked", { message });
      this.#lose(failure("server_ended"), closeNumber("server_ended"), false);
    });
  }

  /** @param {number} seconds */
  drain(seconds) {
    this.#send(this.#down, () => {
      this.#listeners.emit("draining", { seconds });
      this.#later(() => this.end("relay_restarting"), seconds * 1000);
    });
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
   * Send a command that needs a sign-in. A sign-in that is still under way counts.
   * @template T
   * @param {string} method
   * @param {() => T} work
   * @param {(answer: T, sentMs: number) => void} [apply]
   */
  #inside(method, work, apply) {
    const mayGo = this.state !== "connected" || this.#commands.holds("signIn");
    return mayGo ? this.#command(method, work, apply) : Promise.reject(failure("auth_required"));
  }

  /**
   * @template T
   * @param {string} method
   * @param {() => T} work
   * @param {(answer: T, sentMs: number) => void} [apply]
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
    this.#datagrams.silence();
    this.#datagrams.cars.clear();
    this.roomId = roomId;
    if (roomId) this.#relay.wake();
  }

  /** Notice that the relay has this player in no room, though the client was in one. @param {unknown} error */
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

  /** Take something that the relay has sent and that is on its way. @param {import("./room.js").Push} push */
  #take(push) {
    const arrive = () => this.#receive(push);
    if (push.type === "update" || push.type === "input") this.#down.datagram(arrive, this.#conditions);
    else this.#send(this.#down, arrive);
  }

  /** @param {import("./room.js").Push} push */
  #receive(push) {
    if (push.type === "gameStarted") this.#listeners.emit("gameStarted", push.start);
    else if (push.type === "message") {
      const { senderId, senderName, message } = push;
      this.#listeners.emit("message", { senderId, senderName, message });
    } else if (this.roomId) this.#datagrams.receive(push);
  }

  /**
   * @param {Way} way
   * @param {() => void} arrive
   */
  #send(way, arrive) {
    way.line(arrive, this.#conditions);
  }

  #armBreak() {
    const { disconnectAfterMs } = this.#conditions;
    this.#relay.clock.clearTimeout(this.#break);
    this.#timers.delete(this.#break);
    if (disconnectAfterMs === null) return;
    this.#break = this.#later(() => this.end("connection_lost"), disconnectAfterMs);
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

  #forgetPlayer() {
    if (this.#player) this.#relay.lobby.remove(this.#player);
  }

  /** @param {import("./failure.js").Failure} reason */
  #fallApart(reason) {
    for (const timer of this.#timers) this.#relay.clock.clearTimeout(timer);
    this.#timers.clear();
    this.#up.clear();
    this.#down.clear();
    this.#datagrams.silence();
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
    this.#datagrams.end();
    connecting?.reject(reason);
    for (const resolve of closing) resolve();
  }
}

/** The commands that are allowed before signing in. */
const OPEN = new Set(["signIn", "listRooms", "playerInfo", "ping"]);

/** @param {number[]} numbers */
function refuseInfinite(...numbers) {
  if (numbers.every(Number.isFinite)) return;
  throw failure("invalid_argument", "a number that is not finite, or a rotation without direction");
}
