// What a visitor has to load before anything can be done, and that the rest comes before somebody needs it.
import { expect, test } from "./fixture.js";

/** @typedef {import("@playwright/test").Page} Page */

/** All that the first screen takes, on the wire, without headers. */
const MAX_BYTES = 121_000;
/** What comes later, in idle time or when somebody signs in. */
const LATER = [
  "/src/screens.js",
  "/src/room-commands.js",
  "/src/interruption.js",
  "/src/race.js",
  "/src/scenery.js",
  "/lobby.css",
  "/race.css",
  "/race-small.css",
  "/messages.css",
];

/** Keep what a page wants to do in idle time until `releaseIdle`. @param {Page} page */
async function holdIdle(page) {
  await page.addInitScript(() => {
    /** @type {Array<() => void>} */
    const held = [];
    Object.assign(window, { held, requestIdleCallback: (/** @type {() => void} */ work) => held.push(work) });
  });
}

/** @param {Page} page */
const idleWork = (page) => page.evaluate(() => /** @type {any} */ (window).held.length);

/** @param {Page} page */
const releaseIdle = (page) =>
  page.evaluate(() => {
    for (const work of /** @type {any} */ (window).held.splice(0)) work();
  });

/** Every file that came, with its size on the wire. @param {Page} page */
function loaded(page) {
  return page.evaluate(() => {
    const types = ["navigation", "resource"];
    const entries = /** @type {PerformanceResourceTiming[]} */ (
      types.flatMap((type) => performance.getEntriesByType(type))
    );
    return entries.map(({ name, encodedBodySize }) => ({
      path: new URL(name).pathname,
      bytes: encodedBodySize,
    }));
  });
}

/** @param {Array<{ path: string, bytes: number }>} files */
const bytesOf = (files) => files.reduce((sum, { bytes }) => sum + bytes, 0);

/** Open a page whose idle time does not come, and note how its files are encoded. @param {Map<string, string>} encodings */
const watched = (encodings) => async (/** @type {Page} */ page) => {
  await holdIdle(page);
  page.on("response", (response) => {
    const encoding = response.headers()["content-encoding"] ?? "";
    encodings.set(new URL(response.url()).pathname, encoding);
  });
};

test(`the sign-in screen takes at most ${MAX_BYTES} bytes, and later screens nothing more`, async ({
  enter,
  site,
}) => {
  // A relay that has had a player knows the generation of its game server. Otherwise the page asks once more.
  expect((await fetch(`${site.url}readyz`)).status).toBe(200);
  /** @type {Map<string, string>} */
  const encodings = new Map();
  const ann = await enter("Ann", {}, watched(encodings));
  // The form can be used, the client is there, and the circuit beside it has been drawn.
  await expect.poll(() => idleWork(ann.page)).toBe(1);
  await expect(ann.page.locator("#hero.drawn")).toBeVisible();

  const files = await loaded(ann.page);
  const paths = files.map(({ path }) => path);
  const weight = bytesOf(files);
  process.stdout.write(`first load of the page: ${weight} bytes in ${files.length} files\n`);
  expect(new Set(paths).size, "each file once").toBe(files.length);
  expect(paths).toEqual(expect.arrayContaining(["/", "/style.css", "/track.json", "/src/main.js"]));
  expect(paths).toEqual(
    expect.arrayContaining(["/pkg/wasm/client_wasm.js", "/pkg/wasm/client_wasm_bg.wasm"]),
  );
  for (const path of LATER) expect(paths).not.toContain(path);
  for (const path of paths.filter((one) => !one.startsWith("/api/"))) {
    expect(encodings.get(path), path).toBe("br");
  }
  expect(files.filter(({ bytes }) => bytes === 0)).toEqual([]);
  expect(weight).toBeLessThanOrEqual(MAX_BYTES);

  await releaseIdle(ann.page);
  const later = async () => (await loaded(ann.page)).map(({ path }) => path);
  await expect.poll(later).toEqual(expect.arrayContaining(LATER));
  await expect.poll(async () => (await ann.state()).car, { message: "the race is ready" }).not.toBeNull();
  const all = await loaded(ann.page);
  process.stdout.write(`with the later screens: ${bytesOf(all)} bytes in ${all.length} files\n`);
  await ann.signIn();
  await ann.createRoom("Sunday");
  await ann.element("start-race").click();
  await ann.expectScreen("race");
  await expect.poll(async () => Number((await ann.element("hud-speed").textContent()) ?? NaN)).toBe(0);
  expect(await later(), "a race that needs no network but its own").toEqual(all.map(({ path }) => path));
});

