// The network lab: a bad network made up in the page, between a client and its real WebSocket. Delay and jitter on both
// ways; datagrams (binary frames) get lost and overtake each other, lines (text frames) do neither; a connection breaks.
// With a seed a run can be repeated.
import { checked } from "./lab/conditions.js";
import { PAGE_CLOCK } from "./clock.js";
import { LabSocket, STATES } from "./lab/socket.js";

export { checked };

/** @typedef {import("./lab/conditions.js").Conditions} Conditions */
/** @typedef {import("./lab/conditions.js").Checked} CheckedConditions */

/**
 * @typedef {object} Lab
 * @property {(url: string, protocols: string[]) => WebSocket} webSocket  for a core's option of the same name
 * @property {(socket: WebSocket) => void} adopt  step before a real one that is in use
 * @property {(conditions: Conditions | null) => void} set  takes the place of all conditions before; null ends them
 * @property {CheckedConditions} conditions  as they are now, with the seed to repeat them
 * @property {number} connections  that are open, or about to be
 * @property {() => void} disconnect  breaks every connection now, as a cut cable does
 * @property {() => void} close  breaks every connection and leaves no timer; new ones are left alone
 */

/** Mixed with the number of a connection, so that each has luck of its own: 2³² divided by the golden ratio. */
const SEED_STEP = 0x9e3779b9;

/**
 * Make a network. Without conditions every frame passes at once.
 * @param {Conditions | null} [conditions]
 * @param {{ webSocket?: (url: string, protocols: string[]) => WebSocket, clock?: import("./clock.js").Clock }} [options]
 *   `webSocket` makes the real one, by default the browser's own
 * @returns {Lab}
 * @throws {import("./error.js").RaceError} `invalid_argument`: a condition is unknown or out of its range
 */
export function lab(conditions = null, options = {}) {
  const { webSocket = (url, protocols) => new WebSocket(url, protocols), clock = PAGE_CLOCK } = options;
  let current = checked(conditions, Math.floor(Math.random() * 2 ** 32));
  let made = 0;
  /** @type {Map<LabSocket, number>} */
  const sockets = new Map();
  const seedOf = (/** @type {number} */ number) => (current.seed + number * SEED_STEP) >>> 0;
  const disconnect = () => [...sockets.keys()].forEach((socket) => socket.break());

  /** @param {(surroundings: import("./lab/socket.js").Surroundings) => LabSocket} make */
  function keep(make) {
    const number = made++;
    const gone = () => sockets.delete(socket);
    const socket = make({ conditions: () => current, clock, seed: seedOf(number), gone });
    sockets.set(socket, number);
    return /** @type {WebSocket} */ (/** @type {unknown} */ (socket));
  }

  return {
    webSocket: (url, protocols) => keep((around) => new LabSocket(webSocket(url, protocols), around)),
    adopt(socket) {
      // Of one that ends nothing comes any more that could be late.
      if (socket.readyState <= STATES.OPEN) keep((around) => LabSocket.before(socket, around));
    },
    set(next) {
      current = checked(next, current.seed);
      const renewed = next?.seed !== undefined;
      for (const [socket, number] of sockets) socket.changed(renewed ? seedOf(number) : null);
    },
    get conditions() {
      return { ...current };
    },
    get connections() {
      return sockets.size;
    },
    disconnect,
    close() {
      current = checked(null, current.seed);
      disconnect();
    },
  };
}
