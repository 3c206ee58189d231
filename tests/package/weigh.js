// What the package weighs: as it is, with gzip and with brotli. Prints a table, and in the last line the figures that have
// limits, as JSON. Scripts are weighed as bundlers ship them. A script that is imported only when it is used (`import()`)
// has a row of its own: what it adds.
//
//   node tests/package/weigh.js client-wasm/dist
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import zlib from "node:zlib";

import { build } from "esbuild";

/** @typedef {{ raw: number, gzip: number, brotli: number }} Weight */
/**
 * Modules that are loaded together. `files` are theirs, `later` the ones that they import when those are used.
 * @typedef {{ bytes: Uint8Array, files: Set<string>, later: Set<string> }} Graph
 */

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DIST = path.resolve(process.argv[2] ?? path.join(ROOT, "client-wasm/dist"));
/** What every client loads though it is imported late: a file of its own with every bundler. */
const GLUE = path.join(DIST, "wasm/client_wasm.js");
const gzip = promisify(zlib.gzip);
const brotli = promisify(zlib.brotliCompress);

/** @param {Uint8Array} bytes @returns {Promise<Weight>} */
async function weigh(bytes) {
  const params = {
    [zlib.constants.BROTLI_PARAM_QUALITY]: 11,
    [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  const [zipped, pressed] = await Promise.all([gzip(bytes, { level: 9 }), brotli(bytes, { params })]);
  return { raw: bytes.length, gzip: zipped.length, brotli: pressed.length };
}

/** @param {Weight[]} weights @returns {Weight} */
function sum(weights) {
  /** @param {keyof Weight} key */
  const of = (key) => weights.reduce((total, weight) => total + weight[key], 0);
  return { raw: of("raw"), gzip: of("gzip"), brotli: of("brotli") };
}

/**
 * A module with all that it imports at once, minified as one file.
 * @param {string} entry
 * @param {Set<string>} [loaded]  what is there already
 * @returns {Promise<Graph>}
 */
async function graph(entry, loaded = new Set()) {
  /** @type {Set<string>} */
  const later = new Set();
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    metafile: true,
    outdir: "/",
    absWorkingDir: ROOT,
    external: ["react"],
    logLevel: "error",
    plugins: [
      {
        name: "static",
        setup({ onResolve }) {
          onResolve({ filter: /^\.\.?\// }, ({ path: address, resolveDir, kind }) => {
            const file = path.join(resolveDir, address);
            if (kind === "dynamic-import") later.add(file);
            return kind === "dynamic-import" || loaded.has(file)
              ? { path: address, external: true }
              : undefined;
          });
        },
      },
    ],
  });
  const files = new Set(Object.keys(metafile.inputs).map((file) => path.join(ROOT, file)));
  return { bytes: outputFiles[0].contents, files, later };
}

/**
 * What is loaded when it is used, also from what is loaded then; each with what it adds to what is loaded anyway.
 * @param {Graph[]} loaded
 * @returns {Promise<Map<string, Graph>>}
 */
async function lazy(loaded) {
  const files = new Set(loaded.flatMap((one) => [...one.files]));
  const waiting = loaded.flatMap((one) => [...one.later]);
  /** @type {Map<string, Graph>} */
  const found = new Map();
  for (let file; (file = waiting.pop());) {
    if (files.has(file) || found.has(file)) continue;
    const one = await graph(file, files);
    found.set(file, one);
    waiting.push(...one.later);
  }
  return found;
}

/** An entry of the package, with the glue where it needs that. @param {string} entry */
async function load(entry) {
  const own = await graph(path.join(DIST, `${entry}.js`));
  return own.later.has(GLUE) ? [own, await graph(GLUE)] : [own];
}

/** @param {Graph[]} graphs */
const weighAll = async (graphs) => sum(await Promise.all(graphs.map(({ bytes }) => weigh(bytes))));

const [index, glue] = await load("index");
/** @type {Record<string, Weight>} */
const rows = {
  "module (.wasm)": await weigh(await readFile(path.join(DIST, "wasm/client_wasm_bg.wasm"))),
  "its glue": await weighAll([glue]),
  "index, with the facade": await weighAll([index]),
};
const client = sum(Object.values(rows));
rows["whole client"] = client;
const later = await lazy([index, glue]);
for (const [file, one] of later) rows[`  when used: ${path.basename(file, ".js")}`] = await weighAll([one]);
rows["  all that, when used"] = await weighAll([...later.values()]);
for (const entry of [
  "inline",
  "viewer",
  "debug",
  "explain",
  "map",
  "mock",
  "react",
  "telemetry",
  "worker",
  "worker-host",
]) {
  rows[entry] = await weighAll(await load(entry));
}

/** @param {Array<string | number>} cells */
const line = (cells) =>
  cells.map((cell, at) => (at === 0 ? String(cell).padEnd(30) : String(cell).padStart(9))).join("");
const table = Object.entries(rows).map(([name, weight]) =>
  line([name, weight.raw, weight.gzip, weight.brotli]),
);
const figures = JSON.stringify({ module: rows["module (.wasm)"].brotli, "whole client": client.brotli });
process.stdout.write([line(["bytes", "raw", "gzip", "brotli"]), ...table, figures, ""].join("\n"));
