// Who leads when one begins to watch in the middle of a race: nobody tells how many laps the cars have done. They are taken
// to be on the same lap of the race, one pack whose head and tail lie to both sides of the widest free stretch of the track.

/** @typedef {import("./racer.js").Racer} Racer */

/** Slower cars are not part of it. */
const MOVING_SPEED = 5;

/**
 * Put those of the pack that had passed the start line before a lap ahead of those that had yet to. From the beginning again
 * with every call.
 * @param {readonly Racer[]} racers
 * @param {number} lapMetres
 */
export function seedLaps(racers, lapMetres) {
  const pack = racers.filter((racer) => racer.onTrack && racer.speed >= MOVING_SPEED);
  // Whoever has just been seen to cross the line is as far on as the others would be there.
  const way = (/** @type {Racer} */ { laps, at }) => (Number.isNaN(laps.started) ? at.s : at.s + lapMetres);
  pack.sort((a, b) => way(a) - way(b));
  const last = pack.length - 1;
  let head = last;
  let widest = last < 0 ? 0 : way(pack[0]) + lapMetres - way(pack[last]);
  for (let i = 0; i < last; i += 1) {
    const free = way(pack[i + 1]) - way(pack[i]);
    if (free <= widest) continue;
    widest = free;
    head = i;
  }
  pack.forEach((racer, i) => {
    const { laps, at } = racer;
    laps.lap = Number(!Number.isNaN(laps.started)) + Number(head < last && i <= head);
    racer.progress = laps.progress(at.s);
  });
}
