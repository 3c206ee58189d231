import assert from "node:assert/strict";
import { test } from "node:test";

import { findRoom } from "../src/viewer/connect.js";

test("the list of rooms is asked for with the token, if there is one", async (t) => {
  /** @type {Array<{ url: string, headers: unknown }>} */
  const asked = [];
  const answer = /** @type {typeof fetch} */ (
    async (url, options) => {
      asked.push({ url: String(url), headers: options?.headers });
      return Response.json([{ id: "r1", delayMs: 5 }]);
    }
  );
  t.mock.method(globalThis, "fetch", answer);
  assert.deepEqual(await findRoom("http://relay.test/a", "r1", "SECRET"), { id: "r1", delayMs: 5 });
  assert.equal(await findRoom("http://relay.test", "r2", ""), null);
  assert.equal(await findRoom("http://relay.test/a?server=west", "r2", ""), null);
  assert.deepEqual(asked, [
    { url: "http://relay.test/a/api/rooms", headers: { authorization: "Bearer SECRET" } },
    { url: "http://relay.test/api/rooms", headers: {} },
    { url: "http://relay.test/a/api/rooms?server=west", headers: {} },
  ]);
});
