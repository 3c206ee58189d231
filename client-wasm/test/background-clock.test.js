import assert from "node:assert/strict";
import { test } from "node:test";

import { backgroundClock } from "../js/background-clock.js";

/** @typedef {import("node:test").TestContext} TestContext */

/** A page that can be hidden, with workers that keep what they are told. @param {TestContext} t @param {() => void} [starting] */
function page(t, starting = () => {}) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {FakeWorker[]} */
  const workers = [];
  class FakeWorker {
    /** @type {any[]} */
    told = [];
    ended = false;
    /** @type {((event: { data: string }) => void) | undefined} */
    onmessage;
    /** @type {((event: { preventDefault: () => void }) => void) | undefined} */
    onerror;
    constructor() {
      starting();
      workers.push(this);
    }

    terminate() {
      this.ended = true;
    }

    /** @param {unknown} message */
    postMessage(message) {
      this.told.push(message);
    }
  }
  const document = { hidden: false };
  const global = /** @type {any} */ (globalThis);
  Object.assign(global, { document, Worker: FakeWorker });
  t.after(() => {
    delete global.document;
    delete global.Worker;
  });
  return { document, workers };
}

/** A function that counts its calls. */
function counter() {
  const count = () => void (count.calls += 1);
  count.calls = 0;
  return count;
}

test("a page that is seen keeps its own timers and starts no worker", (t) => {
  const { workers } = page(t);
  const clock = backgroundClock();
  const [kept, dropped] = [counter(), counter()];
  clock.setTimeout(kept, 50);
  clock.clearTimeout(clock.setTimeout(dropped, 50));
  t.mock.timers.tick(50);
  assert.deepEqual([kept.calls, dropped.calls, workers.length], [1, 0, 0]);
});

test("a hidden page has its timers in one worker, and can cancel them", (t) => {
  const { document, workers } = page(t);
  const clock = backgroundClock();
  document.hidden = true;
  const [kept, dropped] = [counter(), counter()];
  clock.setTimeout(kept, 50);
  const timer = clock.setTimeout(dropped, 70);
  assert.equal(workers.length, 1);
  const [first, second] = workers[0].told;
  assert.deepEqual([first.delayMs, second.delayMs], [50, 70]);
  clock.clearTimeout(timer);
  assert.deepEqual(workers[0].told[2], { timer: second.timer });
  for (const told of [first, second, first]) workers[0].onmessage?.({ data: told.timer });
  assert.deepEqual([kept.calls, dropped.calls], [1, 0]);
  document.hidden = false;
  clock.setTimeout(kept, 50);
  assert.equal(workers[0].told.length, 3);
});

test("a worker that nothing waits for ends, and not while a timer is moved", async (t) => {
  const { document, workers } = page(t);
  document.hidden = true;
  const clock = backgroundClock();
  const first = clock.setTimeout(counter(), 50);
  clock.clearTimeout(first);
  const second = clock.setTimeout(counter(), 60);
  await Promise.resolve();
  assert.deepEqual([workers.length, workers[0].ended], [1, false]);
  clock.clearTimeout(second);
  await Promise.resolve();
  assert.equal(workers[0].ended, true);
  clock.setTimeout(counter(), 50);
  assert.equal(workers.length, 2);
});

test("where the worker cannot run, the page's own timers stay", (t) => {
  const { document, workers } = page(t);
  document.hidden = true;
  const clock = backgroundClock();
  const [kept, dropped] = [counter(), counter()];
  clock.setTimeout(kept, 50);
  const timer = clock.setTimeout(dropped, 50);
  workers[0].onerror?.({ preventDefault: () => {} });
  clock.clearTimeout(timer);
  clock.setTimeout(kept, 50);
  t.mock.timers.tick(50);
  assert.deepEqual([kept.calls, dropped.calls, workers.length], [2, 0, 1]);
});

test("where no worker may be made, the page's own timers stay", (t) => {
  const { document } = page(t, () => {
    throw new Error("the policy forbids it");
  });
  document.hidden = true;
  const clock = backgroundClock();
  const kept = counter();
  clock.setTimeout(kept, 50);
  t.mock.timers.tick(50);
  assert.equal(kept.calls, 1);
});
