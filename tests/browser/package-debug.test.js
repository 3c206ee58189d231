// The package's debug panel in a page with a strict policy, for a client of the mock relay: what it shows, what it does,
// what it leaves behind. No server.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "@playwright/test";
import axe from "axe-core";

import { listen } from "./complaints.js";

const PACKAGE = fileURLToPath(new URL("../../client-wasm/js", import.meta.url));
const ORIGIN = "http://debug.test";
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src data:";
const PAGE = `<!doctype html><html lang="en"><title>Panel</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css"><main><h1>A game</h1></main><script type="module" src="/page.js"></script></html>`;
const STYLE = `:root { color-scheme: light dark }
  body { margin: 0; font: 16px sans-serif; background: light-dark(#dde3e8, #20252b) }`;
const SCRIPT = `
  import { RaceClient } from "/js/client.js";
  import { attachDebugPanel } from "/js/debug.js";
  import { mockRelay } from "/js/mock.js";
  const relay = await mockRelay({ bots: 5, latencyMs: 40, seed: 4 });
  const race = await RaceClient.connect(location.href, {
    name: "Ann",
    password: "hunter2",
    reconnect: { minMs: 50, maxMs: 100 },
    ...relay.options,
  });
  const panel = attachDebugPanel(race);
  window.debug = { relay, race, panel, attachDebugPanel };
  const drive = () => { race.room?.sendState(0, 0, 0, 0, 0, 0, 1); requestAnimationFrame(drive); };
  drive();
`;

/** @typedef {import("@playwright/test").Page} Page */
/** @typedef {{ relay: import("../../client-wasm/js/mock.js").MockRelay, race: import("../../client-wasm/js/client.js").RaceClient, panel: import("../../client-wasm/js/debug.js").RaceDebug, attachDebugPanel: typeof import("../../client-wasm/js/debug.js").attachDebugPanel }} Debug */

/**
 * Do something in the page.
 * @template T
 * @param {Page} page
 * @param {(debug: Debug) => T | Promise<T>} work
 * @returns {Promise<T>}
 */
async function within(page, work) {
  const debug = await page.evaluateHandle(() => /** @type {any} */ (window).debug);
  return /** @type {Promise<T>} */ (page.evaluate(/** @type {any} */ (work), debug));
}

/** @type {string[]} */
let complaints = [];

/** @param {Page} page */
async function open(page) {
  complaints = listen(page);
  /** @type {Record<string, [string, string]>} */
  const made = {
    "/": ["text/html", PAGE],
    "/page.js": ["text/javascript", SCRIPT],
    "/page.css": ["text/css", STYLE],
    // Where the doctor looks for a relay.
    "/healthz": ["text/plain", "a game's page"],
    "/api/config": ["text/plain", "a game's page"],
  };
  await page.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    const [contentType, body] = made[pathname] ?? [
      pathname.endsWith(".wasm") ? "application/wasm" : "text/javascript",
      await readFile(path.join(PACKAGE, pathname.replace(/^\/js\//, ""))),
    ];
    await route.fulfill({ contentType, body, headers: { "content-security-policy": POLICY } });
  });
  await page.goto(ORIGIN);
  await expect(page.getByTestId("debug-state")).toContainText("connected");
}

/** @param {Page} page */
const enterRoom = (page) =>
  within(page, async ({ race, relay }) => {
    await race.joinRoom(relay.rooms[0].id);
  });

/** @param {Page} page @param {string} name */
const tab = (page, name) => page.getByTestId(`debug-tab-${name}`).click();

test.beforeEach(({ page }) => open(page));
test.afterEach(() => expect(complaints).toEqual([]));

test("figures, curves and states are those of the client", async ({ page }) => {
  await enterRoom(page);
  // Not the reading of one moment: the panel looks twice a second, a ping goes every other.
  await expect
    .poll(async () => {
      const shown = await page.getByTestId("debug-roundTrip").textContent();
      const { roundTripMs } = await within(page, ({ race }) => race.stats);
      return roundTripMs !== null && shown === `${Math.round(roundTripMs)} ms`;
    })
    .toBe(true);
  await expect(page.getByTestId("debug-received")).toHaveText(/^\d{2,3}\/s$/);
  // The curve has pixels of the canvas's colour.
  const painted = await within(page, ({ panel }) => {
    const canvas = /** @type {HTMLCanvasElement} */ (
      panel.shadowRoot?.querySelector('[data-lane="received"] canvas')
    );
    const { data } = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).getImageData(
      0,
      0,
      canvas.width,
      canvas.height - 3,
    );
    return data.filter((value, index) => index % 4 === 3 && value > 200).length;
  });
  expect(painted).toBeGreaterThan(5);

  await within(page, ({ relay }) => relay.drop("Ann"));
  const states = page.getByTestId("debug-states").getByRole("listitem");
  await expect(states).toHaveCount(3);
  await expect(states.nth(0)).toContainText("connected");
  await expect(states.nth(1)).toContainText(/reconnecting.*connection_lost, attempt 1/);
  await expect(page.getByTestId("debug-reconnects")).toHaveText("1");
});

