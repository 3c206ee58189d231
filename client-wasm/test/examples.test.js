// Each example stands alone, and none repeats another: what they have in common is in the package. They are short, too.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

const EXAMPLES = new URL("../examples/", import.meta.url);
/** Lines of all examples together. */
const MOST_LINES = 2000;
/** So many lines in a row that say the same are a copy. */
const BLOCK_LINES = 7;
/** Two files of which so many lines are the same are alike. */
const ALIKE_PART = 0.5;
/** A shorter file is alike by chance. */
const SHORT_LINES = 8;
/** What npm and Vite demand in every project. */
const DEMANDED = /(package|tsconfig)\.json$|vite\.config\.js$/;
/** What opens every page. */
const HEAD = /^<(!doctype|\/?html|\/?head|meta|link rel="icon")/;

/** @returns {Promise<Array<{ file: string, text: string }>>} */
async function texts() {
  const found = await readdir(EXAMPLES, { recursive: true, withFileTypes: true });
  const files = found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}/${name}`)
    .filter((file) => !/node_modules|[\\/]dist[\\/]|package-lock/.test(file));
  return Promise.all(
    files.map(async (file) => ({
      file: file.slice(file.indexOf("examples")),
      text: await readFile(file, "utf8"),
    })),
  );
}

/**
 * Lines without comments, types, white space, quotes and names of variables' kinds, as far as they have words.
 * @param {string} text
 */
function essence(text) {
  return text
    .replace(/\/\*[^]*?\*\/|<!--[^]*?-->|^\s*\/\/.*$/gm, "")
    .split("\n")
    .map((line) =>
      line.replace(/\b(const|let|var|export|async)\b|: (string|number|boolean|void)\b|[\s"'`;,]/g, ""),
    )
    .filter((line) => /\w{2}/.test(line) && !HEAD.test(line));
}

/**
 * What is wrong with two files.
 * @param {{ file: string, lines: string[] }} one
 * @param {{ file: string, lines: string[] }} other
 */
function likeness(one, other) {
  const theirs = new Set(other.lines);
  const common = one.lines.filter((line) => theirs.has(line)).length;
  const shorter = Math.min(one.lines.length, other.lines.length);
  if (shorter >= SHORT_LINES && common >= shorter * ALIKE_PART) {
    return `${one.file} is like ${other.file}: ${common} of ${shorter} lines`;
  }
  const blocks = new Set(windows(other.lines));
  const copied = windows(one.lines).find((block) => blocks.has(block));
  return copied && `${one.file} has a block of ${other.file}:\n${copied}`;
}

/** @param {string[]} lines */
function windows(lines) {
  return lines.slice(BLOCK_LINES - 1).map((_, at) => lines.slice(at, at + BLOCK_LINES).join("\n"));
}

test("no two files of the examples are alike, and none has a block of another", async () => {
  const files = (await texts())
    .filter(({ file }) => !DEMANDED.test(file))
    .map(({ file, text }) => ({ file, lines: essence(text) }));
  assert.ok(files.length > 20);
  const found = files.flatMap((one, at) => files.slice(at + 1).map((other) => likeness(one, other)));
  assert.deepEqual(found.filter(Boolean), []);
});

test("a copy is found, also in other quotes, as another language, or as part of a file", () => {
  const lines = Array.from({ length: 9 }, (_, i) => `  const car${i} = make("${i}");`);
  const one = { file: "one.js", lines: essence(`// One\n${lines.join("\n")}`) };
  const typed = lines.map((line) => line.replace(" =", ": number =").replaceAll('"', "'"));
  assert.ok(likeness(one, { file: "other.ts", lines: essence(`/* Other */\n${typed.join("\n\n")}`) }));
  const long = Array.from({ length: 40 }, (_, i) => `draw(${i}, "something");`);
  const other = { file: "other.js", lines: essence([...long, ...lines.slice(2), ...long].join("\n")) };
  assert.match(String(likeness(other, one)), /like|block/);
  assert.equal(likeness(one, { file: "long.js", lines: essence(long.join("\n")) }), undefined);
});

test("the examples are short", async () => {
  const lines = (await texts()).map(({ text }) => text.split("\n").length - 1);
  const all = lines.reduce((sum, count) => sum + count, 0);
  assert.ok(all <= MOST_LINES, `${all} lines`);
});
