// What the page knows, and every way in which that may change. Pure: `reduce` returns a new state and changes nothing else.
// flow.js and what it loads dispatch actions; the screens only read the state.

/** Messages kept in a room, a few screens full. Older ones are dropped. */
export const MAX_MESSAGES = 100;

/** @typedef {"signin" | "lobby" | "room" | "race"} Screen */
/** @typedef {"idle" | "connecting" | "online" | "lost"} Connection */
/** @typedef {{ id: string, name: string, playerCount: number, isActive: boolean, hostId: string, maxPlayers?: number }} Room  `maxPlayers`: how many it holds, where rooms have a size of their own */
/** @typedef {{ id: string, name: string }} Player */
/** @typedef {import("/pkg/explain.js").Explanation} Advice */
/** @typedef {{ key: number, senderId: string, senderName: string, text: string, own: boolean }} Message */
/** @typedef {import("./spawn.js").Spawn} Spawn */
/** @typedef {{ name: string, label?: string }} GameServer */
/** @typedef {Advice & { kind: "error" | "info", code?: string }} Notice  `code`: that of the error, where a field may have to show it */

/**
 * @typedef {object} Lost
 * @property {Advice} advice
 * @property {string} [code]  why, while the client tries again by itself
 * @property {boolean} retrying  the client tries again by itself
 * @property {number} retrySeconds  until the next attempt; 0 while one is under way
 */

/**
 * @typedef {object} CurrentRoom
 * @property {string} id
 * @property {string} name
 * @property {string} hostId  empty while it is unknown
 * @property {boolean} isActive
 */

/**
 * The race of the room, once the page has been in it. `round` changes whenever the host starts again.
 * @typedef {object} RaceStart
 * @property {number} round
 * @property {Spawn[]} spawns
 * @property {boolean} countdown  false for a player who joins late
 */

/**
 * @typedef {object} State
 * @property {Screen} screen
 * @property {Connection} connection
 * @property {boolean} insecure  the relay accepts any certificate
 * @property {boolean} spectate  the relay shows races to everybody
 * @property {string} generation  that of the game server; empty while it is unknown
 * @property {GameServer[]} servers  those behind the relay, the default first; empty if they have no names
 * @property {Player | null} me
 * @property {Room[]} rooms
 * @property {boolean} roomsKnown
 * @property {CurrentRoom | null} room
 * @property {Player[]} players
 * @property {Message[]} messages
 * @property {number} messageCount  all messages so far; gives each its key
 * @property {readonly string[]} muted  players of the room whose messages are left out
 * @property {RaceStart | null} race
 * @property {string} busy  what the page waits for; empty if nothing
 * @property {Notice | null} notice
 * @property {Lost | null} lost
 */

/**
 * @typedef {{ type: "configured", config: import("/pkg/index.js").RelayConfig }
 *   | { type: "generation", generation: string }
 *   | { type: "busy", what: string }
 *   | { type: "connecting" }
 *   | { type: "signedIn", me: Player }
 *   | { type: "signedOut", notice?: Notice }
 *   | { type: "rooms", rooms: Room[] }
 *   | { type: "reconnected", me: Player }
 *   | { type: "enteredRoom", room: CurrentRoom, players: Player[] }
 *   | { type: "room", room: CurrentRoom, players: Player[] }
 *   | { type: "leftRoom", notice?: Notice }
 *   | { type: "message", senderId: string, senderName: string, text: string, own: boolean }
 *   | { type: "muted", id: string, muted: boolean }
 *   | { type: "raceStarted", spawns: Spawn[] }
 *   | { type: "raceJoined" }
 *   | { type: "raceLeft" }
 *   | { type: "notice", notice: Notice | null }
 *   | { type: "lost", lost: Lost }
 * } Action
 */

/** @returns {State} */
export function initialState() {
  return { ...signedOut(), insecure: false, spectate: false, generation: "", servers: [] };
}

function signedOut() {
  return {
    screen: /** @type {Screen} */ ("signin"),
    connection: /** @type {Connection} */ ("idle"),
    me: null,
    rooms: [],
    roomsKnown: false,
    messageCount: 0,
    busy: "",
    notice: null,
    lost: null,
    ...outsideRoom(),
  };
}

function outsideRoom() {
  return { room: null, players: [], messages: [], muted: [], race: null };
}

/**
 * @param {State} state
 * @param {Action} action
 * @returns {State}
 */