test("the room shows its players, their cars, and says when there is none", async ({ page }) => {
  await tab(page, "room");
  await expect(page.getByTestId("debug-room")).toHaveText("In no room");
  await enterRoom(page);
  await expect(page.getByTestId("debug-room")).toHaveText("Bot race");
  const rows = page.getByTestId("debug-players").getByRole("row");
  await expect(rows).toHaveCount(6);
  await expect(rows.filter({ hasText: "Ann" })).toContainText("me");
  await expect(rows.filter({ hasText: "host" })).toHaveCount(1);
  await expect(rows.filter({ hasText: "Bot Aila" })).toContainText(/\d+ km\/h/);
  await within(page, async ({ race }) => race.room?.leave());
  await expect(page.getByTestId("debug-room")).toHaveText("In no room");
});

test("two clients of one mock see each other drive", async ({ page }) => {
  await enterRoom(page);
  const seen = await within(page, async ({ relay, race }) => {
    const bo = await relay.connect("Bo");
    const room = await bo.joinRoom(relay.rooms[0].id);
    /** @type {number[]} */
    const places = [];
    const beganMs = performance.now();
    await new Promise((done) => {
      const frame = () => {
        const x = (performance.now() - beganMs) / 50;
        room.sendState(x, 0, 0, 0, 0, 0, 1);
        for (const car of race.room?.cars() ?? []) if (car.id === bo.id) places.push(car.x);
        if (x < 40) requestAnimationFrame(frame);
        else done(undefined);
      };
      frame();
    });
    await bo.close();
    return places;
  });
  expect(seen.length).toBeGreaterThan(10);
  // On and on; a late frame of the page may move it back a little.
  for (let index = 1; index < seen.length; index += 1) {
    expect(seen[index]).toBeGreaterThanOrEqual(seen[index - 1] - 1);
  }
  expect(seen[seen.length - 1]).toBeGreaterThan(20);
});

test("an element that gets its client before its name shows it", async ({ page }) => {
  await within(page, async ({ race, panel, relay }) => {
    panel.remove();
    const early = document.createElement("race-debug-2");
    Object.assign(early, { client: race });
    document.body.append(early);
    const { RaceDebug } = /** @type {typeof import("../../client-wasm/js/debug.js")} */ (
      await import(/** @type {any} */ ("/js/debug.js"))
    );
    customElements.define("race-debug-2", class extends RaceDebug {});
    await race.joinRoom(relay.rooms[0].id);
  });
  await tab(page, "room");
  await expect(page.getByTestId("debug-room")).toHaveText("Bot race");
});

test("events are listed and filtered, and what is secret stays so", async ({ page }) => {
  await enterRoom(page);
  await tab(page, "events");
  const rows = page.getByTestId("debug-events").getByRole("listitem");
  await expect(rows.first()).toContainText("entered Bot race");
  await within(page, ({ relay, race }) => relay.say("Bot Aila", "meet me at the bridge", race.id));
  await expect(rows.first()).toContainText("Bot Aila: 21 letters");
  await within(page, ({ panel, relay, race }) => {
    panel.toggleAttribute("show-messages", true);
    relay.say("Bot Aila", "now it may be seen", race.id);
  });
  await expect(rows.first()).toContainText("“now it may be seen”");
  await page.getByTestId("debug-filter").fill("entered");
  await expect(rows).toHaveCount(1);
  await page.getByTestId("debug-filter").fill("");
  await page.getByRole("checkbox", { name: "message" }).uncheck();
  await expect(rows.filter({ hasText: "Bot Aila:" })).toHaveCount(0);
  const all = await within(page, ({ panel }) => panel.shadowRoot?.textContent ?? "");
  expect(all).not.toContain("hunter2");
  expect(all).not.toContain("bridge");
  await page.getByTestId("debug-clear").click();
  await expect(rows).toHaveText(["Nothing like this."]);
});

