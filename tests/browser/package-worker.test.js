// The package's client and spectator in Web Workers, with a real relay and game server.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { listen } from "./complaints.js";
import { expect, test } from "./fixture.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const WASM = path.join(ROOT, "www/pkg/wasm");
const PACKAGE = path.join(ROOT, "client-wasm/js");

/**
 * Open a page of the relay's own site that has imported the package with its worker, as it is in this tree.
 * @param {import("@playwright/test").Page} page
 * @param {string} url
 */
async function open(page, url) {
  // What a test serves comes from nowhere, and Chromium asks before such a one may talk to this machine.
  await page.context().grantPermissions(["local-network-access"]);
  await page.context().route("**/package/**", async (route) => {
    const name = new URL(route.request().url()).pathname.replace("/package/", "");
    const file = name.startsWith("wasm/") ? path.join(WASM, name.slice(5)) : path.join(PACKAGE, name);
    const contentType = name.endsWith(".wasm") ? "application/wasm" : "text/javascript";
    return route.fulfill({ contentType, body: await readFile(file) });
  });
  await page.goto(`${url}favicon.svg`);
  await page.evaluate(async () => {
    const [index, worker] = ["/package/index.js", "/package/worker.js"];
    const until = async (/** @type {() => boolean} */ holds) => {
      for (const end = Date.now() + 20_000; !holds();) {
        if (Date.now() > end) throw new Error(`it never came: ${holds}`);
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    };
    const modules = { ...(await import(index)), ...(await import(worker)) };
    Object.assign(window, { package: { ...modules, until, url: location.origin } });
  });
}

test("the car of a hidden page stands where it is, by the timers of a real worker", async ({
  page,
  site,
}) => {
  const complaints = listen(page);
  await open(page, site.url);
  const workers = await page.evaluate(async () => {
    const { RaceClient, backgroundClock, until, url } = /** @type {any} */ (window).package;
    let started = 0;
    const OwnWorker = Worker;
    globalThis.Worker = class extends OwnWorker {
      constructor(/** @type {string | URL} */ script, /** @type {WorkerOptions | undefined} */ options) {
        super(script, options);
        started += 1;
      }
    };
    const ann = await RaceClient.connect(url, { name: "Ann", clock: backgroundClock() });
    const room = await ann.createRoom("Friday");
    Object.defineProperty(document, "hidden", { get: () => true });
    room.sendState(1, 0, 5, 0, 0, 0, 1);
    const { sent } = ann.stats;
    await until(() => ann.stats.sent >= sent + 3);
    await ann.close();
    return started;
  });
  expect(workers).toBe(1);
  expect(complaints, "what the browser complained about").toEqual([]);
});

test("a spectator in a worker shows live and past, and goes on while the page is busy", async ({
  page,
  site,
}) => {
  const complaints = listen(page);
  await open(page, site.url);
  const seen = await page.evaluate(async () => {
    const { RaceClient, workerCore, workerSpectator, until, url } = /** @type {any} */ (window).package;
    const ann = await RaceClient.connect(url, { name: "Ann", core: workerCore });
    const room = await ann.createRoom("Friday");
    const beganMs = performance.now();
    const drive = setInterval(() => room.sendState((performance.now() - beganMs) / 50, 0, 5, 0, 0, 0, 1), 20);
    // The worker has a clock of its own; functions cannot be sent to it.
    const clock = {
      now: () => performance.now(),
      setTimeout: (/** @type {() => void} */ call, /** @type {number} */ ms) => setTimeout(call, ms),
      clearTimeout,
    };
    const spectator = await RaceClient.spectate(url, room.id, { spectator: workerSpectator, clock });
    await until(() => spectator.room?.name === "Friday" && spectator.sample().rows[1] > 20);
    const names = spectator.room.players.map((/** @type {any} */ { name }) => name);
    const state = spectator.state;

    // It goes on while the page does nothing else for a second.
    const { received } = spectator.stats;
    for (const end = performance.now() + 1000; performance.now() < end;);
    await until(() => spectator.stats.received > received + 10);

    // What was live is found again where it was, though nobody had looked at the past.
    /** @type {Array<[atMs: number, x: number]>} */
    const live = [];
    await until(() => live.push([spectator.liveMs, spectator.sample().rows[1]]) >= 60);
    await until(() => spectator.liveMs > live[59][0] + 1500);
    const apart = [];
    for (const [atMs, x] of live) {
      spectator.sample(atMs);
      await new Promise((resolve) => requestAnimationFrame(resolve));
      apart.push(Math.abs(spectator.sample(atMs).rows[1] - x));
    }
    const { startMs } = spectator;
    const cars = [...spectator.cars(live[0][0])].map(({ name }) => name);
    clearInterval(drive);
    spectator.close();
    await ann.close();
    return { names, state, cars, apart: apart.sort((a, b) => a - b), startMs };
  });
  expect(seen).toMatchObject({ names: ["Ann"], state: "live", cars: ["Ann"], startMs: 0 });
  // At twenty metres a second; the first may be looked at before they have come.
  expect(seen.apart[30]).toBeLessThan(0.5);
  expect(complaints, "what the browser complained about").toEqual([]);
});
