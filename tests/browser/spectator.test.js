// The client's spectator by itself, without the viewer: what it sees, and what becomes of it.
import { expect, test } from "./fixture.js";
import { errors, record, recorded, travelled } from "./path.js";
import { startRelay } from "./programs.js";
import { load, ride, seenAgain, seenOf, snapshot, statesOf, watch } from "./spectating.js";

/** @typedef {import("@playwright/test").Page} Page */

/** How far cars must have been seen to drive. */
const MIN_METRES = 60;
/** In how many frames at least they were. */
const MIN_FRAMES = 100;
/** How far beside its true way a car is drawn in half of all frames, in metres. */
const MEDIAN_METRES = 0.05;
/** And in nineteen of twenty: players' pages may hang while they drive. */
const USUAL_METRES = 3;
/** More than this part of what was seen live is seen again in exactly the same place; the rest had to be guessed. */
const SEEN_AGAIN = 0.5;
/** In fewer than this part of all frames a driving car stands: it is drawn at each frame, and not at each snapshot. */
const MAX_STANDING = 0.1;
/** A room that nobody made. */
const NOWHERE = "0".repeat(32);

/** @param {Page} page */
async function expectLive(page) {
  const newest = async () => (await statesOf(page)).at(-1)?.state;
  await expect.poll(newest, { message: "the spectator's state", timeout: 30_000 }).toBe("live");
}

/**
 * The live moment never went back.
 *
 * @param {Page} page
 */
async function expectForward(page) {
  const live = await page.evaluate(() => window.watching.live.filter((at) => at >= 0));
  expect(live.length, "frames").toBeGreaterThan(MIN_FRAMES);
  expect(live.filter((at, frame) => at < live[frame - 1])).toEqual([]);
}

/**
 * @param {Page} page
 * @param {string} name
 */
async function expectToDrive(page, name) {
  const metres = async () => travelled(await seenOf(page, name));
  await expect
    .poll(metres, { message: `metres that ${name} was seen to drive`, timeout: 60_000 })
    .toBeGreaterThan(MIN_METRES);
}

/**
 * Keep a figure with the test's report.
 *
 * @param {string} what
 * @param {unknown} figures
 */
function report(what, figures) {
  test.info().annotations.push({ type: what, description: JSON.stringify(figures) });
}

for (const generation of /** @type {const} */ (["first", "chat", "token"])) {
  test.describe(`on the ${generation} generation`, () => {
    test.use({ generation });

    test("a page without an account sees two players drive where they drive", seeDriving);
  });
}

/** @param {import("./fixture.js").Fixtures & { page: Page }} fixtures */
async function seeDriving({ enter, page, site }) {
  const players = [await enter("Ann"), await enter("Ben")];
  for (const player of players) await player.signIn();
  await players[0].createRoom("Sunday");
  await players[1].joinRoom("Sunday");
  await players[0].expectPlayers("Ann", "Ben");
  await players[0].element("start-race").click();
  for (const player of players) await player.expectScreen("race");

  const { roomId } = await players[0].state();
  await watch(page, site.url, roomId);
  await expectLive(page);
  for (const player of players) {
    await record(player.page);
    player.driver.start();
  }
  for (const player of players) await expectToDrive(page, player.name);

  const room = await page.evaluate(() => window.watching.spectator.room);
  expect(room).toMatchObject({ id: roomId, name: "Sunday", isActive: true });
  expect(room.players.map((/** @type {any} */ { name }) => name).toSorted()).toEqual(["Ann", "Ben"]);
  for (const { name, page: screen } of players) {
    const { own } = await recorded(screen);
    const seen = await seenOf(page, name);
    const driving = seen.slice(seen.findIndex(({ x, z }) => Math.hypot(x - seen[0].x, z - seen[0].z) > 5));
    const stood = driving.filter(({ x, z }, i) => i > 0 && x === driving[i - 1].x && z === driving[i - 1].z);
    const found = errors(seen, own).toSorted((a, b) => a - b);
    const [median, usual] = [0.5, 0.95].map((share) => found[Math.floor(found.length * share)]);
    report(`metres of ${name} beside the way`, { median, usual, most: found.at(-1), frames: found.length });
    expect(found.length, `frames with ${name}`).toBeGreaterThan(MIN_FRAMES);
    report(`frames in which ${name} stood`, { stood: stood.length, all: driving.length });
    expect(stood.length / driving.length, `part of all frames ${name} stood`).toBeLessThan(MAX_STANDING);
    expect(median, `usual error in metres of ${name}`).toBeLessThan(MEDIAN_METRES);
    expect(usual, `error in metres of ${name} in nineteen of twenty frames`).toBeLessThan(USUAL_METRES);
  }
  await expectForward(page);

  const again = await seenAgain(page);
  const same = again.filter((metres) => metres < 0.001).length;
  report("positions seen again in the same place", { same, all: again.length, most: Math.max(...again) });
  expect(same / again.length).toBeGreaterThan(SEEN_AGAIN);
  report("metrics", await page.evaluate(() => window.watching.spectator.metrics()));
}

