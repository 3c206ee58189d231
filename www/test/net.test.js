import assert from "node:assert/strict";
import test from "node:test";

import { sessionOptions } from "../src/net.js";

test("the relay's configuration becomes options of the session", () => {
  const config = {
    version: "0.1.0",
    udpSecret: "another secret",
    updateHz: 30,
    insecure: false,
    features: { resume: false, spectate: false, gzip: true, batch: true },
  };
  const expected = { secret: "another secret", updateHz: 30, batch: true };
  assert.deepEqual(sessionOptions(config), expected);
});

test("what an older relay does not say is left to the session", () => {
  assert.deepEqual(sessionOptions({}), {});
  assert.deepEqual(sessionOptions({ udpSecret: 5, updateHz: "20", features: null }), {});
});
