// A plain copy of what the viewer shows, for tests and for the browser's console.

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
    cars: viewer.cars.list.map(({ id, name, x, z, yaw, speed, stale, livery }) => ({
      id,
      name,
      x,
      z,
      yaw,
      speed,
      stale,
      number: livery.number,
    })),
    standings: viewer.standings.map(
      ({ id, name, place, lap, gapMs, gapLaps, lastMs, bestMs, connection }) => ({
        id,
        name,
        place,
        lap,
        gapMs,
        gapLaps,
        lastMs,
        bestMs,
        connection,
      }),
    ),
    events: ledger.events.map((event) => ({ ...event })),
    camera: { mode: camera.mode, x: camera.x, y: camera.y, zoom: camera.zoom },
    circuit: circuit && { name: circuit.name, length: circuit.length, learned: circuit.learned },
    frames: viewer.frames,
    metrics: spectator?.stats ?? null,
  };
}
