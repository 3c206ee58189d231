// The guides and the README are true: their code type-checks against the packed tarball, and blocks marked `run` print what their comments say.
// No link in the built site or in the package is dead.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { projectWithTools } from "./fresh.js";
import { newerNode } from "./runtimes.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const README = path.join(ROOT, "client-wasm/README.md");
const GUIDES = path.join(ROOT, "client-wasm/guides");
const SITE = process.env.MP_DOCS ?? path.join(ROOT, "target/docs");
const BLOCK = /^```(js|ts|tsx)( run)?\n([^]*?)^```$/gm;
const run = promisify(execFile);
const newer = newerNode();

/** @typedef {{ name: string, kind: string, runs: boolean, code: string }} Block  `name` says where it stands. */

/** @type {Block[]} */
const blocks = [];
const sources = [README, ...(await readdir(GUIDES)).map((file) => path.join(GUIDES, file))];
for (const file of sources) {
  const text = await readFile(file, "utf8");
  for (const { 1: kind, 2: mark, 3: code, index } of text.matchAll(BLOCK)) {
    const line = text.slice(0, index).split("\n").length;
    blocks.push({ name: `${path.parse(file).name}-${line}`, kind, runs: mark !== undefined, code });
  }
}
/** @type {Awaited<ReturnType<typeof projectWithTools>>} */
let project;

before(async () => {
  project = await projectWithTools("guides");
  await mkdir(path.join(project.folder, "blocks"));
  for (const block of blocks) await writeFile(fileOf(block), block.code);
});
after(() => project?.remove());

/** @param {Block} block */
function fileOf({ name, kind, code }) {
  const ending = code.includes('"vitest"') ? `test.${kind}` : kind;
  return path.join(project.folder, "blocks", `${name}.${ending}`);
}

/** Run a tool of the workshop in the project. @param {string} program @param {string} tool @param {string[]} args */
async function expectPass(program, tool, ...args) {
  const script = fileURLToPath(new URL(`node_modules/${tool}`, import.meta.url));
  try {
    await run(program, [script, ...args], { cwd: project.folder, timeout: 120_000 });
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
    throw new Error(`${stdout}${stderr}`, { cause: error });
  }
}

test("the code of the README and of every guide type-checks against the package", () => {
  assert.ok(blocks.length > 35);
  for (const file of sources) {
    assert.ok(
      blocks.some(({ name }) => name.startsWith(path.parse(file).name)),
      file,
    );
  }
  return expectPass(process.execPath, "typescript/bin/tsc", "--project", ".");
});

for (const block of blocks.filter(({ runs }) => runs)) {
  test(`${block.name} prints what it says`, async () => {
    const { stdout } = await run(process.execPath, [fileOf(block)], { cwd: project.folder, timeout: 60_000 });
    const said = [...block.code.matchAll(/^ *console\.log\(.*\); \/\/ (.*)$/gm)].map(([, words]) => words);
    assert.ok(said.length > 0);
    assert.deepEqual(stdout.trimEnd().split("\n"), said);
  });
}

test("the tests in the guides pass in Vitest", { skip: newer.skip }, () =>
  expectPass(newer.path, "vitest/vitest.mjs", "run"),
);

test("the guide lists exactly the custom properties and parts that the viewer has", async () => {
  const text = await readFile(path.join(GUIDES, "spectators.md"), "utf8");
  const folder = path.join(project.folder, "node_modules/mp-server-client/page/viewer");
  const [look, markup] = await Promise.all(
    ["look.js", "markup.js"].map((file) => readFile(path.join(folder, file), "utf8")),
  );
  const unique = (/** @type {RegExp} */ form, /** @type {string} */ source) =>
    [...new Set([...source.matchAll(form)].map(([, name]) => name))].sort();
  const [, parts] = /^Parts: (.*)\.$/m.exec(text) ?? [];
  assert.deepEqual(unique(/(--race-\w+)/g, text), unique(/(--race-\w+)/g, look));
  assert.deepEqual(
    unique(/`(\w+)`/g, parts),
    [...new Set(unique(/part="([^"]+)"/g, markup).flatMap((names) => names.split(" ")))].sort(),
  );
});

/** What a Markdown file links to in its own folder. @param {string} file */
async function linksOf(file) {
  const text = await readFile(file, "utf8");
  const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, target]) => target);
  return targets.map((target) => path.resolve(path.dirname(file), target));
}

test("in the package and in the site, llms.txt and what it links to have no dead links", async () => {
  for (const top of [SITE, path.join(project.folder, "node_modules/mp-server-client")]) {
    const named = await linksOf(path.join(top, "llms.txt"));
    assert.ok(named.length > 15);
    const guides = named.filter((file) => path.basename(path.dirname(file)) === "guides");
    assert.deepEqual(
      guides.map((file) => path.basename(file)).sort(),
      (await readdir(path.join(top, "guides"))).sort(),
    );
    const further = await Promise.all([...guides, path.join(top, "README.md")].map(linksOf));
    for (const file of [...named, ...further.flat()]) assert.ok((await stat(file)).isFile(), file);
  }
});

test("every link of the site leads somewhere", async () => {
  const files = await readdir(SITE, { recursive: true });
  const texts = new Map();
  for (const file of files.filter((name) => name.endsWith(".html"))) {
    texts.set(file, await readFile(path.join(SITE, file), "utf8"));
  }
  assert.ok(texts.size > 50);
  for (const [file, text] of texts) {
    for (const [, href] of text.matchAll(/ (?:href|src)="([^"]+)"/g)) {
      if (/^(?:[a-z]+:|\/\/)/.test(href)) continue;
      const [target, id] = href.replaceAll("&amp;", "&").replace(/\/$/, "/index.html").split("#");
      const place = target ? path.join(path.dirname(file), decodeURI(target)) : file;
      assert.ok(files.includes(place), `${file} links to ${href}`);
      const page = id ? texts.get(place) : undefined;
      assert.ok(page?.includes(`id="${id}"`) ?? true, `${file} links to ${href}`);
    }
  }
});
