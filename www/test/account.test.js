// Signing in where there are accounts: by what, how often, and what is kept for a return.
import assert from "node:assert/strict";
import { test } from "node:test";
import { coded, settled } from "../../client-wasm/test/fake-core.js";
import { findGeneration } from "../src/generation.js";
import { INTERRUPTED, calls, page, URL } from "./visitor.js";

/** A page at a game server with accounts. */
function accounts() {
  const it = page({ config: { generation: "token" } });
  it.world.generation = "token";
  return it;
}

/** Wait for a state of the page. @param {() => boolean} reached */
async function until(reached) {
  const deadline = performance.now() + 5000;
  while (!reached()) {
    assert.ok(performance.now() < deadline, "not reached");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test("an account is created once; the client comes back by its token, and so does its successor", async () => {
  const { world, flow, state } = accounts();
  await flow.signIn("Ann", "secret", false, true);
  assert.deepEqual(calls(world, "signIn"), [[{ name: "Ann", password: "secret", create: true }]]);
  const { token } = flow.client() ?? {};
  assert.ok(token);
  world.pauses = [null];
  world.last.drop("connection_lost");
  await settled();
  assert.equal(state().lost?.retrying, false);
  await flow.reconnect();
  assert.deepEqual(calls(world, "signIn").at(-1), [{ name: "Ann", token }]);
  assert.equal(state().lost, null);
});

test("a wrong password is tried once, even if the name is that of a session that was lost", async (t) => {
  const { world, flow, state } = accounts();
  await flow.signIn("Ann", "secret");
  world.last.emit("interrupted", INTERRUPTED);
  await flow.signOut();
  t.mock.timers.enable({ apis: ["setTimeout"] });
  world.fail("signIn", coded("auth_failed"));
  await flow.signIn("Ann", "", true);
  assert.deepEqual([state().screen, state().notice?.code], ["signin", "auth_failed"]);
  assert.equal(calls(world, "signIn").length, 2);
});

test("whoever has to enter the password again is back at the form, with the reason's code", async () => {
  const { world, flow, state } = accounts();
  await flow.goOn("", "Ann", "a token");
  assert.deepEqual(calls(world, "signIn"), [[{ name: "Ann", token: "a token" }]]);
  world.fail("signIn", coded("token_expired"));
  world.last.drop("connection_lost");
  await until(() => state().me === null);
  assert.deepEqual([state().screen, state().notice?.code], ["signin", "token_expired"]);
  assert.match(state().notice?.next ?? "", /Enter your password/);
});

test("a game server that shows its accounts only when it refuses changes the form", async () => {
  const { world, flow, state } = page();
  await flow.prepare();
  assert.equal(state().generation, "");
  world.generation = "token";
  world.fail("signIn", coded("password_missing"));
  await flow.signIn("Ann", "");
  assert.deepEqual([state().generation, state().notice?.code], ["token", "password_missing"]);
});

test("the relay is asked to find out the generation of the chosen game server", async (t) => {
  /** @type {string[]} */
  const asked = [];
  let status = 200;
  t.mock.method(
    globalThis,
    "fetch",
    /** @type {typeof fetch} */ (
      async (url) => {
        asked.push(String(url));
        return new Response("ready\n", { status });
      }
    ),
  );
  const relayConfig = async (/** @type {string | import("node:url").URL} */ url) => {
    asked.push(String(url));
    return { generation: "chat" };
  };
  assert.equal(await findGeneration(`${URL}/racing/?server=west`, relayConfig), "chat");
  assert.deepEqual(asked, [`${URL}/racing/readyz?server=west`, `${URL}/racing/?server=west`]);
  asked.length = 0;
  assert.equal(await findGeneration(`${URL}/`, relayConfig, [{ name: "the east" }]), "chat");
  assert.deepEqual(asked, [`${URL}/readyz?server=the%20east`, `${URL}/`]);
  status = 503;
  assert.equal(await findGeneration(URL, relayConfig), undefined);
  assert.equal(asked.length, 3);
});
