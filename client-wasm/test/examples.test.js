// Examples stand alone, so that each can be copied as it is. What they have in common is the same file in each.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

const EXAMPLES = new URL("../examples/", import.meta.url);
/** Files that the examples in JavaScript share, where they have them. */
const SHARED = ["car.js", "circuit.js", "controls.js", "map.js", "relay.js"];

/** Where a file stands in each example that has it. @param {string} name */
async function copies(name) {
  const files = await readdir(EXAMPLES, { recursive: true });
  const own = files.filter((file) => file.split(/[\\/]/).at(-1) === name);
  return own.filter((file) => !file.includes("node_modules"));
}

for (const name of SHARED) {
  test(`${name} is the same in each example`, async () => {
    const found = (await copies(name)).filter((file) => !file.startsWith("node-bot"));
    assert.ok(found.length > 1, `there is ${found.length} of it`);
    const texts = await Promise.all(found.map((file) => readFile(new URL(file, EXAMPLES), "utf8")));
    for (const [at, text] of texts.entries()) {
      assert.equal(text, texts[0], `${found[at]} differs from ${found[0]}: change both`);
    }
  });
}