test("the lab's presets and sliders change the network, and one press breaks it", async ({ page }) => {
  await enterRoom(page);
  await tab(page, "lab");
  await page.getByTestId("debug-preset").selectOption("Satellite");
  await expect(page.getByTestId("debug-latencyMs")).toHaveValue("300");
  // The mock's own 40 ms and twice 300, give or take the jitter.
  await expect.poll(() => within(page, ({ race }) => race.stats.roundTripMs ?? 0)).toBeGreaterThan(500);
  await page.getByTestId("debug-latencyMs").focus();
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByTestId("debug-latencyMs")).toHaveValue("295");
  await expect(page.getByTestId("debug-preset")).toHaveValue("");
  await page.getByTestId("debug-preset").selectOption("As it is");
  await expect.poll(() => within(page, ({ race }) => race.stats.roundTripMs ?? 999)).toBeLessThan(200);

  await page.getByTestId("debug-disconnect").click();
  await expect.poll(() => within(page, ({ race }) => race.stats.reconnects)).toBe(1);
  await expect(page.getByTestId("debug-state")).toContainText("connected");
  // Only this once: positions come for longer than any break would need.
  const received = await within(page, ({ race }) => race.stats.received);
  await expect.poll(() => within(page, ({ race }) => race.stats.received)).toBeGreaterThan(received + 150);
  await tab(page, "network");
  await expect(page.getByTestId("debug-states").getByRole("listitem")).toHaveCount(3);
  await expect(page.getByTestId("debug-reconnects")).toHaveText("1");
  expect(await within(page, ({ race }) => race.room?.name)).toBe("Bot race");
});

test("a recording is taken and can be kept", async ({ page }) => {
  await enterRoom(page);
  await tab(page, "lab");
  await page.getByTestId("debug-record").click();
  await expect(page.getByTestId("debug-record")).toHaveText("Stop");
  await expect(page.getByTestId("debug-recording")).toHaveText(/^\d/);
  await page.getByTestId("debug-record").click();
  const downloading = page.waitForEvent("download");
  await page.getByTestId("debug-download").click();
  const kept = await readFile(await (await downloading).path());
  expect(kept.length).toBeGreaterThan(100);
  expect(kept.includes("hunter2")).toBe(false);
});

test("the doctor's findings are shown, and so is a doctor who cannot come", async ({ page }) => {
  await tab(page, "lab");
  const checks = page.getByTestId("debug-checks").getByRole("listitem");
  await page.getByTestId("debug-doctor").click();
  await expect(checks.nth(1)).toContainText(/✗\s*relay/);
  await expect(page.getByText("Something is wrong.")).toBeVisible();

  await within(page, ({ panel }) => {
    panel.doctor = async () => ({
      ok: false,
      text: "",
      checks: [
        { name: "relay", ok: true, words: "It answers.", advice: "" },
        { name: "certificate", ok: false, words: "It is not trusted.", advice: "Pin it." },
        { name: "datagrams", ok: null, words: "Not examined.", advice: "" },
      ],
    });
  });
  await page.getByTestId("debug-doctor").click();
  await expect(checks).toHaveText([
    /✓\s*relay/,
    /✗\s*certificate\s*It is not trusted\.\s*Pin it\./,
    /–\s*datagrams/,
  ]);
  await within(page, ({ panel }) => {
    panel.doctor = () => Promise.reject(new Error("no such module"));
  });
  await page.getByTestId("debug-doctor").click();
  await expect(page.getByText("The doctor could not come: no such module")).toBeVisible();
  await expect(page.getByTestId("debug-doctor")).toBeEnabled();
});

