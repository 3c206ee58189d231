// What somebody sees who looks at a page: cars on a canvas, by their colours, and what axe-core finds.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import axe from "axe-core";

import { listen } from "../browser/complaints.js";

/** @typedef {import("@playwright/test").Page} Page */
/** @typedef {{ colour: string, x: number, y: number, pixels: number }} SeenCar  the middle of its pixels, from the middle of the canvas */

/** What Vite and React say while somebody develops; besides that there is not one line in the console. */
const OF_TOOLS = /^\[vite\] connect|^%cDownload the React DevTools/;
/** Of other cars in every example that draws. */
const COLOURS = ["#2e86ab", "#c98a00", "#7b5ea7", "#0f8b6d", "#c2185b", "#5c7c00", "#00838f", "#e4572e"];
/** Fewer pixels are the edge of something else. */
const FEWEST_PIXELS = 12;
/** A car goes so far between two looks. */
const NEAR_PIXELS = 25;
const DEADLINE_MS = 30_000;
const POLL_MS = 60;
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const THEMES = /** @type {const} */ (["light", "dark"]);
/** Where pictures go, if somebody wants to look at them. */
const PICTURES = process.env.MP_PICTURES;

/**
 * A page of its own, as another person has it, and all it complains about.
 * @param {import("@playwright/test").Browser} browser
 * @param {string} url
 */
export async function visit(browser, url) {
  const context = await browser.newContext({ viewport: SIZES.desktop });
  const page = await context.newPage();
  const complaints = listen(page);
  page.on("console", (message) => {
    if (!OF_TOOLS.test(message.text())) complaints.push(`console: ${message.text()}`);
  });
  await page.goto(url);
  const close = async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  };
  return { page, complaints, close };
}

/**
 * The cars that can be seen on a canvas.
 * @param {Page} page
 * @param {string} [canvas]
 * @returns {Promise<SeenCar[]>}
 */
export function seenCars(page, canvas = "canvas") {
  return page.evaluate(([selector, colours, fewest]) => {
    const element = /** @type {HTMLCanvasElement} */ (document.querySelector(selector));
    // Of a copy, since reading the page's own would slow it down, and say so.
    const copy = new OffscreenCanvas(element.width, element.height);
    const context = copy.getContext("2d", { willReadFrequently: true });
    if (!context || element.width === 0) return [];
    context.drawImage(element, 0, 0);
    const { data } = context.getImageData(0, 0, element.width, element.height);
    const wanted = new Map(colours.map((colour) => [parseInt(colour.slice(1), 16), colour]));
    /** @type {Map<string, { sumX: number, sumY: number, pixels: number }>} */
    const found = new Map();
    for (let at = 0; at < data.length; at += 4) {
      const colour = wanted.get((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
      if (!colour) continue;
      const car = found.get(colour) ?? { sumX: 0, sumY: 0, pixels: 0 };
      car.sumX += (at / 4) % element.width;
      car.sumY += Math.floor(at / 4 / element.width);
      car.pixels += 1;
      found.set(colour, car);
    }
    return [...found]
      .filter(([, { pixels }]) => pixels >= fewest)
      .map(([colour, { sumX, sumY, pixels }]) => ({
        colour,
        x: sumX / pixels - element.width / 2,
        y: sumY / pixels - element.height / 2,
        pixels,
      }));
  }, /** @type {[string, string[], number]} */ ([canvas, COLOURS, FEWEST_PIXELS]));
}

/**
 * Look until some car has gone so far over the canvas.
 * @param {Page} page
 * @param {number} [pixels]
 */
export async function expectDriving(page, pixels = 40) {
  await traceDriving(page, pixels);
}

/**
 * The same, and every place where a car was seen.
 * @param {Page} page
 * @param {number} pixels
 * @returns {Promise<SeenCar[]>}
 */
export async function traceDriving(page, pixels) {
  /** @type {SeenCar[]} */
  const trace = [];
  await until(page, "no car is seen to drive", async () => {
    const seen = await seenCars(page);
    trace.push(...seen);
    return seen.some((car) => {
      const first = trace.find(({ colour }) => colour === car.colour) ?? car;
      return apart(first, car) >= pixels;
    });
  });
  return trace;
}

/**
 * The cars of a picture that stands still.
 * @param {Page} page
 * @param {SeenCar[]} [before]  look until it is another picture than this
 */
export async function steadyCars(page, before = []) {
  let cars = before;
  await until(page, "the picture does not stand still", async () => {
    const earlier = JSON.stringify(cars);
    cars = await seenCars(page);
    return JSON.stringify(cars) === earlier && earlier !== JSON.stringify(before);
  });
  return cars;
}

/**
 * Each car is where one of its colour was.
 * @param {SeenCar[]} cars
 * @param {SeenCar[]} trace
 */
export function expectOnTrace(cars, trace) {
  for (const car of cars) {
    const places = trace.filter(({ colour }) => colour === car.colour);
    const nearest = Math.min(...places.map((place) => apart(place, car)));
    assert.ok(nearest <= NEAR_PIXELS, `the car ${car.colour} is ${nearest} pixels off`);
  }
}

/** @param {SeenCar} one @param {SeenCar} other */
function apart(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

/**
 * Nothing in these elements is rendered anew while something else happens.
 * @param {Page} page
 * @param {string} selector
 * @param {() => Promise<void>} during
 */
export async function expectUntouched(page, selector, during) {
  const changes = await page.evaluateHandle((wanted) => {
    const seen = { count: 0 };
    const observer = new MutationObserver((records) => (seen.count += records.length));
    for (const element of document.querySelectorAll(wanted)) {
      observer.observe(element, { subtree: true, childList: true, attributes: true, characterData: true });
    }
    return seen;
  }, selector);
  await during();
  assert.equal(await changes.evaluate(({ count }) => count), 0);
}

/**
 * Look until it is so.
 * @param {Page} page
 * @param {string} otherwise  what is wrong if that never comes
 * @param {() => Promise<boolean>} look
 */
export async function until(page, otherwise, look) {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await look())) {
    assert.ok(Date.now() < deadline, `${otherwise}; the page says: ${await page.innerText("body")}`);
    await delay(POLL_MS);
  }
}

/**
 * Both themes, on a desktop and on a phone: nothing is wider than the page, and axe finds nothing.
 * @param {Page} page
 * @param {string} name  of the picture
 */
export async function expectGoodLooks(page, name) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const [wide, found] = [
        await page.evaluate(() => document.documentElement.scrollWidth),
        await axeSays(page),
      ];
      assert.ok(wide <= viewport.width, `${name} is ${wide} pixels wide on a ${size}`);
      assert.deepEqual(found, [], `${name}, ${size}, ${colorScheme}`);
      if (PICTURES) {
        await mkdir(PICTURES, { recursive: true });
        await page.screenshot({ path: path.join(PICTURES, `${name}-${size}-${colorScheme}.png`) });
      }
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(SIZES.desktop);
}

/** @param {Page} page @returns {Promise<string[]>} */
async function axeSays(page) {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (window).axe.run(document, {
      resultTypes: ["violations"],
    });
    return violations.map(
      (/** @type {any} */ { id, nodes }) =>
        `${id}: ${nodes.map((/** @type {any} */ { html }) => html).join(", ")}`,
    );
  });
}
