// The part of the measurement that runs in the page. Each trial drives one build of the wasm client through a made-up
// WebSocket and a made-up clock. A trial throws where a result is wrong, so that no failure is timed.

/**
 * @typedef {object} Input
 * @property {string} sessionId  the player's own session
 * @property {string} roomId
 * @property {string} roomList  the line with all rooms
 * @property {number} rooms  how many there are
 * @property {string[][]} sealed  a lap of the other cars: for each tick a datagram of every car, in base64
 * @property {string[][]} plain  the same, not sealed
 * @property {number} laps  laps in a batch of datagrams that come in
 * @property {number} updates  positions in a batch of those that are sent
 * @property {number} samples  samples in a batch
 * @property {number} lists  room lists in a batch
 */
/** @typedef {{ name: string, folder: string }} Variant */
/** @typedef {"sealed" | "plain" | "sent" | "sample" | "rooms"} Task */
/** @typedef {{ times: Record<string, Record<Task, number[]>>, sent: Record<string, string> }} Outcome  `times` has the µs of one piece for each round, `sent` the last sealed position in base64 */

/** The period of positions at 20 Hz. */
const TICK_MS = 50;
/** Ticks before a batch that are not timed: time has passed, and the cars must be seen to drive again. */
const LEAD_IN_TICKS = 20;
/** Rounds before those that count: the browser compiles a module again once it is used much. */
const WARM_UP_ROUNDS = 2;
/** How far in the past a car may be drawn. */
const MAX_DELAY_TICKS = 7;
/** How far a car may be from its circle, in metres: it is drawn on the chord between two positions. */
const TOLERANCE_METRES = 0.5;
/** Where a car's circle is; `trial.js` and `datagrams.js` must agree. */
export const RADIUS_METRES = 100;
/** @type {Task[]} */
export const TASKS = ["sealed", "plain", "sent", "sample", "rooms"];

const realNow = performance.now.bind(performance);
let clockMs = realNow();

/** A WebSocket with a game server of a few lines behind it. */
class Socket {
  readyState = 1;
  bufferedAmount = 0;
  binaryType = "arraybuffer";
  /** @type {((event: Event) => void) | null} */
  onopen = null;
  /** @type {((event: MessageEvent) => void) | null} */
  onmessage = null;
  onerror = null;
  onclose = null;
  datagrams = 0;
  /** Whether to keep what is sent. */
  keeps = false;
  /** @type {Uint8Array | undefined} */
  kept;

  /** @param {Input} input */
  constructor({ sessionId, roomId, roomList }) {
    /** @type {Record<string, string>} */
    this.answers = {
      NAME: JSON.stringify({ command: "NAME_OK", name: "Ann", authenticated: true, udpEncryption: true }),
      JOIN_ROOM: JSON.stringify({ command: "JOIN_OK", roomId }),
      LIST_ROOMS: roomList,
      PING: JSON.stringify({ command: "PONG" }),
    };
    this.welcome = `CONNECTED|${sessionId}`;
  }

  open() {
    this.onopen?.(new Event("open"));
    this.tell(JSON.stringify({ relay: "ready", resumed: false, received: 0, resumeSeconds: 0 }));
    this.tell(this.welcome);
  }

  /** @param {string} line */
  tell(line) {
    this.onmessage?.(new MessageEvent("message", { data: line }));
  }

  /** @param {string | Uint8Array} data */
  send(data) {
    if (typeof data === "string") {
      const answer = this.answers[JSON.parse(data).command];
      queueMicrotask(() => this.tell(answer));
      return;
    }
    this.datagrams += 1;
    if (this.keeps) this.kept = data.slice();
  }

  close() {}
}

/** One build of the client, with one player in a room. */
class Trial {
  /**
   * @param {any} session
   * @param {Socket} socket
   * @param {Input} input
   */
  constructor(session, socket, input) {
    this.session = session;
    this.socket = socket;
    this.input = input;
    this.sealed = input.sealed.map((tick) => tick.map(event));
    this.plain = input.plain.map((tick) => tick.map(event));
    this.tick = 0;
  }

  /**
   * @param {Variant} variant
   * @param {Input} input
   */
  static async enter({ folder }, input) {
    const module = await import(`${folder}/client_wasm.js`);
    await module.default({ module_or_path: `${folder}/client_wasm_bg.wasm` });
    const socket = new Socket(input);
    const session = new module.Session({ webSocket: () => socket });
    const connected = session.connect("ws://game.invalid/ws");
    socket.open();
    await connected;
    await session.signIn({ name: "Ann", password: "password" });
    await session.joinRoom(input.roomId);
    return new Trial(session, socket, input);
  }

  /** Time one batch. @param {Task} task @returns {Promise<number>} the µs of one piece */
  async time(task) {
    switch (task) {
      case "sealed":
        return this.#receive(this.sealed);
      case "plain":
        return this.#receive(this.plain);
      case "sent":
        return this.#send();
      case "sample":
        return this.#sample();
      case "rooms":
        return this.#list();
    }
  }

