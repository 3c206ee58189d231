// The package's map on a canvas of a page with a strict policy: what is where, in which colours. And the first example of
// the README, as somebody pastes it. No server.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "@playwright/test";

import { listen } from "./complaints.js";

const PACKAGE = fileURLToPath(new URL("../../client-wasm/js", import.meta.url));
const README = fileURLToPath(new URL("../../client-wasm/README.md", import.meta.url));
const ORIGIN = "http://map.test";
const STYLE =
  ":root { color-scheme: light dark } body { margin: 0 } canvas { width: 400px; height: 400px; display: block }";
const MAP = `
  import { RaceMap, Track } from "/js/map.js";
  window.RaceMap = RaceMap;
  window.Track = Track;
`;
/** A square of 200 m around the middle, with the start in the middle of the left side. @type {Array<[number, number]>} */
const SQUARE = [
  [-100, 0],
  [-100, 100],
  [100, 100],
  [100, -100],
  [-100, -100],
];

/** @typedef {import("@playwright/test").Page} Page */
/** @typedef {typeof import("../../client-wasm/js/map.js")} MapModule */

/** @param {Page} page @param {string} script */
async function open(page, script) {
  const complaints = listen(page);
  const imports = { "mp-server-client/": "/js/" };
  const html = `<!doctype html><html lang="en"><title>Map</title><link rel="icon" href="data:,">
    <link rel="stylesheet" href="/page.css"><script type="importmap">${JSON.stringify({ imports })}</script>
    <canvas></canvas><script type="module" src="/page.js"></script></html>`;
  /** @type {Record<string, [string, string]>} */
  const made = {
    "/": ["text/html", html],
    "/page.css": ["text/css", STYLE],
    "/page.js": ["text/javascript", script],
  };
  await page.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    const file = path.join(
      PACKAGE,
      path.relative("/js", path.extname(pathname) ? pathname : `${pathname}.js`),
    );
    const type = path.extname(file) === ".wasm" ? "application/wasm" : "text/javascript";
    const [contentType, body] = made[pathname] ?? [type, await readFile(file)];
    await route.fulfill({ contentType, body });
  });
  await page.goto(`${ORIGIN}/`);
  return complaints;
}

/**
 * Draw with a map, and take the colours at places of the canvas, in pixels of the page.
 * @param {Page} page
 * @param {{ options?: import("../../client-wasm/js/map.js").MapOptions, cars?: Array<import("../../client-wasm/js/map.js").MapCar[]>, own?: import("../../client-wasm/js/map.js").Place, at: Array<[number, number]> }} drawing
 */
async function colours(page, drawing) {
  await page.waitForFunction(() => "RaceMap" in window);
  return page.evaluate(({ options, cars = [[]], own, at }) => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector("canvas"));
    const { RaceMap } = /** @type {MapModule} */ (/** @type {unknown} */ (window));
    const map = new RaceMap(canvas, options);
    for (const frame of cars) map.draw(frame, own);
    // Of a copy, because reading the page's own would slow it down.
    const context = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {
      willReadFrequently: true,
    });
    context?.drawImage(canvas, 0, 0);
    const hex = (/** @type {number} */ x, /** @type {number} */ y) =>
      `#${[...(context?.getImageData(x * devicePixelRatio, y * devicePixelRatio, 1, 1).data ?? [])]
        .slice(0, 3)
        .map((part) => part.toString(16).padStart(2, "0"))
        .join("")}`;
    return at.map(([x, y]) => hex(x, y));
  }, drawing);
}

/** The whole square is in view: 250 m on 400 pixels. The middle of the canvas is grass. @type {Array<[number, number]>} */
const [MIDDLE, ROAD, CAR] = [
  [200, 200],
  [39, 120],
  [360, 200],
];
/** Its windscreen is off the middle. */
const THERE = { x: 100, z: 0, yaw: Math.PI, slot: 1, name: "" };

