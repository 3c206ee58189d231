// What the package and the demo page weigh: as they are, with gzip and with brotli. Prints a table, and last the figures
// that are gated, as JSON. Scripts of the package are weighed as bundlers ship them; those of the page as they are.
//
//   node tests/package/weigh.js client-wasm/dist
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import zlib from "node:zlib";

import { build } from "esbuild";

/** @typedef {{ raw: number, gzip: number, brotli: number }} Weight */

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DIST = path.resolve(process.argv[2] ?? path.join(ROOT, "client-wasm/dist"));
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

/** An entry of the package with all that it imports, minified. @param {string} entry */
async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [path.join(DIST, entry)],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    logLevel: "error",
  });
  return weigh(outputFiles[0].contents);
}

/** Files of the page that a browser loads before a player can sign in. */
async function firstLoad() {
  const html = await readFile(path.join(ROOT, "www/index.html"), "utf8");
  const linked = [...html.matchAll(/(?:href|src)="\/?([\w./-]+\.(?:css|svg|js))"/g)].map(([, file]) => file);
  const { metafile } = await build({
    entryPoints: linked.filter((file) => file.endsWith(".js")).map((file) => path.join(ROOT, "www", file)),
    bundle: true,
    format: "esm",
    write: false,
    metafile: true,
    outdir: "/",
    absWorkingDir: ROOT,
    logLevel: "error",
  });
  const scripts = Object.keys(metafile.inputs);
  const others = linked.filter((file) => !file.endsWith(".js")).map((file) => `www/${file}`);
  return new Set([
    "www/index.html",
    ...others,
    ...scripts,
    "www/pkg/client_wasm.js",
    "www/pkg/client_wasm_bg.wasm",
  ]);
}

/** @param {string} file */
const weighFile = async (file) => weigh(await readFile(file));

/** @type {Record<string, Weight>} */
const rows = {
  "module (.wasm)": await weighFile(path.join(DIST, "wasm/client_wasm_bg.wasm")),
  "index, with facade and glue": await bundle("index.js"),
};
const client = sum(Object.values(rows));
rows["whole client"] = client;
for (const entry of ["inline", "viewer", "debug", "mock", "worker", "worker-host"]) {
  rows[entry] = await bundle(`${entry}.js`);
}
const files = await firstLoad();
const page = sum(await Promise.all([...files].map((file) => weighFile(path.join(ROOT, file)))));
rows[`demo page, ${files.size} files`] = page;

/** @param {Array<string | number>} cells */
const line = (cells) =>
  cells.map((cell, at) => (at === 0 ? String(cell).padEnd(30) : String(cell).padStart(9))).join("");
const table = Object.entries(rows).map(([name, weight]) =>
  line([name, weight.raw, weight.gzip, weight.brotli]),
);
const gated = JSON.stringify({ client: client.brotli, page: page.brotli });
process.stdout.write([line(["bytes", "raw", "gzip", "brotli"]), ...table, gated, ""].join("\n"));
