// What every browser test stands on: a game server and a relay of its own, players in browsers of their own, and a watch
// over everything that a browser complains about.
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { test as base, expect } from "@playwright/test";

import { Player } from "./player.js";
import { startRelay, startRelayOfSeveral, startServer } from "./programs.js";
import { Watcher } from "./watcher.js";

/** @typedef {import("./programs.js").Program} Program */
/** @typedef {import("@playwright/test").Page} Page */
/** @typedef {"first" | "chat" | "token"} Generation */
/** @typedef {(name: string, options?: import("@playwright/test").BrowserContextOptions, prepare?: (page: Page) => Promise<unknown>, address?: string) => Promise<Player>} Enter */

/** @typedef {(address: string, options?: import("@playwright/test").BrowserContextOptions) => Promise<Watcher>} Watch */

/**
 * @typedef {object} Fixtures
 * @property {number} bots  how many cars drive by themselves; set with `test.use`
 * @property {Generation} generation  that of the game server
 * @property {Generation} west  that of the second game server, if there are two
 * @property {boolean} faithful  the game server behaves exactly as the original ones, which take any name
 * @property {string} trust  what the relay trusts; by default exactly the server's certificate
 * @property {string[]} relayOptions  further options of the relay
 * @property {boolean} twoServers  the relay has a second game server, and names them: `east`, and `west` with the label "Wild West"
 * @property {Site} site  a game server and a relay before it
 * @property {Enter} enter  open the page in a browser context of its own, as a player of that name;
 *   `prepare` does something with it before, `address` is another one than the relay's
 * @property {Watch} watch  open an address of the relay in a browser context of its own, as a spectator
 */

/** A game server, or two, and a relay before it, all on free ports. */
export class Site {
  /** @type {Program | undefined} */
  server;
  /** The second game server, if there are two. @type {Program | undefined} */
  west;
  /** @type {Program | undefined} */
  relay;
  url = "";

  /**
   * @param {string} certificates a folder that keeps the server's certificate
   * @param {{ bots: number, faithful: boolean, generation: Generation }} server
   */
  constructor(certificates, server) {
    this.certificates = certificates;
    this.options = server;
  }

  /** The game server has accounts. */
  get hasAccounts() {
    return this.options.generation === "token";
  }

  /** @param {string} trust @param {string[]} args */
  async start(trust, args) {
    this.server = await startServer({ certificates: this.certificates, ...this.options });
    this.relay = await startRelay(this.server, trust, { args });
    this.url = `http://${this.relay.ready.listen}/`;
  }

  /** As `start`, with two game servers. @param {string[]} args @param {Generation} generation  that of the second one */
  async startTwo(args, generation) {
    const options = { certificates: this.certificates, ...this.options };
    const east = (this.server = await startServer(options));
    const west = (this.west = await startServer({ ...options, generation }));
    const servers = [
      { name: "east", server: east },
      { name: "west", label: "Wild West", server: west },
    ];
    this.relay = await startRelayOfSeveral(servers, path.join(this.certificates, "relay.toml"), args);
    this.url = `http://${this.relay.ready.listen}/`;
  }

  /** Start a stopped game server again, with its addresses and its certificate. */
  async startServerAgain() {
    const addresses = this.server?.ready;
    this.server = await startServer({ certificates: this.certificates, ...this.options, addresses });
  }

  async stop() {
    await this.relay?.stop();
    await this.server?.stop();
    await this.west?.stop();
  }
}

/** @type {import("@playwright/test").TestType<import("@playwright/test").PlaywrightTestArgs & import("@playwright/test").PlaywrightTestOptions & Fixtures, import("@playwright/test").PlaywrightWorkerArgs & import("@playwright/test").PlaywrightWorkerOptions>} */
export const test = base.extend({
  bots: [0, { option: true }],
  generation: ["first", { option: true }],
  west: ["first", { option: true }],
  faithful: [false, { option: true }],
  trust: ["", { option: true }],
  relayOptions: [[], { option: true }],
  twoServers: [false, { option: true }],

  site: async ({ bots, faithful, generation, west, trust, relayOptions, twoServers }, use, info) => {
    const certificates = await mkdtemp(path.join(os.tmpdir(), "race-certificates-"));
    const site = new Site(certificates, { bots, faithful, generation });
    try {
      await (twoServers ? site.startTwo(relayOptions, west) : site.start(trust, relayOptions));
      await use(site);
    } finally {
      await site.stop();
      await rm(certificates, { recursive: true });
      await info.attach("relay.log", { body: site.relay?.log ?? "" });
      await info.attach("server.log", { body: site.server?.log ?? "" });
    }
  },

  enter: async ({ browser, site }, use) => {
    /** @type {Player[]} */
    const players = [];
    await use(async (name, options = {}, prepare = async () => {}, address = "") => {
      const context = await browser.newContext(options);
      const player = new Player(await context.newPage(), name, site.hasAccounts);
      players.push(player);
      await prepare(player.page);
      await player.page.goto(new URL(address, site.url).href);
      return player;
    });
    for (const player of players) await player.close();
    // The heart of every test: whatever else it showed, the browser had nothing to complain about.
    for (const player of players) {
      expect(player.complaints, `what ${player.name}'s browser complained about`).toEqual([]);
    }
  },

  watch: async ({ browser, site }, use) => {
    /** @type {Watcher[]} */
    const watchers = [];
    await use(async (address, options = {}) => {
      const context = await browser.newContext(options);
      const watcher = new Watcher(await context.newPage());
      watchers.push(watcher);
      await watcher.page.goto(new URL(address, site.url).href);
      return watcher;
    });
    for (const watcher of watchers) await watcher.close();
    for (const watcher of watchers) {
      expect(watcher.complaints, "what the spectator's browser complained about").toEqual([]);
    }
  },
});

export { expect };
