// Joins the room with a name, or creates it. It is loaded when a client is first asked to.

import { raceError } from "./error.js";

/** How often it starts over because others create and leave rooms at the same moment. */
const MAX_TURNS = 5;
/**
 * How often the rooms are listed while others who created a room with the same name may still come over. They need four
 * round trips for that.
 */
const MAX_LOOKS = 8;
/** The errors after which another room may do. */
const NEXT = ["room_full", "room_not_found"];

/**
 * @param {import("./client.js").RaceClient} race
 * @param {string} name
 * @returns {Promise<import("./room.js").Room<any>>}
 */
export async function joinOrCreate(race, name) {
  if (race.room?.name === name) return race.room;
  /** Rooms that did not take the player. @type {Set<string>} */
  const refused = new Set();
  const find = async () =>
    (await race.listRooms()).filter((room) => room.name === name && !refused.has(room.id));
  const enter = async (/** @type {string} */ id) => {
    try {
      return await race.joinRoom(id);
    } catch (thrown) {
      if (!NEXT.includes(raceError(thrown).code)) throw thrown;
      refused.add(id);
      return null;
    }
  };

  for (let turn = 1; ; turn += 1) {
    for (const { id } of await find()) {
      const room = id === race.room?.id ? null : await enter(id);
      if (room) return room;
    }
    const own = race.room?.name === name ? race.room : await race.createRoom(name);
    if (turn === MAX_TURNS || (await isAgreed(own.id, find))) return own;
  }
}

/**
 * Whether the player stays in the room just created. Others may have created one with this name at the same moment. Then
 * all go to the room with the smallest id. If nobody comes there, the others had not seen it, and its player goes to theirs.
 * @param {string} own
 * @param {() => Promise<import("./core.js").Room[]>} find
 */
async function isAgreed(own, find) {
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const rooms = await find();
    const mine = rooms.find(({ id }) => id === own);
    if (rooms.every(({ id }) => id === own) || (mine?.playerCount ?? 0) > 1) return true;
    if (rooms.some(({ id }) => id < own)) return false;
  }
  return false;
}
