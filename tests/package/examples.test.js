// The examples, as somebody who copies them runs them: with the packed tarball, in a folder of their own, in a browser and in
// Node. Judged by what is seen: cars of others that move on the canvas.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "@playwright/test";

import settings from "../browser/playwright.config.js";
import { runBot } from "./bot.js";
import { exampleManifests, freshExamples, usedVersion } from "./fresh.js";
import { newerNode } from "./newer-node.js";
import { expectDriving, expectGoodLooks, visit } from "./sight.js";
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
  const server = await serveFolder(path.join(project.folder, "plain"));
  const ann = await visit(browser, withRelay(server.url, site.url));
  await expectGoodLooks(ann.page, "plain-form");
  const ben = await visit(browser, withRelay(server.url, site.url));
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

  const alone = await visit(browser, withRelay(server.url, "mock"));
  await alone.page.getByLabel("Name").fill("Eve");
  await alone.page.getByLabel("Relay").fill("gopher://relay.example");
  await alone.page.getByRole("button", { name: "Drive" }).click();
  await alone.page.getByRole("alert").getByText("invalid_argument").waitFor();
  await expectGoodLooks(alone.page, "plain-error");
  await alone.page.getByLabel("Relay").fill("mock");
  await alone.page.getByRole("button", { name: "Drive" }).click();
  await expectDriving(alone.page);
  await alone.close();
  server.close();
});
