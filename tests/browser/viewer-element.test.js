// <race-viewer> without a relay: what it does with a race that is made up. Its clock runs eight times as fast.
import { fileURLToPath } from "node:url";

import { expect, test } from "@playwright/test";

import { listen } from "./complaints.js";
import { openFromDisk } from "./disk.js";

const SCREENSHOTS = fileURLToPath(new URL("test-results/", import.meta.url));

const PAGE = `<!doctype html><html lang="en"><title>Viewer</title><link rel="icon" href="data:,">
<style>body { margin: 0 } race-viewer { height: 100vh }</style><race-viewer></race-viewer>
<script type="module">
  import { defineRaceViewer } from "/src/viewer/race-viewer.js";
  import { parseCircuit } from "/src/viewer/circuit.js";
  import { MockSpectator } from "/test/mock-spectator.js";
  defineRaceViewer();
  const circuit = parseCircuit(await (await fetch("/track.json")).json());
  window.viewer = document.querySelector("race-viewer");
  window.begin = (learn = false) => {
    const now = () => 8 * performance.now();
    window.feed = new MockSpectator(circuit.line, { cars: 9, historyMs: 120_000, now });
    window.viewer.show(window.feed, learn ? null : circuit);
  };
  window.begin();
</script></html>`;

/** @typedef {import("@playwright/test").Page} Page */

/** @param {Page} page */
const state = (page) => page.evaluate(() => window.viewer.state());

/** @type {string[]} */
let complaints = [];

test.beforeEach(async ({ page }) => {
  complaints = listen(page);
  await openFromDisk(page, PAGE);
  await expect(page.getByTestId("viewer-row")).toHaveCount(9);
});

test.afterEach(() => expect(complaints).toEqual([]));

test(
  "the table stands as the cars drive, and tells places, gaps and laps",
  { tag: "@quick" },
  async ({ page }) => {
    const cells = page.getByTestId("viewer-row").first().getByRole("cell");
    await expect(cells.nth(0)).toHaveText("1");
    await expect(cells.nth(2)).toHaveText("Leader");
    await expect(page.getByTestId("viewer-row").nth(1)).toContainText(/\+\d+\.\d/);
    await expect(cells.nth(4)).toHaveText(/^0:\d\d\.\d{3}$/);
    const { standings } = await state(page);
    expect(standings.map(({ place }) => place)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  },
);

test("the last column of the table keeps away from the panel's edge, whichever it is", async ({ page }) => {
  for (const width of [1440, 1180, 900, 620, 390]) {
    await page.setViewportSize({ width, height: 800 });
    const room = await page.evaluate(() => {
      const root = /** @type {ShadowRoot} */ (document.querySelector("race-viewer")?.shadowRoot);
      const heads = [...root.querySelectorAll("thead th")].filter((head) => head.checkVisibility());
      const words = document.createRange();
      words.selectNodeContents(/** @type {Element} */ (heads.at(-1)));
      const scroller = /** @type {Element} */ (root.querySelector(".board .scroller"));
      const end = scroller.getBoundingClientRect().left + scroller.clientWidth;
      return end + scroller.scrollLeft - words.getBoundingClientRect().right;
    });
    expect(room, `at ${width}`).toBeGreaterThanOrEqual(13);
    if (width > 620) await page.screenshot({ path: `${SCREENSHOTS}/table-${width}.png` });
  }
});

test("a new order of the table makes the browser calculate styles only a few times", async ({ page }) => {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const recalculated = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "RecalcStyleCount")?.value ?? NaN;
  };
  const before = await recalculated();
  await page.evaluate(() => {
    const { board, standings } = /** @type {any} */ (window.viewer);
    for (let turn = 0; turn < 50; turn += 1) {
      board.show(standings.toReversed(), "");
      board.show(standings, "");
    }
  });
  // 100 orders of nine cars, and what the page does meanwhile.
  const count = (await recalculated()) - before;
  process.stdout.write(`styles calculated for 100 orders: ${count} times\n`);
  expect(count).toBeLessThan(500);
});

