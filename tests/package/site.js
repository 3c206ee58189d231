// A game server and a relay that pages of every site may use.
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { startRelay, startServer } from "../browser/programs.js";

/**
 * Start them.
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
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
  return { url: `http://${relay.ready.listen}`, stop };
}
