// <race-viewer> as a part of somebody's page: what it leaves to the page, its properties and events, and what becomes of its
// race when the page moves or removes it. Without a relay: the client is made up, and so is the relay's list of rooms.
import { readFileSync } from "node:fs";

import { expect, test } from "@playwright/test";

import { listen } from "./complaints.js";
import { openFromDisk, ORIGIN } from "./disk.js";

const PAGE = `<!doctype html><html lang="en"><title>Viewer</title><link rel="icon" href="data:,">
<style>body { margin: 0; height: 3000px } race-viewer { height: 480px }</style><div id="first"></div><div id="second"></div>
<script type="module">
  import { Line } from "/src/line.js";
  import { defineRaceViewer } from "/src/viewer/race-viewer.js";
  import { parseCircuit } from "/src/viewer/circuit.js";
  import { useClient } from "/src/viewer/connect.js";
  import { MockSpectator } from "/test/mock-spectator.js";
  const track = await (await fetch("/track.json")).json();
  const circuit = parseCircuit(track);
  const elsewhere = new Line(track.centreline.map(([x, z]) => [x + 3000, z - 5000]), true);
  const feeds = [];
  const feedOf = (cars, line = circuit.line, historyMs = 60_000) => {
    const feed = new MockSpectator(line, { cars, historyMs });
    feeds.push(feed);
    return feed;
  };
  const asked = [];
  let cars = 5;
  useClient({
    async spectate(src, room, options) {
      asked.push({ src, room, ...options });
      return feedOf(cars);
    },
  });
  const viewer = document.createElement("race-viewer");
  // As a framework does that is faster than the element's script.
  Object.assign(viewer, { room: "r1", token: "t", embed: true });
  document.querySelector("#first").append(viewer);
  defineRaceViewer();
  Object.assign(window, { viewer, circuit, elsewhere, feedOf, feeds, asked, setCars: (n) => (cars = n) });
</script></html>`;

/** @typedef {import("@playwright/test").Page} Page */

/** @type {string[]} */
let complaints = [];
/** What the relay's list of rooms says. */
let rooms = /** @type {object[]} */ ([{ id: "r1" }]);

/** The circuit of a relay under a path. */
const track = {
  ...JSON.parse(readFileSync(new URL("../../www/track.json", import.meta.url), "utf8")),
  name: "Elsewhere",
};

/** @param {Page} page */
async function open(page) {
  complaints = listen(page);
  const answers = { "/api/rooms": () => rooms, "/a/api/rooms": () => rooms, "/a/track.json": () => track };
  await openFromDisk(page, PAGE, answers);
  await page.waitForFunction("window.feeds?.length > 0");
}

/** @param {Page} page */
const state = (page) => page.evaluate(() => window.viewer.state());

test.beforeEach(() => {
  rooms = [{ id: "r1" }];
});

test.afterEach(() => expect(complaints).toEqual([]));

test("properties are attributes, also those set before the element was defined", async ({ page }) => {
  await open(page);
  expect(
    await page.evaluate("[viewer.getAttribute('room'), viewer.hasAttribute('embed'), viewer.src]"),
  ).toEqual(["r1", true, `${ORIGIN}/`]);
  expect(await page.evaluate("asked")).toEqual([{ src: `${ORIGIN}/`, room: "r1", token: "t" }]);
  // Several at once are one connection.
  await page.evaluate(
    "Object.assign(viewer, { src: 'http://viewer.test/a', room: 'r2', token: null, embed: false })",
  );
  await expect.poll(() => page.evaluate("asked.length")).toBe(2);
  expect(await page.evaluate("asked[1]")).toEqual({ src: `${ORIGIN}/a`, room: "r2" });
  await expect.poll(async () => (await state(page)).circuit?.name).toBe("Elsewhere");
  expect(await page.evaluate("[viewer.hasAttribute('token'), viewer.embed, viewer.token]")).toEqual([
    false,
    false,
    "",
  ]);
  await page.evaluate("viewer.removeAttribute('src')");
  await expect.poll(() => page.evaluate("asked[2]?.src")).toBe(`${ORIGIN}/`);
});