export function reduce(state, action) {
  switch (action.type) {
    case "configured":
      return { ...state, ...configured(action.config) };
    case "generation":
      return action.generation === state.generation ? state : { ...state, generation: action.generation };
    case "busy":
      return { ...state, busy: action.what };
    case "connecting":
      return { ...state, connection: "connecting", notice: null };
    case "signedIn":
      return {
        ...state,
        screen: "lobby",
        connection: "online",
        me: action.me,
        lost: null,
        notice: null,
        busy: "",
        ...outsideRoom(),
      };
    case "signedOut":
      return { ...state, ...signedOut(), notice: action.notice ?? null };
    case "reconnected":
      return state.me === null
        ? state
        : { ...state, connection: "online", me: action.me, lost: null, notice: null, busy: "" };
    case "rooms":
      return { ...state, rooms: [...action.rooms].sort(byName), roomsKnown: true };
    case "enteredRoom":
      return enteredRoom(state, action);
    case "room":
      return state.room?.id === action.room.id
        ? { ...state, room: action.room, players: action.players }
        : state;
    case "leftRoom":
      return state.me === null
        ? state
        : { ...state, screen: "lobby", notice: action.notice ?? null, busy: "", ...outsideRoom() };
    case "message":
      return withMessage(state, action);
    case "muted": {
      const others = state.muted.filter((id) => id !== action.id);
      return { ...state, muted: action.muted ? [...others, action.id] : others };
    }
    case "raceStarted":
      return state.room === null ? state : toRace(state, action.spawns, true);
    case "raceJoined":
      return joined(state);
    case "raceLeft":
      return state.screen === "race" ? { ...state, screen: "room", notice: null } : state;
    case "notice":
      return { ...state, notice: action.notice };
    case "lost":
      return state.me === null
        ? state
        : { ...state, connection: "lost", lost: action.lost, notice: null, busy: "" };
  }
}

/** @param {import("/pkg/index.js").RelayConfig} config */
function configured({ insecure, features, generation = "", servers = [] }) {
  return { insecure: insecure === true, spectate: features?.spectate === true, generation, servers };
}

/**
 * @param {Room} a
 * @param {Room} b
 */
function byName(a, b) {
  return a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1);
}

/**
 * @param {State} state
 * @param {{ room: CurrentRoom, players: Player[] }} entered
 * @returns {State}
 */
function enteredRoom(state, { room, players }) {
  if (state.me === null) return state;
  return { ...state, ...outsideRoom(), screen: "room", room, players, busy: "", notice: null };
}

/**
 * @param {State} state
 * @param {{ senderId: string, senderName: string, text: string, own: boolean }} message
 * @returns {State}
 */
function withMessage(state, { senderId, senderName, text, own }) {
  if (state.room === null || isMuted(state, senderId, senderName)) return state;
  const key = state.messageCount + 1;
  const messages = [...state.messages, { key, senderId, senderName, text, own }];
  return { ...state, messageCount: key, messages: messages.slice(-MAX_MESSAGES) };
}

/**
 * Of a sender without an id there is only the name, which several players have.
 * @param {State} state
 * @param {string} id
 * @param {string} name
 */
function isMuted({ muted, players }, id, name) {
  if (id) return muted.includes(id);
  const namesakes = players.filter((player) => player.name === name);
  return namesakes.length > 0 && namesakes.every((player) => muted.includes(player.id));
}

/** Players sign in with a name and a password that the game server keeps. @param {State} state */
export const hasAccounts = ({ generation }) => generation === "token" || generation === "accounts";

/** Rooms have a size of their own. @param {State} state */
export const hasSizes = ({ generation }) => generation === "token";

/**
 * Into the race: for the first time as a late comer, else as one was, with all laps.
 * @param {State} state
 * @returns {State}
 */
function joined(state) {
  if (state.room === null) return state;
  return state.race ? { ...state, screen: "race", busy: "", notice: null } : toRace(state, [], false);
}

/**
 * @param {State} state
 * @param {Spawn[]} spawns
 * @param {boolean} countdown
 * @returns {State}
 */
function toRace(state, spawns, countdown) {
  const room = state.room && { ...state.room, isActive: true };
  const round = (state.race?.round ?? 0) + 1;
  return { ...state, screen: "race", room, race: { round, spawns, countdown }, busy: "", notice: null };
}

/**
 * Say who may start the race: the host in the server's list, unless that player has left.
 * @param {State} state
 * @returns {{ kind: "me" | "other" | "gone" | "unknown", name: string }}
 */
export function hostOf({ room, players, me }) {
  if (!room || !room.hostId) return { kind: "unknown", name: "" };
  if (room.hostId === me?.id) return { kind: "me", name: me.name };
  const host = players.find((player) => player.id === room.hostId);
  return host ? { kind: "other", name: host.name } : { kind: "gone", name: "" };
}

/**
 * Keep one state, and tell listeners of its changes.
 * @param {State} state
 */
export function createStore(state) {
  /** @type {Set<(state: State, before: State) => void>} */
  const listeners = new Set();
  return {
    get: () => state,
    /** @param {Action} action */
    dispatch(action) {
      const before = state;
      state = reduce(state, action);
      if (state !== before) for (const listener of listeners) listener(state, before);
    },
    /** @param {(state: State, before: State) => void} listener */
    subscribe(listener) {
      listeners.add(listener);
    },
  };
}

/** @typedef {ReturnType<typeof createStore>} Store */
