// The core behind a client: the wasm session, a worker that has one, or a mock. All have the same shape, so the
// client does not know which one it has. Here are the types, and what all cores share.

/** @typedef {"disconnected" | "connected" | "authenticated"} CoreState  How far a core has come. */
/** @typedef {{ id: string, name: string }} Player */
/** @typedef {{ id: string, name: string, playerCount: number, isActive: boolean, hostId: string | null, maxPlayers?: number }} Room  A room in the list of all; `isActive`: its race was started; `maxPlayers`: how many it holds, where the server says so. */
/** @typedef {import("./capabilities.js").Generation} Generation */
/**
 * @typedef {object} SignIn  Who signs in. Where the server has accounts, `name` and `password` are those of the account; elsewhere a name is enough.
 * @property {string} name
 * @property {string} [password]
 * @property {boolean} [create]  make a new account, where there are accounts
 * @property {string} [token]  what an earlier sign-in gave: tried before the password, where there are accounts
 */
/** @typedef {{ name: string, authenticated: boolean, udpEncryption: boolean, token?: string }} SignedIn  The `token`, a secret, signs in to the account for 30 days without the password. */
/** @typedef {{ id: string, x?: number, y?: number, z?: number, index?: number }} SpawnPosition  Where a player starts: a place in metres, or on later servers the number of one. */
/** @typedef {{ roomId: string, hostId?: string, spawnPositions: SpawnPosition[] }} GameStarted */
/**
 * @typedef {{ roundTripMs: number | null, sent: number, received: number, refused: number, lost: number, lossPercent: number, lossEstimated: boolean, sentPerSecond: number, receivedPerSecond: number, bytesSent: number, bytesReceived: number }} CoreMetrics  Figures about the network; times in milliseconds.
 */
/**
 * @typedef {object} CoreEvents  The events of a core.
 * @property {{ state: CoreState }} state
 * @property {GameStarted} gameStarted
 * @property {{ generation: Generation }} generation  it is known, or known better, now
 * @property {{ senderId: string, senderName: string, message: string }} message
 * @property {{ senderName: string, message: string }} chat  a text to the room
 * @property {Player} playerJoined  somebody entered the room; not on every server
 * @property {Player} playerLeft  somebody left the room; not on every server
 * @property {{ kind: string, line: string }} unknown  a line that this client does not know
 * @property {{ id: string, steering: number, throttle: number, brake: number }} input
 * @property {{ slot: number, id: string }} carJoined
 * @property {{ slot: number, id: string }} carLeft
 * @property {{ roomId: string }} roomLost
 * @property {{ seconds: number }} draining
 * @property {{ message: string }} kicked
 * @property {{ code: string, number: number, reason: string, retryable: boolean, attempt: number, retryInMs: number | null }} interrupted
 *   the connection is gone, but another one may go on with the session in `retryInMs`; 0: it is being opened. Then comes `resumed`, or `close`
 * @property {object} resumed  the session goes on; nothing was lost but positions
 * @property {{ code: string, number: number, reason: string, retryable: boolean, attempt: number, retryInMs: number | null }} close
 *   `retryInMs` is the wait before the next attempt to reconnect, the `attempt`th in a row; null: there is none
 * @property {string} frame  a line as it was received, or another car's `UPDATE`, opened; made only while somebody listens
 * @property {{ level: string, line: string }} log
 */
/** @typedef {{ minMs?: number, maxMs?: number, attempts?: number }} ReconnectOptions  The pauses between attempts to come back in milliseconds, and how many in a row there are. */
/**
 * @typedef {{ secret?: string, generation?: string, updateHz?: number, plainDatagrams?: boolean, batch?: boolean, commandTimeoutMs?: number, retryMinMs?: number, retryMaxMs?: number, retries?: number, resume?: string, logLevel?: string, webSocket?: (url: string, protocols: string[]) => WebSocket, clock?: import("./clock.js").Clock }} CoreOptions  What a core is made with. `resume` is what `save()` gave in a page that was left. `webSocket` makes the socket where it is not to be the browser's own, and `clock` replaces the browser's time and timers.
 */
