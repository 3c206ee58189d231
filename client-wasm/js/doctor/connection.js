// What the end of an attempt to connect says about the way: WebSocket, certificate, game server.
import { raceError } from "../error.js";
import { quoted } from "./report.js";

/** @typedef {import("./report.js").Findings} Findings */
/** @typedef {import("./report.js").CheckName} CheckName */

const BEHIND = Object.freeze({
  websocket: "the WebSocket opens",
  certificate: "the relay trusts the game server's certificate",
});

/** By code: what is wrong, and what to do. @type {Record<string, [name: CheckName, advice: string]>} */
const CAUSES = {
  relay_unreachable: [
    "websocket",
    "For the visitor: try another network, for company proxies and some virus scanners swallow WebSockets. For the operator: the web server in front must pass Upgrade, Connection and Sec-WebSocket-Protocol (mp-relay.v1) of /ws on to mp-relay.",
  ],
  not_allowed: [
    "websocket",
    "For the operator: start the relay with --allow-origin and the address of this page.",
  ],
  relay_full: ["websocket", "For the visitor: come back later. For the operator: raise the relay's limits."],
  relay_restarting: ["websocket", "For the visitor: try again in a minute."],
  sent_too_much: ["websocket", "For the visitor: wait a minute, and close other tabs with the race."],
  certificate_not_trusted: [
    "certificate",
    "For the operator: the relay's log names the certificate's fingerprint; if it is the right one, start the relay with --trust pin:FINGERPRINT.",
  ],
  server_unreachable: [
    "game server",
    "For the operator: check that the game server runs, and the relay's option --server. For the visitor: try again later.",
  ],
  server_timeout: [
    "game server",
    "For the operator: the game server takes connections but says nothing; restart it. For the visitor: try again later.",
  ],
  timeout: [
    "game server",
    "For the operator: no welcome came through the relay; look into its log and the game server's.",
  ],
  server_ended: [
    "game server",
    "For the operator: the game server ended the session at once; look into its log.",
  ],
};

/** Where a cause is not known: a connection that broke under way. */
const OTHERWISE = /** @type {const} */ ([
  "websocket",
  "For the visitor: check the network and try again. For the operator: look into the relay's log, and into that of the web server in front of it.",
]);

/**
 * @param {Findings} findings
 * @param {unknown} thrown
 */
export function explain(findings, thrown) {
  const { code, message } = raceError(thrown, "connection_lost");
  if (code === "load_failed") {
    const advice =
      "For the operator: the .wasm file must be served beside the script, and the page's policy must allow it. For the visitor: reload the page.";
    findings.wrong("page", `the client cannot be loaded: ${quoted(message)}`, advice);
    return;
  }
  const [name, advice] = CAUSES[code] ?? OTHERWISE;
  if (name !== "websocket") findings.fine("websocket", BEHIND.websocket);
  if (name === "game server" && code === "server_ended") findings.fine("certificate", BEHIND.certificate);
  const words = name === "websocket" ? "the WebSocket does not come about" : WORDS[name];
  findings.wrong(name, `${words}: ${quoted(message)} (${code})`, advice);
}

/** @type {Partial<Record<CheckName, string>>} */
const WORDS = {
  certificate: "the relay does not trust the game server's certificate",
  "game server": "the game server does not let us in",
};

/**
 * @param {Findings} findings
 * @param {{ insecure: boolean, tookMs: number }} found
 */
export function connected(findings, { insecure, tookMs }) {
  findings.fine("websocket", BEHIND.websocket);
  if (insecure) {
    const advice = "For the operator: for other people's races start the relay with --trust pin:FINGERPRINT.";
    findings.fine("certificate", "the relay accepts any certificate of the game server", advice);
  } else {
    findings.fine("certificate", BEHIND.certificate);
  }
  findings.fine("game server", `its welcome came after ${Math.round(tookMs)} ms`);
}
