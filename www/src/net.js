// The only module that touches the wasm client and the relay's HTTP: loading, configuration, new sessions.

import { once } from "./later.js";

/** @typedef {"disconnected" | "connected" | "authenticated"} SessionState */
/** @typedef {Omit<import("./state.js").Room, "hostId"> & { hostId: string | null }} ListedRoom */
/** @typedef {import("./state.js").Player} Player */
/** @typedef {{ roomId: string, hostId?: string, spawnPositions: Array<import("./spawn.js").Spawn> }} GameStarted */

/**
 * @typedef {object} Metrics
 * @property {number | null} roundTripMs
 * @property {number} sent
 * @property {number} received
 * @property {number} lost
 * @property {number} lossPercent
 * @property {boolean} lossEstimated
 * @property {number} sentPerSecond
 * @property {number} receivedPerSecond
 */

/**
 * @typedef {object} SessionEvents
 * @property {{ state: SessionState }} state
 * @property {GameStarted} gameStarted
 * @property {{ senderId: string, senderName: string, message: string }} message
 * @property {{ slot: number, id: string }} carJoined
 * @property {{ slot: number, id: string }} carLeft
 * @property {{ roomId: string }} roomLost  the server says that we are in no room any more
 * @property {{ seconds: number }} draining
 * @property {{ message: string }} kicked
 * @property {{ code: string, number: number, reason: string, retryable: boolean }} close
 * @property {{ line: string }} unknown
 * @property {{ level: string, line: string }} log
 */

/**
 * @typedef {object} SessionOptions
 * @property {string} [secret]
 * @property {number} [updateHz]
 * @property {boolean} [plainDatagrams]
 * @property {boolean} [batch]
 * @property {number} [commandTimeoutMs]
 * @property {"off" | "error" | "warn" | "info" | "debug" | "trace"} [logLevel]
 */

/**
 * The wasm client's session. Every promise rejects with a `RaceError` (code, retryable, message).
 * @typedef {object} Session
 * @property {(url: string) => Promise<string>} connect
 * @property {(name: string, password?: string) => Promise<{ name: string }>} signIn
 * @property {(name: string) => Promise<{ roomId: string, name: string }>} createRoom
 * @property {(roomId: string) => Promise<{ roomId: string }>} joinRoom
 * @property {() => Promise<{ roomId: string }>} leaveRoom
 * @property {() => Promise<ListedRoom[]>} listRooms
 * @property {() => Promise<{ roomId: string, players: Player[] }>} roomPlayers
 * @property {(targetId: string, text: string) => Promise<{ targetId: string }>} relayMessage
 * @property {() => Promise<GameStarted>} startGame
 * @property {() => Promise<number>} ping
 * @property {() => Promise<void>} close
 * @property {<T extends keyof SessionEvents>(type: T, listener: (event: SessionEvents[T]) => void) => () => void} on
 * @property {(x: number, y: number, z: number, qx: number, qy: number, qz: number, qw: number) => boolean} sendUpdate
 * @property {(steering: number, throttle: number, brake: number) => boolean} sendInput
 * @property {() => Float32Array} sample  a view that the next call invalidates
 * @property {() => number} carCount
 * @property {(slot: number) => string | undefined} carId
 * @property {() => Metrics} metrics
 * @property {SessionState} state
 * @property {string | undefined} sessionId
 * @property {string | undefined} roomId
 * @property {() => void} free
 */

/** @typedef {{ session: SessionOptions, insecure: boolean, spectate: boolean }} Config */
/** @typedef {{ default: () => Promise<unknown>, Session: new (options?: SessionOptions) => Session }} ClientModule */

/** Longer than this the relay is not there; a page should say so rather than hang. */
const CONFIG_TIMEOUT_MS = 8000;

/** An error of the page itself, coded like those of the session. */
export class PageError extends Error {
  /**
   * @param {string} code
   * @param {unknown} cause
   */
  constructor(code, cause) {
    super(code, { cause });
    this.name = "PageError";
    this.code = code;
    this.retryable = true;
  }
}

/** @returns {Promise<Config>} */
export async function loadConfig() {
  /** @type {Record<string, unknown>} */
  let config;
  try {
    const signal = AbortSignal.timeout(CONFIG_TIMEOUT_MS);
    const response = await fetch("/api/config", { signal, cache: "no-store" });
    if (!response.ok) throw new Error(`status ${response.status}`);
    config = await response.json();
  } catch (cause) {
    throw new PageError("page_unreachable", cause);
  }
  const { spectate } = /** @type {Record<string, unknown>} */ (config.features ?? {});
  return {
    session: sessionOptions(config),
    insecure: config.insecure === true,
    spectate: spectate === true,
  };
}

/**
 * Only what is there and of the right kind: the session has its own defaults.
 * @param {Record<string, unknown>} config  what `/api/config` answers
 * @returns {SessionOptions}
 */
export function sessionOptions({ udpSecret, updateHz, features }) {
  const { batch } = /** @type {Record<string, unknown>} */ (features ?? {});
  return {
    ...(typeof udpSecret === "string" && { secret: udpSecret }),
    ...(typeof updateHz === "number" && { updateHz }),
    ...(typeof batch === "boolean" && { batch }),
  };
}

/** Load the wasm client, once. */
export const loadClient = once(async () => {
  try {
    return await importClient();
  } catch (cause) {
    throw new PageError("page_broken", cause);
  }
});

/** @returns {Promise<ClientModule>} */
async function importClient() {
  // In a variable, because the module is generated and the type checker never sees it.
  const path = "/pkg/client_wasm.js";
  const module = /** @type {ClientModule} */ (await import(path));
  await module.default();
  return module;
}

/** The relay's WebSocket on the page's own origin. @param {Location} location */
export function relayUrl(location) {
  const url = new URL("/ws", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
