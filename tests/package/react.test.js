// The hooks and the viewer of the packed tarball in a page with a strict policy, with each React that is supported. React's
// development build in strict mode runs every effect twice.
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { chromium } from "@playwright/test";
import * as esbuild from "esbuild";

import { listen } from "../browser/complaints.js";
import settings from "../browser/playwright.config.js";
import { freshProject } from "./fresh.js";
import { until } from "./sight.js";
import { startSite } from "./site.js";
import { serveFolder } from "./static.js";

/** @typedef {import("@playwright/test").Page} Page */

/** The packages of React 18 and 19, as the workshop names them. */
const REACTS = [
  ["react-18", "react-dom-18"],
  ["react", "react-dom"],
];
const OF_TOOLS = /React DevTools/;
/** The client says so when it is kicked, as one of the tests does. */
const KICKED = /an administrator ends the session/;

/** @type {Awaited<ReturnType<typeof startSite>>} */
let site;
/** @type {import("@playwright/test").Browser} */
let browser;
before(async () => {
  [site, browser] = await Promise.all([startSite(), chromium.launch(settings.use?.launchOptions)]);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

/** @param {string} folder @param {string[]} react */
async function bundle(folder, [react, dom]) {
  const place = (/** @type {string} */ name) =>
    fileURLToPath(new URL(`node_modules/${name}`, import.meta.url));
  await esbuild.build({
    entryPoints: [path.join(folder, "main.js")],
    bundle: true,
    splitting: true,
    format: "esm",
    outdir: path.join(folder, "dist"),
    define: { "process.env.NODE_ENV": '"development"' },
    alias: { react: place(react), "react-dom": place(dom) },
    logLevel: "error",
  });
  // esbuild copies no module.
  const modules = path.join(folder, "node_modules/mp-server-client/wasm");
  for (const [to, module] of [
    ["dist/wasm", "client_wasm_bg.wasm"],
    ["wasm", "mock_wasm_bg.wasm"],
  ]) {
    await cp(path.join(modules, module), path.join(folder, to, module));
  }
}

for (const react of REACTS) {
  test(`${react[0]}: strict mode connects once, other options anew, and nothing is left behind`, async () => {
    const project = await freshProject("react-hooks");
    await bundle(project.folder, react);
    const server = await serveFolder(project.folder);
    const page = await browser.newPage();
    const complaints = listen(page);
    page.on("console", (message) => {
      if (!OF_TOOLS.test(message.text())) complaints.push(message.text());
    });
    try {
      await page.goto(server.url);
      await page.waitForFunction(() => "app" in window);
      await race(page);
      await watch(page);
      assert.deepEqual(
        complaints.filter((said) => !KICKED.test(said)),
        [],
      );
    } finally {
      await page.close();
      server.close();
      await project.remove();
    }
  });
}

/** @param {Page} page @param {object} options */
const render = (page, options) =>
  page.evaluate((given) => /** @type {any} */ (window).app.render(given), options);

/** @param {Page} page @param {string} id @param {string} wanted */
const says = (page, id, wanted) => page.locator(`#${id}`).getByText(wanted, { exact: true }).waitFor();

/** The people in the mock's rooms, who are no bots. @param {Page} page @returns {Promise<string[]>} */
const people = (page) =>
  page.evaluate(() =>
    /** @type {any} */ (window).app.relay.rooms.flatMap((/** @type {any} */ room) =>
      room.players
        .filter((/** @type {any} */ player) => !player.isBot)
        .map((/** @type {any} */ { name }) => name),
    ),
  );

/** @param {Page} page @returns {Promise<string[]>} */
const connects = (page) => page.evaluate(() => /** @type {any} */ (window).app.connects);

/** @param {Page} page */
async function race(page) {
  await render(page, {});
  await says(page, "race", "idle undefined false false");
  await render(page, { name: "Ann" });
  await says(page, "race", "connected undefined false false");
  await page.getByRole("listitem").getByText("Ann", { exact: true }).waitFor();
  assert.equal(await page.getByRole("listitem").count(), 3);
  // The same once more, in a new object.
  await render(page, { name: "Ann" });
  await render(page, { name: "Ann", room: "Friday" });
  await says(page, "race", "connected undefined true false");
  assert.deepEqual(await connects(page), ["Ann", "Ann"]);
  await until(page, "who left the room is still in it", async () => (await people(page)).length === 1);

  await page.evaluate(() => {
    const { app } = /** @type {any} */ (window);
    app.relay.fail = { signIn: ["auth_failed"] };
  });
  await render(page, { name: "Ben" });
  await says(page, "race", "closed auth_failed false false");
  assert.deepEqual(await people(page), []);
  await page.getByRole("button", { name: "Retry" }).click();
  await says(page, "race", "connected undefined false false");
  assert.deepEqual(await connects(page), ["Ann", "Ann", "Ben", "Ben"]);
  await page.evaluate(() => /** @type {any} */ (window).app.relay.kick("Ben"));
  await says(page, "race", "closed kicked false false");
  await render(page, {});
  await says(page, "race", "idle undefined false false");
}

/** @param {Page} page */
async function watch(page) {
  const room = await page.evaluate(async (url) => {
    const { app } = /** @type {any} */ (window);
    app.driver = await app.RaceClient.connect(url, { name: "Eve" });
    const own = await app.driver.joinOrCreate("Watched");
    await own.start();
    setInterval(() => own.sendPose({ x: 1, z: 2, yaw: 0 }), 50);
    return own.id;
  }, site.url);
  const shown = { src: site.url, room, track: "learn" };
  await render(page, { watched: { relay: site.url, room }, shown });
  await says(page, "watch", "live undefined Eve");
  const viewer = page.locator("race-viewer.live");
  await viewer.getByText("Eve").first().waitFor();
  assert.equal(await viewer.getAttribute("room"), room);
  assert.equal(
    await page.evaluate(() => typeof (/** @type {any} */ (window).app.viewer().state)),
    "function",
  );
  await render(page, { name: "Ann", watched: null, shown: null });
  await says(page, "race", "connected undefined false false");
  assert.equal(await viewer.count(), 0);
  await page.evaluate(() => /** @type {any} */ (window).app.unmount());
  await until(page, "who is unmounted is still in the room", async () => (await people(page)).length === 0);
  await page.evaluate(() => /** @type {any} */ (window).app.driver.close());
}
