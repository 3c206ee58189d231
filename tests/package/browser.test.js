// The packed tarball in fresh projects, each made with another tool and run in a browser: two players race each other.
import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "@playwright/test";
import * as esbuild from "esbuild";
import { build as viteBuild, createServer } from "vite";
import webpack from "webpack";

import { listen } from "../browser/complaints.js";
import settings from "../browser/playwright.config.js";
import { freshProject } from "./fresh.js";
import { startSite } from "./site.js";
import { serveFolder } from "./static.js";

/** A race takes some seconds; a machine that builds beside it takes its time. */
const RACE_TIMEOUT_MS = 60_000;

/** @type {Awaited<ReturnType<typeof startSite>>} */
let site;
/** @type {import("@playwright/test").Browser} */
let browser;

before(async () => {
  site = await startSite();
  browser = await chromium.launch(settings.use?.launchOptions);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

/** Open a page, wait for its race and judge it. @param {string} url */
async function expectRace(url) {
  const page = await browser.newPage();
  const complaints = listen(page);
  await page.goto(`${url}?${new URLSearchParams({ relay: site.url })}`);
  const done = page.locator("body[data-result]");
  await done.waitFor({ state: "attached", timeout: RACE_TIMEOUT_MS }).catch((error) => {
    throw new Error(`no result; the browser says: ${complaints.join("\n")}`, { cause: error });
  });
  const result = JSON.parse((await done.getAttribute("data-result")) ?? "");
  assert.equal(result.error, undefined, complaints.join("\n"));
  assert.deepEqual(result.states, ["connected", "connected"]);
  assert.deepEqual(result.closed, ["closed", "closed"]);
  assert.ok(Math.min(...result.metres) >= 5, `cars were seen to drive ${result.metres} metres`);
  assert.equal(result.viewer, true);
  assert.deepEqual(complaints, []);
  await page.close();
}

/**
 * A fresh project, made into a folder of files by a tool.
 * @param {string} name
 * @param {(folder: string) => Promise<string>} make  gives the folder to serve
 */
function racesWith(name, make) {
  test(name, async () => {
    const project = await freshProject("browser");
    try {
      const server = await serveFolder(await make(project.folder));
      await expectRace(server.url);
      server.close();
    } finally {
      await project.remove();
    }
  });
}

/**
 * Change what the project's script imports.
 * @param {string} folder
 * @param {(specifier: string) => string} to
 */
async function importFrom(folder, to) {
  const file = path.join(folder, "main.js");
  const text = await readFile(file, "utf8");
  await writeFile(
    file,
    text.replace(/"(mp-server-client[^"]*)"/g, (_, specifier) => `"${to(specifier)}"`),
  );
}

racesWith("a plain script tag, without any tool", async (folder) => {
  await importFrom(folder, (specifier) => {
    const entry = specifier.split("/")[1] ?? "index";
    return `./node_modules/mp-server-client/${entry}.js`;
  });
  return folder;
});

racesWith("Vite's build", async (folder) => {
  await viteBuild({ root: folder, logLevel: "warn", build: { modulePreload: { polyfill: false } } });
  return path.join(folder, "dist");
});

racesWith("webpack", async (folder) => {
  await new Promise((resolve, reject) => {
    webpack(
      {
        mode: "production",
        context: folder,
        entry: "./main.js",
        output: { path: path.join(folder, "dist"), filename: "main.js" },
      },
      (error, stats) => {
        const problems = stats?.toJson({ all: false, errors: true, warnings: true });
        const words = [...(problems?.errors ?? []), ...(problems?.warnings ?? [])].map(
          ({ moduleName, message }) => `${moduleName}: ${message}`,
        );
        if (error || words.length > 0) reject(error ?? new Error(words.join("\n")));
        else resolve(undefined);
      },
    );
  });
  await cp(path.join(folder, "index.html"), path.join(folder, "dist/index.html"));
  return path.join(folder, "dist");
});

racesWith("esbuild, with the wasm module inside", async (folder) => {
  // It knows no workers: the script of one is an entry of its own, at the address where the package looks for it.
  await importFrom(folder, (specifier) =>
    specifier === "mp-server-client" ? "mp-server-client/inline" : specifier,
  );
  const { errors, warnings } = await esbuild.build({
    absWorkingDir: folder,
    entryPoints: {
      main: "./main.js",
      "worker-host": "./node_modules/mp-server-client/worker-host.js",
    },
    bundle: true,
    minify: true,
    format: "esm",
    outdir: path.join(folder, "dist"),
    logLevel: "silent",
  });
  assert.deepEqual([...errors, ...warnings], []);
  const wasm = "client_wasm_bg.wasm";
  await cp(path.join(folder, "node_modules/mp-server-client/wasm", wasm), path.join(folder, "dist", wasm));
  await cp(path.join(folder, "index.html"), path.join(folder, "dist/index.html"));
  return path.join(folder, "dist");
});

test("Vite's development server", async () => {
  const project = await freshProject("browser");
  const server = await createServer({
    root: project.folder,
    logLevel: "warn",
    server: { host: "127.0.0.1", port: 0, strictPort: false },
  });
  try {
    await server.listen();
    await expectRace(server.resolvedUrls?.local[0] ?? "");
  } finally {
    await server.close();
    await project.remove();
  }
});
