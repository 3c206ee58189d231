// The tools that make a site of a fresh project, or serve it while it is developed. Each gives the address of its page, and what
// ends it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import * as esbuild from "esbuild";

import { serveFolder } from "./static.js";

/** @typedef {{ url: string, close: () => unknown }} Site */
/** @typedef {(folder: string) => Promise<Site>} Tool */

const WORKSHOP = fileURLToPath(new URL("node_modules", import.meta.url));
/** A development server compiles before it answers, and may have but one core for it. */
const READY_MS = 120_000;
/** Output comes in pieces: an address is complete only once the character after it is there. */
const ADDRESS = /http:\/\/(?:127\.0\.0\.1|localhost):\d+(?=[/\s])/;

/** An import map names the package's files. @type {Tool} */
export async function noTool(folder) {
  const page = path.join(folder, "index.html");
  const imports = {
    "mp-server-client": "./node_modules/mp-server-client/index.js",
    "mp-server-client/debug": "./node_modules/mp-server-client/debug.js",
    "mp-server-client/viewer": "./node_modules/mp-server-client/viewer.js",
    "mp-server-client/worker": "./node_modules/mp-server-client/worker.js",
  };
  const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
  const html = await readFile(page, "utf8");
  await writeFile(page, html.replace("<script", `${map}<script`));
  return serveFolder(folder);
}

/** @param {typeof import("vite")} vite @param {string} [base] @returns {Tool} */
export const viteBuild =
  ({ build }, base = "/") =>
  async (folder) => {
    await build({ root: folder, base, logLevel: "warn", build: { modulePreload: { polyfill: false } } });
    // It sets this for the whole process, and servers for developers would go by it.
    delete process.env.NODE_ENV;
    return serveFolder(path.join(folder, "dist"), base);
  };

/** @param {typeof import("vite")} vite @returns {Tool} */
export const viteDev =
  ({ createServer }) =>
  async (folder) => {
    const server = await createServer({
      root: folder,
      logLevel: "warn",
      server: { host: "127.0.0.1", port: 0, hmr: false },
    });
    await server.listen();
    return { url: server.resolvedUrls?.local[0] ?? "", close: () => server.close() };
  };

/** webpack, or Rspack, which is made like it. @param {any} bundle @returns {Tool} */
export const webpackBuild = (bundle) => async (folder) => {
  const words = await new Promise((resolve, reject) => {
    bundle(
      {
        mode: "production",
        context: folder,
        entry: "./main.js",
        output: { path: path.join(folder, "dist"), filename: "main.js", trustedTypes: "webpack" },
        performance: false,
      },
      (/** @type {Error | null} */ error, /** @type {any} */ stats) => {
        const { errors = [], warnings = [] } =
          stats?.toJson({ all: false, errors: true, warnings: true }) ?? {};
        if (error) reject(error);
        else resolve([...errors, ...warnings].map(({ moduleName, message }) => `${moduleName}: ${message}`));
      },
    );
  });
  assert.deepEqual(words, []);
  return serveBuilt(folder);
};

/**
 * It copies no files of packages. The policy of the site wants the worker's script as one.
 * @param {string} entry
 * @param {Record<string, string>} [alias]  other names under which the workshop has packages
 * @returns {Tool}
 */
export const esbuildBuild = (entry, alias) => async (folder) => {
  const { errors, warnings } = await esbuild.build({
    absWorkingDir: folder,
    entryPoints: { main: entry },
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    alias,
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    outdir: path.join(folder, "dist"),
    logLevel: "silent",
  });
  assert.deepEqual([...errors, ...warnings], []);
  for (const file of ["worker-host.js", "wasm/client_wasm_bg.wasm"]) {
    await cp(path.join(folder, "node_modules/mp-server-client", file), path.join(folder, "dist", file));
  }
  return serveBuilt(folder);
};

/** @param {string} folder */
async function serveBuilt(folder) {
  await cp(path.join(folder, "index.html"), path.join(folder, "dist/index.html"));
  return serveFolder(path.join(folder, "dist"));
}

/**
 * Programs of the workshop, one after the other; the last one serves, and prints its address.
 * @param {string} node
 * @param {string[][]} commands
 * @returns {Tool}
 */
export const programs =
  (node, ...commands) =>
  async (folder) => {
    const serving = commands.at(-1) ?? [];
    for (const command of commands.slice(0, -1)) {
      const { child, said } = start(node, folder, command);
      const [code] = await once(child, "exit");
      assert.equal(code, 0, said());
    }
    const { child, said } = start(node, folder, serving);
    const exited = once(child, "exit");
    const close = async () => {
      child.kill();
      await exited;
    };
    const late = AbortSignal.timeout(READY_MS);
    try {
      for (;;) {
        const found = ADDRESS.exec(said());
        if (found) return { url: `${found[0]}/`, close };
        await Promise.race([
          once(child.stdout, "data", { signal: late }),
          exited.then(() => Promise.reject(new Error("it ended"))),
        ]);
      }
    } catch (cause) {
      await close();
      throw new Error(`${serving.join(" ")}: ${said()}`, { cause });
    }
  };

/** @param {string} node @param {string} folder @param {string[]} command */
function start(node, folder, [program, ...args]) {
  const child = spawn(node, [path.join(WORKSHOP, program), ...args], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: undefined, NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
  return { child, said: () => text };
}
