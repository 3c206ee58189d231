// The circuit: a closed line in metres, x to the east and z to the north.

/** As a relay serves it at `/track.json`. */
export type TrackFile = { centreline: Array<[x: number, z: number]>; widthMetres?: number };
export type Place = { x: number; z: number; yaw: number };

/** How far the places of the grid are apart, and the first is behind the line, in metres. */
const GRID_METRES = 9;

/** For relays that have no circuit. */
export function oval(): TrackFile {
  const centreline = Array.from({ length: 96 }, (_, i): [number, number] => {
    const angle = (2 * Math.PI * i) / 96;
    return [150 * Math.sin(angle), -100 + 75 * Math.cos(angle)];
  });
  return { centreline, widthMetres: 14 };
}

/** A place on the grid: behind the start line, left and right in turn; 0 is the first. */
export function gridPlace({ centreline }: TrackFile, place: number): Place {
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
