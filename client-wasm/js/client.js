/// <reference lib="esnext.disposable" preserve="true" />

// The client: one player's connection to a relay, and its way into a room.

import { relayAddress } from "./address.js";
import { capabilitiesOf } from "./capabilities.js";
import { PAGE_CLOCK } from "./clock.js";
import { Connection } from "./connection.js";
import { ASYNC_DISPOSE, DISPOSE } from "./dispose.js";
import { Emitter, emit, end } from "./emitter.js";
import { Engine } from "./engine.js";
import { RaceError, checkText, loadFailed, raceError } from "./error.js";
import { Membership } from "./membership.js";
import { Poll } from "./poll.js";
import { NO_METRICS } from "./core.js";
import { RoundTrips } from "./stats.js";

/** @typedef {import("./core.js").Core} Core */
/** @typedef {import("./core.js").CoreOptions} CoreOptions */
/** @typedef {import("./core.js").CoreEvents} CoreEvents */
/** @typedef {import("./capabilities.js").Capabilities} Capabilities */
/** @typedef {import("./core.js").Room} ListedRoom  A room in the list of all. */
/**
 * @template {object} [Messages=Record<string, unknown>]
 * @typedef {import("./room.js").Room<Messages>} Room
 */
/** @typedef {import("./stats.js").Stats} Stats */
/** @typedef {import("./engine.js").Recording} Recording */
/** @typedef {import("./connection.js").StateChange} StateChange */
/**
 * @typedef {object} RaceEvents  The events of a client.
 * @property {StateChange} state
 * @property {{ room: Room | null }} room  the player entered this room, or is in none any more
 * @property {ListedRoom[]} rooms  all rooms of the game server: at once, then every two seconds while somebody listens
 * @property {{ senderId: string | null, senderName: string, text: string }} message  from any player; if the sender is in the room, the room has this event
 *   too. `senderId` is null if the server tells only the name, and several players have it
 * @property {Readonly<Capabilities>} capabilities  more is known of what the game server can do
 * @property {{ kind: string, line: string }} unknown  a line of the game server that this client does not know, as about combat or inventory; `kind` is its
 *   `type`, `command` or `action`
 * @property {{ seconds: number }} draining  the relay will restart; the client reconnects by itself
 * @property {{ level: string, line: string }} log  lines of the core, as detailed as `logLevel` says
 */
/**
 * @typedef {object} ClientOptions  The options of a client's player.
 * @property {string} [name]  the name that others see. Only with `resume` it may be left out: then a session that is over rejects with
 *   `auth_required`
 * @property {string} [password]  that of the account, where there are accounts; elsewhere it keeps others from the name while this player is online. Held in
 *   memory only
 * @property {boolean} [create]  make a new account, where there are accounts; elsewhere a name is enough
 * @property {string} [token]  the `token` of an earlier client: signs in to the account without the password
 * @property {import("./core.js").ReconnectOptions | false} [reconnect]  the pauses between attempts, and how many may fail in a row; false: never reconnect
 */
/** @typedef {ClientOptions & import("./engine.js").EngineOptions & CoreOptions & ({ name: string } | { resume: string })} RaceOptions  All options of a client; only `name` is required, or `resume`. */

const TYPES = Object.freeze([
  "state",
  "room",
  "rooms",
  "message",
  "capabilities",
  "unknown",
  "draining",
  "log",
]);
/** The address of a relay that is a recording. */
const NOWHERE = "https://recording.invalid";
/** The pause between a list of all rooms and the next request for it. */
const ROOMS_MS = 2000;
/** How often the round trip is measured. */
const PING_MS = 2000;

/**
 * One player's connection to a relay: connects, signs in, reconnects after a loss, and is in one room at a time. Every failure
 * throws or rejects with a `RaceError`.
 * @extends {Emitter<RaceEvents>}
 */
export class RaceClient extends Emitter {
  #options;
  #address;
  #engine;
  #connection;
  #id = "";
  #name = "";
  #capabilities = capabilitiesOf(null);
  /** Signs in to the account again. @type {string | undefined} */
  #token;
  /** The account to make, until it is made. */
  #create;
  /** @type {Membership | null} */
  #membership = null;
  #ping;
  #rooms;
  #roomsWanted = false;
  #roundTrips = new RoundTrips();
  /** @type {import("./replay.js").Replay | null} */
  #playback = null;
  #reconnects = 0;
  /** @type {import("./membership.js").Surroundings} */
  #around;

