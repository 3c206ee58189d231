// A game server and a relay that pages of every site may use.
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { startRelay, startServer } from "../browser/programs.js";

/**
 * Start them. `config` is what the relay tells of itself, in JSON: to a page of another site it does not.
 * @returns {Promise<{ url: string, config: string, stop: () => Promise<void> }>}
 */
export async function startSite() {
  const certificates = await mkdtemp(path.join(os.tmpdir(), "race-certificates-"));
  const server = await startServer({ certificates, bots: 0 });
  const relay = await startRelay(server, "", { args: ["--allow-origin", "*"] });
  const stop = async () => {
    await relay.stop();
    await server.stop();
    await rm(certificates, { recursive: true });
  };
  const url = `http://${relay.ready.listen}`;
  const config = await (await fetch(`${url}/api/config`)).text();
  return { url, config, stop };
}
