// The viewer's drawing makes no garbage: a hundred cars, frame after frame, with everything that a frame draws. What it
// costs in time is printed and not asserted, since the machine may be busy.
import { expect, test } from "@playwright/test";

import { openFromDisk, ORIGIN } from "./disk.js";

const CARS = 100;
const FRAMES = 600;
/** Until the engine has compiled what runs all the time; what is not compiled boxes its numbers. */
const WARM_UP_FRAMES = 1500;
/** Bytes of garbage a frame: a single number boxed for each car would be 1,200. */
const MOST_BYTES = 250;
/** Paints a picture of the ground whenever the camera has left the last one, and not in every frame. */
const GROUND = "ribbon.js";

const PAGE = `<!doctype html><html lang="en"><title>Drawing</title><style>canvas { width: 100vw; height: 100vh }</style>
<canvas></canvas><script type="module">
  import { Liveries } from "/src/livery.js";
  import { ViewCamera } from "/src/viewer/camera.js";
  import { Cars } from "/src/viewer/cars.js";
  import { Circuit } from "/src/viewer/circuit.js";
  import { Painter } from "/src/viewer/painter.js";
  import { MockSpectator } from "/test/mock-spectator.js";
  const circuit = new Circuit(await (await fetch("/track.json")).json());
  let nowMs = 60_000;
  const feed = new MockSpectator(circuit.line, { cars: ${CARS}, now: () => nowMs });
  const cars = new Cars(new Liveries());
  const camera = new ViewCamera();
  const painter = new Painter(document.querySelector("canvas"), camera);
  camera.resize(innerWidth, innerHeight);
  painter.resize();
  painter.setCircuit(circuit);
  camera.setBounds(circuit.bounds);
  const times = new Float64Array(${FRAMES});
  window.drawing = {
    camera,
    painter,
    cars,
    /** Red, green, blue and opacity of a point. */
    pixel(x, y) {
      const density = painter.density;
      return [...painter.context.getImageData(Math.round(x * density), Math.round(y * density), 1, 1).data];
    },
    /** Where a car is on the screen. */
    where(id) {
      const { x, z } = cars.find(id);
      const out = new Float64Array(2);
      camera.toScreen(x, -z, out);
      return [...out];
    },
    async run(frames) {
      for (let i = 0; i < frames; i += 1) {
        nowMs += 1000 / 60;
        cars.update(feed, nowMs - 60_000, feed.room, 1 / 60);
        for (const car of cars.list) car.place = car.index + 1;
        const from = performance.now();
        painter.trails.push(cars.list, nowMs);
        camera.update(cars.find("player-7") ?? null, 1 / 60, false);
        painter.draw(cars, "player-7", 1 / 60);
        times[i % times.length] = performance.now() - from;
        // The browser puts off what a canvas is told until it shows it.
        if (i % 10 === 0) await new Promise(requestAnimationFrame);
      }
      const sorted = [...times].sort((a, b) => a - b);
      return { medianMs: sorted[${FRAMES / 2}], p99Ms: sorted[${Math.floor(FRAMES * 0.99)}] };
    },
  };
</script></html>`;

/** @param {import("@playwright/test").Page} page */
async function open(page) {
  await openFromDisk(page, PAGE);
  await page.waitForFunction("window.drawing !== undefined");
}

/**
 * Bytes allocated by the functions of the viewer, those that are garbage by now included.
 *
 * @param {import("@playwright/test").CDPSession} session
 */
async function bytesByFunction(session) {
  const { profile } = await session.send("HeapProfiler.stopSampling");
  /** @type {Map<string, number>} */
  const bytes = new Map();
  const nodes = [profile.head];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    nodes.push(...node.children);
    const { url, functionName, lineNumber } = node.callFrame;
    if (!url.startsWith(`${ORIGIN}/src/`) || node.selfSize === 0) continue;
    const name = `${functionName} ${url.slice(ORIGIN.length)}:${lineNumber + 1}`;
    bytes.set(name, (bytes.get(name) ?? 0) + node.selfSize);
  }
  return bytes;
}

for (const mode of /** @type {const} */ (["fit", "follow"])) {
  test(`draws ${CARS} cars without garbage: ${mode}`, async ({ page }) => {
    await page.setViewportSize({ width: 960, height: 600 });
    await open(page);
    await page.evaluate(`drawing.camera.${mode}()`);
    await page.evaluate(`drawing.run(${WARM_UP_FRAMES})`);
    const session = await page.context().newCDPSession(page);
    await session.send("HeapProfiler.startSampling", {
      samplingInterval: 256,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
    const cost = await page.evaluate(`drawing.run(${FRAMES})`);
    const bytes = await bytesByFunction(session);
    const [inFrame, inGround] = [false, true].map((isGround) => {
      const mine = [...bytes].filter(([name]) => name.includes(GROUND) === isGround);
      return mine.reduce((sum, [, each]) => sum + each, 0) / FRAMES;
    });
    const most = [...bytes].sort((a, b) => b[1] - a[1]).slice(0, 6);
    process.stdout.write(`${mode}: ${JSON.stringify({ ...cost, inFrame, inGround })}\n`);
    expect(inFrame, JSON.stringify(most)).toBeLessThan(MOST_BYTES);
  });
}

test("a car is drawn in its colour and can be picked, the ground only where wanted", async ({ page }) => {
  await open(page);
  await page.evaluate("drawing.camera.fit(), drawing.run(90)");
  const corner = "drawing.pixel(3, 3)";
  expect(await page.evaluate(`${corner}[3]`)).toBe(255);
  const seen = await page.evaluate(`(() => {
    const { painter, cars, where, pixel } = drawing;
    // The leader is painted over all but the chosen one. There may be a number or a stripe at any one point of it.
    const leader = cars.find("player-0");
    const [x, y] = where("player-0");
    return {
      picked: painter.pick(x, y)?.id,
      chosen: painter.pick(...where("player-7"))?.id,
      beyond: painter.pick(3, 3),
      colours: [-9, -6, -3, 3, 6, 9].map((down) => pixel(x, y + down).slice(0, 3)),
      body: leader.livery.body,
    };
  })()`);
  expect(seen).toMatchObject({ picked: "player-0", chosen: "player-7", beyond: null });
  const body = [1, 3, 5].map((at) => parseInt(seen.body.slice(at, at + 2), 16));
  const off = seen.colours.map((/** @type {number[]} */ colour) =>
    Math.max(...body.map((part, i) => Math.abs(part - colour[i]))),
  );
  expect(Math.min(...off), `${seen.colours} for ${body}`).toBeLessThan(32);
  await page.evaluate("drawing.painter.transparent = true, drawing.run(2)");
  expect(await page.evaluate(corner)).toEqual([0, 0, 0, 0]);
});

test("once the camera stands, the ground is there at its own scale, wherever it glided", async ({ page }) => {
  await open(page);
  for (const how of ["follow()", "fit()", "zoomSmoothly(5)", "panBy(900, 500)", "zoomSmoothly(0.1)"]) {
    await page.evaluate(`drawing.camera.${how}, drawing.run(180)`);
    const scales = await page.evaluate("[drawing.painter.ground.front.scale, drawing.camera.zoom]");
    expect(scales[0], how).toBe(scales[1]);
  }
});
