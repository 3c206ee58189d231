// The examples, as somebody who copies them runs them: with the packed tarball, in a folder of their own, in a browser and in
// Node. Judged by what is seen: cars of others that move on the canvas.
import assert from "node:assert/strict";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";

import { chromium } from "@playwright/test";
import { build, createServer } from "vite";

import settings from "../browser/playwright.config.js";
import { runBot } from "./bot.js";
import { exampleManifests, freshExamples, usedVersion } from "./fresh.js";
import { newerNode } from "./runtimes.js";
import {
  expectDriving,
  expectGoodLooks,
  expectOnTrace,
  expectUntouched,
  steadyCars,
  traceDriving,
  until,
  visit,
} from "./sight.js";
import { startSite } from "./site.js";
import { serveFolder } from "./static.js";

const newer = newerNode();
/** @type {Awaited<ReturnType<typeof startSite>>} */
let site;
/** @type {Awaited<ReturnType<typeof freshExamples>>} */
let project;
/** @type {import("@playwright/test").Browser} */
let browser;

before(async () => {
  [site, project, browser] = await Promise.all([
    startSite(),
    freshExamples(),
    chromium.launch(settings.use?.launchOptions),
  ]);
});
after(async () => {
  await browser?.close();
  await site?.stop();
  await project?.remove();
});

/** @type {Array<() => unknown>} */
const closings = [];
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

/** Serve a folder until the test is over. @param {string} folder */
async function serve(folder) {
  const { url, close } = await serveFolder(folder);
  closings.push(close);
  return url;
}

/** @param {string} url @param {string} relay */
const withRelay = (url, relay) => `${url}?${new URLSearchParams({ relay })}`;

test("every example asks for the versions that it is tried with", async () => {
  const manifests = await exampleManifests();
  for (const [example, { needs }] of Object.entries(manifests)) {
    assert.ok("mp-server-client" in needs, example);
    for (const [name, wanted] of Object.entries(needs)) {
      assert.equal(wanted, `^${await usedVersion(name)}`, `${name} of ${example}`);
    }
  }
});

test("node-bot: it drives where others see it, and says goodbye", { skip: newer.skip }, async () => {
  const bot = await runBot(newer.path, project.folder, site.url);
  try {
    assert.ok((await bot.seenMetres(40)) >= 40);
    assert.equal(await bot.stop(), 0, bot.log);
    await bot.seenLeaving();
  } finally {
    await bot.close();
  }
  assert.match(bot.log, /is in "Bot track"/);
});

test("plain: two see each other drive; without a relay, bots; and a failure in words", async () => {
  const url = await serve(path.join(project.folder, "plain"));
  const ann = await visit(browser, withRelay(url, site.url));
  await expectGoodLooks(ann.page, "plain-form");
  const ben = await visit(browser, withRelay(url, site.url));
  for (const [{ page }, name] of /** @type {const} */ ([
    [ann, "Ann"],
    [ben, "Ben"],
  ])) {
    await page.getByLabel("Name").fill(name);
    await page.getByRole("button", { name: "Drive" }).click();
    await page.getByText(`${name} (you)`).waitFor();
  }
  await ann.page.getByText("Ben", { exact: true }).waitFor();
  await ben.page.keyboard.down("ArrowUp");
  await expectDriving(ann.page);
  await ann.page.keyboard.down("KeyW");
  await expectDriving(ben.page);
  await expectGoodLooks(ann.page, "plain-race");
  await ben.page.getByRole("button", { name: "Leave" }).click();
  await ann.page.getByText("Ben", { exact: true }).waitFor({ state: "detached" });
  await ann.close();
  await ben.close();

  const alone = await visit(browser, withRelay(url, "mock"));
  await alone.page.getByLabel("Name").fill("Eve");
  await alone.page.getByLabel("Relay").fill("gopher://relay.example");
  await alone.page.getByRole("button", { name: "Drive" }).click();
  await alone.page.getByRole("alert").getByText("invalid_argument").waitFor();
  await expectGoodLooks(alone.page, "plain-error");
  await alone.page.getByLabel("Relay").fill("mock");
  await alone.page.getByRole("button", { name: "Drive" }).click();
  await expectDriving(alone.page);
  await alone.close();
});