  /**
   * Connect to a relay and sign in.
   * @param {string | URL} url  the relay's address, such as `https://relay.example`
   * @param {RaceOptions & { signal?: AbortSignal }} options  the signal aborts connecting, not the connection; the promise then
   *   rejects with the signal's reason
   * @returns {Promise<RaceClient>}
   */
  static async connect(url, options) {
    const { signal, ...own } = options ?? {};
    // An entry of the package may have a client of its own.
    const race = new this(url, own);
    try {
      await race.connect({ signal });
      return race;
    } catch (error) {
      void race.close();
      throw error;
    }
  }

  /**
   * Watch a room without an account. A room that does not exist is shown as an empty one.
   * @param {string | URL} url  the relay's address
   * @param {string} room  the room's id
   * @param {import("./spectator.js").SpectateOptions & { spectator?: import("./spectator.js").SpectatorFactory }} [options]
   *   `spectator` makes the spectator; default: the wasm client
   */
  static async spectate(url, room, options) {
    const { spectate } = await import("./spectator.js").catch(loadFailed);
    return spectate(url, room, options);
  }

  /**
   * Play a recording. The client sees what the recorded client saw. Its `playback` pauses, seeks and changes the speed.
   * @param {Blob} blob
   * @param {import("./replay.js").ReplayOptions & { paused?: boolean }} [options]
   */
  static async replay(blob, options) {
    const { paused, ...own } = options ?? {};
    const { replay } = await import("./replay.js").catch(loadFailed);
    const { playback, clientOptions, drive } = await replay(blob, own);
    const race = new this(NOWHERE, clientOptions);
    race.#playback = playback;
    try {
      await drive(race);
      // Both answer what the client asked meanwhile: in time, or at once.
      if (paused) playback.pause();
      else playback.play();
      return race;
    } catch (error) {
      void race.close();
      throw error;
    }
  }

