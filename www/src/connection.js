// The page's client: a new one for each sign-in, which waits for the visitor's own name if need be. Knows nothing of rooms.

import { plainName } from "./names.js";
import { hasAccounts } from "./state.js";

/** @typedef {import("/pkg/index.js").RaceClient} RaceClient */
/** @typedef {import("/pkg/index.js").RelayConfig} RelayConfig */
/** @typedef {import("./state.js").Advice} Advice */
/**
 * @typedef {object} Credentials
 * @property {string} [name]
 * @property {string} password  empty for none
 * @property {string} [resume]  what `save()` gave to the page before
 * @property {string} [token]  the account's, instead of the password
 * @property {boolean} [create]  make the account
 */

/** How long the name of a visitor without a password may be held by what the relay keeps of a lost session. */
const GHOST_MS = 35_000;
const GHOST_RETRY_MS = 2000;
/** What the visitor is told meanwhile. */
const ENDING = /** @type {const} */ ({
  kind: "info",
  title: "Your last session is being ended…",
  next: "You are signed in as soon as it has ended.",
});

/** A part of the page could not be loaded. */
class PageIncomplete extends Error {
  advice = {
    title: "A part of this page could not be loaded.",
    next: "Check your network, then try again. If that does not help, reload the page.",
  };
}

/**
 * The title and advice that an error of the page itself carries.
 * @param {unknown} error
 * @returns {Advice | undefined}
 */
export function adviceOf(error) {
  return /** @type {PageIncomplete | undefined} */ (error)?.advice;
}

/** @param {unknown} error */
export function codeOf(error) {
  return /** @type {{ code?: string } | undefined} */ (error)?.code;
}

/** The player as the page shows it: one's own name may have come from another page. @param {RaceClient} client */
export const meOf = ({ id, name }) => ({ id, name: plainName(name) });

export class Connection {
  /** null while nobody is signed in. @type {RaceClient | null} */
  client = null;
  /** Kept in memory only, to sign in again after the client has given up. @type {Credentials | null} */
  credentials = null;
  /** Counts sign-outs: what began before one neither connects nor says anything any more. */
  epoch = 0;
  /** A new client while it connects; there is no other open one then. @type {RaceClient | null} */
  #candidate = null;
  /** Whose session was lost last, and not ended in order. */
  #lostName = "";
  /** What the relay says, by its address. @type {Record<string, RelayConfig>} */
  #configs = {};
  #store;
  #parts;
  #begin;

  /**
   * @param {import("./state.js").Store} store
   * @param {import("./flow.js").Parts} parts
   * @param {(client: RaceClient) => void} begin  called once somebody has signed in
   */
  constructor(store, parts, begin) {
    this.#store = store;
    this.#parts = parts;
    this.#begin = begin;
  }

  /** @returns {RaceClient} */
  need() {
    if (this.client === null) throw Object.assign(new Error(), { code: "not_connected" });
    return this.client;
  }

