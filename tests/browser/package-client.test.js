// The package's client with a real relay and game server: what a page does that imports it.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { listen } from "./complaints.js";
import { expect, test } from "./fixture.js";
import { playerCounts } from "./observer.js";
import { startRelay } from "./programs.js";

/** @typedef {import("@playwright/test").Page} Page */
/** @typedef {any} Played  what a page keeps between two looks at it: clients, rooms, and what they heard */

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const WASM = path.join(ROOT, "www/pkg/wasm");
const PACKAGE = path.join(ROOT, "client-wasm/js");
/** More hundreds of joins than memory needs to find its size. */
const MOST_HUNDREDS = 40;
/** So many in a row must add nothing. Memory grows by 64 KiB at a time, so this finds what leaks some hundred bytes a join. */
const FLAT_HUNDREDS = 10;
/** What a browser says by itself of a relay that is not there for a moment, and of what is sent while it goes. */
const UNREACHABLE = /^error: WebSocket (connection to .* failed|is already in CLOSING)/;

/**
 * Open a page of the relay's own site that has imported the package, as it is in this tree.
 *
 * @param {Page} page
 * @param {string} url
 */
async function open(page, url) {
  // What a test serves comes from nowhere, and Chromium asks before such a one may talk to this machine.
  await page.context().grantPermissions(["local-network-access"]);
  await page.route("**/package/**", async (route) => {
    const name = new URL(route.request().url()).pathname.replace("/package/", "");
    const file = name.startsWith("wasm/") ? path.join(WASM, name.slice(5)) : path.join(PACKAGE, name);
    const contentType = name.endsWith(".wasm") ? "application/wasm" : "text/javascript";
    return route.fulfill({ contentType, body: await readFile(file) });
  });
  await page.goto(`${url}favicon.svg`);
  await page.evaluate(async () => {
    const address = "/package/index.js";
    const played = /** @type {Played} */ ({ ...(await import(address)), heard: [], url: location.origin });
    Object.assign(window, { played });
  });
}

/**
 * Do something in the page.
 *
 * @param {Page} page
 * @param {(played: Played) => unknown} work
 * @returns {Promise<any>}
 */
function inPage(page, work) {
  return page.evaluate(`(${work})(window.played)`);
}

/** Two clients in one room, and everything that they hear. @param {Page} page */
function meet(page) {
  return inPage(page, async (played) => {
    const { RaceClient, url, heard } = played;
    const [ann, ben] = [
      await RaceClient.connect(url, { name: "Ann" }),
      await RaceClient.connect(url, { name: "Ben" }),
    ];
    const hers = await ann.createRoom("Friday");
    hers.on("joined", (/** @type {any} */ { name }) => heard.push(`Ann: ${name} joined`));
    hers.on("left", (/** @type {any} */ { name }) => heard.push(`Ann: ${name} left`));
    hers.on("message", (/** @type {any} */ { senderName, text }) =>
      heard.push(`Ann: ${senderName} says ${text}`),
    );
    const [listed] = await ben.listRooms();
    const his = await ben.joinRoom(listed.id);
    his.on("started", (/** @type {any} */ { mine }) => heard.push(`Ben: starts at ${mine.x}`));
    his.on("host", (/** @type {any} */ { isHost }) => heard.push(`Ben: host ${isHost}`));
    Object.assign(played, { ann, ben, hers, his });
  });
}

test("two clients of a page race each other", { tag: "@quick" }, async ({ page, site }) => {
  const complaints = listen(page);
  await open(page, site.url);
  await meet(page);
  const heard = () => inPage(page, ({ heard: all }) => all);
  await expect.poll(heard).toContain("Ann: Ben joined");
  expect(
    await inPage(page, ({ his }) => [
      his.name,
      his.isHost,
      [...his.players.values()].map(({ name }) => name).sort(),
    ]),
  ).toEqual(["Friday", false, ["Ann", "Ben"]]);

  expect(await inPage(page, ({ his }) => his.start().catch((/** @type {any} */ { code }) => code))).toBe(
    "not_host",
  );
  await inPage(page, ({ hers, his }) => Promise.all([hers.start(), his.say("hello")]));
  await expect.poll(heard).toContain("Ann: Ben says hello");
  await expect.poll(heard).toContainEqual(expect.stringMatching(/^Ben: starts at \d+$/));

  await inPage(page, (played) => {
    const { hers, his } = played;
    const startMs = performance.now();
    played.driving = setInterval(() => {
      const metres = (performance.now() - startMs) / 50;
      hers.sendState(0, 0, metres, 0, 0, 0, 1);
      his.sendState({ position: { x: 5, y: 0, z: metres }, rotation: { x: 0, y: 0, z: 0, w: 1 } });
    }, 16);
  });
  const cars = () =>
    inPage(page, ({ hers, his }) =>
      [hers, his].map((room) => Array.from(room.cars(), ({ name, x, z, speed }) => ({ name, x, z, speed }))),
    );
  await expect
    .poll(async () =>
      (await cars()).map(
        (/** @type {any} */ [car]) =>
          car && car.z > 20 && [car.name, Math.round(car.x), car.speed > 10 && car.speed < 30],
      ),
    )
    .toEqual([
      ["Ben", 5, true],
      ["Ann", 0, true],
    ]);
  const stats = await inPage(page, ({ ann }) => ann.stats);
  expect(stats.roundTripP50Ms).toBeGreaterThan(0);
  expect(stats.sentPerSecond).toBeGreaterThan(5);
  expect(stats.receivedPerSecond).toBeGreaterThan(5);

  await inPage(page, ({ ann, driving }) => (clearInterval(driving), ann.close()));
  await expect.poll(heard).toContain("Ben: host true");
  expect(await playerCounts(site.server)).toEqual({ Friday: 1 });
  await inPage(page, ({ ben }) => ben.close());
  expect(Object.values(await playerCounts(site.server)).filter((count) => count > 0)).toEqual([]);
  expect(complaints, "what the browser complained about").toEqual([]);
});

