// The page behind real proxies, over TLS and under a path, and pages that come from elsewhere than a web server.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { expect, test } from "./fixture.js";
import { startRelay } from "./programs.js";
import { proxyProgram, startProxy } from "./proxies.js";

/** @typedef {import("./programs.js").Program} Program */

for (const name of /** @type {const} */ (["nginx", "haproxy", "caddy"])) {
  test(`one plays and watches behind ${name}`, async ({ enter, watch, site }) => {
    const program = proxyProgram(name);
    test.skip(!program && !process.env.CI, `${name} is not installed`);
    if (!program) throw new Error(`${name} is not installed`);
    const trusting = ["--trusted-proxy", "127.0.0.1", "--max-per-ip", "9"];
    const relay = await startRelay(/** @type {Program} */ (site.server), "", { args: trusting });
    const proxy = await startProxy(name, program, String(relay.ready.listen));
    const options = { ignoreHTTPSErrors: true };
    try {
      const ann = await enter("Ann", options, undefined, proxy.url);
      await ann.signIn();
      await ann.createRoom("Sunday");
      const { roomId } = await ann.state();
      await expect.poll(() => ann.page.url()).toBe(`${proxy.url}join/${roomId}`);
      await ann.element("start-race").click();
      await ann.expectScreen("race");
      const watcher = await watch(`${proxy.url}watch/${roomId}`, options);
      await watcher.expectCars("Ann");
      // The session goes on through the proxy, in its race.
      const { sessionId } = await ann.state();
      await ann.page.reload();
      await ann.expectScreen("race");
      expect((await ann.state()).sessionId).toBe(sessionId);
      await watcher.page.goto("about:blank");
      await ann.page.goto("about:blank");
    } finally {
      proxy.stop();
      await relay.stop();
    }
  });
}

test("a page from a file may connect if its origins are allowed", async ({ browser, site }) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "race-file-"));
  const server = /** @type {Program} */ (site.server);
  const relay = await startRelay(server, "", { args: ["--allow-origin", "file://,null"] });
  try {
    const file = path.join(folder, "page.html");
    await writeFile(file, "<!doctype html><title>A page from a file</title>");
    const page = await browser.newPage();
    await page.goto(`file://${file}`);
    /** What the relay at an address says to the page. @param {string} address */
    const said = (address) =>
      page.evaluate(async (host) => {
        const read = await fetch(`http://${host}/api/config`).then(
          ({ status }) => status,
          () => "not readable",
        );
        const socket = new WebSocket(`ws://${host}/ws`, "mp-relay.v1");
        const first = await new Promise((resolve) => {
          socket.addEventListener("message", () => resolve("a notice"));
          socket.addEventListener("close", ({ code }) => resolve(code));
        });
        socket.close();
        return [read, first];
      }, address);
    expect(await said(String(relay.ready.listen))).toEqual([200, "a notice"]);
    expect(await said(new URL(site.url).host)).toEqual(["not readable", 1008]);
    await page.close();
  } finally {
    await relay.stop();
    await rm(folder, { recursive: true });
  }
});
