// Measures what a Worker gains while the page's thread is busy. A page that is busy four fifths of the time drives in a room. A
// quiet page measures how evenly its positions arrive. It also drives evenly, so the cars that the busy page draws can be compared
// with where they were. Prints one line for each way to run the client. Compare only figures of the same run.
//
//   node tests/bench/busy.js [--seconds 20]        needs target/debug/mp-relay and mp-server
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { chromium } from "@playwright/test";

import config from "../browser/playwright.config.js";
import { startRelay, startServer } from "../browser/programs.js";
import { quantile } from "./quantile.js";

const { seconds } = parseArgs({ options: { seconds: { type: "string", default: "20" } } }).values;
const MEASURED_MS = Number(seconds) * 1000;
/** How long the page is busy, and then free, in turns. */
const BUSY = { busyMs: 80, freeMs: 20 };
const SPEED = 30;

/**
 * @param {import("@playwright/test").Browser} browser
 * @param {string} url
 * @param {boolean} inWorker
 */
async function measure(browser, url, inWorker) {
  const [quiet, busy] = await Promise.all([browser.newPage(), browser.newPage()]);
  for (const page of [quiet, busy]) await page.goto(`${url}favicon.svg`);
  const roomId = await quiet.evaluate(async (speed) => {
    const { RaceClient } = await import(/** @type {any} */ ("/pkg/index.js"));
    const arrivals = /** @type {number[]} */ ([]);
    const webSocket = (/** @type {string} */ address, /** @type {string[]} */ protocols) => {
      const socket = new WebSocket(address, protocols);
      socket.addEventListener("message", ({ data }) => {
        if (typeof data !== "string") arrivals.push(performance.now());
      });
      return socket;
    };
    const race = await RaceClient.connect(location.origin, { name: "Quiet", webSocket });
    const room = await race.createRoom("Busy");
    setInterval(() => room.sendState(((speed * Date.now()) / 1000) % 100_000, 0, 0, 0, 0, 0, 1), 10);
    Object.assign(window, { arrivals });
    return room.id;
  }, SPEED);
  const errors = await busy.evaluate(
    async ({ room: id, worker, measuredMs, busyMs, freeMs, speed }) => {
      const [{ RaceClient }, { workerCore }] = await Promise.all([
        import(/** @type {any} */ ("/pkg/index.js")),
        import(/** @type {any} */ ("/pkg/worker.js")),
      ]);
      const race = await RaceClient.connect(location.origin, {
        name: "Busy",
        ...(worker && { core: workerCore }),
      });
      const room = await race.joinRoom(id);
      /** @type {number[]} */
      const behind = [];
      const end = performance.now() + measuredMs;
      while (performance.now() < end) {
        for (const until = performance.now() + busyMs; performance.now() < until;);
        room.sendState(performance.now() / 100, 0, 0, 0, 0, 0, 1);
        for (const { x } of room.cars()) behind.push((((speed * Date.now()) / 1000) % 100_000) - x);
        await new Promise((resolve) => setTimeout(resolve, freeMs));
      }
      await race.close();
      // The delay of the drawn cars is constant; any difference from it is an error.
      const settled = behind.slice(behind.length / 4);
      const typical = settled.toSorted((a, b) => a - b)[settled.length >> 1];
      return settled.map((metres) => Math.abs(metres - typical));
    },
    { room: roomId, worker: inWorker, measuredMs: MEASURED_MS, speed: SPEED, ...BUSY },
  );
  const arrivals = await quiet.evaluate(() => /** @type {any} */ (window).arrivals);
  await Promise.all([quiet.close(), busy.close()]);
  const gaps = arrivals
    .slice(1)
    .map((/** @type {number} */ at, /** @type {number} */ index) => at - arrivals[index]);
  return { perSecond: (arrivals.length / MEASURED_MS) * 1000, gaps, errors };
}

/** @param {string} line */
const print = (line) => process.stdout.write(`${line}\n`);

const certificates = await mkdtemp(path.join(tmpdir(), "busy-"));
const server = await startServer({ certificates, bots: 0 });
const relay = await startRelay(server, "");
const { launchOptions } = config.use ?? {};
const browser = await chromium.launch({ headless: true, ...launchOptions });
try {
  const url = `http://${relay.ready.listen}/`;
  print(`a page that is busy ${BUSY.busyMs} ms of every ${BUSY.busyMs + BUSY.freeMs}, ${seconds} s each`);
  for (const [name, inWorker] of /** @type {const} */ ([
    ["in the page", false],
    ["in a worker", true],
  ])) {
    const { perSecond, gaps, errors } = await measure(browser, url, inWorker);
    const shown = [
      `${name}:`,
      `${perSecond.toFixed(1)} positions a second,`,
      `gaps p50 ${quantile(gaps, 0.5).toFixed(0)} p99 ${quantile(gaps, 0.99).toFixed(0)} ms;`,
      `others' cars off by p50 ${quantile(errors, 0.5).toFixed(2)} p99 ${quantile(errors, 0.99).toFixed(2)} m at ${SPEED} m/s`,
    ];
    print(shown.join(" "));
  }
} finally {
  await browser.close();
  await relay.stop();
  await server.stop();
  await rm(certificates, { recursive: true });
}
