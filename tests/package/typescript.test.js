// The packed tarball's types in fresh TypeScript projects, with the strictest settings and nothing skipped; and the examples,
// which must be right for whoever copies them.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { ESLint } from "eslint";
import tsBlankSpace from "ts-blank-space";

import { borrow, freshExamples, freshProject } from "./fresh.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
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

  test(`each entry by itself, by the compiler in ${compiler}`, async () => {
    const project = await freshProject("types");
    try {
      // What the types of the entry for React need.
      await borrow(project.folder, "@types/react", "csstype");
      const manifest = path.join(project.folder, "node_modules/mp-server-client/package.json");
      const { exports } = JSON.parse(await readFile(manifest, "utf8"));
      const entries = Object.keys(exports).filter((entry) => exports[entry].types);
      assert.ok(entries.length >= 6);
      for (const entry of entries) {
        const text = `import * as all from "mp-server-client${entry.slice(1)}";\nexport const names = Object.keys(all);\n`;
        await writeFile(path.join(project.folder, "main.ts"), text);
        await expectTypes(compiler, project.folder);
      }
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
test("types of the example in TypeScript", () =>
  expectTypes(USUAL, path.join(examples.folder, "vite-typescript")));

test("the linter, of the example in TypeScript", async () => {
  const eslint = new ESLint({ cwd: ROOT });
  const folder = path.join(ROOT, "client-wasm/examples/vite-typescript/src");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".ts"));
  assert.ok(files.length > 3);
  /** @type {string[]} */
  const complaints = [];
  for (const name of files) {
    // What only the compiler reads becomes spaces, and the linter finds every line where it is.
    const script = tsBlankSpace(await readFile(path.join(folder, name), "utf8"));
    const [{ messages }] = await eslint.lintText(script, { filePath: path.join(folder, `${name}.js`) });
    complaints.push(...messages.map(({ line, message }) => `${name}:${line} ${message}`));
  }
  assert.deepEqual(complaints, []);
});
