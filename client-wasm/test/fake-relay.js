// A relay with a game server behind the sockets of a test, on the test's clock: a room's worth of the protocol, plain datagrams,
// and another player. With the real wasm client before it.
import { readFile } from "node:fs/promises";
import { WasmClient } from "../js/wasm-client.js";

/** How long a line takes each way. */
const LATENCY_MS = 10;
const MODULE = new URL("../../www/pkg/wasm/", import.meta.url);

/** The wasm client of `cargo xtask wasm`. */
export const wasm = new WasmClient({
  glue: () => import(new URL("client_wasm.js", MODULE).href),
  module: async () => WebAssembly.compile(await readFile(new URL("client_wasm_bg.wasm", MODULE))),
  lab: () => import("../js/lab.js"),
});

/** @param {number} number */
export const id = (number) => String(number).padStart(32, "0");

/** @typedef {{ id: string, name: string, hostId: string, isActive: boolean, players: Array<{ id: string, name: string }> }} FakeRoom */

export class FakeSocket extends EventTarget {
  readyState = 0;
  bufferedAmount = 0;
  binaryType = "blob";
  /** @type {((event: any) => void) | null} */
  onopen = null;
  /** @type {((event: any) => void) | null} */
  onmessage = null;
  /** @type {((event: any) => void) | null} */
  onclose = null;
  onerror = null;
  /** @type {(data: unknown) => void} */
  sent = () => {};
  /** Nothing comes through any more, and neither side knows. */
  isDead = false;
  /** The code of a close by the client. @type {number | undefined} */
  closedWith;

  /** @param {unknown} data */
  send(data) {
    if (!this.isDead) this.sent(data);
  }

  /** @param {number} [code] */
  close(code) {
    this.closedWith = code;
    queueMicrotask(() => this.end(1000));
  }

  /** @param {number} code */
  end(code) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#tell("close", { code, reason: "", wasClean: code === 1000 });
  }

  open() {
    this.readyState = 1;
    this.#tell("open", {});
  }

  /** @param {string | ArrayBuffer} data */
  deliver(data) {
    if (this.readyState === 1 && !this.isDead) this.#tell("message", { data });
  }

  /**
   * @param {"open" | "message" | "close"} type
   * @param {object} properties
   */
  #tell(type, properties) {
    const event = Object.assign(new Event(type), properties);
    this[`on${type}`]?.(event);
    this.dispatchEvent(event);
  }
}

export class FakeRelay {
  /** @type {Map<string, FakeRoom>} */
  rooms = new Map();
  /** The lines that were sent to it. @type {any[]} */
  lines = [];
  /** Positions that were sent to it. */
  datagrams = 0;
  /** @type {FakeSocket | null} */
  socket = null;
  /** No attempt to connect succeeds. */
  isUnreachable = false;
  /** An attempt to connect that begins now comes to nothing, and is not refused either. */
  isSilent = false;
  /** The game server says nothing any more. */
  isHung = false;
  /** What was offered, for each attempt to connect. @type {string[]} */
  offers = [];
  /** The relay's lines of this session, and how many it has taken. @type {{ token: string, lines: string[], received: number }} */
  session = { token: "", lines: [], received: 0 };
  #resumeSeconds;
  #clock;
  #ids = 100;
  #me = { id: "", name: "" };

  /** @param {import("../js/clock.js").Clock} clock @param {number} [resumeSeconds] */
  constructor(clock, resumeSeconds = 0) {
    this.#clock = clock;
    this.#resumeSeconds = resumeSeconds;
  }

