import assert from "node:assert/strict";
import { test } from "node:test";

import { WasmClient } from "../js/wasm-client.js";

/** A wasm module that only keeps what it is given. */
function kept() {
  /** @type {any[]} */
  const options = [];
  const module = {
    default: async () => {},
    Session: class {
      /** @param {unknown} given */
      constructor(given) {
        options.push(given);
      }
    },
    RaceClient: { spectate: (/** @type {unknown[]} */ ...args) => options.push(args[2]) },
  };
  const parts = { glue: async () => module, module: async () => null, lab: () => import("../js/lab.js") };
  return { options, client: new WasmClient(/** @type {any} */ (parts)) };
}

test("an error of a socket has somebody who hears it, as the package ws demands", async () => {
  const { options, client } = kept();
  await client.load();
  const own = () => {};
  for (const onerror of [null, own]) {
    const webSocket = () => /** @type {any} */ ({ onerror });
    await client.core({ webSocket });
    await client.spectator("wss://relay.example", "room", { webSocket });
    for (const given of options.splice(0)) {
      const socket = given.webSocket("wss://relay.example/ws", []);
      assert.equal(typeof socket.onerror, "function");
      if (onerror) assert.equal(socket.onerror, own);
    }
  }
});

test("where there is no WebSocket both say what to do", async (t) => {
  const { client } = kept();
  const own = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  t.after(() => own && Object.defineProperty(globalThis, "WebSocket", own));
  Reflect.deleteProperty(globalThis, "WebSocket");
  const refused = { code: "unsupported", retryable: false, message: /Node 22/ };
  await assert.rejects(client.core({}), refused);
  await assert.rejects(client.spectator("wss://relay.example", "room", {}), refused);
});
