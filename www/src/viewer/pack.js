// Who leads when one begins to watch in the middle of a race: nobody tells how many laps the cars have done. They are taken
// to be on the same lap of the race, one pack whose head and tail lie to both sides of the widest free stretch of the track.

/** @typedef {import("./racer.js").Racer} Racer */

/** Slower cars are not part of it. */
const MOVING_SPEED = 5;

/**
 * Put those of the pack that have passed the start line a lap ahead of those that have yet to.
 * @param {readonly Racer[]} racers
 * @param {number} lapMetres
 */
export function seedLaps(racers, lapMetres) {
  const pack = racers.filter((racer) => racer.onTrack && racer.speed >= MOVING_SPEED);
  pack.sort((a, b) => a.at.s - b.at.s);
  let head = pack.length - 1;
  let widest = head < 0 ? 0 : pack[0].at.s + lapMetres - pack[head].at.s;
  for (let i = 0; i + 1 < pack.length; i += 1) {
    const free = pack[i + 1].at.s - pack[i].at.s;
    if (free <= widest) continue;
    widest = free;
    head = i;
  }
  if (head === pack.length - 1) return;
  for (let i = 0; i <= head; i += 1) {
    const { laps, at } = pack[i];
    laps.lap = 1;
    pack[i].progress = laps.progress(at.s);
  }
}
