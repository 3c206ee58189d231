// Everything that a client and its rooms tell, turned into lines of the journal. Holds on to nothing once it is stopped.

import { redact } from "./redact.js";
import { lasting, many, short } from "./words.js";

/** @typedef {import("./journal.js").Journal} Journal */
/** @typedef {import("./journal.js").Kind} Kind */
/** @typedef {import("../connection.js").StateChange} StateChange */

/**
 * @typedef {object} Watched  What the panel needs of a client: a `RaceClient` is one.
 * @property {string} state
 * @property {StateChange} stateChange
 * @property {string} id
 * @property {string} name
 * @property {string} url
 * @property {WatchedRoom | null} room
 * @property {import("../stats.js").Stats} stats
 * @property {(type: any, listener: (event: any) => void) => () => void} on
 * @property {(conditions: import("../lab.js").Conditions | null) => Promise<void>} [simulate]
 * @property {() => Promise<{ stop: () => Blob }>} [record]
 */
/**
 * @typedef {object} WatchedRoom
 * @property {string} id
 * @property {string} name
 * @property {string | null} hostId
 * @property {boolean} isHost
 * @property {boolean} isActive
 * @property {boolean} isOpen
 * @property {ReadonlyMap<string, { id: string, name: string, isHost: boolean, isMe: boolean }>} players
 * @property {(now?: number) => Iterable<{ id: string, speed: number, ageMs: number, stale: boolean }>} cars
 * @property {(type: any, listener: (event: any) => void) => () => void} on
 */

/** How many letters, where the text itself is not to be seen. @param {string} text @param {boolean} shown */
const said = (text, shown) => (shown ? `“${redact(text, true)}”` : `${many(text.length, "letter")}`);

/**
 * @param {Watched} client
 * @param {Journal} journal
 * @param {{ showMessages: () => boolean, onState: (change: StateChange) => void }} options
 * @returns {() => void}  stops it
 */
export function watch(client, journal, { showMessages, onState }) {
  const add = (/** @type {Kind} */ kind, /** @type {string} */ words) =>
    journal.add(kind, redact(words, showMessages()));
  let leaveRoom = () => {};
  const enterRoom = (/** @type {WatchedRoom | null} */ room) => {
    leaveRoom();
    leaveRoom = room ? watchRoom(room, add) : () => {};
  };
  enterRoom(client.room);
  const stops = [
    client.on("state", (/** @type {StateChange} */ change) => {
      add("state", inWords(change));
      onState(change);
    }),
    client.on("room", ({ room }) => {
      add("room", room ? `entered ${room.name || "a room"} (${short(room.id)})` : "in no room any more");
      enterRoom(room);
    }),
    client.on("message", ({ senderName, text }) =>
      add("message", `${senderName}: ${said(text, showMessages())}`),
    ),
    client.on("draining", ({ seconds }) => add("state", `the relay restarts in ${seconds} s`)),
    client.on("log", ({ level, line }) => add("log", `${level} ${line}`)),
  ];
  return () => {
    for (const stop of stops) stop();
    leaveRoom();
  };
}

/**
 * @param {WatchedRoom} room
 * @param {(kind: Kind, words: string) => void} add
 */
function watchRoom(room, add) {
  const stops = [
    room.on("joined", ({ name, id }) => add("room", `${name} joined (${short(id)})`)),
    room.on("left", ({ name, id }) => add("room", `${name} left (${short(id)})`)),
    room.on("host", ({ hostId, isHost }) =>
      add("room", isHost ? "this is the host now" : `host ${short(hostId)}`),
    ),
    room.on("started", ({ spawnPositions }) =>
      add("race", `started with ${many(spawnPositions.length, "car")}`),
    ),
    room.on("lost", ({ code, reason }) => add("room", `lost: ${code}, ${reason}`)),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** @param {StateChange} change */
function inWords({ state, code, reason, attempt, retryInMs }) {
  const when = retryInMs ? `in ${lasting(retryInMs)}` : "now";
  const retry = retryInMs === undefined ? "" : `, attempt ${attempt ?? 1} ${when}`;
  const cause = code ? `: ${code}${reason ? `, ${reason}` : ""}` : "";
  return `${state}${retry}${cause}`;
}