test.describe("with bots", () => {
  test.use({ bots: 3 });

  test("a relay that restarts is found again, and the timeline goes on", async ({ browser, page, site }) => {
    const rider = await browser.newPage();
    await load(rider, site.url);
    const room = await ride(rider);
    await watch(page, site.url, room);
    await expectToDrive(page, "Bot Aila");
    const before = await page.evaluate(() => window.watching.spectator.liveMs);

    const { server, relay } = site;
    if (!server || !relay) throw new Error("the site is not running");
    await relay.stop();
    await expect
      .poll(async () => (await statesOf(page))[2])
      .toMatchObject({ state: "reconnecting", code: "relay_restarting", retryable: true });
    await page.evaluate(() => (window.watching.seen = {}));
    site.relay = await startRelay(server, "", { listen: relay.ready.listen });
    await expectLive(page);
    expect(await ride(rider)).toBe(room);
    await expectToDrive(page, "Bot Aila");

    const after = await page.evaluate(() => window.watching.spectator.liveMs);
    expect(after).toBeGreaterThan(before);
    await expectForward(page);
    await rider.close();
  });

  test("who has no token is told so, and who has it watches", async ({ browser, page, site }) => {
    const token = "token-of-the-tests";
    if (!site.server) throw new Error("the site is not running");
    const relay = await startRelay(site.server, "", { args: ["--spectate", `token:${token}`] });
    const url = `http://${relay.ready.listen}/`;
    const rider = await browser.newPage();
    await load(rider, url);
    const room = await ride(rider);

    const newest = async () => (await statesOf(page)).at(-1);
    for (const options of [{}, { token: `${token}-of-others` }]) {
      await watch(page, url, room, options);
      await expect.poll(newest).toMatchObject({ state: "closed", code: "not_allowed", retryable: false });
      expect((await newest())?.reason).toContain("token");
    }
    await watch(page, url, room, { token });
    await expectToDrive(page, "Bot Aila");

    const list = await browser.newPage();
    await list.goto(`${url}watch/`);
    await expect(list.locator("#races-empty-title")).toHaveText("These races are private");
    await list.goto(`${url}watch/#access=${token}`);
    const link = list.getByTestId("watch-race").first();
    await expect(link).toHaveAttribute("href", new RegExp(`#access=${token}$`));
    await link.click();
    await expect(list.getByTestId("viewer-row").first()).toBeVisible();
    await list.close();
    await rider.close();
    await relay.stop();
  });
});

test("errors are typed and say what to do", async ({ page, site }) => {
  await load(page, site.url);
  const result = await page.evaluate(
    ([url, room]) => {
      const { RaceClient } = window.client;
      const spectator = RaceClient.spectate(url, room);
      const found = [
        () => RaceClient.spectate("ftp://nowhere", room),
        () => RaceClient.spectate("http://a:b:c", room),
        () => RaceClient.spectate(url, "Sunday race"),
        () => RaceClient.spectate(url, room, { token: "a b" }),
        () => RaceClient.spectate(url, room, { history: 5 }),
        () => RaceClient.spectate(url, room, { historySeconds: 601 }),
        () => spectator.on("stat", () => {}),
      ].map((work) => {
        try {
          work();
          return "nothing thrown";
        } catch (thrown) {
          const error = /** @type {any} */ (thrown);
          return [error instanceof Error, error.name, error.code, error.retryable];
        }
      });
      spectator.free();
      return found;
    },
    [site.url, NOWHERE],
  );
  expect(result).toEqual(Array(7).fill([true, "RaceError", "invalid_argument", false]));
});

