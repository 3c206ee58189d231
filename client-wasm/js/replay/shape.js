// What a recording's notes and keyframes may contain. A recording may come from anywhere, so every value is checked before a
// client gets it.

/** @typedef {(value: any) => boolean} Shape */

/** No server sends longer lists or texts in a line of 1 MiB. */
const MOST = 100_000;

/** @type {Shape} */
export const text = (value) => typeof value === "string";
/** @type {Shape} */
export const number = (value) => Number.isFinite(value);
/** @type {Shape} */
export const flag = (value) => typeof value === "boolean";
/** @type {Shape} */
const slot = (value) => Number.isInteger(value) && value >= 0 && value < 255;
/** @type {Shape} */
const nothing = (value) => value === null || value === undefined;
/** @type {Shape} */
const state = (value) => ["disconnected", "connected", "authenticated"].includes(value);

/** @param {Shape} shape @returns {Shape} */
const optional = (shape) => (value) => nothing(value) || shape(value);
/** @param {Shape} shape @returns {Shape} */
const list = (shape) => (value) => Array.isArray(value) && value.length <= MOST && value.every(shape);
/** @param {Shape[]} shapes @returns {Shape} */
const tuple =
  (...shapes) =>
  (value) =>
    Array.isArray(value) && value.length >= shapes.length && shapes.every((shape, at) => shape(value[at]));
/** @param {Record<string, Shape>} shapes @returns {Shape} */
const object = (shapes) => (value) =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.entries(shapes).every(([name, shape]) => shape(value[name]));

const spawn = object({ id: text, x: optional(number), y: optional(number), z: optional(number) });
const started = object({ roomId: text, hostId: optional(text), spawnPositions: list(spawn) });
const player = object({ id: text, name: text });
const room = object({
  id: text,
  name: text,
  playerCount: number,
  isActive: flag,
  hostId: optional(text),
});
const inRoom = object({ roomId: text });

const FIGURES = Object.freeze({
  roundTripMs: optional(number),
  sent: number,
  received: number,
  refused: number,
  lost: number,
  lossPercent: number,
  lossEstimated: flag,
  sentPerSecond: number,
  receivedPerSecond: number,
  bytesSent: number,
  bytesReceived: number,
});
const figures = object(FIGURES);

/** @type {Map<unknown, Shape>} */
const EVENTS = new Map([
  ["state", object({ state })],
  ["gameStarted", started],
  ["message", object({ senderId: text, senderName: text, message: text })],
  ["carJoined", object({ slot, id: text })],
  ["carLeft", object({ slot, id: text })],
  ["roomLost", inRoom],
  ["draining", object({ seconds: number })],
  ["kicked", object({ message: text })],
  [
    "close",
    object({
      code: text,
      number,
      reason: text,
      retryable: flag,
      attempt: optional(number),
      retryInMs: optional(number),
    }),
  ],
  ["unknown", object({ line: text })],
]);

/** What each call resolves with. @type {Map<unknown, Shape>} */
const ANSWERS = new Map([
  ["connect", text],
  ["signIn", object({ name: text, authenticated: flag, udpEncryption: flag })],
  ["createRoom", object({ roomId: text, name: text })],
  ["joinRoom", inRoom],
  ["leaveRoom", inRoom],
  ["listRooms", list(room)],
  ["roomPlayers", object({ roomId: text, players: list(player) })],
  ["playerInfo", object({ id: text, name: text, roomId: optional(text) })],
  ["relayMessage", object({ targetId: text })],
  ["startGame", started],
  ["ping", number],
  ["close", nothing],
]);

/** @type {Shape} */
const method = (value) => ANSWERS.has(value);
const call = tuple(number, method, list(text));

/** @type {Map<unknown, Shape>} */
const NOTES = new Map([
  ["call", tuple(text, number, method, list(text))],
  ["ok", (value) => number(value[1]) && (ANSWERS.get(value[2])?.(value[3]) ?? false)],
  ["fail", tuple(text, number, method, text, text, flag)],
  ["event", (value) => EVENTS.get(value[1])?.(value[2]) ?? false],
  ["metrics", tuple(text, figures)],
]);

const keyframe = object({
  state,
  sessionId: optional(text),
  name: optional(text),
  roomId: optional(text),
  cars: list(tuple(slot, text)),
  metrics: optional(figures),
  pending: list(call),
});

/** @param {any} value */
export function isNote(value) {
  return Array.isArray(value) && (NOTES.get(value[0])?.(value) ?? false);
}

/** @param {any} value */
export function isKeyframe(value) {
  if (!keyframe(value) || !object({})(value.answers)) return false;
  return Object.entries(value.answers).every(([name, answer]) => ANSWERS.get(name)?.(answer) ?? false);
}

export const isHeader = object({
  version: number,
  startedAt: text,
  durationMs: number,
  droppedMs: number,
  oversized: number,
  bodyBytes: number,
  messages: flag,
});
