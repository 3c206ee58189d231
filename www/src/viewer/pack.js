// Guesses who leads for somebody who begins to watch, or joins, in the middle of a race: no message says how many laps the cars
// have done. They count as one pack on the same lap, whose head and tail are on either side of the widest gap between cars.

/** @typedef {{ laps: import("../laps.js").LapCounter, speed: number, progress: number }} Seeded */

/** Slower cars are not part of the pack, in metres a second. */
const MOVING_SPEED = 5;

/**
 * Put the cars of the pack that have passed the start line a lap ahead of those that have yet to pass it. Each call starts afresh.
 * @param {readonly Seeded[]} racers
 * @param {number} lapMetres
 * @param {boolean} [isUnderWay]  the race is past its start, so a car that still stands before the line is a lap behind the pack;
 *   default: part of the pack is on the first half of the lap
 */
export function seedLaps(racers, lapMetres, isUnderWay) {
  const pack = racers.filter(({ laps, speed }) => !Number.isNaN(laps.s) && speed >= MOVING_SPEED);
  // Whoever has just been seen to cross the line is as far on as the others would be there.
  const way = (/** @type {Seeded} */ { laps }) => (Number.isNaN(laps.started) ? laps.s : laps.s + lapMetres);
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
  const earlier = Number(isUnderWay ?? pack.some(({ laps }) => laps.s < lapMetres / 2));
  pack.forEach((racer, i) => {
    const { laps } = racer;
    laps.earlier = earlier;
    laps.lap = Number(!Number.isNaN(laps.started)) + Number(head < last && i <= head);
    racer.progress = laps.progress(laps.s);
  });
}
