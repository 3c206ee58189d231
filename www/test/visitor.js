// A page's flow before a fake game server, for tests.

import { afterEach } from "node:test";
import { explain } from "../../client-wasm/js/explain.js";
import * as library from "../../client-wasm/js/index.js";
import { World } from "../../client-wasm/test/fake-core.js";
import { createFlow } from "../src/flow.js";
import { createStore, initialState } from "../src/state.js";

/** The event of a core whose connection is gone, and that tries to go on with its session. */
export const INTERRUPTED = {
  code: "connection_lost",
  number: 1006,
  reason: "",
  attempt: 1,
  retryInMs: 9,
};

export const URL = "https://relay.example";
/** @type {import("../src/flow.js").Flow[]} */
const flows = [];

afterEach(async () => {
  for (const flow of flows.splice(0)) await flow.signOut();
});

/** @param {{ client?: typeof library.RaceClient, url?: () => string, config?: import("../../client-wasm/js/index.js").RelayConfig, fetch?: (url: any) => Promise<Response>, loadTelemetry?: import("../src/flow.js").Parts["loadTelemetry"], loadScreens?: () => Promise<void> }} [options] */
export function page({
  client: RaceClient = library.RaceClient,
  url = () => URL,
  config = {},
  fetch: ask,
  loadScreens = async () => {},
  loadTelemetry,
} = {}) {
  const world = new World();
  const store = createStore(initialState());
  const flow = createFlow(store, {
    library: {
      ...library,
      RaceClient,
      explain,
      init: async () => {},
      relayConfig: (asked) => (ask ? library.relayConfig(asked, { fetch: ask }) : Promise.resolve(config)),
    },
    loadScreens,
    ...(loadTelemetry && { loadTelemetry }),
    url,
    core: world.core,
  });
  flows.push(flow);
  return { world, store, flow, state: store.get };
}

/** Ann in a room with Bo, its host. */
export async function inRoom() {
  const it = page();
  const room = it.world.addRoom("Cup", "Bo", "Cy");
  await it.flow.signIn("Ann", "secret");
  await it.flow.joinRoom(room.id);
  return { ...it, room, bo: room.players[0], cy: room.players[1] };
}

/** @param {World} world @param {string} method */
export function calls(world, method) {
  return world.cores.flatMap((core) =>
    core.calls.filter(([name]) => name === method).map(([, ...rest]) => rest),
  );
}
