// Measures what the pages cost: the bytes of the first load, and for race and viewer, with 20 and 100 cars, the time between frames,
// the busy time of the page's thread in each frame, and the heap after each minute. Run it on a machine that does nothing else; compare
// only figures of the same run.
//
//   node tests/bench/frames.js [--minutes 10]      how long the heap is measured; the others take half a minute each
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath, pathToFileURL } from "node:url";

import { chromium } from "@playwright/test";

import config from "../browser/playwright.config.js";
import { Player } from "../browser/player.js";
import { startRelay, startServer } from "../browser/programs.js";
import { quantile } from "./quantile.js";

/** @typedef {import("@playwright/test").Browser} Browser */
/** @typedef {import("@playwright/test").Page} Page */
/** @typedef {{ frameMs: number[], busyMs: number, heapMb: number[] }} Figures  `busyMs` for each frame; the heap after each minute */

const CROWD = fileURLToPath(new URL("./crowd.js", import.meta.url));
const MOCK = fileURLToPath(new URL("../../www/test/mock-spectator.js", import.meta.url));
const SIZES = [20, 100];
const MINUTE_MS = 60_000;

/** All that a first visit to a page takes before its idle time. @param {Browser} browser @param {string} url */
async function firstLoad(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(() => void (globalThis.requestIdleCallback = () => 0));
  await page.goto(url, { waitUntil: "networkidle" });
  const sizes = await page.evaluate(() =>
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map(
      (entry) => /** @type {PerformanceResourceTiming} */ (entry).encodedBodySize,
    ),
  );
  await context.close();
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** A race with other cars that come from the page itself. @param {Page} page @param {string} url @param {number} cars */
async function race(page, url, cars) {
  await page.addInitScript({ content: `${await readFile(CROWD, "utf8")}\ncrowd(${cars});` });
  await page.goto(url);
  const player = new Player(page, "Ann");
  await player.signIn();
  await player.createRoom("Crowd");
  await player.element("start-race").click();
  await player.expectScreen("race");
}

/** The viewer of a made-up race. @param {Page} page @param {string} url @param {number} cars */
async function viewer(page, url, cars) {
  await page.route("**/mock-spectator.js", async (route) => {
    await route.fulfill({ contentType: "text/javascript", body: await readFile(MOCK) });
  });
  await page.goto(`${url}watch.html`);
  await page.evaluate(async (count) => {
    const load = (/** @type {string} */ name) => import(name);
    const [{ MockSpectator }, { parseCircuit }, { defineRaceViewer }] = await Promise.all(
      ["/mock-spectator.js", "/src/viewer/circuit.js", "/src/viewer/race-viewer.js"].map(load),
    );
    defineRaceViewer();
    const circuit = parseCircuit(await (await fetch("/track.json")).json());
    const element = /** @type {any} */ (document.createElement("race-viewer"));
    element.style.cssText = "position: fixed; inset: 0";
    document.body.replaceChildren(element);
    element.show(new MockSpectator(circuit.line, { cars: count }), circuit);
  }, cars);
}

/**
 * Measure a page that runs.
 * @param {Page} page
 * @param {{ framesMs: number, minutes: number }} plan
 * @returns {Promise<Figures>}
 */
async function measure(page, { framesMs, minutes }) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const busy = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN) * 1000;
  };
  const before = await busy();
  const frameMs = await page.evaluate(async (ms) => {
    const next = () =>
      new Promise((/** @type {(at: number) => void} */ resolve) => requestAnimationFrame(resolve));
    /** @type {number[]} */
    const steps = [];
    let lastMs = await next();
    for (const endMs = lastMs + ms; lastMs < endMs;) {
      const nowMs = await next();
      steps.push(nowMs - lastMs);
      lastMs = nowMs;
    }
    return steps;
  }, framesMs);
  const busyMs = ((await busy()) - before) / frameMs.length;
  const heap = async () => {
    await session.send("HeapProfiler.collectGarbage");
    return (await session.send("Runtime.getHeapUsage")).usedSize / 1e6;
  };
  const heapMb = [await heap()];
  for (let minute = 0; minute < minutes; minute += 1) {
    await page.waitForTimeout(Math.min(1, minutes - minute) * MINUTE_MS);
    heapMb.push(await heap());
  }
  return { frameMs, busyMs, heapMb };
}

/**
 * Measure everything. `print` gets each line as soon as it is known.
 * @param {{ framesMs: number, minutes: number, print: (line: string) => void }} plan
 */
export async function measureAll({ print, ...plan }) {
  const certificates = await mkdtemp(path.join(tmpdir(), "frames-"));
  const server = await startServer({ certificates, bots: 0 });
  const relay = await startRelay(server, "");
  const browser = await chromium.launch({ headless: true, ...config.use?.launchOptions });
  /** @type {Record<string, Figures>} */
  const all = {};
  try {
    const url = `http://${relay.ready.listen}/`;
    for (const name of ["", "watch.html"]) {
      const { files, bytes } = await firstLoad(browser, url + name);
      print(`first load of /${name}: ${bytes} bytes in ${files} files`);
    }
    for (const [name, open] of /** @type {const} */ ([
      ["race", race],
      ["viewer", viewer],
    ])) {
      for (const cars of SIZES) {
        const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
        const page = await context.newPage();
        await open(page, url, cars);
        const { frameMs, busyMs, heapMb } = (all[`${name} ${cars}`] = await measure(page, plan));
        const shown = [0.5, 0.95, 0.99].map((share) => quantile(frameMs, share).toFixed(1)).join(" / ");
        print(
          `${name} with ${cars} cars: frame p50 / p95 / p99 ${shown} ms; the thread works ${busyMs.toFixed(1)} ms a frame; ` +
            `heap ${heapMb.map((mb) => mb.toFixed(1)).join(" ")} MB`,
        );
        await context.close();
      }
    }
  } finally {
    await browser.close();
    await relay.stop();
    await server.stop();
    await rm(certificates, { recursive: true });
  }
  return all;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { minutes } = parseArgs({ options: { minutes: { type: "string", default: "10" } } }).values;
  const print = (/** @type {string} */ line) => void process.stdout.write(`${line}\n`);
  await measureAll({ framesMs: MINUTE_MS / 2, minutes: Number(minutes), print });
}
