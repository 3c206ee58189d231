// A core with a small game server inside, whose every turn a test decides.

/** @typedef {import("../js/core.js").Core} Core */
/** @typedef {import("../js/core.js").CoreEvents} CoreEvents */
/** @typedef {import("../js/core.js").CoreOptions} CoreOptions */

/** @param {string} code @param {boolean} [retryable] */
export function coded(code, retryable = false) {
  return Object.assign(new Error(code), { code, retryable });
}

/** @typedef {{ id: string, name: string, hostId: string | null, isActive: boolean, players: Array<{ id: string, name: string }> }} FakeRoom */

/** Rooms and players behind all fake cores of a test, and what is to go wrong. */
export class World {
  /** @type {Map<string, FakeRoom>} */
  rooms = new Map();
  /** Errors that the next calls of a method meet, one each. @type {Record<string, Error[]>} */
  failures = {};
  /** Methods that answer only when the test says so by `release`. @type {Set<string>} */
  held = new Set();
  /** @type {Map<string, Array<() => void>>} */
  waiting = new Map();
  /** What the next ends say of coming back, then 250 ms each; null: never. @type {Array<number | null>} */
  pauses = [];
  /** Sessions that a page left to the next one. @type {Map<string | undefined, Pick<FakeCore, "sessionId" | "roomId" | "name">>} */
  saved = new Map();
  /** The generation that the cores find. @type {import("../js/core.js").Generation | undefined} */
  generation = "first";
  /** All cores that were made. @type {FakeCore[]} */
  cores = [];
  #count = 0;

  /** @type {import("../js/core.js").CoreFactory} */
  core = async (options) => {
    const core = new FakeCore(this, options);
    this.cores.push(core);
    return core;
  };

  /** The core made last. @returns {FakeCore} */
  get last() {
    const core = this.cores.at(-1);
    if (!core) throw new Error("no core was made");
    return core;
  }

  /** @param {string} what */
  nextId(what) {
    this.#count += 1;
    return `${what}-${this.#count}`;
  }

  /**
   * A room with other players, the first of them its host.
   * @param {string} name
   * @param {...string} players
   */
  addRoom(name, ...players) {
    const id = this.nextId("room");
    const members = players.map((player) => ({ id: this.nextId(player), name: player }));
    /** @type {FakeRoom} */
    const room = { id, name, hostId: members[0]?.id ?? null, isActive: false, players: members };
    this.rooms.set(id, room);
    return room;
  }

  /** @param {string} method @param {...Error} errors */
  fail(method, ...errors) {
    (this.failures[method] ??= []).push(...errors);
  }

  /** Let what waits in a method go on. @param {string} method */
  release(method) {
    this.held.delete(method);
    for (const go of this.waiting.get(method)?.splice(0) ?? []) go();
  }

  /** @param {string} method */
  async pass(method) {
    await null;
    if (this.held.has(method)) {
      await new Promise((resolve) => {
        const waiting = this.waiting.get(method) ?? [];
        this.waiting.set(method, [...waiting, () => resolve(undefined)]);
      });
    }
    const failure = this.failures[method]?.shift();
    if (failure) throw failure;
  }

  /** @param {string | undefined} id */
  remove(id) {
    for (const room of this.rooms.values()) {
      room.players = room.players.filter((player) => player.id !== id);
      if (room.hostId === id) room.hostId = room.players[0]?.id ?? null;
    }
  }
}

/** @implements {Core} */
export class FakeCore {
  /** @type {Map<string, Set<(event: any) => void>>} */
  listeners = new Map();
  /** @type {Core["state"]} */
  state = "disconnected";
  /** @type {string | undefined} */
  sessionId;
  /** @type {string | undefined} */
  roomId;
  /** @type {Core["generation"]} */
  generation;
  /** Every call with its arguments. @type {Array<[string, ...unknown[]]>} */
  calls = [];
  freed = false;
  attempt = 0;
  name = "";
  /** What `sample` gives. */
  rows = new Float32Array(0);
  count = 0;
  /** @type {Record<number, string>} */
  carIds = {};

