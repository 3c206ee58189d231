// <race-viewer> shows the spectators that a page has from the package: one of the mock's, and a replayed one.
import { expect, test } from "@playwright/test";

import { listen } from "./complaints.js";
import { openFromDisk } from "./disk.js";

const RECORDED_MS = 60_000;

const PAGE = `<!doctype html><html lang="en"><title>Viewer</title><link rel="icon" href="data:,">
<style>body { margin: 0 } race-viewer { height: 100vh }</style><race-viewer></race-viewer>
<script type="module">
  import { defineRaceViewer } from "/src/viewer/race-viewer.js";
  import { parseCircuit } from "/src/viewer/circuit.js";
  import { mockRelay, VirtualClock } from "/package/mock.js";
  import { Spectator } from "/package/spectator.js";
  const track = await (await fetch("/track.json")).json();
  defineRaceViewer();
  const circuit = parseCircuit(track);
  const viewer = document.querySelector("race-viewer");
  const room = { name: "Mocked", bots: 5, isActive: true };
  /** A minute of bots, in no time. */
  const record = async () => {
    const clock = new VirtualClock();
    const relay = await mockRelay({ rooms: [room], track, clock });
    const spectator = await relay.spectate(relay.rooms[0].id);
    await clock.advance(1000);
    const recording = await spectator.record({ clock });
    await clock.advance(${RECORDED_MS});
    const blob = recording.stop();
    spectator.close();
    return blob;
  };
  Object.assign(window, { viewer, circuit, room, record, mockRelay, Spectator });
</script></html>`;

/** @typedef {import("@playwright/test").Page} Page */

/** @type {string[]} */
let complaints = [];

/** @param {Page} page */
async function open(page) {
  complaints = listen(page);
  await openFromDisk(page, PAGE);
  await page.waitForFunction("window.record");
}

/** @param {Page} page */
const state = (page) => page.evaluate(() => window.viewer.state());

/** How far the cars of the map, or those of the ledger, are from where the spectator has them, in metres. @param {Page} page @param {"map" | "ledger"} [where] */
const astray = (page, where = "map") =>
  page.evaluate((from) => {
    const { viewer, spectator } = /** @type {any} */ (window);
    /** @type {Array<{ id: string, x: number, z: number }>} */
    const cars = spectator.cars();
    /** @type {Array<{ id: string }>} */
    const known = from === "map" ? viewer.state().cars : viewer.ledger.racers;
    const shown = new Map(known.map((car) => [car.id, car]));
    if (cars.length !== 5 || shown.size !== 5) return Infinity;
    return Math.max(
      ...cars.map(({ id, x, z }) => {
        const car = /** @type {any} */ (shown.get(id));
        return car ? Math.hypot(car.x - x, car.z - z) : Infinity;
      }),
    );
  }, where);

test.afterEach(() => expect(complaints).toEqual([]));

test("shows the mock's spectator, live", async ({ page }) => {
  await open(page);
  await page.evaluate(
    `(async () => {
       window.relay = await mockRelay({ rooms: [room] });
       window.spectator = await relay.spectate(relay.rooms[0].id);
       viewer.show(spectator, circuit);
     })()`,
  );
  await expect(page.getByTestId("viewer-row")).toHaveCount(5);
  await expect(page.getByTestId("viewer-badge")).toHaveText("Live");
  const before = await state(page);
  expect(before.room?.name).toBe("Mocked");
  const moved = async () => {
    const { cars } = await state(page);
    const was = new Map(before.cars.map((car) => [car.id, car]));
    return cars.filter(({ id, x, z }) => Math.hypot(x - (was.get(id)?.x ?? x), z - (was.get(id)?.z ?? z)) > 5)
      .length;
  };
  await expect.poll(moved).toBeGreaterThan(0);
  await page.evaluate("relay.removePlayer(relay.rooms[0].players[0].id)");
  await expect(page.getByTestId("viewer-row")).toHaveCount(4, { timeout: 20_000 });
  await page.evaluate("spectator.close()");
  await expect.poll(async () => (await state(page)).feed.state).toBe("closed");
});

test("shows a replayed spectator, and follows it forwards and back in time", async ({ page }) => {
  await open(page);
  await page.evaluate(
    `(async () => {
       window.spectator = await Spectator.replay(await record(), { paused: true });
       viewer.show(spectator, circuit);
     })()`,
  );
  const moments = [30_000, 50_000, 8000, 20_000, RECORDED_MS];
  for (const atMs of moments) {
    await page.evaluate(`spectator.playback.seek(${atMs})`);
    await expect.poll(() => astray(page), { message: `at ${atMs}` }).toBeLessThan(0.1);
    // It looks every tenth of a second.
    await expect.poll(() => astray(page, "ledger"), { message: `at ${atMs}` }).toBeLessThan(12);
    const places = async () => (await state(page)).standings.map(({ place }) => place);
    await expect.poll(places, { message: `at ${atMs}` }).toEqual([1, 2, 3, 4, 5]);
    await expect(page.getByTestId("viewer-row")).toHaveCount(5);
    const { live, liveMs, events, room } = await state(page);
    expect([live, room?.name]).toEqual([true, "Mocked"]);
    expect(events.filter((event) => event.atMs > liveMs)).toEqual([]);
  }
  // The choice of a driver outlives a jump, and the viewer's own time bar reaches what the spectator keeps.
  await page.getByTestId("viewer-row").first().click();
  const { selectedId } = await state(page);
  await page.evaluate("spectator.playback.seek(40_000)");
  await expect.poll(() => astray(page)).toBeLessThan(0.1);
  const { selectedId: kept, liveMs, startMs } = await state(page);
  expect(kept).toBe(selectedId);
  expect(liveMs - startMs).toBeGreaterThan(5000);
  await page.evaluate("spectator.playback.play()");
  await expect.poll(async () => (await state(page)).liveMs).toBeGreaterThan(liveMs + 500);
  await page.evaluate("spectator.close()");
});
