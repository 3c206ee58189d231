// The doctor: looks at everything between a page and the race, one after the other, and says in plain words what is wrong,
// what to do about it, and who. Never throws.
import { coreOptions, relayAddress } from "../address.js";
import { RaceError, raceError } from "../error.js";
import { PAGE_CLOCK } from "../clock.js";
import { wasmCore } from "../wasm-core.js";
import { connected, explain } from "./connection.js";
import { checkDatagrams } from "./datagrams.js";
import { checkClock, checkPage, surroundings } from "./page.js";
import { checkRelay } from "./relay.js";
import { Findings, quoted } from "./report.js";

/** @typedef {import("../core.js").Core} Core */
/** @typedef {import("../core.js").CoreFactory} CoreFactory */
/** @typedef {import("./report.js").Report} Report */
/**
 * @typedef {object} DoctorOptions  What an examination is made with.
 * @property {CoreFactory} [core]  default: the wasm client
 * @property {typeof fetch} [fetch]
 * @property {AbortSignal} [signal]  what was not looked at by then is unknown
 * @property {import("../clock.js").Clock} [clock]
 * @property {Partial<import("./page.js").Surroundings>} [page]  in place of what is here, for tests
 */

/** Longer than the core itself waits for a welcome. */
const CONNECT_MS = 25_000;
/** Longer than the core itself waits for an answer. */
const COMMAND_MS = 12_000;
/** Two commands, and then as long as positions are waited for. */
const DATAGRAMS_MS = 30_000;
const GOODBYE_MS = 5000;

/**
 * What `doctor` does.
 * @param {string | URL} url  the relay's address
 * @param {DoctorOptions | null} [given]
 * @returns {Promise<Report>}
 */
export async function examination(url, given) {
  const findings = new Findings();
  const options = given ?? {};
  const { signal } = options;
  try {
    await examine(findings, url, options);
  } catch (error) {
    // A fault of this examination, not of what it looked at.
    if (!signal?.aborted) return findings.report(`the examination broke off: ${quoted(error)}`);
  }
  return findings.report(
    signal?.aborted ? "not looked at: it was stopped" : "not looked at, for what it needs does not work",
  );
}

/**
 * @param {Findings} findings
 * @param {string | URL} url
 * @param {DoctorOptions} options
 */
async function examine(findings, url, { core = wasmCore, fetch: ask, signal, clock = PAGE_CLOCK, page }) {
  const here = { ...surroundings(), ...page };
  /** @type {ReturnType<typeof relayAddress>} */
  let address;
  try {
    address = relayAddress(url);
  } catch (error) {
    findings.wrong(
      "relay",
      raceError(error).message,
      "For the developer: give the relay's address, such as https://relay.example.",
    );
    return;
  }
  signal?.throwIfAborted();
  const canRun = checkPage(findings, here, address.base, core !== wasmCore);
  const fetching = { fetch: ask ?? ((input, init) => fetch(input, init)), signal };
  const { config, dateMs } = await checkRelay(findings, address.base, fetching);
  signal?.throwIfAborted();
  await checkClock(findings, here, { dateMs, clock });
  if (!canRun || !config) return;
  const patients = new Patients(core, { ...coreOptions(config), logLevel: "off" }, { clock, signal });
  try {
    await examineSessions(findings, patients, { socket: address.socket, insecure: config.insecure === true });
  } finally {
    await patients.goodbye();
  }
}

/**
 * @param {Findings} findings
 * @param {Patients} patients
 * @param {{ socket: string, insecure: boolean }} relay
 */
async function examineSessions(findings, patients, { socket, insecure }) {
  const { clock, signal } = patients;
  const beganMs = clock.now();
  /** @type {Core} */
  let one;
  try {
    one = await patients.connect(socket);
  } catch (error) {
    signal?.throwIfAborted();
    explain(findings, error);
    return;
  }
  connected(findings, { insecure, tookMs: clock.now() - beganMs });
  /** @type {Core} */
  let other;
  try {
    await patients.within(COMMAND_MS, one.signIn({ name: "Connection test 1" }));
    findings.fine("sign-in", "a player can sign in");
    other = await patients.connect(socket);
    await patients.within(COMMAND_MS, other.signIn({ name: "Connection test 2" }));
  } catch (error) {
    signal?.throwIfAborted();
    const { code, message } = raceError(error);
    if (code === "password_missing") {
      findings.fine("sign-in", "the game server answers; it has accounts, so nobody is signed in");
      findings.skip("datagrams", "not looked at, because only signed-in players have any");
      return;
    }
    const words = findings.has("sign-in") ? "a second session does not come about" : "nobody can sign in";
    const advice =
      "For the operator: look into the game server's log; and see whether a limit of the relay is reached.";
    findings.wrong(
      findings.has("sign-in") ? "datagrams" : "sign-in",
      `${words}: ${quoted(message)} (${code})`,
      advice,
    );
    return;
  }
  await patients.within(DATAGRAMS_MS, checkDatagrams(findings, one, other, { clock, signal }));
}

/** The sessions that were made for the examination, all of which say goodbye. */
class Patients {
  clock;
  signal;
  #factory;
  #options;
  /** @type {Core[]} */
  #cores = [];

  /**
   * @param {CoreFactory} factory
   * @param {import("../core.js").CoreOptions} options
   * @param {{ clock: import("../clock.js").Clock, signal: AbortSignal | undefined }} around
   */
  constructor(factory, options, { clock, signal }) {
    this.#factory = factory;
    this.#options = options;
    this.clock = clock;
    this.signal = signal;
  }

  /** @param {string} socket */
  async connect(socket) {
    const core = await this.#factory(this.#options);
    this.#cores.push(core);
    /** @type {unknown} */
    let ended;
    core.on("close", (event) => (ended = event));
    try {
      await this.within(CONNECT_MS, core.connect(socket));
    } catch (error) {
      throw ended ?? error;
    }
    return core;
  }

  /**
   * @template T
   * @param {number} limitMs
   * @param {Promise<T>} work
   * @returns {Promise<T>}
   */
  async within(limitMs, work) {
    /** @type {unknown} */
    let timer;
    let end = () => {};
    const late = new Promise((_, reject) => {
      end = () => reject(new RaceError("timeout", "no answer came"));
      timer = this.clock.setTimeout(end, limitMs);
      this.signal?.addEventListener("abort", end);
    });
    try {
      return await /** @type {Promise<T>} */ (Promise.race([work, late]));
    } finally {
      this.clock.clearTimeout(timer);
      this.signal?.removeEventListener("abort", end);
    }
  }

  /** Leave no player and no room behind. */
  async goodbye() {
    const goodbyes = this.#cores.map(async (core) => {
      await this.#politely(core.close());
      core.free();
    });
    await Promise.all(goodbyes);
  }

  /** @param {Promise<void>} goodbye */
  async #politely(goodbye) {
    /** @type {unknown} */
    let timer;
    const late = new Promise(
      (resolve) => (timer = this.clock.setTimeout(() => resolve(undefined), GOODBYE_MS)),
    );
    await Promise.race([goodbye.catch(() => {}), late]);
    this.clock.clearTimeout(timer);
  }
}
