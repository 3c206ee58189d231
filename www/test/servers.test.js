import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { watchLink } from "../src/address.js";
import { BASE, game, joinLink, joinOf } from "../src/join.js";
import { addressFor, explainUnknown, unknownServer } from "../src/servers.js";
import { createStore, initialState } from "../src/state.js";

const RELAY = "https://relay.example/";
const SERVERS = [{ name: "east" }, { name: "west", label: "Wild West" }];

/** @param {string} name */
const use = (name) => void (game.query = name && `?server=${name}`);

afterEach(() => use(""));

test("links name the game server, unless it is the default one", () => {
  assert.deepEqual(
    [game.query, joinLink("R 1"), watchLink("R1")],
    ["", `${BASE}join/R%201`, `${BASE}watch/R1`],
  );
  use("west");
  assert.equal(watchLink("R1", "T"), `${BASE}watch/R1?server=west#access=T`);
  assert.equal(joinLink("R 1"), `${BASE}join/R%201?server=west`);
  // The second is where the relay's redirect leads.
  for (const address of [joinLink("R 1"), `${BASE}?join=R%201&server=west`]) {
    assert.equal(joinOf(new URL(address)), "R 1");
  }
});

test("the address follows the choice, and keeps everything else", () => {
  const at = (/** @type {string} */ path) => new URL(path, BASE);
  use("west");
  assert.equal(
    addressFor(at("watch/?theme=dark#access=T"), "west"),
    `${BASE}watch/?theme=dark&server=west#access=T`,
  );
  assert.equal(addressFor(at("join/R1#race"), "west"), `${BASE}join/R1?server=west#race`);
  use("");
  assert.equal(addressFor(at("watch/?server=west"), ""), `${BASE}watch/`);
  assert.equal(addressFor(at("?server=west&join=R1"), ""), `${BASE}join/R1`);
});

test("a relay without a game server of that name says which ones it has", async () => {
  const asked = /** @type {string[]} */ ([]);
  /** @type {typeof import("/pkg/index.js").relayConfig} */
  const relayConfig = async (url) => {
    asked.push(String(url));
    return { servers: SERVERS };
  };
  const store = createStore(initialState());
  const why = await explainUnknown(new Error(), `${RELAY}?server=north`, relayConfig, store);
  assert.deepEqual([store.get().servers, asked], [SERVERS, [RELAY]]);
  assert.match(/** @type {any} */ (why).advice.title, /no game server \u2068north\u2069/);
  const error = new Error("no relay");
  assert.equal(await explainUnknown(error, RELAY, relayConfig, store), error);
  assert.equal(asked.length, 1);
});

test("there is nothing to choose from where there is only one", () => {
  assert.match(unknownServer("north", SERVERS).next, /Choose one/);
  assert.match(unknownServer("north", SERVERS.slice(1)).next, /Check the link/);
});
