// The examples, as somebody who copies them runs them: with the packed tarball, in a folder of their own.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { runBot } from "./bot.js";
import { exampleManifests, freshExamples, usedVersion } from "./fresh.js";
import { newerNode } from "./newer-node.js";
import { startSite } from "./site.js";

const newer = newerNode();
/** @type {Awaited<ReturnType<typeof startSite>>} */
let site;
/** @type {Awaited<ReturnType<typeof freshExamples>>} */
let project;

before(async () => {
  [site, project] = await Promise.all([startSite(), freshExamples()]);
});
after(async () => {
  await site?.stop();
  await project?.remove();
});

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
