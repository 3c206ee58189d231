// Where the package finds a wasm module, and what it says when there is none.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { compile } from "../js/module.js";

/** The smallest module there is. */
const BYTES = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const AT = new URL("https://club.example/wasm/client_wasm_bg.wasm");
const asText = async () => ({ base64: btoa(String.fromCharCode(...BYTES)) });

/**
 * @param {import("node:test").TestContext} t
 * @param {() => Promise<Response>} answer  to every request
 */
function answering(t, answer) {
  return t.mock.method(globalThis, "fetch", answer).mock;
}

/** @param {BodyInit} body @param {string} type @param {number} [status] */
const response = (body, type, status) => new Response(body, { status, headers: { "content-type": type } });

for (const type of ["application/wasm", "application/octet-stream"]) {
  test(`a module that a server calls ${type}`, async (t) => {
    answering(t, async () => response(BYTES, type));
    assert.ok((await compile(AT)) instanceof WebAssembly.Module);
  });
}

test("bytes, a response and a compiled module need no request", async (t) => {
  const requests = answering(t, () => Promise.reject(new Error("asked")));
  const module = await compile(BYTES);
  assert.equal(await compile(module), module);
  assert.ok((await compile(response(BYTES, "application/wasm"))) instanceof WebAssembly.Module);
  assert.equal(requests.callCount(), 0);
});

for (const [what, answer] of /** @type {const} */ ([
  ["the site's own page", async () => response("<!doctype html>", "text/html")],
  ["nothing", async () => response("", "text/plain", 404)],
  ["no answer", () => Promise.reject(new TypeError("failed to fetch"))],
])) {
  test(`where a tool has left the file behind, and there is ${what}, the module comes as text`, async (t) => {
    answering(t, answer);
    assert.ok((await compile(AT, asText)) instanceof WebAssembly.Module);
  });
}

test("without either it says what is there instead", async (t) => {
  answering(t, async () => response("<!doctype html>", "text/html"));
  const none = () => Promise.reject(new TypeError("no such script"));
  for (const text of [none, undefined]) {
    await assert.rejects(compile(AT, text), {
      code: "load_failed",
      message: /no wasm module at .*200 text\/html/,
    });
  }
});

test("in Node it is read from the disk", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "race-module-"));
  const file = path.join(folder, "a.wasm");
  await writeFile(file, BYTES);
  assert.ok((await compile(pathToFileURL(file))) instanceof WebAssembly.Module);
  await rm(folder, { recursive: true });
});