test("moved in the document it keeps its race, and removed it frees it", async ({ page }) => {
  await open(page);
  await expect(page.getByTestId("viewer-row")).toHaveCount(5);
  const { frames } = await state(page);
  await page.evaluate("document.querySelector('#second').append(viewer)");
  await expect.poll(async () => (await state(page)).frames).toBeGreaterThan(frames + 3);
  expect(await page.evaluate("[feeds.length, feeds[0].state]")).toEqual([1, "live"]);
  await page.evaluate("viewer.remove()");
  await expect.poll(() => page.evaluate("feeds[0].state")).toBe("closed");
  await page.evaluate("document.querySelector('#first').append(viewer)");
  await expect.poll(() => page.evaluate("feeds.length")).toBe(2);
});

test("a spectator of the page's own stays the page's", async ({ page }) => {
  await open(page);
  await page.evaluate("viewer.show(window.mine = feedOf(7), circuit)");
  await expect(page.getByTestId("viewer-row")).toHaveCount(7);
  await expect.poll(() => page.evaluate("feeds[0].state")).toBe("closed");
  await page.evaluate("viewer.remove()");
  await expect.poll(() => page.evaluate("viewer.spectator")).toBe(null);
  expect(await page.evaluate("mine.state")).toBe("live");
  await page.evaluate("document.body.append(viewer)");
  await expect(page.getByTestId("viewer-row")).toHaveCount(7);
  await expect(page.evaluate("viewer.show(circuit)")).rejects.toThrow(/show\(\) takes a spectator/);
});

test("events say what happens", async ({ page }) => {
  await open(page);
  await page.evaluate(() => {
    /** @type {any} */ (window).heard = [];
    for (const type of ["statechange", "error", "select"]) {
      /** @type {any} */ (window).viewer.addEventListener(type, (/** @type {CustomEvent} */ { detail }) =>
        /** @type {any} */ (window).heard.push([type, detail]),
      );
    }
  });
  await page.getByTestId("viewer-row").first().click();
  await page.evaluate("feeds[0].emit('state', { state: 'reconnecting' })");
  await page.evaluate("feeds[0].emit('state', { state: 'closed', code: 'not_allowed', reason: 'No.' })");
  const id = await page.getByTestId("viewer-row").first().getAttribute("data-id");
  const heard = /** @type {any[]} */ (await page.evaluate("heard"));
  expect(heard[0]).toMatchObject(["select", { id }]);
  expect(heard.slice(1)).toMatchObject([
    ["statechange", { state: "reconnecting" }],
    ["statechange", { state: "closed" }],
    ["error", { code: "not_allowed", message: "No." }],
  ]);
});

test("the wheel scrolls the page and says how to zoom; with ctrl it zooms", async ({ page }) => {
  await open(page);
  const { camera } = await state(page);
  await page.mouse.move(640, 240);
  await page.mouse.wheel(0, 300);
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBeGreaterThan(0);
  await expect(page.getByTestId("viewer-hint")).toHaveText(/\+ scroll to zoom/);
  await expect(page.getByTestId("viewer-hint")).not.toHaveCSS("opacity", "0");
  expect((await state(page)).camera.zoom).toBe(camera.zoom);
  await page.evaluate("scrollTo(0, 0)");
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -300);
  await page.keyboard.up("Control");
  await expect.poll(async () => (await state(page)).camera.zoom).toBeGreaterThan(camera.zoom);
  expect(await page.evaluate(() => window.scrollY)).toBe(0);
  await page.evaluate("viewer.gestures = 'all'");
  const before = (await state(page)).camera.zoom;
  await page.mouse.wheel(0, -300);
  await expect.poll(async () => (await state(page)).camera.zoom).toBeGreaterThan(before);
});

test("buttons that cannot be seen cannot be pressed", async ({ page }) => {
  await page.mouse.move(900, 700);
  await open(page);
  const live = page.getByTestId("viewer-live");
  const hit = () =>
    page.evaluate(() => {
      const root = /** @type {ShadowRoot} */ (document.querySelector("race-viewer")?.shadowRoot);
      const box = root.querySelector(".live-button")?.getBoundingClientRect() ?? new DOMRect();
      return root.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)?.className;
    });
  await page.mouse.move(900, 600);
  await expect(live).toBeHidden();
  expect(await hit()).toBe("map");
  await page.mouse.move(640, 100);
  await expect(live).toBeVisible();
  await expect.poll(hit).toBe("live-button");
  // By keyboard too.
  await page.mouse.move(900, 600);
  await expect(live).toBeHidden();
  await page.getByTestId("viewer-map").focus();
  await expect(live).toBeVisible();
});

