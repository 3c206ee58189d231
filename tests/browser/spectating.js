// Pages that have the client and nothing else: one that plays, one that watches and records what it sees.

/** @typedef {import("@playwright/test").Page} Page */

/** The secret of the datagrams that the relay is started with. */
const SECRET = "the secret of the browser tests";

/**
 * Open a page that has the client and nothing else.
 *
 * @param {Page} page
 * @param {string} url
 */
export async function load(page, url) {
  await page.goto(`${url}favicon.svg`);
  await page.evaluate(async () => {
    const path = "/pkg/wasm/client_wasm.js";
    window.client = await import(path);
    await window.client.default();
  });
}

/**
 * Play in the one room there is, so that the relay hears of its cars; gives the room.
 *
 * @param {Page} page a page that was loaded
 * @returns {Promise<string>}
 */
export function ride(page) {
  return page.evaluate(async (secret) => {
    const session = new window.client.Session({ secret });
    await session.connect(`${location.origin.replace("http", "ws")}/ws`);
    await session.signIn({ name: "Rider" });
    const [{ id }] = await session.listRooms();
    await session.joinRoom(id);
    // The relay hears the others' names when somebody asks.
    await session.roomPlayers();
    const timer = setInterval(() => session.sendUpdate(0, 0, performance.now() / 50, 0, 0, 0, 1), 50);
    session.on("close", () => clearInterval(timer));
    return id;
  }, SECRET);
}

/**
 * Watch a room and record what is seen at each frame.
 *
 * @param {Page} page
 * @param {string} url
 * @param {string} room
 * @param {Record<string, unknown>} options
 */
export async function watch(page, url, room, options = {}) {
  await load(page, url);
  await page.evaluate(([relay, id, given]) => {
    const spectator = window.client.RaceClient.spectate(relay, id, given);
    const watching = /** @type {Watching} */ ({ spectator, states: [], seen: {}, live: [] });
    window.watching = watching;
    spectator.on("state", (/** @type {SpectatorState} */ state) => watching.states.push(state));
    const frame = () => {
      const t = performance.timeOrigin + performance.now();
      const at = spectator.liveMs;
      const rows = spectator.sample(at);
      watching.live.push(at);
      const count = spectator.carCount();
      for (let row = 0; row < count; row += 1) {
        const [slot, x, , z, , , , , , , stale] = rows.subarray(row * 12, row * 12 + 12);
        const player = spectator.room.players.find((/** @type {any} */ { index }) => index === slot);
        // What is drawn is older than what is known of the room: who just left is drawn a moment longer.
        if (player) (watching.seen[player.name] ??= []).push({ t, at, x, z, stale: stale === 1 });
      }
      requestAnimationFrame(frame);
    };
    frame();
  }, /** @type {const} */ ([url, room, options]));
}

/**
 * What was seen of one player's car.
 *
 * @param {Page} page
 * @param {string} player
 */
export function seenOf(page, player) {
  return page.evaluate((name) => window.watching.seen[name]?.filter(({ stale }) => !stale) ?? [], player);
}

/**
 * What the spectator said of its connection.
 *
 * @param {Page} page
 */
export function statesOf(page) {
  return page.evaluate(() => window.watching.states);
}

/**
 * How far from where it was seen each car is in the history, in metres.
 *
 * @param {Page} page
 */
export function seenAgain(page) {
  return page.evaluate(() => {
    const { spectator, seen } = window.watching;
    const away = (/** @type {Seen} */ { at, x, z }) => {
      const rows = spectator.sample(at);
      const cars = Array.from({ length: spectator.carCount() }, (_, row) => row * 12);
      return Math.min(...cars.map((row) => Math.hypot(rows[row + 1] - x, rows[row + 3] - z)));
    };
    return Object.values(seen).flatMap((/** @type {Seen[]} */ path) => path.map(away));
  });
}

/**
 * A snapshot of cars that drive along z at 20 m/s, in the bytes of the contract.
 *
 * @param {number} tick
 * @param {number} cars
 */
export function snapshot(tick, cars) {
  const bytes = Buffer.alloc(12 + 19 * cars);
  bytes.writeUInt8(1, 0);
  bytes.writeUInt8(cars, 1);
  bytes.writeUInt32LE(tick, 4);
  bytes.writeUInt32LE(tick * 50, 8);
  for (let index = 0; index < cars; index += 1) {
    const at = 12 + 19 * index;
    bytes.writeUInt8(index, at);
    bytes.writeIntLE(index * 300, at + 2, 3);
    bytes.writeIntLE(tick * 100, at + 8, 3);
    bytes.writeUInt32LE(0x80200803, at + 11);
    bytes.writeUInt16LE(2000, at + 15);
  }
  return bytes;
}
