// nginx, HAProxy and Caddy before a relay, with the very configurations of docs/operating.md on other ports and paths.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import tls from "node:tls";
import { fileURLToPath } from "node:url";
import { once } from "node:events";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DOCUMENT = readFileSync(path.join(ROOT, "docs/operating.md"), "utf8");
/** A proxy answers within this time. */
const READY_MS = 20_000;

/** @typedef {"nginx" | "haproxy" | "caddy"} ProxyName */

/** Find the program, in the places where the relay's own tests look too; undefined if it is missing. @param {ProxyName} name */
export function proxyProgram(name) {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", path.join(ROOT, "target/caddy/bin")];
  const files = [process.env[name.toUpperCase()], ...folders.map((folder) => path.join(folder, name))];
  return files.find((file) => file && existsSync(file));
}

/** The first block of the document in a language. @param {string} language */
function block(language) {
  const text = DOCUMENT.split(`\`\`\`${language}\n`)[1];
  if (text === undefined) throw new Error(`docs/operating.md has no block of ${language}`);
  return text.split("```")[0] ?? "";
}

/** @param {string} text @param {Record<string, string>} changes */
function replaced(text, changes) {
  for (const [from, to] of Object.entries(changes)) {
    if (!text.includes(from)) throw new Error(`no ${from} in:\n${text}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Write what the proxy reads: the configuration of the document, and around it what a distribution has.
 * @param {ProxyName} name @param {string} folder @param {number} port @param {string} relay  address and port
 * @returns {string[]}  the arguments of the program
 */
function configure(name, folder, port, relay) {
  const write = (/** @type {string} */ file, /** @type {string} */ text) => {
    writeFileSync(path.join(folder, file), text);
    return path.join(folder, file);
  };
  const own = { "127.0.0.1:8080": relay };
  const address = `127.0.0.1:${port}`;
  if (name === "caddy") {
    // Without a name from the browser Caddy needs to be told whose certificate it shows.
    const site = replaced(block("caddyfile"), { ...own, "race.example {": `127.0.0.1:${port} {` });
    const options =
      "admin off\nlocal_certs\nskip_install_trust\nauto_https disable_redirects\ndefault_bind 127.0.0.1";
    const file = write("Caddyfile", `{\n${options}\ndefault_sni 127.0.0.1\n}\n${site}`);
    return ["run", "--adapter", "caddyfile", "--config", file];
  }
  const key = path.join(folder, "privkey.pem");
  const certificate = path.join(folder, "fullchain.pem");
  const request = [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "9",
    "-subj",
    "/CN=race.example",
  ];
  execFileSync("openssl", [...request, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  if (name === "haproxy") {
    const both = write("both.pem", readFileSync(certificate, "utf8") + readFileSync(key, "utf8"));
    const changes = { ...own, "bind :443": `bind ${address}`, "/etc/haproxy/race.example.pem": both };
    const race = write("race.cfg", replaced(block("haproxy"), changes));
    const times = ["connect 5000", "client 50000", "server 50000"]
      .map((time) => `    timeout ${time}\n`)
      .join("");
    return ["-db", "-f", write("haproxy.cfg", `global\n    maxconn 999\ndefaults\n${times}`), "-f", race];
  }
  const changes = { ...own, "listen 443": `listen ${address}`, "/etc/letsencrypt/live/race.example": folder };
  const race = write("race.conf", replaced(block("nginx"), changes));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  const types = "default_type application/octet-stream; access_log off;";
  const http = `http { ${types} ${temporary.join(" ")} include ${race}; }`;
  const main = `daemon off; master_process off; pid ${folder}/pid; error_log stderr;\nevents {}\n${http}\n`;
  return ["-e", "stderr", "-c", write("nginx.conf", main)];
}

/**
 * Start a proxy before a relay.
 * @param {ProxyName} name
 * @param {string} program
 * @param {string} relay  address and port
 */
export async function startProxy(name, program, relay) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "race-proxy-"));
  const port = await freePort();
  const args = configure(name, folder, port, relay);
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(program, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk) => (log += chunk));
  const stop = () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + READY_MS;
  while (!(await answersTls(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      stop();
      throw new Error(`${name} does not start:\n${log}`);
    }
  }
  return { url: `https://127.0.0.1:${port}/race/`, stop };
}

/**
 * Whether a proxy shows its certificate. Caddy listens before it has issued its own, and refuses handshakes until then.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function answersTls(port) {
  return new Promise((resolve) => {
    const socket = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    socket.once("secureConnect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("secureConnect", () => socket.destroy());
  });
}