  /** Ask the relay what it says about itself. @returns {Promise<RelayConfig>} */
  async ask() {
    const { library, url } = this.#parts;
    const { relayConfig } = library;
    const address = url();
    const answer = (this.#configs[address] ??= await relayConfig(address).catch(async (error) => {
      if (error.code !== "not_a_relay") throw error;
      const { explainUnknown } = await import("./servers.js");
      throw await explainUnknown(error, address, relayConfig, this.#store);
    }));
    // Another game server was chosen meanwhile.
    if (address !== url()) return this.ask();
    this.#store.dispatch({ type: "configured", config: answer });
    return answer;
  }

  /** Find out of which generation the game server is, if the relay does not know. Nobody waits for it. */
  async findGeneration() {
    const address = this.#parts.url();
    const { generation, servers } = this.#configs[address] ?? {};
    if (generation) return;
    const { findGeneration } = await import("./generation.js");
    const found = await findGeneration(address, this.#parts.library.relayConfig, servers);
    this.#learn(address, found);
  }

  /**
   * @param {string} address
   * @param {string | null | undefined} generation
   */
  #learn(address, generation) {
    if (!generation) return;
    Object.assign(this.#configs[address] ?? {}, { generation });
    if (address === this.#parts.url()) this.#store.dispatch({ type: "generation", generation });
  }

  /**
   * Connect and sign in with a new client. A name that is taken may be the visitor's own, which the server still has.
   * @param {Credentials} as
   * @param {boolean} isOwn  the name was the visitor's before
   */
  async signIn({ resume = "", ...as }, isOwn) {
    const begun = this.epoch;
    const untilMs = Date.now() + GHOST_MS;
    if (isOwn && as.name) this.#lostName = as.name;
    for (;;) {
      try {
        return await this.#connect({ ...as, resume });
      } catch (error) {
        // An account can be used many times at once, and each wrong try may lock it.
        const hasGhosts = !hasAccounts(this.#store.get()) && !as.password;
        const mayBeOwn = hasGhosts && as.name === this.#lostName && Date.now() <= untilMs;
        if (codeOf(error) !== "auth_failed" || !mayBeOwn) throw error;
      }
      // The relay no longer had that session.
      resume = "";
      this.#store.dispatch({ type: "notice", notice: { ...ENDING } });
      await new Promise((resolve) => setTimeout(resolve, GHOST_RETRY_MS));
      this.#throwIfForgotten(begun);
    }
  }

  /** Forget the client and who has signed in. Gives the client, which is still open. */
  forget() {
    const { client } = this;
    const old = this.#candidate ?? client;
    if (client?.state === "reconnecting") this.#lostName = client.name;
    this.client = this.credentials = null;
    this.epoch += 1;
    return old;
  }

  /** @param {number} begun  the epoch */
  #throwIfForgotten(begun) {
    if (begun !== this.epoch) throw Object.assign(new Error("signed out"), { code: "closed" });
  }

  /** A new client is kept only if it can sign in. @param {Credentials} as */
  async #connect(as) {
    const begun = this.epoch;
    await this.#parts.loadScreens().catch((cause) => {
      throw adviceOf(cause) ? cause : new PageIncomplete("page incomplete", { cause });
    });
    const config = await this.ask();
    this.#throwIfForgotten(begun);
    const fresh = this.#make(as, config);
    const address = this.#parts.url();
    fresh.on("capabilities", ({ generation }) => this.#learn(address, generation));
    this.#candidate = fresh;
    try {
      await fresh.connect();
      this.#throwIfForgotten(begun);
    } catch (error) {
      void fresh.close();
      throw error;
    } finally {
      if (this.#candidate === fresh) this.#candidate = null;
    }
    this.client = fresh;
    this.#lostName = "";
    const { token } = fresh;
    this.credentials = { name: fresh.name, password: token ? "" : as.password, ...(token && { token }) };
    void this.#report(fresh, config);
    this.#store.dispatch({ type: "signedIn", me: meOf(fresh) });
    this.#begin(fresh);
  }

  /** @param {Credentials} as @param {RelayConfig} config */
  #make({ name, password, resume = "", token, create = false }, config) {
    const { library, url, core, clock } = this.#parts;
    return new library.RaceClient(url(), {
      ...(name !== undefined && { name }),
      resume,
      ...(password && { password }),
      ...(token && { token }),
      ...(create && { create }),
      ...(core && { core }),
      ...(clock && { clock: clock() }),
      config,
    });
  }

  /** Send figures to the site's collector, if it has one. They end with the client. @param {RaceClient} client @param {RelayConfig} config */
  async #report(client, { telemetryUrl }) {
    if (!telemetryUrl) return;
    // The race does not need it.
    const telemetry = await this.#parts.loadTelemetry?.().catch(() => undefined);
    telemetry?.report(client, { url: telemetryUrl });
  }
}
