// A plain copy of what the viewer shows, for tests and for the browser's console.

const CAR = /** @type {const} */ (["id", "name", "x", "z", "yaw", "speed", "stale"]);
const TIMES = /** @type {const} */ (["gapMs", "gapLaps", "lastMs", "bestMs"]);
const STANDING = /** @type {const} */ (["id", "name", "place", "lap", ...TIMES, "connection"]);

/** @param {import("./race-viewer.js").RaceViewer} viewer */
export function viewerState(viewer) {
  const { spectator, playback, camera, circuit, ledger } = viewer;
  return {
    feed: { ...viewer.feed },
    existence: viewer.existence,
    room: viewer.rosters.at(playback.atMs) ?? null,
    atMs: playback.atMs,
    startMs: spectator?.startMs ?? NaN,
    liveMs: spectator?.liveMs ?? NaN,
    live: playback.live,
    paused: playback.paused,
    speed: playback.speed,
    selectedId: viewer.selectedId,
    cars: viewer.cars.list.map((car) => ({ ...pick(car, CAR), number: car.livery.number })),
    standings: viewer.standings.map((standing) => pick(standing, STANDING)),
    events: ledger.events.map((event) => ({ ...event })),
    camera: { mode: camera.mode, x: camera.x, y: camera.y, zoom: camera.zoom },
    circuit: circuit && { name: circuit.name, length: circuit.length, learned: circuit.learned },
    frames: viewer.frames,
    metrics: spectator?.stats ?? null,
  };
}

/**
 * @template {object} T
 * @template {keyof T} K
 * @param {T} from
 * @param {readonly K[]} keys
 */
function pick(from, keys) {
  return /** @type {Pick<T, K>} */ (Object.fromEntries(keys.map((key) => [key, from[key]])));
}
