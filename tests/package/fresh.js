// Fresh projects: a folder of its own far from the repository, with the packed tarball installed as anybody would.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EXAMPLES = path.join(ROOT, "client-wasm/examples");
const PROJECTS = fileURLToPath(new URL("projects", import.meta.url));
const WORKSHOP = fileURLToPath(new URL("node_modules", import.meta.url));
const TARBALL = process.env.MP_PACKAGE ?? path.join(ROOT, "target/package/mp-server-client.tgz");
const run = promisify(execFile);

/** @typedef {{ folder: string, remove: () => Promise<void> }} Project */

/**
 * Make a project from those in `projects/`, the later ones on top of the first.
 * @param {string[]} names
 * @returns {Promise<Project>}
 */
export function freshProject(...names) {
  return fresh(os.tmpdir(), names);
}

/**
 * Make one whose tools are found as if they were installed in it: it lies where those of the workshop are.
 * @param {string[]} names
 * @returns {Promise<Project>}
 */
export function projectWithTools(...names) {
  return fresh(fileURLToPath(new URL(".fresh", import.meta.url)), names);
}

/**
 * Give a project packages of the workshop, as if it had installed them.
 * @param {string} folder
 * @param {...string} names
 */
export async function borrow(folder, ...names) {
  for (const name of names) {
    const place = path.join(folder, "node_modules", name);
    await mkdir(path.dirname(place), { recursive: true });
    await symlink(path.join(WORKSHOP, name), place);
  }
}

/**
 * Copy all examples. They share one folder of packages: the tarball, and from the workshop what else their manifests name.
 * @returns {Promise<Project>}
 */
export async function freshExamples() {
  const project = await fresh(os.tmpdir(), [EXAMPLES]);
  const shared = path.join(project.folder, "node_modules");
  /** @param {string} folder @param {string} dependency */
  async function link(folder, dependency) {
    const place = path.join(shared, dependency);
    await mkdir(path.dirname(place), { recursive: true });
    // There already: the tarball, or what another example needs too.
    await symlink(path.join(folder, dependency), place).catch(ignoreExisting);
  }
  // For the types of the examples in Node.
  await link(path.join(ROOT, "node_modules"), "@types/node");
  for (const [name, { needs }] of Object.entries(await exampleManifests())) {
    for (const dependency of Object.keys(needs)) await link(WORKSHOP, dependency);
    await symlink(shared, path.join(project.folder, name, "node_modules"));
  }
  return project;
}

/**
 * What each example asks npm for.
 * @returns {Promise<Record<string, { needs: Record<string, string> }>>}
 */
export async function exampleManifests() {
  const entries = await readdir(EXAMPLES, { withFileTypes: true });
  const found = entries
    .filter((entry) => entry.isDirectory())
    .map(async ({ name }) => {
      const { dependencies, devDependencies } = await manifest(path.join(EXAMPLES, name));
      return [name, { needs: { ...dependencies, ...devDependencies } }];
    });
  return Object.fromEntries(await Promise.all(found));
}

/** The version of a package that the tests use. @param {string} name */
export async function usedVersion(name) {
  const folder = name === "mp-server-client" ? path.join(ROOT, "client-wasm") : path.join(WORKSHOP, name);
  return (await manifest(folder)).version;
}

/** @param {string} folder */
async function manifest(folder) {
  return JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
}

/**
 * @param {string} under
 * @param {string[]} sources  folders, or names of projects
 */
async function fresh(under, sources) {
  await mkdir(under, { recursive: true });
  const folder = await mkdtemp(path.join(under, `race-${path.basename(sources.join("-"))}-`));
  // What somebody installed to try an example in its place stays there.
  const filter = (/** @type {string} */ from) => !["node_modules", "dist"].includes(path.basename(from));
  for (const source of sources) await cp(path.resolve(PROJECTS, source), folder, { recursive: true, filter });
  const own = { name: "fresh", private: true, type: "module" };
  await writeFile(path.join(folder, "package.json"), JSON.stringify(own));
  // Offline: the package has no dependencies, and must not get one unseen.
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", TARBALL], { cwd: folder });
  return { folder, remove: () => rm(folder, { recursive: true, maxRetries: 5 }) };
}

/** @param {NodeJS.ErrnoException} error */
function ignoreExisting(error) {
  if (error.code !== "EEXIST") throw error;
}