  /**
   * Make a client that is not connected yet, so that a page can listen to its states first.
   * @param {string | URL} url  the relay's address, such as `https://relay.example`
   * @param {RaceOptions} options
   */
  constructor(url, options) {
    super(TYPES, (type, wanted) => this.#want(type, wanted));
    const { name, resume } = options ?? {};
    if ((name !== undefined || !resume) && (typeof name !== "string" || name.trim() === "")) {
      throw new RaceError("invalid_argument", 'a player needs a name: { name: "Ann" }');
    }
    checkText(options.password ?? "", "password");
    checkText(options.token ?? "", "token");
    this.#options = options;
    this.#token = options.token;
    this.#create = options.create === true;
    this.#address = relayAddress(url);
    const clock = options.clock ?? PAGE_CLOCK;
    this.#ping = new Poll(() => this.#measure(), PING_MS, clock);
    this.#rooms = new Poll(() => this.listRooms(), ROOMS_MS, clock);
    this.#around = {
      core: () => this.#connection.live,
      clock,
      capabilities: () => this.#capabilities,
      command: (work) => this.#command(work),
      leave: (membership) => this.#leave(membership),
      ended: (membership, why) => this.#drop(membership, why, true),
      chatted: (message) => this.#tell("message", message),
      demand: (type, wanted) => this.#engine.want(type, wanted),
    };
    this.#engine = new Engine(this.#address.config, options, this.#always(), this.#onDemand());
    this.#connection = new Connection({
      make: (signal) => this.#engine.make(signal),
      free: (core) => this.#engine.free(core),
      socket: this.#address.socket,
      clock,
      signIn: (core) => this.#signIn(core),
      hasGhosts: () => !this.#capabilities.accounts,
      comeBack: (core) => this.#comeBack(core),
      goOn: (core) => this.#goOn(core),
      onState: (change) => this.#onState(change),
    });
  }

  /**
   * Connect and sign in, or go on with the session of the option `resume`, and in its room. After a failure it may be called again. An
   * abort rejects with the signal's reason.
   * @param {{ signal?: AbortSignal }} [options]
   */
  async connect(options) {
    await this.#connection.open(options?.signal);
    const id = this.#connection.core?.roomId;
    if (id && !this.#membership) await this.#enter({ id, name: "", hostId: null });
  }

  /** `idle` before the first `connect()`; `closed` is for good. In between the client reconnects by itself. */
  get state() {
    return this.#connection.state;
  }

  /** The newest change of state, with its reason. */
  get stateChange() {
    return this.#connection.change;
  }

  /** The player's id. Each connection gets a new one; it is empty before the first. */
  get id() {
    return this.#id;
  }

  /** The name that the server granted. */
  get name() {
    return this.#name;
  }

  /** What the game server can do, as far as it is known. The event `capabilities` tells when more is. */
  get capabilities() {
    return this.#capabilities;
  }

  /**
   * Signs in to the account for 30 days without the password, as the option `token` of another client: a secret. `undefined` where there
   * are no accounts.
   */
  get token() {
    return this.#token;
  }

  /** The relay's address. */
  get url() {
    return this.#address.base;
  }

  /** What the relay says about itself, without its secret; null before the first connection. */
  get relay() {
    return this.#engine.relay;
  }

  /** The replay that this client shows; null for any other client. */
  get playback() {
    return this.#playback;
  }

  /** The room that the player is in. @returns {Room | null} */
  get room() {
    return this.#membership?.room ?? null;
  }

  /** @returns {Stats} */
  get stats() {
    const metrics = this.#connection.core?.metrics() ?? NO_METRICS;
    return { ...metrics, ...this.#roundTrips.figures(), reconnects: this.#reconnects };
  }

  /** List all rooms of the game server. The event `rooms` fires too. @returns {Promise<ListedRoom[]>} */
  async listRooms() {
    const rooms = await this.#command((core) => core.listRooms());
    this.#membership?.handleRooms(rooms);
    this.#tell("rooms", rooms);
    return rooms;
  }

  /** While `reconnecting`: make the next attempt at once. Does nothing in any other state. */
  reconnectNow() {
    this.#connection.retryNow();
  }

  /**
   * Make a room and enter it as its host. The client leaves any other room first.
   * @template {object} [Messages=Record<string, unknown>]
   * @param {string} name
   * @param {{ maxPlayers?: number }} [options]  how many players it holds, 2 to 128; counts only where `capabilities.maxPlayers` is true, elsewhere it is 20
   * @returns {Promise<Room<Messages>>}
   */
  async createRoom(name, { maxPlayers } = {}) {
    checkText(name, "a room's name");
    const isSize =
      maxPlayers === undefined || (Number.isInteger(maxPlayers) && maxPlayers >= 2 && maxPlayers <= 128);
    if (!isSize) throw new RaceError("invalid_argument", "maxPlayers must be a whole number from 2 to 128");
    await this.#leaveFirst();
    const { roomId } = await this.#command((core) => core.createRoom(name, maxPlayers));
    return this.#enter({ id: roomId, name, hostId: this.#id });
  }

  /**
   * Enter a room. The client leaves any other room first. If it is in this room already, nothing happens.
   * @template {object} [Messages=Record<string, unknown>]
   * @param {string} id
   * @returns {Promise<Room<Messages>>}
   */
  async joinRoom(id) {
    checkText(id, "a room's id");
    this.#connection.need();
    // A player who is alone in the room would end it by leaving.
    if (this.room?.id === id) return /** @type {Room<any>} */ (this.room);
    await this.#leaveFirst();
    await this.#command((core) => core.joinRoom(id));
    return this.#enter({ id, name: "", hostId: null });
  }

  /**
   * Join the room with this name, or create it. Of several the first that takes the player; players who call this at the same
   * moment come together.
   * @template {object} [Messages=Record<string, unknown>]
   * @param {string} name
   * @returns {Promise<Room<Messages>>}
   */
  async joinOrCreate(name) {
    checkText(name, "a room's name");
    const { joinOrCreate } = await import("./join-or-create.js").catch(loadFailed);
    return joinOrCreate(this, name);
  }

  /**
   * Make the network worse, to see how a page copes. Loads the network lab. Conditions set before `connect()` apply from the
   * first byte.
   * @param {import("./lab.js").Conditions | null} conditions  replace all earlier ones; null: the real network
   * @returns {Promise<void>}  resolves when it has begun
   */
  simulate(conditions) {
    return this.#engine.simulate(conditions);
  }

  /**
   * Record what is received, and the own car, for `RaceClient.replay`. One recording at a time. Loads the recorder.
   * @param {import("./recorder.js").RecordingOptions} [options]
   * @returns {Promise<Recording>}  resolves when it has begun
   */
  async record(options) {
    if (!this.#connection.core) this.#connection.need();
    return this.#engine.record({ name: this.#name, ...options });
  }

  /**
   * Leave the session to another page, which goes on with it: for `pagehide`, so that a reload does not cost the player their place.
   * The client is closed.
   * @returns {string | undefined}  for the option `resume`, within ten seconds; a secret, so keep it in `sessionStorage` at most.
   *   `undefined`: there is nothing to go on with, or the core runs in a worker
   */
  save() {
    const isUnbegun = this.state === "idle" || this.state === "connecting";
    // Before there is a core, nothing has been done with the session yet.
    const untouched = isUnbegun && !this.#connection.core ? this.#options.resume || undefined : undefined;
    const saved = this.#connection.save() ?? untouched;
    if (saved) void this.close();
    return saved;
  }

  /** Leave the room, say goodbye, and free everything. For good. A second call is no error. */
  close() {
    return this.#connection.close();
  }

  /** `close()`, for `using`, which does not wait for the goodbye. */
  [DISPOSE]() {
    void this.close();
  }

  /** `close()`, for `await using`. */
  [ASYNC_DISPOSE]() {
    return this.close();
  }

  /**
   * @template T
   * @param {(core: Core) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #command(work) {
    const core = this.#connection.need();
    try {
      return await work(core);
    } catch (thrown) {
      const error = raceError(thrown);
      if (this.#playback && error.code === "server_error") throw new RaceError("replaying", error.message);
      // The core rejects with `closed` however its connection ended. The state has the reason.
      const { code = "connection_lost", retryable } = this.stateChange;
      throw error.code === "closed" ? new RaceError(code, error.message, { retryable }) : error;
    }
  }

  /**
   * @param {string} type
   * @param {boolean} wanted
   */
  #want(type, wanted) {
    if (type !== "rooms") return this.#engine.want(type, wanted);
    this.#roomsWanted = wanted;
    this.#pollRooms();
  }

  /** Ask for the rooms while somebody listens and the client is connected, for the first time at once. */
  #pollRooms() {
    if (!this.#roomsWanted || this.state !== "connected") return this.#rooms.stop();
    this.#rooms.start();
    this.#rooms.now();
  }

  /** @returns {import("./wiring.js").Handlers} */
  #always() {
    return {
      gameStarted: (event) => this.#membership?.handleStart(event),
      generation: ({ generation }) => this.#learn(generation),
      message: (event) => this.#handleMessage(event),
      chat: (event) => this.#membership?.handleChat(event),
      playerJoined: (event) => this.#membership?.handleJoined(event),
      playerLeft: (event) => this.#membership?.handleLeft(event),
      carJoined: ({ slot, id }) => this.#membership?.handleCar(slot, id),
      carLeft: ({ slot }) => this.#membership?.handleCar(slot, undefined),
      roomLost: ({ roomId }) => this.#handleRoomLost(roomId),
      draining: (event) => this.#tell("draining", event),
      kicked: (event) => this.#connection.handleKicked(event),
      interrupted: (event) => this.#connection.handleInterrupted(event),
      resumed: () => this.#connection.handleResumed(),
      close: (event) => this.#connection.handleClose(event),
    };
  }

  /** @returns {import("./wiring.js").Handlers} */
  #onDemand() {
    return {
      input: (event) => this.#membership?.handleInput(event),
      unknown: (event) => this.#tell("unknown", event),
      log: (event) => this.#tell("log", event),
    };
  }

  /** @param {Core} core */
  async #signIn(core) {
    const { name, password } = this.#options;
    if (core.state !== "authenticated" && name === undefined) {
      throw new RaceError("auth_required", "the session is over: sign in with a name");
    }
    if (core.state === "authenticated") {
      this.#name = (await core.playerInfo()).name;
    } else {
      const signedIn = await core.signIn({
        name: name ?? "",
        ...(password !== undefined && { password }),
        ...(this.#create && { create: true }),
        ...(this.#token !== undefined && { token: this.#token }),
      });
      this.#name = signedIn.name;
      this.#token = signedIn.token ?? this.#token;
      this.#create = false;
    }
    this.#id = core.sessionId ?? "";
  }

  /** @param {Core} core */
  async #comeBack(core) {
    this.#reconnects += 1;
    const membership = this.#membership;
    if (!membership) return;
    try {
      await core.joinRoom(membership.id);
    } catch (thrown) {
      const error = raceError(thrown);
      if (error.retryable) throw error;
      this.#drop(membership, error, true);
      return;
    }
    if (membership.ended) await leaveRoom(core);
    else await membership.begin(core);
  }

  /** The session was interrupted and goes on. @param {Core} core */
  #goOn(core) {
    this.#reconnects += 1;
    const membership = this.#membership;
    if (membership) this.#command(() => membership.begin(core)).catch(() => {});
  }

  /** @param {StateChange} change */
  #onState(change) {
    if (change.state === "connected") {
      this.#roundTrips.clear();
      this.#ping.start();
      this.#ping.now();
    } else {
      this.#ping.stop();
      this.#membership?.pause();
    }
    this.#pollRooms();
    this.#tell("state", change);
    if (change.state === "closed") this.#end(change);
  }

  /** @param {StateChange} change */
  #end({ code = "closed", reason = "", retryable = false }) {
    const why = new RaceError(code, reason, { retryable });
    if (this.#membership) this.#drop(this.#membership, why, code !== "closed");
    end(this);
    this.#playback?.close();
  }

  /**
   * @param {{ id: string, name: string, hostId: string | null }} room
   * @returns {Promise<Room<any>>}
   */
  async #enter(room) {
    const replaced = this.#membership;
    if (replaced) this.#drop(replaced, new RaceError("not_in_room", "another room was entered"), false);
    const membership = new Membership(this.#around, room);
    this.#membership = membership;
    await this.#command((core) => membership.begin(core));
    if (membership.ended) throw membership.ended;
    this.#tell("room", { room: membership.room });
    return membership.room;
  }

  async #leaveFirst() {
    this.#connection.need();
    if (this.#membership) await this.#leave(this.#membership);
  }

  /** @param {Membership} membership */
  async #leave(membership) {
    if (membership.ended) return;
    if (this.#connection.ready) await this.#command(leaveRoom);
    this.#drop(membership, new RaceError("not_in_room", "the player left the room"), false);
  }

  /**
   * @param {Membership} membership
   * @param {RaceError} why
   * @param {boolean} tell  the room gets the event `lost`, because the player did not ask to leave
   */
  #drop(membership, why, tell) {
    if (this.#membership === membership) this.#membership = null;
    const known = membership.ended === null;
    membership.end(why, tell);
    if (known) this.#tell("room", { room: this.room });
  }

  /** @param {CoreEvents["message"]} message */
  #handleMessage(message) {
    const { senderId, senderName, message: text } = message;
    this.#tell("message", { senderId, senderName, text });
    this.#membership?.handleMessage(message);
  }

  /** @param {import("./capabilities.js").Generation | undefined} generation */
  #learn(generation) {
    if (generation === this.#capabilities.generation) return;
    this.#capabilities = capabilitiesOf(generation);
    this.#tell("capabilities", this.#capabilities);
  }

  /** @param {string} roomId */
  #handleRoomLost(roomId) {
    const membership = this.#membership;
    if (membership?.id !== roomId) return;
    this.#drop(
      membership,
      new RaceError("not_in_room", "the game server says that the player is in no room"),
      true,
    );
  }

  /**
   * @template {keyof RaceEvents} T
   * @param {T} type
   * @param {RaceEvents[T]} event
   */
  #tell(type, event) {
    emit(this, type, event);
  }

  async #measure() {
    const core = this.#connection.live;
    if (!core) return;
    try {
      this.#roundTrips.add(await core.ping());
    } catch {
      // The core itself notices that nothing answers.
    }
  }
}

/** Leave the room. To be in none already is no error. @param {Core} core */
async function leaveRoom(core) {
  try {
    await core.leaveRoom();
  } catch (thrown) {
    if (raceError(thrown).code !== "not_in_room") throw thrown;
  }
}