/**
 * @typedef {object} Core  A core. Every end of its connection is one `close` event; after one of its own accord it may be connected again. Every promise rejects with an error that has
 *   `code` and `retryable`.
 * @property {(url: string) => Promise<string>} connect  to the relay's `/ws`; resolves with the session id
 * @property {(who: SignIn) => Promise<SignedIn>} signIn
 * @property {(name: string, maxPlayers?: number) => Promise<{ roomId: string, name: string }>} createRoom
 * @property {(roomId: string) => Promise<{ roomId: string }>} joinRoom
 * @property {() => Promise<{ roomId: string }>} leaveRoom
 * @property {() => Promise<Room[]>} listRooms
 * @property {() => Promise<{ roomId: string, players: Player[] }>} roomPlayers
 * @property {() => Promise<{ id: string, name: string, roomId: string | null }>} playerInfo
 * @property {(targetId: string, text: string) => Promise<{ targetId: string }>} relayMessage
 * @property {(text: string) => Promise<void>} chat  to the whole room; `unknown_command` on the first generation
 * @property {() => void} [askGeneration]  finds out the server's generation, if its welcome and its answers so far leave it open
 * @property {() => Promise<GameStarted>} startGame
 * @property {() => Promise<number>} ping  round trip in milliseconds
 * @property {() => Promise<void>} close  says goodbye, and resets the count of attempts to reconnect
 * @property {() => void} abandon  drops the connection without a goodbye, like a lost one; `close` reports it
 * @property {() => unknown} [reconnectNow]  while the session is interrupted: tries again at once
 * @property {() => string | undefined} [save]  gives what `resume` takes in another page, and leaves the session to it
 * @property {<T extends keyof CoreEvents>(type: T, listener: (event: CoreEvents[T]) => void) => () => void} on
 * @property {(x: number, y: number, z: number, qx: number, qy: number, qz: number, qw: number) => boolean} sendUpdate
 * @property {(steering: number, throttle: number, brake: number) => boolean} sendInput
 * @property {() => Float32Array} sample  rows of 12 numbers: slot, x, y, z, qx, qy, qz, qw, speed, age ms, stale, yaw; good until the next call
 * @property {() => number} carCount
 * @property {(slot: number) => string | undefined} carId
 * @property {() => CoreMetrics} metrics
 * @property {CoreState} state
 * @property {Generation | undefined} generation  as far as it is known
 * @property {string | undefined} sessionId
 * @property {string | undefined} roomId
 * @property {(conditions: import("./lab.js").Conditions | null) => void | Promise<void>} [simulate]  a worse network from now on; null: the real one
 * @property {boolean} [standing]  it sends the newest position again by itself while no newer one comes
 * @property {() => void} free
 */
/** @typedef {(options: CoreOptions) => Promise<Core>} CoreFactory  Makes a core; may have to load something first. */

/** Numbers of a row of `sample()`. */
export const CAR_STRIDE = 12;

/** The events of a core. */
export const EVENTS = /** @type {const} */ ([
  "state",
  "generation",
  "gameStarted",
  "message",
  "chat",
  "playerJoined",
  "playerLeft",
  "unknown",
  "input",
  "carJoined",
  "carLeft",
  "roomLost",
  "draining",
  "kicked",
  "interrupted",
  "resumed",
  "close",
  "frame",
  "log",
]);

/** What a core counts before it is connected. @type {CoreMetrics} */
export const NO_METRICS = Object.freeze({
  roundTripMs: null,
  sent: 0,
  received: 0,
  refused: 0,
  lost: 0,
  lossPercent: 0,
  lossEstimated: true,
  sentPerSecond: 0,
  receivedPerSecond: 0,
  bytesSent: 0,
  bytesReceived: 0,
});