test("keys do what the help says", async ({ page }) => {
  await page.getByTestId("viewer-map").focus();
  await page.keyboard.press("Space");
  expect((await state(page)).paused).toBe(true);
  const { atMs } = await state(page);
  await page.keyboard.press(",");
  expect((await state(page)).atMs).toBeCloseTo(atMs - 100, 3);
  await page.keyboard.press("j");
  expect((await state(page)).atMs).toBeCloseTo(atMs - 10_100, 3);
  await page.keyboard.press("<");
  expect((await state(page)).speed).toBe(0.5);
  await page.keyboard.press("End");
  expect((await state(page)).live).toBe(true);

  await page.keyboard.press("n");
  const first = (await state(page)).standings[0].id;
  expect([(await state(page)).selectedId, (await state(page)).camera.mode]).toEqual([first, "follow"]);
  await page.keyboard.press("f");
  expect((await state(page)).camera.mode).toBe("fit");
  await page.keyboard.press("ArrowRight");
  expect((await state(page)).camera.mode).toBe("free");
  await page.keyboard.press("Escape");
  expect((await state(page)).selectedId).toBe("");
  await page.keyboard.press("?");
  await expect(page.getByTestId("viewer-keys")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("viewer-keys")).toBeHidden();
});

test("a control that has the focus keeps its own keys", async ({ page }) => {
  await page.getByTestId("viewer-fit").focus();
  await page.keyboard.press("Space");
  expect((await state(page)).paused).toBe(false);
  await page.getByTestId("viewer-speed").focus();
  await page.keyboard.press("k");
  expect((await state(page)).paused).toBe(false);
  await page.getByTestId("viewer-scrub").focus();
  await page.keyboard.press("ArrowLeft");
  const { live, camera } = await state(page);
  expect([live, camera.mode]).toEqual([false, "fit"]);
});

test("an overtake is said aloud, listed, and can be seen again", async ({ page }) => {
  await expect(page.getByTestId("viewer-announcer")).toHaveText(/passes .* for P\d/, { timeout: 30_000 });
  const overtake = page.getByTestId("viewer-event").filter({ hasText: "passes" }).last();
  await page.getByTestId("viewer-toggle").click();
  const at = Number(await overtake.getAttribute("data-at"));
  await overtake.click();
  await expect.poll(async () => (await state(page)).atMs).toBeCloseTo(at - 3000, 0);
});

test("a circuit nobody gave is learned, and kept for the next visit", async ({ page }) => {
  await page.evaluate(() => window.begin(true));
  await expect.poll(async () => (await state(page)).circuit?.learned, { timeout: 30_000 }).toBe(true);
  const { circuit } = await state(page);
  // The mock's cars swerve three metres to each side of a lap of 927 m.
  expect(Math.abs((circuit?.length ?? 0) - 927)).toBeLessThan(15);
  await expect(page.getByTestId("viewer-row").first()).toContainText("Leader");
  const kept = await page.evaluate(() => Object.values(localStorage));
  expect(kept.map((text) => JSON.parse(text).learned)).toEqual([true]);
});

test("a connection that is lost leaves the picture, and one that is refused says why", async ({ page }) => {
  const emit = (/** @type {object} */ event) => page.evaluate((it) => window.feed.emit("state", it), event);
  await emit({ state: "reconnecting", code: "connection_lost" });
  await expect(page.getByTestId("viewer-badge")).toHaveText("Reconnecting");
  await expect(page.getByTestId("viewer-message")).toBeHidden();
  await emit({ state: "live" });
  await expect(page.getByTestId("viewer-badge")).toHaveText("Live");
  await emit({
    state: "closed",
    code: "not_allowed",
    reason: "Ask for a link that has a token.",
    retryable: false,
  });
  await expect(page.getByTestId("viewer-message")).toContainText("Ask for a link that has a token.");
  await expect(page.getByTestId("viewer-retry")).toBeVisible();
});

test("a player who takes another's place in the snapshots is not taken for the other", async ({ page }) => {
  await page.getByTestId("viewer-toggle").click();
  const before = (await state(page)).atMs;
  await page.evaluate(() => {
    const { room } = window.feed;
    const players = room.players.map((/** @type {ViewerState["cars"][0] & { index: number }} */ player) =>
      player.index === 0 ? { ...player, id: "new", name: "Zoe" } : player,
    );
    window.feed.emit("room", { ...room, players, atMs: window.feed.liveMs });
  });
  await page.getByTestId("viewer-live").click();
  await expect.poll(async () => (await state(page)).cars.map(({ name }) => name)).toContain("Zoe");
  await page.evaluate((atMs) => window.viewer.seek(atMs), before);
  await expect.poll(async () => (await state(page)).cars.map(({ name }) => name)).toContain("Ann");
});
