// The players of a room: a live, read-only map that follows the server's lists.

/**
 * @typedef {object} RoomPlayer  Somebody in a room.
 * @property {string} id
 * @property {string} name
 * @property {boolean} isHost  may start the race
 * @property {boolean} isMe
 */
/** @typedef {Readonly<RoomPlayer>} Player  Somebody in a room, to be read only. */

/** A live view: it shows every change, and is read-only. @implements {ReadonlyMap<string, Player>} */
export class PlayerMap {
  #players;

  /** @param {Map<string, Player>} players */
  constructor(players) {
    this.#players = players;
  }

  get size() {
    return this.#players.size;
  }

  /** @param {string} id */
  get(id) {
    return this.#players.get(id);
  }

  /** @param {string} id */
  has(id) {
    return this.#players.has(id);
  }

  keys() {
    return this.#players.keys();
  }

  values() {
    return this.#players.values();
  }

  entries() {
    return this.#players.entries();
  }

  /** @param {(player: Player, id: string, players: ReadonlyMap<string, Player>) => void} work */
  forEach(work) {
    for (const [id, player] of this.#players) work(player, id, this);
  }

  [Symbol.iterator]() {
    return this.#players.entries();
  }
}

export class Roster {
  /** @type {Map<string, Player>} */
  #players = new Map();
  view = new PlayerMap(this.#players);

  /**
   * Take the server's list.
   * @param {ReadonlyArray<{ id: string, name: string }>} listed
   * @param {string | null} hostId
   * @param {string | undefined} myId
   * @returns {{ joined: Player[], left: Player[] }}  the players who are new and who are gone, never this one
   */
  update(listed, hostId, myId) {
    const ids = new Set(listed.map(({ id }) => id));
    const left = [...this.#players.values()].filter(({ id }) => !ids.has(id));
    for (const { id } of left) this.#players.delete(id);
    /** @type {Player[]} */
    const joined = [];
    for (const { id, name } of listed) {
      const known = this.#players.has(id);
      const player = this.#put({ id, name, isHost: id === hostId, isMe: id === myId });
      if (!known) joined.push(player);
    }
    const others = (/** @type {Player} */ { isMe }) => !isMe;
    return { joined: joined.filter(others), left: left.filter(others) };
  }

  /**
   * Somebody came in. Says whether they are new.
   * @param {{ id: string, name: string }} player
   * @param {string | null} hostId
   */
  add({ id, name }, hostId) {
    const known = this.#players.has(id);
    const player = this.#put({ id, name, isHost: id === hostId, isMe: this.#players.get(id)?.isMe === true });
    return known ? undefined : player;
  }

  /** Somebody left. Gives the player, unless unknown. @param {string} id */
  remove(id) {
    const player = this.#players.get(id);
    this.#players.delete(id);
    return player;
  }

  /** The players of a name. @param {string} name */
  named(name) {
    return [...this.#players.values()].filter((known) => known.name === name);
  }

  /** @param {string | null} hostId */
  setHost(hostId) {
    for (const player of [...this.#players.values()]) this.#put({ ...player, isHost: player.id === hostId });
  }

  /**
   * Store an entry. It is frozen, and it is a new object only if something changed.
   * @param {Player} player
   */
  #put(player) {
    const old = this.#players.get(player.id);
    if (old && old.name === player.name && old.isHost === player.isHost && old.isMe === player.isMe) {
      return old;
    }
    const fresh = Object.freeze(player);
    this.#players.set(player.id, fresh);
    return fresh;
  }
}
