// A spectator opens a link, needs no account, and sees the race: live, and the minutes before.
import axe from "axe-core";

import { expect, test } from "./fixture.js";
import { errors, record, recorded, travelled } from "./path.js";
import { load, ride } from "./spectating.js";
import { race } from "./two.js";

/** How far beside its true way a car may be shown in nineteen of twenty frames, in metres. */
const MAX_ERROR_METRES = 0.25;
/** And in the others: a page that hangs stops driving, and is shown driving on for a quarter of a second. */
const MAX_GUESS_METRES = 15;
const MIN_METRES = 60;
/** How far the button goes back. */
const BACK_MS = 10_000;
const MIN_FRAMES = 100;
const SIZES = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
};
const SCREENSHOTS = "tests/browser/screenshots";

/** @typedef {import("./watcher.js").Watcher} Watcher */

/** Record what the viewer shows from now on, as `record` does for a player. @param {Watcher} watcher */
async function recordShown({ page }) {
  await page.evaluate(() => {
    const recording = { own: [], others: /** @type {Record<string, Sample[]>} */ ({}) };
    window.recording = recording;
    const frame = () => {
      const t = performance.timeOrigin + performance.now();
      for (const { name, x, z, stale } of window.viewer.state().cars) {
        if (!stale) (recording.others[name] ??= []).push({ t, x, z });
      }
      requestAnimationFrame(frame);
    };
    frame();
  });
}

/**
 * What axe finds wrong, inside the viewer too.
 *
 * @param {Watcher} watcher
 */
async function violations({ page }) {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const options = { resultTypes: ["violations"] };
    const { violations: found } = await /** @type {any} */ (window).axe.run(document, options);
    return found.map((/** @type {any} */ { id, nodes }) => ({
      id,
      nodes: nodes.map((/** @type {any} */ node) => node.html),
    }));
  });
}

/** @param {number[]} found @param {string} whose */
function expectTrue(found, whose) {
  expect(found.length, `frames with ${whose}`).toBeGreaterThan(MIN_FRAMES);
  const sorted = found.toSorted((a, b) => a - b);
  const usual = sorted[Math.floor(sorted.length * 0.95)];
  const figures = [sorted[sorted.length >> 1], usual, sorted[sorted.length - 1]].map((metres) =>
    metres.toFixed(3),
  );
  process.stdout.write(`${whose}: error p50 ${figures[0]} m, p95 ${figures[1]} m, most ${figures[2]} m\n`);
  expect(usual, `usual error in metres of ${whose}`).toBeLessThan(MAX_ERROR_METRES);
  expect(sorted.at(-1), `greatest error in metres of ${whose}`).toBeLessThan(MAX_GUESS_METRES);
}

