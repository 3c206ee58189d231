// What the game server at hand can do, by its generation.

/** @typedef {"first" | "chat" | "accounts" | "token"} Generation  A generation of the game server, from the oldest. */
/**
 * @typedef {object} Capabilities  What the game server can do, as far as it is known: all is false before the connection.
 * @property {Generation | null} generation  null: not known, or not for sure; its welcome and its answers tell
 * @property {boolean} accounts  players have accounts, made with `create`; elsewhere a name is enough
 * @property {boolean} chat  a text to the whole room is one message; elsewhere each player gets one
 * @property {boolean} pushes  who joins and leaves is told at once; elsewhere the client asks
 * @property {boolean} maxPlayers  rooms have a size of their own; elsewhere all hold 20
 * @property {boolean} sequence  positions are numbered, so that lost ones are counted and not estimated
 */

/** @type {readonly Generation[]} */
const GENERATIONS = ["first", "chat", "accounts", "token"];

/**
 * What a generation can do.
 * @param {string | null | undefined} name  anything but a generation is one that is not known
 * @returns {Readonly<Capabilities>}
 */
export function capabilitiesOf(name) {
  const rank = GENERATIONS.findIndex((known) => known === name);
  const isNewest = rank === GENERATIONS.length - 1;
  return Object.freeze({
    generation: GENERATIONS[rank] ?? null,
    accounts: rank >= 2,
    chat: rank >= 1,
    pushes: isNewest,
    maxPlayers: isNewest,
    sequence: isNewest,
  });
}
