// A stand-in for the wasm client with the same API and nobody behind it: rooms that exist only here and cars on rails.
// Served as /pkg/client_wasm.js where the page is looked at without a relay, and used by the flow's tests.
// `globalThis.mockWorld` may change what it plays: see `world`.

import { CAR_STRIDE } from "../src/row.js";

export const world = {
  /** Error code per method name, to make it fail. @type {Record<string, string>} */
  fail: {},
  /** Other drivers in every room. */
  drivers: 6,
  /** Names for them, repeated as needed. */
  names: ["Mika", "Alexandra the Great", "Zoë", "bot-3", "Jürgen", "Priya", "O'Neill", "Li Wei"],
  rooms: [
    { id: "r1", name: "Friday evening", playerCount: 7, isActive: true, hostId: "driver-0" },
    { id: "r2", name: "Beginners welcome", playerCount: 2, isActive: false, hostId: "driver-1" },
    {
      id: "r3",
      name: "Endurance, 40 laps, bring snacks and a second driver",
      playerCount: 20,
      isActive: false,
      hostId: "x",
    },
  ],
  /** Every n-th car has lost its connection; 0 for none. */
  staleEvery: 0,
  /** Cars stand this many metres apart. */
  spread: 21,
  /** The first car starts this many metres beyond the start line. */
  offset: 60,
  .../** @type {any} */ (globalThis).mockWorld,
};

export default async function init() {}

export class RaceError extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.name = "RaceError";
    this.code = code;
    this.retryable = ["server_unreachable", "relay_restarting", "connection_lost"].includes(code);
  }
}

export class Session {
  constructor() {
    /** @type {Map<string, Set<(event: any) => void>>} */
    this.listeners = new Map();
    this.state = "disconnected";
    /** @type {string | undefined} */
    this.sessionId = undefined;
    /** @type {string | undefined} */
    this.roomId = undefined;
    this.name = "";
    this.sent = 0;
    /** Every call with its arguments, for assertions. @type {Array<[string, ...unknown[]]>} */
    this.calls = [];
    this.rows = new Float32Array(CAR_STRIDE * 32);
    /** @type {Array<[number, number]>} */
    this.rails = [];
    Session.last = this;
  }

  /**
   * @param {string} method
   * @param {...unknown} rest
   */
  async #answer(method, ...rest) {
    this.calls.push([method, ...rest]);
    await null;
    if (this.state === "disconnected" && method !== "connect") throw new RaceError("not_connected");
    if (world.fail[method]) throw new RaceError(world.fail[method]);
  }

  /** @param {string} url */
  async connect(url) {
    await this.#answer("connect", url);
    if (typeof location !== "undefined") this.rails = (await (await fetch("/track.json")).json()).centreline;
    this.sessionId = `me-${(counter += 1)}`;
    this.#become("connected");
    return this.sessionId;
  }

  /**
   * @param {string} name
   * @param {string} [password]
   */
  async signIn(name, password) {
    await this.#answer("signIn", name, password);
    this.name = name;
    this.#become("authenticated");
    return { name };
  }

  /** @param {string} name */
  async createRoom(name) {
    await this.#answer("createRoom", name);
    const id = `mine-${(counter += 1)}`;
    world.rooms.push({
      id,
      name,
      playerCount: 1 + world.drivers,
      isActive: false,
      hostId: this.sessionId ?? "",
    });
    this.roomId = id;
    return { roomId: id, name };
  }

  /** @param {string} roomId */
  async joinRoom(roomId) {
    await this.#answer("joinRoom", roomId);
    this.roomId = roomId;
    return { roomId };
  }

  async leaveRoom() {
    await this.#answer("leaveRoom");
    const roomId = this.roomId ?? "";
    this.roomId = undefined;
    return { roomId };
  }

  async listRooms() {
    await this.#answer("listRooms");
    return world.rooms.map((room) => ({ ...room }));
  }

  async roomPlayers() {
    await this.#answer("roomPlayers");
    if (!this.roomId) throw new RaceError("not_in_room");
    const others = Array.from({ length: world.drivers }, (_, i) => ({
      id: `driver-${i}`,
      name: world.names[i % world.names.length],
    }));
    return { roomId: this.roomId, players: [{ id: this.sessionId ?? "", name: this.name }, ...others] };
  }

  /**
   * @param {string} targetId
   * @param {string} text
   */
  async relayMessage(targetId, text) {
    await this.#answer("relayMessage", targetId, text);
    return { targetId };
  }

  async startGame() {
    await this.#answer("startGame");
    const start = { roomId: this.roomId ?? "", hostId: this.sessionId, spawnPositions: [] };
    this.emit("gameStarted", start);
    return start;
  }

  async ping() {
    await this.#answer("ping");
    return 18;
  }

  async close() {
    this.calls.push(["close"]);
    this.state = "disconnected";
  }

  free() {
    this.calls.push(["free"]);
  }

  /**
   * @param {string} type
   * @param {(event: any) => void} listener
   */
  on(type, listener) {
    const listeners = this.listeners.get(type) ?? new Set();
    this.listeners.set(type, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /**
   * Play an event of the server or the relay.
   * @param {string} type
   * @param {unknown} event
   */
  emit(type, event) {
    for (const listener of [...(this.listeners.get(type) ?? [])]) listener(event);
  }

  sendUpdate() {
    this.sent += 1;
    return true;
  }

  sendInput() {
    return true;
  }

  carCount() {
    return this.rails.length === 0 ? 0 : Math.min(world.drivers, 32);
  }

  /** @param {number} slot */
  carId(slot) {
    return `driver-${slot}`;
  }

  sample() {
    const count = this.rails.length;
    for (let slot = 0; slot < this.carCount(); slot += 1) {
      const stale = world.staleEvery > 0 && slot % world.staleEvery === world.staleEvery - 1;
      const metres =
        world.offset + (stale ? 0 : (performance.now() / 1000) * (34 - slot * 0.35)) + slot * world.spread;
      const at = metres / 4.635;
      const from = this.rails[Math.floor(at) % count];
      const to = this.rails[(Math.floor(at) + 1) % count];
      const part = at % 1;
      const yaw = Math.atan2(to[0] - from[0], to[1] - from[1]);
      const side = ((slot % 3) - 1) * 3.4;
      const x = from[0] + (to[0] - from[0]) * part + Math.cos(yaw) * side;
      const z = from[1] + (to[1] - from[1]) * part - Math.sin(yaw) * side;
      const row = [
        slot,
        x,
        0,
        z,
        0,
        Math.sin(yaw / 2),
        0,
        Math.cos(yaw / 2),
        34,
        stale ? 4200 : 40,
        Number(stale),
        yaw,
      ];
      this.rows.set(row, slot * CAR_STRIDE);
    }
    return this.rows;
  }

  metrics() {
    return {
      roundTripMs: 18,
      sent: this.sent,
      received: this.sent * world.drivers,
      lost: 3,
      lossPercent: 0.4,
      lossEstimated: true,
      sentPerSecond: 20,
      receivedPerSecond: 120,
    };
  }

  /** @param {string} state */
  #become(state) {
    this.state = state;
    this.emit("state", { state });
  }
}

/** The session made last. @type {Session | undefined} */
Session.last = undefined;
let counter = 0;