  /** @param {World} world @param {CoreOptions} options */
  constructor(world, options) {
    this.world = world;
    this.options = options;
  }

  /** @param {string} method @param {...unknown} rest */
  async #call(method, ...rest) {
    this.#alive();
    this.calls.push([method, ...rest]);
    await this.world.pass(method);
    this.#alive();
    if (method !== "connect" && this.state === "disconnected") throw coded("not_connected", true);
  }

  /** As the wasm does: a freed session is of no use. */
  #alive() {
    if (this.freed) throw new Error("null pointer passed to rust");
  }

  /** How often a method was called. @param {string} method */
  times(method) {
    return this.calls.filter(([name]) => name === method).length;
  }

  /** @param {string} url */
  async connect(url) {
    this.closed = false;
    await this.#call("connect", url).catch((error) => {
      if (!this.freed) this.#end(error.code, error.message, error.retryable ?? false);
      throw error;
    });
    if (this.closed) throw coded("closed");
    if (this.state !== "disconnected") throw coded("invalid_argument");
    const saved = this.world.saved.get(this.options.resume);
    this.world.saved.delete(this.options.resume);
    this.state = saved ? "authenticated" : "connected";
    this.sessionId = this.world.nextId("me");
    Object.assign(this, saved);
    this.#learn(this.world.generation);
    this.emit("state", { state: this.state });
    return this.sessionId;
  }

  /** @param {import("../js/core.js").Generation | undefined} generation */
  #learn(generation) {
    this.generation = generation;
    if (generation) this.emit("generation", { generation });
  }

  reconnectNow() {
    this.calls.push(["reconnectNow"]);
  }

  save() {
    const saved = this.world.nextId("saved");
    const { sessionId, roomId, name } = this;
    this.world.saved.set(saved, { sessionId, roomId, name });
    this.state = "disconnected";
    return saved;
  }

  /** @param {import("../js/core.js").SignIn} who */
  async signIn(who) {
    await this.#call("signIn", who);
    const { name, token } = who;
    this.state = "authenticated";
    this.name = name;
    const hasAccounts = this.generation === "accounts" || this.generation === "token";
    const fresh = hasAccounts && !token && { token: this.world.nextId("token") };
    return { name, authenticated: true, udpEncryption: true, ...fresh };
  }

  /** @param {string} name @param {number} [maxPlayers] */
  async createRoom(name, maxPlayers) {
    await this.#call("createRoom", name, ...(maxPlayers === undefined ? [] : [maxPlayers]));
    const room = this.world.addRoom(name);
    this.#enter(room.id);
    room.hostId = this.sessionId ?? null;
    return { roomId: room.id, name };
  }

  /** @param {string} roomId */
  async joinRoom(roomId) {
    await this.#call("joinRoom", roomId);
    if (!this.world.rooms.has(roomId)) throw coded("room_not_found");
    this.#enter(roomId);
    return { roomId };
  }

  /** @param {string} roomId */
  #enter(roomId) {
    this.world.remove(this.sessionId);
    this.world.rooms.get(roomId)?.players.push({ id: this.sessionId ?? "", name: this.name });
    this.roomId = roomId;
  }

  async leaveRoom() {
    await this.#call("leaveRoom");
    const { roomId } = this;
    if (roomId === undefined) throw coded("not_in_room");
    this.world.remove(this.sessionId);
    this.roomId = undefined;
    return { roomId };
  }

  async listRooms() {
    await this.#call("listRooms");
    return [...this.world.rooms.values()].map(({ id, name, hostId, isActive, players }) => {
      return { id, name, hostId, isActive, playerCount: players.length };
    });
  }

  async roomPlayers() {
    await this.#call("roomPlayers");
    const room = this.world.rooms.get(this.roomId ?? "");
    if (!room) throw coded("not_in_room");
    return { roomId: room.id, players: room.players.map((player) => ({ ...player })) };
  }

  async playerInfo() {
    await this.#call("playerInfo");
    return { id: this.sessionId ?? "", name: this.name, roomId: this.roomId ?? null };
  }

  /** @param {string} targetId @param {string} text */
  async relayMessage(targetId, text) {
    await this.#call("relayMessage", targetId, text);
    const players = [...this.world.rooms.values()].flatMap((room) => room.players);
    if (!players.some(({ id }) => id === targetId)) throw coded("player_not_found");
    return { targetId };
  }

  /** @param {string} text */
  async chat(text) {
    await this.#call("chat", text);
    if (this.generation === "first") throw coded("unknown_command");
  }

  askGeneration() {
    this.calls.push(["askGeneration"]);
    this.#learn("chat");
  }

  async startGame() {
    await this.#call("startGame");
    const room = this.world.rooms.get(this.roomId ?? "");
    if (!room) throw coded("not_in_room");
    if (room.hostId !== this.sessionId) throw coded("not_host");
    const spawnPositions = room.players.map(({ id }, i) => ({ id, x: i * 6, y: -2, z: 0.8 }));
    const started = { roomId: room.id, hostId: room.hostId ?? "", spawnPositions };
    this.emit("gameStarted", started);
    return started;
  }

  async ping() {
    await this.#call("ping");
    return 20;
  }

  async close() {
    this.#alive();
    this.calls.push(["close"]);
    await this.world.pass("close");
    if (this.state !== "disconnected") this.drop("closed", false);
    this.attempt = 0;
    this.closed = true;
    this.world.release("connect");
  }

  /** The connection ends. @param {string} code @param {boolean} [retryable] */
  drop(code, retryable = true) {
    this.#end(code, `the reason of ${code}`, retryable);
  }

  abandon() {
    this.#alive();
    this.calls.push(["abandon"]);
    if (this.state !== "disconnected") this.drop("connection_lost");
  }

  /** @param {string} code @param {string} reason @param {boolean} retryable */
  #end(code, reason, retryable) {
    const pause = this.world.pauses.length > 0 ? this.world.pauses.shift() : 250;
    const retryInMs = retryable ? (pause ?? null) : null;
    if (retryInMs !== null) this.attempt += 1;
    this.world.remove(this.sessionId);
    this.state = "disconnected";
    this.sessionId = undefined;
    this.roomId = undefined;
    this.emit("close", { code, number: 1006, reason, retryable, attempt: this.attempt, retryInMs });
  }

  /**
   * @template {keyof CoreEvents} T
   * @param {T} type
   * @param {(event: CoreEvents[T]) => void} listener
   */
  on(type, listener) {
    const listeners = this.listeners.get(type) ?? new Set();
    this.listeners.set(type, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /**
   * @template {keyof CoreEvents} T
   * @param {T} type
   * @param {CoreEvents[T]} event
   */
  emit(type, event) {
    for (const listener of [...(this.listeners.get(type) ?? [])]) listener(event);
  }

  /** How many listen. */
  get listening() {
    return [...this.listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** @param {...number} state */
  sendUpdate(...state) {
    this.#alive();
    this.calls.push(["sendUpdate", ...state]);
    return true;
  }

  /** @param {...number} input */
  sendInput(...input) {
    this.#alive();
    this.calls.push(["sendInput", ...input]);
    return true;
  }

  sample() {
    this.#alive();
    this.calls.push(["sample"]);
    return this.rows;
  }

  carCount() {
    this.#alive();
    return this.count;
  }

  /** @param {number} slot */
  carId(slot) {
    this.#alive();
    this.calls.push(["carId", slot]);
    return this.carIds[slot];
  }

  metrics() {
    this.#alive();
    const rates = { sentPerSecond: 20, receivedPerSecond: 40, bytesSent: 100, bytesReceived: 200 };
    return {
      roundTripMs: 20,
      sent: 1,
      received: 2,
      refused: 0,
      lost: 1,
      lossPercent: 2,
      lossEstimated: true,
      ...rates,
    };
  }

  free() {
    if (this.freed) throw new Error("freed twice");
    this.freed = true;
  }
}

/** All promises that can settle by themselves have. @returns {Promise<void>} */
export function settled() {
  return new Promise((resolve) => void setImmediate(resolve));
}