test("until a circuit is known the cars are in view and have no places", async ({ page }) => {
  await open(page);
  await page.evaluate("viewer.embed = false; viewer.show(feedOf(4, elsewhere, 2000))");
  await expect(page.getByTestId("viewer-row")).toHaveCount(4);
  await expect(page.getByTestId("viewer-row").first().getByRole("cell").first()).toHaveText("–");
  const inView = () =>
    page.evaluate(() => {
      const { camera, cars } = /** @type {any} */ (window).viewer;
      const out = new Float64Array(2);
      return cars.list.every((/** @type {{ x: number, z: number }} */ { x, z }) => {
        camera.toScreen(x, -z, out);
        return out[0] > 0 && out[0] < camera.width && out[1] > 0 && out[1] < camera.height;
      });
    });
  await expect.poll(inView).toBe(true);
});

test("a link to a room that does not exist says so, until somebody opens it", async ({ page }) => {
  rooms = [];
  await page.clock.install();
  await open(page);
  await page.evaluate("setCars(0); viewer.embed = false; viewer.room = 'nowhere'");
  await page.clock.runFor(500);
  await expect(page.getByTestId("viewer-message")).toContainText("There is no such race");
  await expect(page.getByTestId("viewer-badge")).toHaveText("Waiting");
  rooms = [{ id: "nowhere" }];
  await page.clock.runFor(6000);
  await expect(page.getByTestId("viewer-message")).toContainText("Nobody is on the track");
  await expect(page.getByTestId("viewer-badge")).toHaveText("Live");
});

test("a room or an address that can be none leads to the list of races", async ({ page }) => {
  await open(page);
  await page.evaluate(() => {
    /** @type {any} */ (window).heard = [];
    /** @type {any} */ (window).viewer.addEventListener(
      "statechange",
      (/** @type {CustomEvent} */ { detail }) =>
        /** @type {any} */ (window).heard.push([detail.state, detail.code]),
    );
  });
  await page.evaluate("viewer.embed = false; viewer.room = ''");
  await expect.poll(() => page.evaluate("heard.at(-1)")).toEqual(["closed", "invalid_argument"]);
  await expect(page.getByTestId("viewer-message")).toContainText("There is no such race");
  await expect(page.getByTestId("viewer-list")).toHaveAttribute("href", `${ORIGIN}/watch/`);
  await expect(page.getByTestId("viewer-retry")).toBeHidden();
  await page.evaluate("heard.length = 0; viewer.room = 'r1'; viewer.src = 'http://'");
  await expect.poll(() => page.evaluate("heard.at(-1)")).toEqual(["closed", "invalid_argument"]);
  await expect(page.getByTestId("viewer-list")).toBeHidden();
});

test("who is no driver cannot be chosen, and who is no spectator cannot be shown", async ({ page }) => {
  await open(page);
  await expect(page.getByTestId("viewer-row")).toHaveCount(5);
  const chosen = await page.evaluate(() => {
    const { viewer } = /** @type {any} */ (window);
    /** @type {unknown[]} */
    const ids = [];
    viewer.addEventListener("select", (/** @type {CustomEvent} */ { detail }) => ids.push(detail.id));
    for (const id of ["player-1", null, {}, -1, "unknown"]) viewer.select(id);
    return [...ids, viewer.state().selectedId];
  });
  expect(chosen).toEqual(["player-1", "", "", "", "", ""]);
  const code = await page.evaluate(() => {
    try {
      /** @type {any} */ (window).viewer.show(null);
    } catch (error) {
      return /** @type {{ code?: string }} */ (error).code;
    }
    return "";
  });
  expect(code).toBe("invalid_argument");
});

test("live without a snapshot is not called live", async ({ page }) => {
  await open(page);
  const badge = page.getByTestId("viewer-badge");
  await expect(badge).toHaveText("Live");
  await page.evaluate("feeds[0].silent = true");
  await expect(badge).toHaveText("No data");
  await page.evaluate("feeds[0].silent = false");
  await expect(badge).toHaveText("Live");
});