test("vite-typescript: rooms, messages, and two who see each other drive", async () => {
  const url = await serve(await built("vite-typescript"));
  const people = [];
  for (const name of ["Ann", "Ben"]) {
    const person = await visit(browser, withRelay(url, site.url));
    if (name === "Ann") await expectGoodLooks(person.page, "vite-sign-in");
    await person.page.getByLabel("Name").fill(name);
    await person.page.getByRole("button", { name: "Sign in" }).click();
    people.push(person);
  }
  const [ann, ben] = people;
  await ann.page.getByLabel("New room").fill("Saturday");
  await ann.page.getByRole("button", { name: "Create" }).click();
  await ann.page.getByText("Ann (you) · host").waitFor();
  const row = ben.page.getByRole("button", { name: "Saturday: 1 of 20" });
  await row.waitFor();
  await expectGoodLooks(ben.page, "vite-lobby");
  await row.click();
  await ann.page.getByText("Ben", { exact: true }).waitFor();
  await ann.page.getByRole("button", { name: "Start the race" }).click();
  await ben.page.getByLabel("Message", { exact: true }).fill("Here I come");
  await ben.page.keyboard.press("Enter");
  await ann.page.getByText("Ben: Here I come").waitFor();
  await ben.page.locator("canvas").click();
  await ben.page.keyboard.down("Space");
  await expectDriving(ann.page);
  await ann.page.locator("canvas").click();
  await ann.page.keyboard.down("Space");
  await expectDriving(ben.page);
  await expectGoodLooks(ann.page, "vite-race");
  await ben.page.getByRole("button", { name: "Leave" }).click();
  await row.waitFor();
  await ben.page.getByRole("button", { name: "Sign out" }).click();
  await ben.page.getByRole("button", { name: "Sign in" }).waitFor();
  await ann.close();
  await ben.close();
});

test("vite-typescript, while it is developed: bots of a relay in the page, and the panel", async () => {
  const eve = await visit(browser, withRelay(await developed("vite-typescript"), "mock"));
  await eve.page.getByLabel("Name").fill("Eve");
  await eve.page.getByRole("button", { name: "Sign in" }).click();
  await eve.page.getByRole("button", { name: "Friday: 5 of 20" }).click();
  await expectDriving(eve.page);
  await eve.page.locator("race-debug").getByRole("button").first().waitFor();
  await eve.close();
});

test("react-hook: strict mode connects once, people come and go, and cars move without React", async () => {
  // Only while it is developed React runs effects twice; the second player has what is built.
  const link = new URLSearchParams({ relay: site.url, name: "Ann", room: "Sunday" });
  const ann = await visit(browser, `${await developed("react-hook")}?${link}`);
  await ann.page.getByText("Ann (you) · host").waitFor();
  const ben = await visit(browser, withRelay(await serve(await built("react-hook")), site.url));
  await expectGoodLooks(ben.page, "react-form");
  await ben.page.getByLabel("Name").fill("Ben");
  await ben.page.getByLabel("Room").fill("Sunday");
  await ben.page.getByRole("button", { name: "Drive" }).click();
  await ben.page.getByText("Ben (you)").waitFor();
  await ann.page.getByText("Ben", { exact: true }).waitFor();
  assert.equal(await ann.page.getByRole("listitem").count(), 2);
  await holdMap(ben.page);
  await expectDriving(ann.page);
  await expectUntouched(ann.page, "header, aside", () => expectDriving(ann.page));
  // Side by side at the same speed neither would see the other move.
  await ben.page.mouse.up();
  await holdMap(ann.page);
  await expectDriving(ben.page);
  await expectGoodLooks(ann.page, "react-race");
  await ben.page.getByRole("button", { name: "Leave" }).click();
  await ann.page.getByText("Ben", { exact: true }).waitFor({ state: "detached" });
  // Taken by somebody else, and free again: the same wish once more.
  await ben.page.getByLabel("Name").fill("Ann");
  await ben.page.getByLabel("Room").fill("Sunday");
  await ben.page.getByRole("button", { name: "Drive" }).click();
  await ben.page.getByText("This name is taken").waitFor();
  await ann.page.getByRole("button", { name: "Leave" }).click();
  await ben.page.getByRole("button", { name: "Drive" }).click();
  await ben.page.getByText("Ann (you) · host").waitFor();
  await ann.close();
  await ben.close();
});

