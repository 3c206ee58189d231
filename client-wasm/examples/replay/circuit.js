// The circuit: a closed line in metres, x to the east and z to the north.

/** @typedef {{ centreline: Array<[x: number, z: number]>, widthMetres?: number }} TrackFile  as a relay serves it at `/track.json` */

/** How far the places of the grid are apart, and the first is behind the line, in metres. */
const GRID_METRES = 9;

/** For relays that have no circuit. @returns {TrackFile} */
export function oval() {
  /** @type {Array<[number, number]>} */
  const centreline = [];
  for (let i = 0; i < 96; i += 1) {
    const angle = (2 * Math.PI * i) / 96;
    centreline.push([150 * Math.sin(angle), -100 + 75 * Math.cos(angle)]);
  }
  return { centreline, widthMetres: 14 };
}

/**
 * A place on the grid: behind the start line, left and right in turn.
 * @param {TrackFile} track
 * @param {number} place  0 for the first
 * @returns {{ x: number, z: number, yaw: number }}
 */
export function gridPlace({ centreline }, place) {
  let behind = GRID_METRES * (place + 1);
  let i = 0;
  let metres = 0;
  do {
    behind -= metres;
    i = (i - 1 + centreline.length) % centreline.length;
    const [x, z] = centreline[i];
    const [nextX, nextZ] = centreline[(i + 1) % centreline.length];
    metres = Math.hypot(nextX - x, nextZ - z);
  } while (behind > metres);
  const [x, z] = centreline[i];
  const [nextX, nextZ] = centreline[(i + 1) % centreline.length];
  const yaw = Math.atan2(nextX - x, nextZ - z);
  const [ahead, side] = [metres - behind, place % 2 === 0 ? 2.5 : -2.5];
  return {
    x: x + ahead * Math.sin(yaw) + side * Math.cos(yaw),
    z: z + ahead * Math.cos(yaw) - side * Math.sin(yaw),
    yaw,
  };
}
