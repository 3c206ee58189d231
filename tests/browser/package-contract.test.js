// The contract of all modes over a real relay and game server: the client in the page, and in a Worker.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { listen } from "./complaints.js";
import { expect, test } from "./fixture.js";

const CONTRACT = fileURLToPath(new URL("../../client-wasm/test/contract.js", import.meta.url));

for (const mode of ["in the page", "in a worker"]) {
  test(`every case of the contract holds for a client ${mode}`, async ({ page, site }) => {
    const complaints = listen(page);
    await page.context().grantPermissions(["local-network-access"]);
    await page.context().route("**/contract.js", async (route) => {
      await route.fulfill({ contentType: "text/javascript", body: await readFile(CONTRACT) });
    });
    await page.goto(`${site.url}favicon.svg`);
    const outcomes = await page.evaluate(async (inWorker) => {
      const load = (/** @type {string} */ name) => import(name);
      const [{ RaceClient }, { workerCore }, { CONTRACT: cases }] = await Promise.all(
        ["/pkg/index.js", "/pkg/worker.js", "/contract.js"].map(load),
      );
      /** @type {Record<string, string>} */
      const found = {};
      for (const [title, run] of Object.entries(cases)) {
        /** @type {any[]} */
        const clients = [];
        const connect = async (/** @type {string} */ name) => {
          const core = inWorker ? { core: workerCore } : {};
          const race = await RaceClient.connect(location.origin, { name, ...core });
          clients.push(race);
          return race;
        };
        found[title] = await run({ connect }).then(() => "holds", String);
        await Promise.all(clients.map((race) => race.close()));
      }
      return found;
    }, mode === "in a worker");
    expect(Object.keys(outcomes).length).toBeGreaterThan(5);
    expect(Object.entries(outcomes).filter(([, outcome]) => outcome !== "holds")).toEqual([]);
    expect(complaints, "what the browser complained about").toEqual([]);
  });
}