  /** Take laps of datagrams. @param {MessageEvent[][]} lap */
  #receive(lap) {
    this.#drive(lap, LEAD_IN_TICKS);
    const before = this.session.metrics();
    const begun = realNow();
    const number = this.#drive(lap, this.input.laps * lap.length);
    const elapsed = realNow() - begun;
    const { received, refused } = this.session.metrics();
    const counted = received - before.received;
    check(
      counted === number && refused === 0,
      `${counted} datagrams of ${number} came in, ${refused} bad ones`,
    );
    this.#checkCars();
    return (1000 * elapsed) / number;
  }

  /** @param {MessageEvent[][]} lap @param {number} ticks */
  #drive(lap, ticks) {
    let number = 0;
    for (let done = 0; done < ticks; done += 1) {
      clockMs += TICK_MS;
      this.tick = (this.tick + 1) % lap.length;
      for (const datagram of lap[this.tick]) {
        this.socket.onmessage?.(datagram);
        number += 1;
      }
    }
    return number;
  }

  /** Every car is on its own circle, a little behind its newest position. */
  #checkCars() {
    const rows = this.session.sample();
    const stride = this.session.constructor.carStride();
    const ticks = this.sealed.length;
    const cars = this.sealed[0].length;
    check(this.session.carCount() === cars, `${this.session.carCount()} cars are shown`);
    for (let car = 0; car < cars; car += 1) {
      const [slot, x, y, z] = rows.subarray(car * stride, (car + 1) * stride);
      const off = Math.hypot(x, z) - RADIUS_METRES;
      const angle = Math.atan2(z, x) / (2 * Math.PI);
      const behind = (((this.tick / ticks - angle + 1) % 1) * ticks) % ticks;
      const place = `slot ${slot} at ${x}, ${y}, ${z}, ${behind} ticks behind`;
      check(Math.abs(y - slot) < 1e-3 && Math.abs(off) < TOLERANCE_METRES, place);
      check(behind > 0 && behind < MAX_DELAY_TICKS, place);
    }
  }

  /** Send positions, each when the next one may go. */
  #send() {
    const { session, socket } = this;
    const { updates } = this.input;
    const before = socket.datagrams;
    const begun = realNow();
    for (let number = 0; number < updates; number += 1) {
      clockMs += TICK_MS;
      session.sendUpdate(number / 8, 0.5, -number / 4, 0, 0.6, 0, 0.8);
    }
    const elapsed = realNow() - begun;
    check(socket.datagrams - before === updates, `${socket.datagrams - before} positions of ${updates} went`);
    clockMs += TICK_MS;
    socket.keeps = true;
    session.sendUpdate(12.5, 0.5, -7.25, 0, 0.6, 0, 0.8);
    socket.keeps = false;
    return (1000 * elapsed) / updates;
  }

  /** Look at all cars, as each picture does. */
  #sample() {
    const { session } = this;
    const { samples } = this.input;
    this.#drive(this.sealed, LEAD_IN_TICKS);
    const begun = realNow();
    for (let number = 0; number < samples; number += 1) {
      clockMs += TICK_MS / samples;
      session.sample();
    }
    const elapsed = realNow() - begun;
    check(session.carCount() === this.sealed[0].length, "a car is missing");
    return (1000 * elapsed) / samples;
  }

  /** Ask for all rooms, one list after the other. */
  async #list() {
    const { lists, rooms } = this.input;
    let all = 0;
    const begun = realNow();
    for (let number = 0; number < lists; number += 1) all += (await this.session.listRooms()).length;
    const elapsed = realNow() - begun;
    check(all === lists * rooms, `${all} rooms in ${lists} lists`);
    return (1000 * elapsed) / lists;
  }
}

/** @param {boolean} holds @param {string} words */
function check(holds, words) {
  if (!holds) throw new Error(words);
}

/** @param {string} datagram in base64 */
function event(datagram) {
  const bytes = Uint8Array.from(atob(datagram), (character) => character.charCodeAt(0));
  return new MessageEvent("message", { data: bytes.buffer });
}

/** Let the browser do what waits. */
const pause = () => new Promise((resolve) => setTimeout(resolve));

/**
 * Measure all variants in turn, round after round.
 * @param {Variant[]} variants
 * @param {Input} input
 * @param {number} rounds
 * @returns {Promise<Outcome>}
 */
export async function measure(variants, input, rounds) {
  // The limit of the rate goes by this clock, so that time need not pass.
  performance.now = () => clockMs;
  const trials = await Promise.all(variants.map((variant) => Trial.enter(variant, input)));
  /** @returns {Record<Task, number[]>} */
  const none = () => ({ sealed: [], plain: [], sent: [], sample: [], rooms: [] });
  /** @type {Outcome} */
  const outcome = { times: Object.fromEntries(variants.map(({ name }) => [name, none()])), sent: {} };
  const numbers = [...variants.keys()];
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    // Each goes first as often as the others.
    const first = (round + WARM_UP_ROUNDS) % numbers.length;
    const order = [...numbers.slice(first), ...numbers.slice(0, first)];
    for (const task of TASKS) {
      for (const number of order) {
        const time = await trials[number].time(task);
        if (round >= 0) outcome.times[variants[number].name][task].push(time);
        await pause();
      }
    }
  }
  variants.forEach(({ name }, number) => {
    const { kept } = trials[number].socket;
    outcome.sent[name] = btoa(String.fromCharCode(...(kept ?? [])));
  });
  return outcome;
}