test("an empty room is watched too, and closing is for good", async ({ page, site }) => {
  await watch(page, site.url, NOWHERE);
  await expectLive(page);
  const result = await page.evaluate(async () => {
    const { spectator, states } = window.watching;
    const { room, liveMs, startMs } = spectator;
    const count = [spectator.sample().length / 12, spectator.carCount()];
    const isSame = spectator.room === room;
    spectator.close();
    spectator.close();
    await Promise.resolve();
    return { room, liveMs, startMs, count, isSame, state: spectator.state, states };
  });
  expect(result).toMatchObject({
    room: { id: NOWHERE, name: "", hostId: null, isActive: false, players: [], atMs: 0 },
    liveMs: NaN,
    startMs: NaN,
    count: [255, 0],
    isSame: true,
    state: "closed",
  });
  expect(result.states.map(({ state, code }) => code ?? state)).toEqual(["connecting", "live", "closed"]);
});

test("a listener may free the spectator, and spectators leave no memory behind", async ({ page, site }) => {
  await load(page, site.url);
  const result = await page.evaluate(
    async ([url, room]) => {
      const { RaceClient, default: init } = window.client;
      const memory = async () => (await init()).memory.buffer.byteLength;
      const watchOnce = () =>
        new Promise((resolve) => {
          const spectator = RaceClient.spectate(url, room);
          spectator.on("room", () => {
            spectator.free();
            resolve(null);
          });
        });
      for (let round = 0; round < 3; round += 1) await watchOnce();
      const before = await memory();
      for (let round = 0; round < 30; round += 1) await watchOnce();
      return (await memory()) - before;
    },
    [site.url, NOWHERE],
  );
  expect(result, "bytes that memory grew by").toBe(0);
});

test("ten minutes of a hundred cars are kept, and each moment is there in a fraction of a frame", async ({
  page,
  site,
}) => {
  await load(page, site.url);
  const figures = await page.evaluate(
    ({ url, room, bytes }) => {
      // The relay is made up, in the page itself: all comes at once.
      const socket = { onopen: ignore, onmessage: ignore, bufferedAmount: 0, send: ignore, close: ignore };
      const spectator = window.client.RaceClient.spectate(url, room, { webSocket: () => socket });
      socket.onopen({});
      socket.onmessage({ data: JSON.stringify({ room, players: [] }) });
      const view = new DataView(new Uint8Array(bytes).buffer);
      for (let tick = 0; tick < 12_000; tick += 1) {
        view.setUint32(4, tick, true);
        view.setUint32(8, tick * 50, true);
        // Centimetres along z, in three bytes.
        for (let at = 12; at < bytes.length; at += 19) {
          const next = view.getUint8(at + 11);
          view.setUint32(at + 8, tick * 100, true);
          view.setUint8(at + 11, next);
        }
        socket.onmessage({ data: view.buffer });
      }
      /** @param {object} _event */
      function ignore(_event) {}
      const { startMs } = spectator;
      const timed = (/** @type {number} */ stepMs) => {
        const started = performance.now();
        let cars = 0;
        for (let step = 0; step < 6000; step += 1) {
          spectator.sample(startMs + step * stepMs);
          cars += spectator.carCount();
        }
        return { msEach: (performance.now() - started) / 6000, cars };
      };
      const [played, scrubbed] = [timed(1000 / 60), timed(100)];
      const z = spectator.sample(300_000)[3];
      return { startMs, played, scrubbed, z, metrics: spectator.metrics() };
    },
    { url: site.url, room: NOWHERE, bytes: [...snapshot(0, 100)] },
  );
  report("figures", figures);
  expect(figures.startMs).toBe(0);
  expect([figures.played.cars, figures.scrubbed.cars]).toEqual([600_000, 600_000]);
  expect(figures.z).toBeCloseTo(6000, 1);
});
