// The README keeps its word: its example runs, and every code has its section.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const read = (/** @type {string} */ path) => readFileSync(new URL(path, import.meta.url), "utf8");
const readme = read("../README.md");

/** Codes between quotes or before a colon in a part of a source. */
function codesOf(/** @type {string} */ source, /** @type {RegExp} */ part, /** @type {RegExp} */ code) {
  const [text] = part.exec(source) ?? [];
  assert.ok(text, `${part} is in the source`);
  return [...text.matchAll(code)].map(([, found]) => found);
}

test("every code has a section, and every section a code", () => {
  const errors = read("../js/error.js");
  const own = codesOf(errors, /const OWN[^}]*}/, /^ {2}([a-z_]+):/gm);
  const core = codesOf(errors, /\{"auth_failed".*\} CoreCode/, /"([a-z_]+)"/g);
  const sections = [...readme.matchAll(/^### ([a-z_]+)$/gm)].map(([, section]) => section);
  assert.ok(own.length > 10 && core.length > 10);
  assert.deepEqual(sections.toSorted(), [...new Set([...own, ...core])].sort());
});

test("what the sections say of trying again is so", async () => {
  const { RaceError } = await import("../js/error.js");
  for (const code of codesOf(read("../js/error.js"), /const OWN[^}]*}/, /^ {2}([a-z_]+):/gm)) {
    const [, said] = new RegExp(`### ${code}\n\n.* Retryable: (yes|no)`).exec(readme) ?? [];
    assert.equal(said, new RaceError(code, "").retryable ? "yes" : "no", code);
  }
});

test("the example runs, against a relay that is made up", async () => {
  const [, example] = /```js\n(import { RaceClient }[\s\S]*?)```/.exec(readme) ?? [];
  const mock = new URL("../js/mock.js", import.meta.url);
  const stand = `
    import { mockRelay } from "${mock}";
    const relay = await mockRelay({ bots: 0, seed: 1 });
    const RaceClient = { connect: (url, { name }) => relay.connect(name) };
    export let room;`;
  const code = (example ?? "")
    .replace(/^import .*$/m, stand)
    .replace("const room =", "room =")
    .concat("relay.stop();");
  const ran = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  assert.equal(ran.room.name, "Friday");
  assert.equal(ran.room.isActive, true);
});

test("the example of a test says what it prints", async () => {
  const [, example = ""] = /```js\n(import \{ mockRelay, VirtualClock[\s\S]*?)```/.exec(readme) ?? [];
  const mock = new URL("../js/mock.js", import.meta.url).href;
  const code = example
    .replace('"mp-server-client/mock"', JSON.stringify(mock))
    .replaceAll("console.log(", "printed.push(");
  const module = `export const printed = [];\n${code}`;
  const { printed } = await import(`data:text/javascript,${encodeURIComponent(module)}`);
  const said = [...example.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, words]) => words);
  assert.deepEqual(printed, said);
  assert.equal(printed.length, 2);
});
