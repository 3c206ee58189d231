// What the pages name in their heads is what their first screens import: nothing comes late, and nothing for nobody.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const WWW = new URL("../", import.meta.url);
/** `import … from` and `export … from`, also over several lines. */
const STATIC = /^(?:import|export)\b[^;]*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"/gm;

/** The build copies the package's scripts here. */
const PACKAGE = new URL("../../client-wasm/js/", import.meta.url);

/** @param {string} address */
function read(address) {
  const [base, path] = address.startsWith("/pkg/")
    ? [PACKAGE, address.slice("/pkg/".length)]
    : [WWW, address.slice(1)];
  return readFileSync(new URL(path, base), "utf8");
}

/**
 * Modules that an entry imports at once, itself among them.
 * @param {string} entry
 * @param {Set<string>} [found]
 */
function graph(entry, found = new Set()) {
  if (found.has(entry)) return found;
  found.add(entry);
  for (const [, from, bare] of read(entry).matchAll(STATIC)) {
    graph(new URL(from ?? bare, `file://${entry}`).pathname, found);
  }
  return found;
}

/** @param {string} html @param {RegExp} tag */
const linked = (html, tag) =>
  [...html.matchAll(tag)].map(([, address]) => new URL(address, "file:///").pathname);

for (const { page, entries, generated, styles } of [
  {
    page: "/index.html",
    entries: ["/src/main.js", "/src/hero.js"],
    generated: ["/pkg/wasm/client_wasm.js"],
    styles: ["/style.css"],
  },
  {
    page: "/watch.html",
    entries: ["/src/watch.js"],
    generated: [],
    styles: ["/style.css", "/lobby.css", "/watch.css"],
  },
  {
    page: "/track.html",
    entries: ["/src/convert.js"],
    generated: [],
    styles: ["/style.css", "/track.css"],
  },
]) {
  test(`${page} names what its first screen needs, and nothing else`, () => {
    const html = read(page);
    const needed = entries.flatMap((entry) => [...graph(entry)]);
    const named = linked(html, /<link rel="modulepreload" href="([^"]+)"/g);
    assert.equal(new Set(named).size, named.length, "each once");
    assert.deepEqual(named.toSorted(), [...new Set([...needed, ...generated])].toSorted());
    assert.deepEqual(linked(html, /<link rel="stylesheet" href="([^"]+)"/g), styles);
    assert.deepEqual(linked(html, /<script type="module" src="([^"]+)"/g), [entries[0]]);
  });
}

test("only its own page loads the converter", () => {
  for (const entry of ["/src/main.js", "/src/screens.js", "/src/watch.js", "/src/viewer/race-viewer.js"]) {
    assert.ok(!graph(entry).has("/src/convert.js"), entry);
  }
});

test("the first screen goes without what is for later ones", () => {
  const first = graph("/src/main.js");
  for (const later of graph("/src/screens.js")) {
    const shared = [
      "/src/element.js",
      "/src/names.js",
      "/src/state.js",
      "/src/bodies.js",
      "/src/line.js",
      "/src/join.js",
      "/src/keep.js",
    ];
    assert.ok(!first.has(later) || shared.includes(later), `${later} is for later`);
  }
});

test("the npm package holds all that the viewer imports, and no more of the page", () => {
  const list = readFileSync(new URL("../../xtask/src/package/contents.txt", import.meta.url), "utf8");
  const held = list.split("\n").filter((path) => path.startsWith("page/"));
  const imported = [...graph("/src/viewer/race-viewer.js")].filter((path) => path.startsWith("/src/"));
  assert.deepEqual(held.toSorted(), imported.map((path) => path.replace("/src/", "page/")).toSorted());
});
