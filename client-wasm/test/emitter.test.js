import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";

import { emit, Emitter, end } from "../js/emitter.js";
import { settled } from "./fake-core.js";

/** @typedef {{ word: string, number: number }} Events */

/** @param {(type: string, wanted: boolean) => void} [demand] */
function emitter(demand) {
  return /** @type {Emitter<Events>} */ (new Emitter(["word", "number"], demand));
}

/** @param {string} code */
function withCode(code) {
  return (/** @type {any} */ error) => error.name === "RaceError" && error.code === code;
}

test("tells those who listen, in their order, until they stop", () => {
  const source = emitter();
  /** @type {string[]} */
  const heard = [];
  const stop = source.on("word", (word) => heard.push(`first ${word}`));
  source.on("word", (word) => heard.push(`second ${word}`));
  source.on("number", (number) => heard.push(`number ${number}`));
  emit(source, "word", "a");
  stop();
  stop();
  emit(source, "word", "b");
  assert.deepEqual(heard, ["first a", "second a", "second b"]);
});

test("a listener may stop others and itself, and add more, while it is told", () => {
  const source = emitter();
  /** @type {string[]} */
  const heard = [];
  const stop = source.on("word", (word) => {
    stop();
    stopOther();
    source.on("word", () => heard.push("added"));
    heard.push(word);
  });
  const stopOther = source.on("word", () => heard.push("stopped"));
  emit(source, "word", "a");
  assert.deepEqual(heard, ["a"]);
  emit(source, "word", "b");
  assert.deepEqual(heard, ["a", "added"]);
});

test("what a listener throws is reported and stops nobody", (t) => {
  const source = emitter();
  /** @type {unknown[]} */
  const reported = [];
  const own = new Error("of a listener");
  source.on("word", () => {
    throw own;
  });
  let heard = "";
  source.on("word", (word) => (heard = word));
  Object.assign(globalThis, { reportError: (/** @type {unknown} */ error) => reported.push(error) });
  t.after(() => Reflect.deleteProperty(globalThis, "reportError"));
  emit(source, "word", "a");
  assert.deepEqual(reported, [own]);
  assert.equal(heard, "a");
});

test("what a listener throws is thrown by itself where there is no reportError", (t) => {
  const source = emitter();
  /** @type {Array<() => void>} */
  const later = [];
  t.mock.method(globalThis, "queueMicrotask", (/** @type {() => void} */ work) => later.push(work));
  source.on("word", () => {
    throw new Error("of a listener");
  });
  emit(source, "word", "a");
  assert.equal(later.length, 1);
  assert.throws(later[0], /of a listener/);
});

test("once waits for the next event only", async () => {
  const source = emitter();
  const next = source.once("word");
  /** @type {string[]} */
  const heard = [];
  source.once("word", (word) => heard.push(word));
  const stop = source.once("word", () => heard.push("stopped"));
  stop();
  emit(source, "word", "a");
  emit(source, "word", "b");
  assert.equal(await next, "a");
  assert.deepEqual(heard, ["a"]);
});

test("once rejects when nothing can come any more", async () => {
  const source = emitter();
  const waiting = source.once("word");
  end(source);
  await assert.rejects(waiting, withCode("closed"));
  await assert.rejects(source.once("word"), withCode("closed"));
});

test("a signal stops listeners, rejects once with its reason, ends loops, and keeps nothing", async () => {
  const source = emitter();
  const controller = new AbortController();
  const { signal } = controller;
  let heard = 0;
  source.on("word", () => (heard += 1), { signal });
  source.once("word", () => (heard += 1), { signal });
  const waiting = source.once("number", { signal });
  const stream = source.events("number", { signal });
  const taken = stream.next();
  source.on("word", () => {}, { signal })();
  assert.equal(getEventListeners(signal, "abort").length, 4);
  const reason = new Error("enough");
  controller.abort(reason);
  emit(source, "word", "a");
  assert.equal(heard, 0);
  await assert.rejects(waiting, reason);
  assert.deepEqual(await taken, { value: undefined, done: true });
  assert.equal(getEventListeners(signal, "abort").length, 0);
  await assert.rejects(source.once("number", { signal }), reason);
  assert.deepEqual(await source.events("number", { signal }).next(), { value: undefined, done: true });
});

test("a loop gets everything from its making on, and lets go when it is left", async () => {
  /** @type {Array<[string, boolean]>} */
  const demands = [];
  const source = emitter((type, wanted) => demands.push([type, wanted]));
  const numbers = source.events("number");
  for (const number of [1, 2, 3]) emit(source, "number", number);
  /** @type {number[]} */
  const got = [];
  for await (const number of numbers) {
    got.push(number);
    if (number === 3) emit(source, "number", 4);
    if (number === 4) break;
  }
  assert.deepEqual(got, [1, 2, 3, 4]);
  assert.deepEqual(demands, [
    ["number", true],
    ["number", false],
  ]);
});

test("a loop that waits is woken by the next event, and waiting takers are served in turn", async () => {
  const source = emitter();
  const numbers = source.events("number");
  const taken = Promise.all([numbers.next(), numbers.next()]);
  await settled();
  emit(source, "number", 1);
  emit(source, "number", 2);
  assert.deepEqual(await taken, [
    { value: 1, done: false },
    { value: 2, done: false },
  ]);
});

test("a loop that falls behind loses the oldest and says how many", async () => {
  const source = emitter();
  const numbers = source.events("number", { limit: 2 });
  for (const number of [1, 2, 3, 4, 5]) emit(source, "number", number);
  end(source);
  /** @type {number[]} */
  const got = [];
  for await (const number of numbers) got.push(number);
  assert.deepEqual(got, [4, 5]);
  assert.equal(numbers.dropped, 3);
});

test("unknown events, bad limits and too many listeners are refused", () => {
  const source = emitter();
  assert.throws(
    () => source.on(/** @type {any} */ ("wrod"), () => {}),
    /there is no event wrod; there are word, number/,
  );
  assert.throws(() => source.on("word", /** @type {any} */ (undefined)), withCode("invalid_argument"));
  assert.throws(() => source.events("word", { limit: 0 }), withCode("invalid_argument"));
  for (let i = 0; i < 1000; i += 1) source.on("word", () => {});
  assert.throws(() => source.on("number", () => {}), /more than 1000 listeners/);
});

test("says when somebody begins to listen and when nobody does any more", () => {
  /** @type {Array<[string, boolean]>} */
  const demands = [];
  const source = emitter((type, wanted) => demands.push([type, wanted]));
  const stop = source.on("word", () => {});
  const stopOther = source.on("word", () => {});
  stop();
  assert.deepEqual(demands, [["word", true]]);
  stopOther();
  source.on("number", () => {});
  end(source);
  assert.deepEqual(demands.slice(1), [
    ["word", false],
    ["number", true],
    ["number", false],
  ]);
  source.on("word", () => {});
  assert.equal(demands.length, 4, "nobody listens to what has ended");
});