test("a third page sees the race by its link, goes back, and returns to live", async ({ enter, watch }) => {
  const { ann, ben, roomId } = await race(enter);
  const watcher = await watch(`/watch/${roomId}`, SIZES.desktop);
  await watcher.expectCars("Ann", "Ben");
  await expect(watcher.element("watch-room")).toHaveText("Sunday");
  await recordShown(watcher);
  await record(ann.page);
  await record(ben.page);
  ann.driver.start();
  ben.driver.start();

  for (const name of ["Ann", "Ben"]) {
    const shown = async () => travelled((await recorded(watcher.page)).others[name] ?? []);
    const message = `metres that ${name} was seen to drive`;
    await expect.poll(shown, { message, timeout: 60_000 }).toBeGreaterThan(MIN_METRES);
  }
  const { others } = await recorded(watcher.page);
  expectTrue(errors(others.Ann, (await recorded(ann.page)).own), "Ann's car as the spectator sees it");
  expectTrue(errors(others.Ben, (await recorded(ben.page)).own), "Ben's car as the spectator sees it");
  await watcher.page.screenshot({ path: `${SCREENSHOTS}/watching-live.png` });

  // Paused, the moment stands still while the race goes on.
  await watcher.element("viewer-toggle").click();
  const paused = await watcher.state();
  expect([paused.live, paused.paused]).toEqual([false, true]);
  await expect.poll(async () => (await watcher.state()).liveMs).toBeGreaterThan(paused.liveMs + 1000);
  expect((await watcher.state()).atMs).toBe(paused.atMs);
  await expect(watcher.element("viewer-badge")).toHaveText("Paused");

  // Ten seconds back the cars are where they were then.
  const seen = async () => (await watcher.state()).atMs - (await watcher.state()).startMs;
  if ((await seen()) < BACK_MS) await watcher.element("viewer-live").click();
  await expect.poll(seen, { message: "milliseconds watched" }).toBeGreaterThan(BACK_MS);
  if ((await watcher.state()).live) await watcher.element("viewer-toggle").click();
  const before = await watcher.state();
  await watcher.element("viewer-back").click();
  await expect.poll(async () => (await watcher.state()).atMs).toBe(before.atMs - BACK_MS);
  const back = await watcher.state();
  expect(back.cars.length).toBeGreaterThan(0);
  const places = (/** @type {ViewerState} */ { cars }) => cars.map(({ x, z }) => [x, z]);
  expect(places(back)).not.toEqual(places(before));
  await watcher.page.screenshot({ path: `${SCREENSHOTS}/watching-back.png` });

  // On at twice the pace until live, and then it is live again.
  await watcher.element("viewer-speed").selectOption("8");
  await watcher.element("viewer-toggle").click();
  await expect.poll(async () => (await watcher.state()).live, { timeout: 30_000 }).toBe(true);
  expect((await watcher.state()).speed).toBe(1);

  // By the line and back with the button.
  await watcher.element("viewer-scrub").focus();
  await watcher.page.keyboard.press("ArrowLeft");
  await expect.poll(async () => (await watcher.state()).live).toBe(false);
  await watcher.element("viewer-live").click();
  await expect.poll(async () => (await watcher.state()).live).toBe(true);
  await expect(watcher.element("viewer-badge")).toHaveText("Live");
});

test("a game server that dies is named, and the table does not go on", async ({ enter, site, watch }) => {
  const { ann, ben, roomId } = await race(enter);
  const watcher = await watch(`/watch/${roomId}`, SIZES.desktop);
  await watcher.expectCars("Ann", "Ben");
  await expect(watcher.element("viewer-row")).toHaveCount(2);
  site.server?.kill();
  await expect(watcher.element("viewer-message")).toContainText("The game server does not answer", {
    timeout: 40_000,
  });
  await expect(watcher.element("viewer-badge")).toHaveText("No answer");
  await expect(watcher.element("viewer-row")).toHaveCount(0);
  for (const { complaints } of [ann, ben, watcher]) complaints.length = 0;
});

