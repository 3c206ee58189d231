// Number and colours of each player, different for all in a room. They depend only on the names of the players in it, and on
// their ids where there is no name: all pages show the same, whenever each was opened, and a player who comes back with a new
// id still has them. Pure. Colour is never the only mark: every colour comes with a number, and
// half of them with a stripe.

import { BODIES } from "./bodies.js";

const NUMBERS = 99;
/** Players remembered beside those in the room, for the past; beyond that the oldest is forgotten. */
const MAX_REMEMBERED = 512;

/**
 * @typedef {object} Livery
 * @property {number} number  1 … 99; higher only where more than 99 players are in a room
 * @property {string} label  the number as text
 * @property {number} index  below twice the number of bodies
 * @property {string} body
 * @property {string} ink
 * @property {boolean} striped
 */

export class Liveries {
  constructor() {
    /** @type {Map<string, Livery>} */
    this.byId = new Map();
  }

  /**
   * Give each player of a room its livery. A player who joins or leaves seldom changes another's. A livery that
   * stays the same keeps its object.
   * @param {readonly { id: string, name: string }[]} room  all that are in it
   */
  assign(room) {
    const all = room.map(({ id, name }) => ({ id, hash: hashOf(name || id), last: isObserver(name) }));
    const players = [...new Map(all.map((player) => [player.id, player])).values()];
    players.sort((a, b) => a.last - b.last || a.hash - b.hash || (a.id < b.id ? -1 : 1));
    const numbers = new Set();
    let bodies = new Set();
    players.forEach(({ id, hash }, rank) => {
      // Ten bodies without stripes, ten with, and then again.
      if (rank % BODIES.length === 0) bodies = new Set();
      const number = 1 + take(numbers, hash % NUMBERS, rank < NUMBERS ? NUMBERS : rank + 1);
      const body = take(bodies, (hash >>> 8) % BODIES.length, BODIES.length);
      this.#wear(id, number, body + BODIES.length * (Math.floor(rank / BODIES.length) % 2));
    });
  }

  /**
   * The livery of a player: the one assigned last, or what a player without a name, alone in a room, would get.
   * @param {string} id
   * @returns {Livery}
   */
  of(id) {
    const known = this.byId.get(id);
    if (known) return known;
    const hash = hashOf(id);
    return this.#wear(id, 1 + (hash % NUMBERS), (hash >>> 8) % BODIES.length);
  }

  /**
   * @param {string} id
   * @param {number} number
   * @param {number} index
   */
  #wear(id, number, index) {
    const known = this.byId.get(id);
    const { body, ink } = BODIES[index % BODIES.length];
    const fresh = { number, label: String(number), index, body, ink, striped: index >= BODIES.length };
    const livery = known?.number === number && known.index === index ? known : fresh;
    this.byId.delete(id);
    this.byId.set(id, livery);
    const [oldest] = this.byId.keys();
    if (this.byId.size > MAX_REMEMBERED) this.byId.delete(oldest);
    return livery;
  }
}

/**
 * 1 for the usual name of a relay's observer. Drivers see it in the room and spectators do not, so it chooses last. The name
 * proves nothing: anybody may have it, and an operator may choose another.
 * @param {string} name
 */
const isObserver = (name) => Number(name.startsWith("spectator-relay"));

/**
 * The first value from `wanted` on that is free, round to the values before it; it is taken from now on.
 * @param {Set<number>} taken
 * @param {number} wanted
 * @param {number} count  more values than are taken
 */
function take(taken, wanted, count) {
  let value = wanted;
  while (taken.has(value)) value = (value + 1) % count;
  taken.add(value);
  return value;
}

/**
 * FNV-1a, finished so that similar names come out far apart.
 * @param {string} text
 * @returns {number} 32 bits
 */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}