test("the time of an event is when it happened, not when it was shown", async ({ page }) => {
  rooms = [{ id: "r1", delayMs: 3_600_000 }];
  await open(page);
  await page.evaluate("viewer.embed = false");
  await expect(page.getByTestId("viewer-badge")).toHaveText("Live, 3600 s delay");
  const hour = new Date(Date.now() - 3_600_000).toLocaleTimeString([], { hour: "2-digit", hourCycle: "h23" });
  const events = page.getByTestId("viewer-event").locator("time");
  await page.evaluate("feeds[0].emit('room', { ...feeds[0].room, players: [], atMs: feeds[0].liveMs })");
  await expect(events.first()).toHaveText(new RegExp(`^${hour}:`), { timeout: 20_000 });
});

for (const width of [760, 900, 1099, 1100, 1239, 1440]) {
  test(`nothing covers anything at ${width} pixels`, async ({ page }) => {
    await page.setViewportSize({ width, height: 480 });
    await open(page);
    await page.evaluate("viewer.embed = false");
    await expect(page.getByTestId("viewer-row")).toHaveCount(5);
    const boxes = await page.evaluate(() => {
      const root = /** @type {ShadowRoot} */ (document.querySelector("race-viewer")?.shadowRoot);
      return [".board", ".gaps", ".news", ".transport", ".tools", ".badge", ".tabs"]
        .map((selector) => /** @type {HTMLElement} */ (root.querySelector(selector)))
        .map((element) => ({ name: element.className, box: element.getBoundingClientRect(), element }))
        .filter(({ box }) => box.width > 0)
        .map(({ name, box: { left, top, right, bottom }, element }) => {
          const isWhole = element.scrollWidth <= element.clientWidth;
          return { name, left, top, right, bottom, isWhole };
        });
    });
    const over = boxes.flatMap((a, i) =>
      boxes
        .slice(i + 1)
        .filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
        .map((b) => `${a.name} and ${b.name}`),
    );
    expect(over).toEqual([]);
    expect(boxes.filter(({ isWhole }) => !isWhole)).toEqual([]);
    await page.getByTestId("viewer-fit").click();
    await page.getByTestId("viewer-toggle").click();
  });
}

for (const width of [760, 1099, 1100, 1239, 1240]) {
  test(`the names of bots are whole at ${width} pixels`, async ({ page }) => {
    await page.setViewportSize({ width, height: 600 });
    await open(page);
    await page.evaluate(`
      viewer.embed = false;
      const players = feeds[0].room.players.map((player) => ({ ...player, name: "Bot Chiara " + player.index }));
      feeds[0].emit("room", { ...feeds[0].room, players, atMs: feeds[0].liveMs })`);
    const names = page.getByTestId("viewer-row").locator(".name");
    await expect(names.first()).toHaveText(/^Bot Chiara/);
    const cut = await names.evaluateAll(
      (all) => all.filter((name) => name.scrollWidth > name.clientWidth).length,
    );
    expect(cut).toBe(0);
    const cells = page.getByTestId("viewer-row").locator(".c-lap, .c-gap, .c-interval");
    const spilt = await cells.evaluateAll(
      (all) => all.filter((cell) => cell.scrollWidth > cell.clientWidth).length,
    );
    expect(spilt).toBe(0);
  });
}

test("in forced colours the chosen row and what is pressed stand out", async ({ page }) => {
  await page.emulateMedia({ forcedColors: "active" });
  await open(page);
  await page.evaluate("viewer.embed = false");
  await page.getByTestId("viewer-row").nth(1).click();
  const ground = (/** @type {import("@playwright/test").Locator} */ locator) =>
    locator.evaluate((element) => getComputedStyle(element).backgroundColor);
  const [other, chosen, pressed, loose] = await Promise.all([
    ground(page.getByTestId("viewer-row").nth(0)),
    ground(page.getByTestId("viewer-row").nth(1)),
    ground(page.getByTestId("viewer-follow")),
    ground(page.getByTestId("viewer-fit")),
  ]);
  expect(chosen).not.toBe(other);
  expect(pressed).not.toBe(loose);
});