test("replay: what was seen while it was recorded is seen again, from a file in another browser", async () => {
  const url = await serve(await built("replay"));
  const ann = await visit(browser, withRelay(url, "mock"));
  await expectGoodLooks(ann.page, "replay-form");
  await ann.page.getByRole("button", { name: "Record", exact: true }).click();
  const trace = await traceDriving(ann.page, 150);
  const names = await ann.page.getByRole("listitem").allTextContents();
  assert.equal(names.length, 7);
  await ann.page.getByRole("button", { name: "Stop" }).click();
  await ann.page.getByRole("button", { name: "Pause" }).waitFor();
  const downloading = ann.page.waitForEvent("download");
  await ann.page.getByRole("button", { name: "Save the recording" }).click();
  const file = path.join(project.folder, "friday.race");
  await (await downloading).saveAs(file);
  await ann.close();

  const ben = await visit(browser, url);
  const opened = ben.page.getByLabel("A saved recording");
  await opened.setInputFiles(path.join(project.folder, "package.json"));
  await ben.page.getByRole("alert").getByText("bad_recording").waitFor();
  await opened.setInputFiles(file);
  await expectDriving(ben.page);
  await ben.page.getByRole("button", { name: "Pause" }).click();
  assert.deepEqual(await ben.page.getByRole("listitem").allTextContents(), names);
  const still = await steadyCars(ben.page);
  await expectGoodLooks(ben.page, "replay-paused");
  assert.deepEqual(await steadyCars(ben.page), still);

  // Any moment, forwards and back: each car is where it was seen to drive.
  const slider = ben.page.getByRole("slider", { name: "Moment" });
  const endMs = Number(await slider.getAttribute("max"));
  const seen = [];
  for (const part of [0.7, 0.4, 0.7]) {
    const last = await steadyCars(ben.page);
    await slider.fill(String(endMs * part));
    const cars = await steadyCars(ben.page, last);
    assert.equal(cars.length, still.length);
    expectOnTrace(cars, trace);
    seen.push(await ben.page.locator("#time").textContent());
  }
  assert.equal(seen[0], seen[2]);
  await ben.page.getByLabel("Speed").selectOption("8×");
  await ben.page.getByRole("button", { name: "Play" }).click();
  // At eight times the speed the end would come before two looks at it.
  await ben.page.getByRole("button", { name: "Again" }).waitFor();
  await ben.page.getByLabel("Speed").selectOption("1×");
  await ben.page.getByRole("button", { name: "Again" }).click();
  await expectDriving(ben.page);
  await ben.close();
});

test("spectator-embed: the club's page shows the race, and which others there are", async () => {
  const driver = await visit(browser, withRelay(await serve(path.join(project.folder, "plain")), site.url));
  await driver.page.getByLabel("Name").fill("Ann");
  await driver.page.getByLabel("Room").fill("Club race");
  await driver.page.getByRole("button", { name: "Drive" }).click();
  await driver.page.getByText("Ann (you) · host").waitFor();
  await driver.page.keyboard.down("ArrowUp");
  const club = await visit(browser, withRelay(await serve(await built("spectator-embed")), site.url));
  await club.page.getByRole("button", { name: "Club race", pressed: true }).waitFor();
  const viewer = club.page.locator("race-viewer");
  await viewer.getByText("Ann").first().waitFor();
  /** @type {{ x: number, z: number } | undefined} */
  let first;
  await until(club.page, "the viewer shows no car that drives", async () => {
    const [car] = await viewer.evaluate((element) => /** @type {any} */ (element).state().cars);
    first ??= car;
    return first !== undefined && Math.hypot(car?.x - first.x, car?.z - first.z) > 20;
  });
  await expectGoodLooks(club.page, "embed");
  await driver.close();
  // The relay's list is a little older than the truth.
  await until(club.page, "the room does not get empty", async () => {
    /** @type {Array<{ playerCount: number, live: boolean }>} */
    const rooms = await (await fetch(new URL("api/rooms", site.url))).json();
    return rooms.every(({ playerCount, live }) => playerCount === 0 && !live);
  });
  await club.close();
  const empty = await visit(browser, withRelay(await serve(await built("spectator-embed")), site.url));
  await empty.page.getByText("Nobody races at the moment").waitFor();
  await expectGoodLooks(empty.page, "embed-empty");
  await empty.close();
});

/** Hold the map with the pointer, a little above its middle: a slow car stays in view. @param {import("@playwright/test").Page} page */
async function holdMap(page) {
  const { x, y, width, height } = (await page.locator("canvas").boundingBox()) ?? assert.fail("no canvas");
  await page.mouse.move(x + width / 2, y + height / 2 - 30);
  await page.mouse.down();
}

/** An example as its developer sees it. @param {string} example */
async function developed(example) {
  const server = await createServer({
    root: path.join(project.folder, example),
    logLevel: "warn",
    // The package lies outside of the root only because the examples share one.
    server: { host: "127.0.0.1", port: 0, hmr: false, fs: { allow: [project.folder] } },
  });
  closings.push(() => server.close());
  await server.listen();
  return server.resolvedUrls?.local[0] ?? "";
}

/** What Vite makes of an example. @param {string} example */
async function built(example) {
  const root = path.join(project.folder, example);
  await build({ root, logLevel: "warn" });
  // It sets this for the whole process, and servers for developers would go by it.
  delete process.env.NODE_ENV;
  return path.join(root, "dist");
}
