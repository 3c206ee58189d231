// The packed tarball in Node: imported as a server that renders pages does, and as a client with a WebSocket of its own.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { freshProject } from "./fresh.js";
import { startSite } from "./site.js";

const run = promisify(execFile);
/** @type {Awaited<ReturnType<typeof freshProject>>} */
let project;

before(async () => {
  project = await freshProject("node");
});
after(() => project?.remove());

/** @param {string} file @param {string[]} args */
async function node(file, ...args) {
  const { stdout, stderr } = await run("node", [file, ...args], { cwd: project.folder, timeout: 60_000 });
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

test("every entry can be imported where there is no page, and nothing happens", async () => {
  assert.deepEqual(await node("import.js"), {
    "mp-server-client": "function",
    "mp-server-client/inline": "function",
    "mp-server-client/viewer": "function",
    "mp-server-client/debug": "function",
    "mp-server-client/mock": "function",
    "mp-server-client/worker": "function",
    added: [],
  });
});

test("a client in Node races through a WebSocket that it is given", async () => {
  const site = await startSite();
  try {
    const ws = fileURLToPath(import.meta.resolve("ws"));
    assert.deepEqual(await node("race.js", site.url, ws), {
      states: ["connected", "closed"],
      room: "Node",
      players: 1,
    });
  } finally {
    await site.stop();
  }
});