test.describe("a relay that restarts", () => {
  test.use({ bots: 2 });

  test("the client comes back into its room and sees the race go on", async ({ page, site }) => {
    const complaints = listen(page);
    await open(page, site.url);
    await inPage(page, async (played) => {
      const { RaceClient, url, heard } = played;
      const ann = await RaceClient.connect(url, { name: "Ann" });
      ann.on("state", (/** @type {any} */ { state, code = "", attempt = 0 }) =>
        heard.push([state, code, attempt]),
      );
      const [{ id }] = await ann.listRooms();
      const room = await ann.joinRoom(id);
      played.driving = setInterval(() => room.sendState(0, 0, 0, 0, 0, 0, 1), 50);
      Object.assign(played, { ann, room, firstId: ann.id });
    });
    const seen = () =>
      inPage(page, ({ ann, room }) => [
        ann.state,
        room.players.size,
        Array.from(room.cars(), ({ stale }) => stale),
      ]);
    await expect.poll(seen).toEqual(["connected", 3, [false, false]]);

    const { server, relay } = site;
    if (!server || !relay) throw new Error("the site is not running");
    await relay.stop();
    await expect
      .poll(() => inPage(page, ({ heard: all }) => all[0]))
      .toEqual(["reconnecting", "relay_restarting", 1]);
    const refused = await inPage(page, ({ ann }) =>
      ann.listRooms().catch((/** @type {any} */ { code }) => code),
    );
    expect(refused).toBe("reconnecting");
    site.relay = await startRelay(server, "", { listen: relay.ready.listen });
    await expect.poll(seen, { timeout: 40_000 }).toEqual(["connected", 3, [false, false]]);

    const now = await inPage(page, ({ ann, room, firstId }) => [
      ann.id === firstId,
      ann.room === room,
      room.isOpen,
      ann.stats.reconnects,
    ]);
    expect(now).toEqual([false, true, true, 1]);
    await inPage(page, ({ ann, driving }) => (clearInterval(driving), ann.close()));
    expect(await playerCounts(site.server)).toEqual({ "Bot race": 2 });
    expect(complaints.filter((complaint) => !UNREACHABLE.test(complaint))).toEqual([]);
  });

  test("a thousand joins and leaves leave no memory behind", async ({ page, site }) => {
    const complaints = listen(page);
    await open(page, site.url);
    await inPage(page, async (played) => {
      const { RaceClient, url } = played;
      const address = "/package/wasm/client_wasm.js";
      const names = Array.from({ length: 10 }, (_, i) => `Ann ${i}`);
      played.memory = (await (await import(address)).default()).memory;
      // The relay lets a connection hurry for so many commands, so each hundred has new ones.
      const joinAndLeave = async (/** @type {string} */ name) => {
        const race = await RaceClient.connect(url, { name });
        const [{ id }] = await race.listRooms();
        for (let i = 0; i < 10; i += 1) {
          const room = await race.joinRoom(id);
          room.on("input", () => {});
          room.sendState(0, 0, 0, 0, 0, 0, 1);
          room.sample();
          await room.leave();
        }
        await race.close();
      };
      played.hundredTimes = () => Promise.all(names.map(joinAndLeave));
    });
    // Functions that the module gave to the page are freed with the page's garbage.
    const devtools = await page.context().newCDPSession(page);
    const bytes = async () => {
      await inPage(page, ({ hundredTimes }) => hundredTimes());
      await devtools.send("HeapProfiler.collectGarbage");
      return inPage(page, ({ memory }) => memory.buffer.byteLength);
    };
    // What is kept at the most grows until it was once needed; a leak grows on.
    let [newest, flat] = [await bytes(), 0];
    for (let hundred = 0; hundred < MOST_HUNDREDS && flat < FLAT_HUNDREDS; hundred += 1) {
      const before = newest;
      newest = await bytes();
      flat = newest === before ? flat + 1 : 0;
    }
    expect(flat, "hundreds of joins in a row without another byte").toBe(FLAT_HUNDREDS);
    expect(await playerCounts(site.server)).toEqual({ "Bot race": 2 });
    expect(complaints, "what the browser complained about").toEqual([]);
  });
});
