// Game server and relay as child processes on free ports. Each prints one JSON line when it is ready.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";
import readline from "node:readline";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAMS = process.env.MP_PROGRAMS ?? path.join(ROOT, "target/debug");
/** Not the default one, so that a page which ignores what its relay tells it sees nobody. */
const SECRET = "the secret of the browser tests";
/** A program says that it is ready within this time; ours take well under a second on an idle machine. */
const READY_MS = 20_000;
/** A program that was asked to stop is killed after this time. */
const STOP_MS = 10_000;

/** A running program of the project. */
export class Program {
  /** @type {import("node:child_process").ChildProcess} */
  #child;
  /** What the program wrote to its log, for the report of a failed test. */
  log = "";
  /** @type {Record<string, string>} the program's ready line */
  ready = {};

  /**
   * Start a program and wait for its ready line.
   *
   * @param {string} name
   * @param {string[]} args
   */
  static async start(name, args) {
    const program = new Program(name, args);
    program.ready = await program.#readyLine();
    return program;
  }

  /**
   * @param {string} name
   * @param {string[]} args
   */
  constructor(name, args) {
    this.name = name;
    this.#child = spawn(path.join(PROGRAMS, name), args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stderr?.on("data", (chunk) => (this.log += chunk));
  }

  /** @returns {Promise<Record<string, string>>} */
  async #readyLine() {
    const { stdout } = this.#child;
    if (!stdout) throw new Error("no standard output");
    const lines = readline.createInterface({ input: stdout });
    const ended = once(this.#child, "exit").then(([code, signal]) => {
      throw new Error(`${this.name} ended before it was ready (${code ?? signal}):\n${this.log}`);
    });
    const late = AbortSignal.timeout(READY_MS);
    const [line] = await Promise.race([once(lines, "line", { signal: late }), ended]);
    return JSON.parse(line);
  }

  /** End it without a word to anybody, as a crash does. */
  async kill() {
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  /** Ask the program to stop and wait until it has. */
  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    this.#child.kill("SIGTERM");
    const [, signal] = await exit;
    clearTimeout(timer);
    if (signal === "SIGKILL") throw new Error(`${this.name} did not stop by itself:\n${this.log}`);
  }
}

/**
 * Start a game server.
 *
 * @param {{ certificates: string, bots: number, faithful?: boolean, generation?: string, accounts?: string, addresses?: Record<string, string> | undefined }} options
 *   `certificates` is a folder that keeps its certificate, `accounts` a file of accounts, `addresses` the ready line of a server to take the place of
 */
export function startServer({
  certificates,
  bots,
  faithful = false,
  generation = "first",
  accounts = "",
  addresses = {},
}) {
  const { tcp = "127.0.0.1:0", udp = "127.0.0.1:0" } = addresses;
  const args = ["--tcp", tcp, "--udp", udp, "--certificate", certificates, "--secret", SECRET];
  args.push("--generation", generation);
  if (accounts) args.push("--accounts", accounts);
  if (faithful) args.push("--faithful");
  if (bots > 0) args.push("--bots", String(bots), "--room", "Bot race");
  return Program.start("mp-server", args);
}

/**
 * Start a relay before a game server.
 *
 * @param {Program} server
 * @param {string} trust by default exactly the server's certificate
 * @param {{ listen?: string | undefined, args?: string[] }} options `listen` is where a relay was that this one takes
 *   the place of
 */
export function startRelay({ ready }, trust, { listen = "127.0.0.1:0", args = [] } = {}) {
  const trusted = trust || `pin:${ready.certificateSha256}`;
  const usual = ["--server", ready.tcp, "--udp", ready.udp, "--trust", trusted, "--udp-secret", SECRET];
  return start(listen, [...usual, ...args]);
}

/**
 * Start a relay before several game servers with names, the default one first.
 *
 * @param {Array<{ name: string, label?: string, server: Program }>} servers
 * @param {string} file where its configuration is written
 * @param {string[]} args
 */
export async function startRelayOfSeveral(servers, file, args) {
  const tables = servers.map(({ name, label, server: { ready } }) => {
    const trust = `pin:${ready.certificateSha256}`;
    const keys = { name, label, server: ready.tcp, udp: ready.udp, trust, "udp-secret": SECRET };
    const set = Object.entries(keys).filter(([, value]) => value !== undefined);
    return ["[[servers]]", ...set.map(([key, value]) => `${key} = ${JSON.stringify(value)}`)].join("\n");
  });
  await writeFile(file, tables.join("\n\n"));
  return start("127.0.0.1:0", ["--config", file, ...args]);
}

/** @param {string} listen @param {string[]} args */
function start(listen, args) {
  // A page that is being worked on needs no build of the relay.
  const page = process.env.MP_WWW ? ["--www", process.env.MP_WWW] : [];
  return Program.start("mp-relay", ["--listen", listen, ...page, ...args]);
}
