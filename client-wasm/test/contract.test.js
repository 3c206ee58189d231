// The contract of all modes, for those that run in Node. The browser tests run it over a real relay.
import { test } from "node:test";

import { mockRelay } from "../js/mock.js";
import { CONTRACT } from "./contract.js";

/** @typedef {import("../js/client.js").RaceClient} RaceClient */

/** What a client of each mode is made with. @type {Record<string, (race: RaceClient) => unknown>} */
const MODES = {
  "a mock": () => {},
  "a network lab": (race) => race.simulate({ latencyMs: 4, jitterMs: 2, seed: 1 }),
  "a recorder": (race) => race.record(),
};

for (const [mode, enter] of Object.entries(MODES)) {
  for (const [title, run] of Object.entries(CONTRACT)) {
    test(`over ${mode}: ${title}`, async (t) => {
      const relay = await mockRelay({ rooms: [], latencyMs: 2 });
      /** @type {RaceClient[]} */
      const clients = [];
      t.after(async () => {
        await Promise.all(clients.map((race) => race.close()));
        relay.stop();
      });
      await run({
        async connect(name) {
          const race = await relay.connect(name);
          clients.push(race);
          await enter(race);
          return race;
        },
      });
    });
  }
}