test("the panel is moved, folded and read by keys alone, and stays in sight", async ({ page }) => {
  const panel = page.locator("race-debug");
  const before = await panel.boundingBox();
  await page.getByTestId("debug-grip").focus();
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("ArrowUp");
  const after = await panel.boundingBox();
  expect(Math.round((after?.x ?? 0) - (before?.x ?? 0))).toBe(-50);
  expect(Math.round((after?.y ?? 0) - (before?.y ?? 0))).toBe(-10);

  await page.getByTestId("debug-tab-network").focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByTestId("debug-tab-room")).toBeFocused();
  await expect(page.getByTestId("debug-room")).toBeVisible();
  await page.keyboard.press("End");
  await expect(page.getByTestId("debug-tab-lab")).toHaveAttribute("aria-selected", "true");

  await page.getByTestId("debug-fold").press("Enter");
  await expect(page.getByTestId("debug-tab-lab")).toBeHidden();
  await page.getByTestId("debug-fold").press("Enter");
  await expect(page.getByTestId("debug-tab-lab")).toBeVisible();

  const head = page.getByTestId("debug-state");
  const from = await head.boundingBox();
  await page.mouse.move((from?.x ?? 0) + 5, (from?.y ?? 0) + 5);
  await page.mouse.down();
  await page.mouse.move(-500, 5000, { steps: 3 });
  await page.mouse.up();
  const dragged = await panel.boundingBox();
  const { height } = page.viewportSize() ?? { height: 0 };
  expect(dragged?.x).toBe(8);
  expect(Math.round((dragged?.y ?? 0) + (dragged?.height ?? 0))).toBe(height - 8);
  await page.setViewportSize({ width: 500, height: 560 });
  await expect.poll(async () => ((await panel.boundingBox())?.y ?? 0) >= 8).toBe(true);
});

test("a panel that is closed leaves nothing of itself", async ({ page }) => {
  await enterRoom(page);
  await tab(page, "lab");
  await page.getByTestId("debug-preset").selectOption("Satellite");
  await expect.poll(() => within(page, ({ race }) => race.stats.roundTripMs ?? 0)).toBeGreaterThan(500);
  await page.getByTestId("debug-close").click();
  await expect(page.locator("race-debug")).toHaveCount(0);
  await expect.poll(() => within(page, ({ race }) => race.stats.roundTripMs ?? 999)).toBeLessThan(200);

  // One that comes and goes listens no more when it has gone: a thousand would be too many for the client.
  const state = await within(page, ({ race, attachDebugPanel }) => {
    for (let round = 0; round < 300; round += 1) attachDebugPanel(race).remove();
    return race.state;
  });
  expect(state).toBe("connected");
  await within(page, ({ attachDebugPanel, race }) => void attachDebugPanel(race, { folded: true }));
  await expect(page.getByTestId("debug-state")).toContainText("connected");
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`axe has nothing to say, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await enterRoom(page);
    await within(page, ({ relay, race }) => {
      relay.drop("Ann");
      return new Promise((resolve) => {
        race.on("state", ({ state }) => state === "connected" && resolve(undefined));
      });
    });
    await expect(page.getByTestId("debug-received")).toHaveText(/^\d{2,3}\/s$/);
    for (const name of ["network", "room", "events", "lab"]) {
      await tab(page, name);
      await page.mouse.move(5, 5);
      await page.screenshot({ path: `tests/browser/screenshots/debug-${colorScheme}-${name}.png` });
      expect(await violations(page), `${name}, ${colorScheme}`).toEqual([]);
    }
  });
}

/** @param {Page} page */
async function violations(page) {
  // The policy allows no script of the test's, so axe comes from outside of it.
  const client = await page.context().newCDPSession(page);
  await client.send("Runtime.evaluate", { expression: axe.source });
  return page.evaluate(async () => {
    const { violations: all } = await /** @type {any} */ (window).axe.run(document, {
      resultTypes: ["violations"],
    });
    return all.map((/** @type {any} */ { id, nodes }) => ({
      id,
      nodes: nodes.map((/** @type {any} */ node) => node.html),
    }));
  });
}
