// The packed tarball without a browser: imported as a server that renders pages does; as a client in Node, Deno and Bun; and
// in the programs that run a user's own tests.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { borrow, freshProject, projectWithTools } from "./fresh.js";
import { bun, deno, newerNode } from "./runtimes.js";
import { startSite } from "./site.js";

const run = promisify(execFile);
const newer = newerNode();
const RUNTIMES = [
  { name: "Node 22", ...newer, args: ["race.js"] },
  { name: "Deno", ...deno(), args: ["run", "--allow-all", "--node-modules-dir=manual", "race.js"] },
  { name: "Bun", ...bun(), args: ["race.js"] },
];
const RUNNERS = [
  { name: "Vitest", ...newer, args: ["vitest/vitest.mjs", "run", "--globals"] },
  {
    name: "Jest with jsdom",
    path: process.execPath,
    skip: false,
    args: ["jest/bin/jest.js", "--env=jsdom"],
  },
];
/** @type {Awaited<ReturnType<typeof freshProject>>} */
let project;

before(async () => {
  project = await freshProject("node");
  await borrow(project.folder, "react");
});
after(() => project?.remove());

/** @param {string} program @param {string[]} args */
async function printed(program, ...args) {
  const { stdout, stderr } = await run(program, args, { cwd: project.folder, timeout: 60_000 });
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

/** @param {string} program @param {string[]} args  to which the relay's address is added @param {string[]} library */
async function expectRace(program, args, ...library) {
  const site = await startSite();
  try {
    assert.deepEqual(await printed(program, ...args, site.url, ...library), {
      states: ["connected", "closed"],
      room: "Node",
      players: [1, 2],
      metres: "enough",
    });
  } finally {
    await site.stop();
  }
}

test("the module is the page's, byte for byte", async () => {
  const packed = path.join(project.folder, "node_modules/mp-server-client/wasm");
  const page = fileURLToPath(new URL("../../www/pkg/wasm", import.meta.url));
  for (const file of ["client_wasm_bg.wasm", "client_wasm.js"]) {
    const [ours, theirs] = await Promise.all(
      [packed, page].map((folder) => readFile(path.join(folder, file))),
    );
    assert.ok(ours.equals(theirs), file);
  }
});

test("every entry can be imported where there is no page, and nothing happens", async () => {
  assert.deepEqual(await printed(process.execPath, "import.js"), {
    "mp-server-client": "function",
    "mp-server-client/inline": "function",
    "mp-server-client/viewer": "function",
    "mp-server-client/debug": "function",
    "mp-server-client/explain": "function",
    "mp-server-client/map": "function",
    "mp-server-client/react": "function",
    "mp-server-client/mock": "function",
    "mp-server-client/telemetry": "function",
    "mp-server-client/worker": "function",
    added: [],
  });
});

const { node } = process.versions;
test(`clients in Node ${node} race through a WebSocket that they are given`, () =>
  expectRace(process.execPath, ["race.js"], fileURLToPath(import.meta.resolve("ws"))));

for (const { name, path: program, skip, args } of RUNTIMES) {
  test(`clients in ${name} race through its own WebSocket`, { skip }, () => expectRace(program, args));

  const lost = args.with(-1, "unreachable.js");
  test(`a client in ${name} learns at once that the relay cannot be reached`, { skip }, async () => {
    const site = await startSite();
    try {
      assert.deepEqual(await printed(program, ...lost, site.url), ["relay_unreachable", "relay_unreachable"]);
    } finally {
      await site.stop();
    }
  });
}

for (const { name, path: program, skip, args } of RUNNERS) {
  test(`the mock in a test of ${name}`, { skip }, async () => {
    const { folder, remove } = await projectWithTools("unit");
    try {
      const [file, ...rest] = args;
      const script = fileURLToPath(new URL(`node_modules/${file}`, import.meta.url));
      const env = { ...process.env, NODE_OPTIONS: "--experimental-vm-modules" };
      await run(program, [script, ...rest], { cwd: folder, env, timeout: 120_000 });
    } catch (error) {
      const { stdout, stderr } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
      throw new Error(`${stdout}${stderr}`, { cause: error });
    } finally {
      await remove();
    }
  });
}
