// The packed tarball's types in a fresh TypeScript project, with the strictest settings and nothing skipped.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { freshProject } from "./fresh.js";

const run = promisify(execFile);
/** The compiler of most users, and the newest. */
const COMPILERS = ["./node_modules/typescript", "../../node_modules/typescript"];

for (const folder of COMPILERS) {
  test(`types, by the compiler in ${folder}`, async () => {
    const project = await freshProject("types");
    const compiler = path.join(fileURLToPath(new URL(folder, import.meta.url)), "bin/tsc");
    try {
      const { stdout } = await run("node", [compiler, "--project", "."], { cwd: project.folder });
      assert.equal(stdout, "");
    } catch (error) {
      throw new Error(String(/** @type {{ stdout?: string }} */ (error).stdout ?? error), { cause: error });
    } finally {
      await project.remove();
    }
  });
}