test("a list whose relay does not answer any more is marked until it does", async ({ enter, watch }) => {
  const ann = await enter("Ann");
  await ann.signIn();
  await ann.createRoom("Sunday");
  const watcher = await watch("/watch/");
  await expect(watcher.element("races-summary")).toHaveText(/^1 race/);
  let isFrozen = true;
  await watcher.page.route("**/api/rooms", (route) => (isFrozen ? undefined : route.continue()));
  await expect(watcher.element("races-summary")).toHaveText(/^Can't load races. Retrying/);
  await expect(watcher.element("race-list")).toHaveClass(/outdated/);
  isFrozen = false;
  await expect(watcher.element("races-summary")).toHaveText(/^1 race/);
  await expect(watcher.element("race-list")).not.toHaveClass(/outdated/);
  watcher.complaints.length = 0;
});

test("a link that can be no race's says so and leads to the list", async ({ watch }) => {
  const watcher = await watch("/watch/Friday%20evening");
  await expect(watcher.element("viewer-message")).toContainText("There is no such race");
  await expect(watcher.element("viewer-live")).toBeHidden();
  await watcher.element("viewer-list").click();
  await expect(watcher.element("races-empty")).toBeVisible();
  watcher.complaints.length = 0;
});

test("keys are the viewer's before any click, and while a button of the page has the focus", async ({
  enter,
  watch,
}) => {
  const { roomId } = await race(enter);
  const watcher = await watch(`/watch/${roomId}`);
  await watcher.expectCars("Ann", "Ben");
  const isLive = async () => (await watcher.state()).live;
  await watcher.page.keyboard.press("j");
  await expect.poll(isLive).toBe(false);
  await watcher.element("theme-toggle").focus();
  await watcher.page.keyboard.press("End");
  await expect.poll(isLive).toBe(true);
  // A button keeps the key that presses it.
  await watcher.page.keyboard.press(" ");
  expect((await watcher.state()).paused).toBe(false);
});

test("a click on a driver follows the car, and who leaves is told", async ({ enter, watch }) => {
  const { ann, ben, roomId } = await race(enter);
  const watcher = await watch(`/watch/${roomId}`);
  await watcher.expectCars("Ann", "Ben");
  ann.driver.start();
  await watcher.element("viewer-row").filter({ hasText: "Ann" }).click();
  await expect.poll(async () => (await watcher.state()).camera.mode).toBe("follow");
  const { selectedId: annId, cars: shown } = await watcher.state();
  expect(shown.find(({ id }) => id === annId)?.name).toBe("Ann");
  expect(annId, "session ids stay in the room").not.toBe((await ann.state()).sessionId);

  const onScreen = async () => {
    const { camera, cars } = await watcher.state();
    const car = cars.find(({ id }) => id === annId);
    return car ? Math.hypot(car.x - camera.x, -car.z - camera.y) : Infinity;
  };
  await expect.poll(onScreen, { message: "metres from the middle of the view" }).toBeLessThan(40);

  await ben.close();
  await watcher.expectCars("Ann");
  await expect(watcher.element("viewer-event").filter({ hasText: "Ben left" })).toBeVisible();
  await watcher.element("viewer-fit").click();
  await expect.poll(async () => (await watcher.state()).camera.mode).toBe("fit");
  await watcher.page.keyboard.press("?");
  await expect(watcher.element("viewer-keys")).toBeVisible();
});

test(
  "races are listed for everybody, and a link to a room that does not exist says so",
  { tag: "@quick" },
  async ({ enter, watch }) => {
    const { ann } = await race(enter);
    const watcher = await watch("/watch.html");
    await expect(watcher.element("race-row").filter({ hasText: "Sunday" })).toContainText("Racing");
    // The list has fetched the viewer by now, unless somebody is faster: then the browser drops what is on its way.
    await watcher.page.evaluate(async () => void (await customElements.whenDefined("race-viewer")));
    // Nor may the list be asked for while the page is left. Right after an answer there is time.
    await (await watcher.page.waitForResponse("**/api/rooms")).finished();
    await watcher.element("race-row").getByRole("link").click();
    await watcher.expectCars("Ann", "Ben");
    const nowhere = await watch("/watch/00000000000000000000000000000000");
    await expect(nowhere.element("viewer-message")).toContainText("There is no such race");
    await ann.close();
  },
);

test.describe("axe finds nothing", () => {
  test.use({ bots: 2 });

  for (const [size, options] of Object.entries(SIZES)) {
    for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
      test(`${size}, ${colorScheme}`, async ({ browser, site, watch }) => {
        // The relay knows the cars of rooms in which somebody plays through it.
        const rider = await browser.newPage();
        await load(rider, site.url);
        const roomId = await ride(rider);
        const watcher = await watch(`/watch/${roomId}`, { ...options, colorScheme });
        await watcher.expectCars("Bot Aila", "Bot Bruno", "Rider");
        const check = async (/** @type {string} */ what) => {
          await watcher.page.screenshot({ path: `${SCREENSHOTS}/watch-${size}-${colorScheme}-${what}.png` });
          expect(await violations(watcher), `${what}, ${size}, ${colorScheme}`).toEqual([]);
        };
        await check("live");
        await watcher.element("viewer-row").first().click();
        await watcher.element("viewer-toggle").click();
        await check("paused");
        if (size === "desktop") {
          await watcher.element("viewer-keys-open").click();
          await check("keys");
        }
        const list = await watch("/watch.html", { ...options, colorScheme });
        await expect(list.element("race-row")).toBeVisible();
        expect(await violations(list), `list, ${size}, ${colorScheme}`).toEqual([]);
        await rider.close();
      });
    }
  }
});
