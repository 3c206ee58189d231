// The packed tarball's types in fresh TypeScript projects, with the strictest settings and nothing skipped; and the examples,
// which must be right for whoever copies them.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { freshExamples, freshProject } from "./fresh.js";

const run = promisify(execFile);
/** The compiler of most users, and the newest. */
const COMPILERS = ["./node_modules/typescript", "../../node_modules/typescript"];
const [USUAL] = COMPILERS;

/**
 * @param {string} compiler
 * @param {string} folder
 */
async function expectTypes(compiler, folder) {
  const program = path.join(fileURLToPath(new URL(compiler, import.meta.url)), "bin/tsc");
  try {
    const { stdout } = await run("node", [program, "--project", "."], { cwd: folder });
    assert.equal(stdout, "");
  } catch (error) {
    throw new Error(String(/** @type {{ stdout?: string }} */ (error).stdout ?? error), { cause: error });
  }
}

for (const compiler of COMPILERS) {
  test(`types, by the compiler in ${compiler}`, async () => {
    const project = await freshProject("types");
    try {
      await expectTypes(compiler, project.folder);
    } finally {
      await project.remove();
    }
  });
}

/** @type {Awaited<ReturnType<typeof freshExamples>>} */
let examples;
before(async () => {
  examples = await freshExamples();
});
after(() => examples?.remove());

test("types of the examples in JavaScript", () => expectTypes(USUAL, examples.folder));