test(
  "who signs in at once waits for the other screens, styles and all",
  { tag: "@quick" },
  async ({ enter }) => {
    const ann = await enter("Ann", {}, holdIdle);
    await ann.signIn();
    const display = ann.page
      .locator("#lobby .columns")
      .evaluate((columns) => getComputedStyle(columns).display);
    expect(await display).toBe("grid");
    await ann.createRoom("Sunday");
  },
);

for (const missing of ["src/paths.js", "race.css", "track.json"]) {
  test(`without ${missing} nobody is signed in, until it can be had`, async ({ enter }) => {
    const ann = await enter("Ann", {}, async (page) => {
      await holdIdle(page);
      await page.route(`**/${missing}`, (route) => route.abort());
    });
    await ann.submitSignIn();
    await ann.expectNotice(/part of this page could not be loaded/);
    await ann.expectScreen("signin");
    // That is what a browser says about the file, and nothing else is wrong.
    const expected = (/** @type {string} */ said) => said.includes(missing) || said.includes("ERR_FAILED");
    expect(ann.complaints.filter((said) => !expected(said))).toEqual([]);
    ann.complaints.length = 0;

    await ann.page.unroute(`**/${missing}`);
    // A browser remembers a script that did not come for as long as the page is open.
    if (missing.endsWith(".js")) {
      // The client may still be loading.
      await ann.page.waitForLoadState("networkidle");
      await ann.page.reload();
    }
    await ann.submitSignIn();
    await ann.expectScreen("lobby");
    await ann.createRoom("Sunday");
    await ann.element("start-race").click();
    await ann.expectScreen("race");
    const sheets = await ann.page.evaluate(() => [...document.styleSheets].map(({ href }) => href ?? ""));
    expect(sheets.map((href) => new URL(href).pathname)).toEqual([
      "/style.css",
      "/lobby.css",
      "/race.css",
      "/race-small.css",
      "/messages.css",
    ]);
  });
}

test("a form that is sent before the scripts have loaded is sent once they have", async ({
  browser,
  site,
}) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  let load = () => {};
  /** @type {Promise<void>} */
  const loading = new Promise((resolve) => (load = resolve));
  await page.route("**/src/main.js", async (route) => {
    await loading;
    await route.continue();
  });
  await page.goto(site.url, { waitUntil: "commit" });
  await page.getByTestId("signin-name").fill("Ann");
  await page.getByTestId("signin-password").fill("secret");
  await page.getByTestId("signin-submit").click();
  await expect(page.getByTestId("signin-submit")).toHaveClass(/waiting/);
  expect(page.url()).toBe(site.url);
  load();
  await expect(page.getByTestId("whoami")).toHaveText("Ann");
  expect(page.url()).toBe(site.url);
  await context.close();
});

test("a form that is sent before the scripts are there keeps the password out of the address", async ({
  browser,
  site,
}) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(site.url);
  await page.getByTestId("signin-name").fill("Ann");
  await page.getByTestId("signin-password").fill("secret");
  await page.getByTestId("signin-password").press("Enter");
  await page.getByTestId("signin-submit").click();
  expect(page.url()).toBe(site.url);
  await expect(page.getByTestId("signin-name")).toHaveValue("Ann");
  await context.close();
});

test("the list of races comes without the viewer, which follows in idle time", async ({
  watch,
  browser,
  site,
}) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await holdIdle(page);
  await page.goto(`${site.url}watch.html`);
  await expect(page.getByTestId("races-empty")).toBeVisible();
  const files = await loaded(page);
  process.stdout.write(`first load of the list of races: ${bytesOf(files)} bytes in ${files.length} files\n`);
  const viewer = "/src/viewer/race-viewer.js";
  expect(files.map(({ path }) => path)).not.toContain(viewer);
  await releaseIdle(page);
  await page.evaluate(async () => void (await customElements.whenDefined("race-viewer")));
  expect((await loaded(page)).map(({ path }) => path)).toContain(viewer);
  await context.close();

  const without = await watch("/favicon.svg");
  await without.page.route(`**${viewer}`, (route) => route.abort());
  await without.page.goto(`${site.url}watch/anything`);
  await expect(without.element("viewer")).toContainText("reload the page");
  without.complaints.length = 0;
});
