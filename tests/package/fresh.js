// Fresh projects: a folder of its own far from the repository, with the packed tarball installed as anybody would.
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TARBALL = process.env.MP_PACKAGE ?? path.join(ROOT, "target/package/mp-server-client.tgz");
const run = promisify(execFile);

/**
 * Make a project from those in `projects/`.
 * @param {string} name
 * @returns {Promise<{ folder: string, remove: () => Promise<void> }>}
 */
export async function freshProject(name) {
  const folder = await mkdtemp(path.join(os.tmpdir(), `race-${name}-`));
  await cp(new URL(`projects/${name}`, import.meta.url), folder, { recursive: true });
  const manifest = { name: "fresh", private: true, type: "module" };
  await writeFile(path.join(folder, "package.json"), JSON.stringify(manifest));
  // Offline: the package has no dependencies, and must not get one unseen.
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", TARBALL], { cwd: folder });
  return { folder, remove: () => rm(folder, { recursive: true }) };
}
