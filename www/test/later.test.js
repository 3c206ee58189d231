import assert from "node:assert/strict";
import { test } from "node:test";
import { once } from "../src/later.js";

test("what everybody needs is done once", async () => {
  let done = 0;
  const load = once(async () => (done += 1));
  assert.deepEqual(await Promise.all([load(), load()]), [1, 1]);
  assert.equal(await load(), 1);
});

test("what failed is done again, and fails for all who waited for it", async () => {
  let done = 0;
  const load = once(async () => {
    done += 1;
    if (done === 1) throw new Error("offline");
    return done;
  });
  const both = await Promise.allSettled([load(), load()]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.equal(await load(), 2);
  assert.equal(await load(), 2);
});
