// A plain copy of what the page shows, for tests and for the browser's console: `race.state()`.

/**
 * @param {import("./state.js").State} state
 * @param {import("./race.js").Race | null} race  null until it is loaded
 * @param {import("/pkg/index.js").RaceClient | null} client
 */
export function snapshot(state, race, client) {
  return {
    screen: state.screen,
    connection: state.connection,
    sessionId: client?.id ?? null,
    roomId: state.room?.id ?? null,
    hostId: state.room?.hostId ?? null,
    isActive: state.room?.isActive ?? false,
    players: state.players.map(({ id, name }) => ({ id, name })),
    rooms: state.rooms.map((room) => ({ ...room })),
    messages: state.messages.map(({ senderName, text, own }) => ({ senderName, text, own })),
    notice: state.notice ? { ...state.notice } : null,
    ...raceOf(race),
    metrics: client ? { ...client.stats } : null,
  };
}

/** @param {import("./race.js").Race | null} race */
function raceOf(race) {
  if (race === null) return { car: null, cars: [], laps: null, countdownSeconds: null, frames: 0 };
  const { car, laps } = race;
  return {
    car: {
      ...car.pose,
      speed: car.speed,
      surface: car.surface,
      garage: race.garage,
      number: race.me.livery.number,
    },
    cars: race.field.cars.map(({ id, name, x, z, yaw, speed, stale, ageMs, livery }) => ({
      id,
      name,
      x,
      z,
      yaw,
      speed,
      stale,
      ageMs,
      number: livery.number,
    })),
    laps: {
      lap: laps.lap,
      lastSeconds: finite(laps.last),
      bestSeconds: finite(laps.best),
      currentSeconds: finite(laps.current(race.seconds)),
      nextCheckpoint: laps.next,
      position: race.position,
      of: race.entries.length,
    },
    countdownSeconds: race.countdown,
    frames: race.frames,
  };
}

/** @param {number} value */
function finite(value) {
  return Number.isFinite(value) ? value : null;
}
