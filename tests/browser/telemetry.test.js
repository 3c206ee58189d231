// A site that wants figures about its players' connections gets them, and nothing that tells who they are.
import { once } from "node:events";
import http from "node:http";

import { test as base, expect } from "./fixture.js";

/** @typedef {{ address: string, bodies: string[] }} Collector */

/** @type {typeof base} */
const test = base.extend({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the names of what is needed from here
  relayOptions: async ({}, use) => {
    await collector.open();
    await use(["--telemetry-url", collector.address]);
    await collector.close();
  },
});

/** The site's own collector, on a port of its own: another site for the browser. */
const collector = {
  address: "",
  /** @type {string[]} */
  bodies: [],
  server: http.createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => {
      collector.bodies.push(body);
      response.writeHead(204).end();
    });
  }),
  async open() {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.server.address());
    this.address = `http://127.0.0.1:${port}/race`;
  },
  close() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  },
};

test("the page reports when the player signs out, and when it is left in a room", async ({ enter }) => {
  const ann = await enter("Ann");
  await ann.signIn("very secret");
  await ann.createRoom("Sunday");
  const { roomId } = await ann.state();
  await ann.element("sign-out").click();
  await expect.poll(() => collector.bodies.length).toBe(1);
  const sent = JSON.parse(collector.bodies[0]);
  expect(sent).toMatchObject({ version: 1, cause: "closed", state: "closed", reconnects: 0, errors: {} });
  await ann.signIn("very secret");
  await ann.createRoom("Monday");
  await ann.page.goto("about:blank");
  await expect.poll(() => collector.bodies.length).toBe(2);
  expect(JSON.parse(collector.bodies[1])).toMatchObject({
    cause: "closed",
    states: { connected: 1, closed: 1 },
  });
  for (const word of ["Ann", "secret", "Sunday", "Monday", roomId]) {
    expect(collector.bodies.join()).not.toContain(word);
  }
});
