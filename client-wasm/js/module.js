// Finds and compiles the package's wasm modules: beside its scripts, on disk in Node, or as text if a tool has moved the
// scripts away from the modules.

import { RaceError } from "./error.js";

/** @typedef {string | URL | Request | Response | BufferSource | WebAssembly.Module} InitInput  Where the `.wasm` is, if not beside this module: an address, a response, its bytes or the compiled module. */

/**
 * @param {InitInput} input
 * @param {() => Promise<{ base64: string }>} [asText]  imports the script that contains the module, in case `input` does not lead to it
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compile(input, asText) {
  try {
    return await compileFrom(input);
  } catch (cause) {
    const text = await asText?.().catch(() => undefined);
    if (!text) throw cause;
    return WebAssembly.compile(decoded(text.base64));
  }
}

/** @param {string} base64 */
export function decoded(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/**
 * jsdom has neither class.
 * @template {"Request" | "Response"} T
 * @param {T} name
 * @param {unknown} value
 * @returns {value is InstanceType<typeof globalThis[T]>}
 */
function isA(name, value) {
  return name in globalThis && value instanceof globalThis[name];
}

/** @param {InitInput} input */
async function compileFrom(input) {
  if (input instanceof WebAssembly.Module) return input;
  const found = (input instanceof URL && (await onDisk(input))) || input;
  const isAddress = typeof found === "string" || found instanceof URL || isA("Request", found);
  const got = isAddress ? await fetch(found) : found;
  if (!isA("Response", got)) return WebAssembly.compile(got);
  const type = got.headers.get("content-type") ?? "";
  if (!got.ok || type.startsWith("text/")) {
    throw new RaceError("load_failed", `there is no wasm module at ${got.url}: ${got.status} ${type}`);
  }
  if (type === "application/wasm") return WebAssembly.compileStreaming(got);
  return WebAssembly.compile(await got.arrayBuffer());
}

/**
 * Read a file in Node, because its `fetch` takes no `file:` addresses.
 * @param {URL} file
 * @returns {Promise<BufferSource> | undefined}
 */
function onDisk(file) {
  if (file.protocol !== "file:") return undefined;
  // Not an import: a bundler for browsers would try to resolve it.
  const { process } = /** @type {{ process?: { getBuiltinModule?: (name: string) => any } }} */ (globalThis);
  return process?.getBuiltinModule?.("node:fs/promises").readFile(file);
}