test("the circuit and the cars, in light, dark and forced colours", async ({ page }) => {
  const complaints = await open(page, MAP);
  const drawing = {
    options: { track: { centreline: SQUARE, widthMetres: 12 } },
    cars: [[THERE]],
    at: [MIDDLE, CAR],
  };
  await page.emulateMedia({ colorScheme: "light" });
  expect(await colours(page, drawing)).toEqual(["#e6ede2", "#c98a00"]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await colours(page, drawing)).toEqual(["#11161a", "#c98a00"]);
  const light = { ...drawing, options: { ...drawing.options, theme: /** @type {const} */ ("light") } };
  expect(await colours(page, light)).toEqual(["#e6ede2", "#c98a00"]);
  const own = { ...light, options: { ...light.options, look: { ground: "#123456", cars: ["#654321"] } } };
  expect(await colours(page, own)).toEqual(["#123456", "#654321"]);
  await page.emulateMedia({ forcedColors: "active" });
  const [ground, car] = await colours(page, own);
  expect(ground).not.toBe("#123456");
  expect(car).not.toBe("#654321");
  expect(ground).not.toBe(car);
  expect(complaints).toEqual([]);
});

test("the own car is in the middle, and its surroundings are near", async ({ page }) => {
  await open(page, MAP);
  const own = { x: 100, z: 60, yaw: 0 };
  const options = { track: SQUARE, theme: /** @type {const} */ ("light") };
  const [middle, grass] = await colours(page, { options, own, at: [MIDDLE, [20, 200]] });
  expect([middle, grass]).toEqual(["#e10600", "#e6ede2"]);
  // The whole circuit all the same.
  const far = { ...options, nearMetres: Infinity };
  expect(await colours(page, { options: far, own, at: [ROAD] })).not.toEqual([grass]);
});

test("without a circuit the road is where cars drove", async ({ page }) => {
  await open(page, MAP);
  const options = { theme: /** @type {const} */ ("light") };
  const frames = Array.from({ length: 60 }, (_, i) => [{ ...THERE, x: -88.5 + 3 * i, z: 0 }]);
  const at = /** @type {Array<[number, number]>} */ ([
    [80, 200],
    [200, 200],
    [200, 100],
  ]);
  expect(await colours(page, { options, cars: frames, at })).toEqual(["#bfc5cb", "#bfc5cb", "#e6ede2"]);
});

test("the canvas is as sharp as the screen", async ({ browser }) => {
  const context = await browser.newContext({ deviceScaleFactor: 2 });
  const page = await context.newPage();
  await open(page, MAP);
  expect(await colours(page, { options: { theme: "dark" }, at: [MIDDLE] })).toEqual(["#11161a"]);
  expect(await page.evaluate(() => document.querySelector("canvas")?.width)).toBe(800);
  const refused = await page.evaluate(() => {
    const { RaceMap } = /** @type {MapModule} */ (/** @type {unknown} */ (window));
    try {
      return String(new RaceMap(document.createElement("canvas"), { track: [[0, 0]] }));
    } catch (error) {
      return /** @type {{ code?: string }} */ (error).code;
    }
  });
  expect(refused).toBe("bad_track");
  await context.close();
});

test("the first example of the README shows cars that drive, as soon as it is pasted", async ({ page }) => {
  const [, example = ""] = /```js\n([^]*?)```/.exec(await readFile(README, "utf8")) ?? [];
  const complaints = await open(page, example);
  const drawn = page.locator("canvas").last();
  /** @type {Set<string>} */
  const pictures = new Set();
  await expect(async () => {
    pictures.add(await drawn.evaluate((canvas) => /** @type {HTMLCanvasElement} */ (canvas).toDataURL()));
    expect(pictures.size).toBeGreaterThan(3);
  }).toPass();
  if (process.env.MP_PICTURES) await page.screenshot({ path: `${process.env.MP_PICTURES}/readme.png` });
  expect(complaints).toEqual([]);
});
