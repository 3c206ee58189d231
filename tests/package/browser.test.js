// The packed tarball in fresh projects, each made with another tool and run in a browser: two players race each other.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { chromium } from "@playwright/test";
import { rspack } from "@rspack/core";
import * as vite8 from "vite";
import * as vite5 from "vite-5";
import * as vite6 from "vite-6";
import * as vite7 from "vite-7";
import webpack from "webpack";

import { listen } from "../browser/complaints.js";
import settings from "../browser/playwright.config.js";
import { freshProject, projectWithTools, usedVersion } from "./fresh.js";
import { newerNode } from "./runtimes.js";
import { startSite } from "./site.js";
import { esbuildBuild, noTool, programs, viteBuild, viteDev, webpackBuild } from "./tools.js";

/** A race takes some seconds; a machine that builds beside it takes its time. */
const RACE_TIMEOUT_MS = 90_000;
const ANY_PORT = ["--port", "0"];
const newer = newerNode();
const VITE = "vite/bin/vite.js";
const NEXT = "next/dist/bin/next";
const NEXT_PORT = ["--hostname", "127.0.0.1", ...ANY_PORT];

/**
 * What is tried: its name, the tool, and the projects that lie on top of the page's when it needs more than the page. A tool that
 * needs another Node than this one may be skipped.
 * @type {Array<{ name: string, tool: import("./tools.js").Tool, on?: string, skip?: string | false}>}
 */
const CASES = [
  { name: "no tool at all", tool: noTool },
  ...[vite5, vite6, vite7, vite8].flatMap((module) => {
    const vite = /** @type {typeof import("vite")} */ (/** @type {unknown} */ (module));
    return [
      { name: `Vite ${vite.version}, development server`, tool: viteDev(vite) },
      { name: `Vite ${vite.version}, build`, tool: viteBuild(vite) },
    ];
  }),
  { name: `Vite ${vite8.version}, build below a path`, tool: viteBuild(vite8, "/club/race/") },
  { name: `webpack ${webpack.version}`, tool: webpackBuild(webpack) },
  { name: `Rspack ${rspack.rspackVersion}`, tool: webpackBuild(rspack) },
  { name: `esbuild ${await usedVersion("esbuild")}`, tool: esbuildBuild("./main.js") },
  { name: `React ${await usedVersion("react")}`, tool: esbuildBuild("./main.jsx"), on: "react" },
  {
    name: `React ${await usedVersion("react-18")}`,
    tool: esbuildBuild("./main.jsx", { react: "react-18", "react-dom": "react-dom-18" }),
    on: "react",
  },
  {
    name: `SvelteKit ${await usedVersion("@sveltejs/kit")}, build and server`,
    tool: programs(newer.path, [VITE, "build"], [VITE, "preview", "--host", "127.0.0.1", ...ANY_PORT]),
    on: "svelte",
    skip: newer.skip,
  },
  {
    name: `Next ${await usedVersion("next")} with Turbopack, development server`,
    tool: programs(process.execPath, [NEXT, "dev", ...NEXT_PORT]),
    on: "next",
  },
  {
    name: `Next ${await usedVersion("next")} with Turbopack, build and server`,
    tool: programs(process.execPath, [NEXT, "build"], [NEXT, "start", ...NEXT_PORT]),
    on: "next",
  },
];

/** @type {Awaited<ReturnType<typeof startSite>>} */
let relay;
/** @type {import("@playwright/test").Browser} */
let browser;

before(async () => {
  relay = await startSite();
  browser = await chromium.launch(settings.use?.launchOptions);
});
after(async () => {
  await browser?.close();
  await relay?.stop();
});

for (const { name, tool, on, skip = false } of CASES) {
  test(name, { skip }, async () => {
    const project = await (on ? projectWithTools("browser", on) : freshProject("browser"));
    try {
      const site = await tool(project.folder);
      await expectRace(site.url).finally(site.close);
    } finally {
      await project.remove();
    }
  });
}

/** Open a page, wait for its race and judge it. @param {string} url */
async function expectRace(url) {
  const page = await browser.newPage();
  try {
    const complaints = listen(page);
    // A development server compiles the page when it is asked for it.
    await page.goto(`${url}?${new URLSearchParams({ relay: relay.url })}`, { timeout: RACE_TIMEOUT_MS });
    const done = page.locator("body[data-result]");
    await done.waitFor({ state: "attached", timeout: RACE_TIMEOUT_MS }).catch((error) => {
      throw new Error(`no result; the browser says: ${complaints.join("\n")}`, { cause: error });
    });
    const result = JSON.parse((await done.getAttribute("data-result")) ?? "");
    assert.equal(result.error, undefined, complaints.join("\n"));
    assert.deepEqual(result.states, ["connected", "connected"]);
    assert.deepEqual(result.listed, ["Friday"]);
    assert.deepEqual(result.closed, ["closed", "closed"]);
    const metres = JSON.stringify(result.metres);
    assert.ok(Math.min(.../** @type {number[]} */ (Object.values(result.metres))) >= 5, metres);
    assert.deepEqual(complaints, []);
  } finally {
    await page.close();
  }
}
