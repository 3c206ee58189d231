// The packed tarball in Node: imported as a server that renders pages does, and as a client, with Node's own WebSocket or
// with one that it is given.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { freshProject } from "./fresh.js";
import { newerNode } from "./newer-node.js";
import { startSite } from "./site.js";

const run = promisify(execFile);
const newer = newerNode();
/** @type {Awaited<ReturnType<typeof freshProject>>} */
let project;

before(async () => {
  project = await freshProject("node");
});
after(() => project?.remove());

/** @param {string} program @param {string[]} args */
async function node(program, ...args) {
  const { stdout, stderr } = await run(program, args, { cwd: project.folder, timeout: 60_000 });
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

/** @param {string} program @param {string[]} library */
async function expectRace(program, ...library) {
  const site = await startSite();
  try {
    assert.deepEqual(await node(program, "race.js", site.url, ...library), {
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
  assert.deepEqual(await node(process.execPath, "import.js"), {
    "mp-server-client": "function",
    "mp-server-client/inline": "function",
    "mp-server-client/viewer": "function",
    "mp-server-client/debug": "function",
    "mp-server-client/explain": "function",
    "mp-server-client/mock": "function",
    "mp-server-client/worker": "function",
    added: [],
  });
});

test("clients in Node race through a WebSocket that they are given", () =>
  expectRace(process.execPath, fileURLToPath(import.meta.resolve("ws"))));

test("clients in Node 22 race through its own WebSocket", { skip: newer.skip }, () => expectRace(newer.path));