  /** @param {string} _url @param {string[]} protocols @returns {WebSocket} */
  webSocket = (_url, protocols) => {
    const socket = new FakeSocket();
    this.socket = socket;
    const offer = protocols.find((protocol) => protocol.startsWith("resume.")) ?? "";
    this.offers.push(offer);
    socket.sent = (data) => {
      if (typeof data !== "string") this.datagrams += 1;
      else this.#clock.setTimeout(() => this.socket === socket && this.#take(data), LATENCY_MS);
    };
    if (this.isSilent) return /** @type {WebSocket} */ (/** @type {unknown} */ (socket));
    this.#clock.setTimeout(() => {
      if (this.isUnreachable) return socket.end(1006);
      socket.open();
      const [, token, had] = offer.split(".");
      const { lines, received } = this.session;
      const resumed = token === this.session.token && received > 0 && Number(had) <= lines.length;
      if (!resumed) this.session = { token, lines: [], received: 0 };
      const ready = { resumed, received: resumed ? received : 0, resumeSeconds: this.#resumeSeconds };
      socket.deliver(JSON.stringify({ relay: "ready", ...ready }));
      if (resumed) return lines.slice(Number(had)).forEach((line) => socket.deliver(line));
      this.#me = { id: id(++this.#ids), name: "" };
      this.#say(`CONNECTED|${this.#me.id}`);
    }, LATENCY_MS);
    return /** @type {WebSocket} */ (/** @type {unknown} */ (socket));
  };

  /** A line that reaches the client sooner or later. @param {string} line */
  #say(line) {
    if (this.isHung) return;
    this.session.lines.push(line);
    this.socket?.deliver(line);
  }

  /** End the session, as a relay whose time is up. */
  forget() {
    const own = this.#room();
    if (own) own.players = own.players.filter((player) => player !== this.#me);
    this.session.token = "";
  }

  /**
   * @param {string} name
   * @param {Array<{ id: string, name: string }>} players
   */
  addRoom(name, players) {
    const room = { id: id(++this.#ids), name, hostId: players[0].id, isActive: false, players };
    this.rooms.set(room.id, room);
    return room;
  }

  /** @param {object} line */
  push(line) {
    this.#say(JSON.stringify(line));
  }

  /** Tell where another player's car is. @param {string} sessionId @param {number} x @param {number} z */
  update(sessionId, x, z) {
    const rotation = { x: 0, y: 0, z: 0, w: 1 };
    const json = JSON.stringify({ command: "UPDATE", sessionId, position: { x, y: 0, z }, rotation });
    this.socket?.deliver(new TextEncoder().encode(json).buffer);
  }

  /** Lose the connection. */
  drop() {
    this.forget();
    this.socket?.end(1006);
  }

  #room() {
    return [...this.rooms.values()].find(({ players }) => players.includes(this.#me));
  }

  /** @param {string} text */
  #take(text) {
    const line = JSON.parse(text);
    this.lines.push(line);
    this.session.received += 1;
    const { session } = this;
    const answer = JSON.stringify(this.#answer(line));
    this.#clock.setTimeout(() => session === this.session && this.#say(answer), LATENCY_MS);
  }

  /** @param {any} line */
  #answer({ command, name, roomId }) {
    const own = this.#room();
    switch (command) {
      case "NAME":
        this.#me.name = name;
        return { command: "NAME_OK", name, authenticated: true, udpEncryption: false };
      case "PING":
        return { command: "PONG" };
      case "PLAYER_INFO":
        return { command: "PLAYER_INFO", playerInfo: { ...this.#me, currentRoomId: own?.id } };
      case "CREATE_ROOM":
        return { command: "ROOM_CREATED", roomId: this.addRoom(name, [this.#me]).id, name };
      case "JOIN_ROOM":
        if (!this.rooms.has(roomId)) return { command: "ERROR", message: "Room not found" };
        this.rooms.get(roomId)?.players.push(this.#me);
        return { command: "JOIN_OK", roomId };
      case "LEAVE_ROOM":
        if (own) own.players = own.players.filter((player) => player !== this.#me);
        return { command: "LEAVE_OK", roomId: own?.id };
      case "GET_ROOM_PLAYERS":
        if (!own) return { command: "ERROR", message: "Cannot get players. You are not in a room" };
        return { command: "ROOM_PLAYERS", roomId: own.id, players: own.players };
      case "LIST_ROOMS":
        return {
          command: "ROOM_LIST",
          rooms: [...this.rooms.values()].map(({ players, ...room }) => ({
            ...room,
            playerCount: players.length,
          })),
        };
      case "START_GAME": {
        const places = (own?.players ?? []).map((player, at) => [player.id, { x: 6 * at, y: 0, z: 0 }]);
        if (own) own.isActive = true;
        const started = { command: "GAME_STARTED", roomId: own?.id, hostId: own?.hostId };
        const line = { ...started, spawnPositions: Object.fromEntries(places) };
        // The host gets two.
        this.#clock.setTimeout(() => this.push({ ...line, hostId: undefined }), LATENCY_MS);
        return line;
      }
      case "MESSAGE":
        return { command: "UNKNOWN_COMMAND", originalCommand: command };
      case "RELAY_MESSAGE":
        return { command: "RELAY_OK", targetId: id(1) };
      default:
        return { command: "BYE_OK" };
    }
  }
}
