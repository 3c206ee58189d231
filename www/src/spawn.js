// Which garage, or which place on the grid, a car starts from. Pure. Every page must find the same answer by itself.

/** The garages of game servers, by x in metres (docs/protocol.md, section 4). A circuit has its own: these are counted. */
const SERVER_XS = [66, 60, 54, 47, 41, 35, 28, 22, 16, 9, 3, -3, -9, -15, -22, -28, -34, -41, -47, -54];

/**
 * A place in metres, or on later servers the number of the garage.
 * @typedef {{ id: string, x?: number, y?: number, z?: number, index?: number }} Spawn
 */

/**
 * The garage of `ownId`.
 *
 * First-generation servers often send everybody the same position, or none to a late comer. Then all count
 * through the sorted ids instead, so that each still has a garage of its own.
 * @param {readonly Spawn[]} spawns  as GAME_STARTED gave them; empty for a late comer
 * @param {string} ownId
 * @param {readonly string[]} playerIds  everybody known in the room
 * @param {number} count  of the circuit's garages
 * @returns {number} 0 … count − 1
 */
export function resolveGarage(spawns, ownId, playerIds, count) {
  const own = spawns.find((spawn) => spawn.id === ownId);
  const given = own ? garageOf(own, count) : NONE;
  if (given !== NONE && !collide(spawns, count)) return given;
  const ids = new Set(own ? spawns.map((spawn) => spawn.id) : playerIds);
  ids.add(ownId);
  return [...ids].sort().indexOf(ownId) % count;
}

/** @param {number} x */
export function nearestGarage(x) {
  let best = 0;
  for (let i = 1; i < SERVER_XS.length; i += 1) {
    if (Math.abs(SERVER_XS[i] - x) < Math.abs(SERVER_XS[best] - x)) best = i;
  }
  return best;
}

/** No garage can be told from what the server sent. */
const NONE = -1;

/**
 * @param {Spawn} spawn
 * @param {number} count
 */
function garageOf({ x = NaN, index }, count) {
  if (index !== undefined && Number.isInteger(index) && index >= 0) return index % count;
  return Number.isFinite(x) ? nearestGarage(x) % count : NONE;
}

/**
 * @param {readonly Spawn[]} spawns
 * @param {number} count
 */
function collide(spawns, count) {
  const garages = spawns.map((spawn) => garageOf(spawn, count));
  return new Set(garages).size < garages.length;
}
