// Which garage a car starts from. Pure. Every player must come to the same answer without asking anyone.

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
 * @param {readonly number[]} garageXs
 * @returns {number} index into `garageXs`
 */
export function resolveGarage(spawns, ownId, playerIds, garageXs) {
  const own = spawns.find((spawn) => spawn.id === ownId);
  const given = own ? garageOf(own, garageXs) : NONE;
  if (given !== NONE && !collide(spawns, garageXs)) return given;
  const ids = new Set(own ? spawns.map((spawn) => spawn.id) : playerIds);
  ids.add(ownId);
  return [...ids].sort().indexOf(ownId) % garageXs.length;
}

/**
 * @param {number} x
 * @param {readonly number[]} garageXs
 */
export function nearestGarage(x, garageXs) {
  let best = 0;
  for (let i = 1; i < garageXs.length; i += 1) {
    if (Math.abs(garageXs[i] - x) < Math.abs(garageXs[best] - x)) best = i;
  }
  return best;
}

/** No garage can be told from what the server sent. */
const NONE = -1;

/**
 * @param {Spawn} spawn
 * @param {readonly number[]} garageXs
 */
function garageOf({ x = NaN, index }, garageXs) {
  if (index !== undefined && Number.isInteger(index) && index >= 0) return index % garageXs.length;
  return Number.isFinite(x) ? nearestGarage(x, garageXs) : NONE;
}

/**
 * @param {readonly Spawn[]} spawns
 * @param {readonly number[]} garageXs
 */
function collide(spawns, garageXs) {
  const garages = spawns.map((spawn) => garageOf(spawn, garageXs));
  return new Set(garages).size < garages.length;
}
