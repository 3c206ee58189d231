// Whether the relay answers over HTTP, and is one.
import { quoted } from "./report.js";

/** @typedef {import("./report.js").Findings} Findings */
/** @typedef {import("../address.js").RelayConfig} RelayConfig */
/** @typedef {typeof globalThis.fetch} Fetch */

/** Longer than this the relay is not there. */
const ANSWER_MS = 8000;

/**
 * @param {Findings} findings
 * @param {string} base
 * @param {{ fetch: Fetch, signal: AbortSignal | undefined }} options
 * @returns {Promise<{ config: RelayConfig | null, dateMs: number | null }>}  no config: there is no sense in going on
 */
export async function checkRelay(findings, base, { fetch, signal }) {
  const ask = (/** @type {string} */ path, /** @type {RequestInit} */ more = {}) => {
    const late = AbortSignal.timeout(ANSWER_MS);
    const ended = (signal && AbortSignal.any?.([signal, late])) ?? late;
    return fetch(`${base}${path}`, { cache: "no-store", signal: ended, ...more });
  };
  const nothing = { config: null, dateMs: null };
  /** @type {Response} */
  let answer;
  try {
    answer = await ask("api/config");
  } catch (error) {
    const isThere = await ask("healthz", { mode: "no-cors" }).then(
      () => true,
      () => false,
    );
    if (isThere) {
      findings.wrong(
        "relay",
        `the relay at ${base} answers, but lets no page of this site read it`,
        OTHER_SITE,
      );
    } else findings.wrong("relay", `nothing answers at ${base} (${quoted(error)})`, NOT_THERE);
    return nothing;
  }
  const config = answer.ok ? await answer.json().catch(() => null) : null;
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    const words = `${base}api/config answers ${answer.status}, but nothing that a relay says`;
    findings.wrong("relay", words, NOT_A_RELAY);
    return nothing;
  }
  const dateMs = Date.parse(answer.headers.get("date") ?? "");
  const health = await ask("healthz").catch(() => null);
  if (health?.ok === false) {
    findings.wrong(
      "relay",
      `the relay says that it is not well: ${base}healthz answers ${health.status}`,
      NOT_WELL,
    );
  } else {
    findings.fine("relay", `version ${quoted(config.version ?? "unknown")} answers`);
  }
  return { config, dateMs: Number.isNaN(dateMs) ? null : dateMs };
}

const NOT_THERE =
  "For the visitor: check the network. For the operator: check that mp-relay runs, the address, and the firewall in front of it.";
const OTHER_SITE =
  "For the operator: serve the page from the relay's own address, or give the client the option config, and start the relay with --allow-origin and the page's address.";
const NOT_A_RELAY =
  "For the operator: something else answers at this address; check it, and that the web server in front passes /api on to mp-relay.";
const NOT_WELL = "For the operator: look into the log of mp-relay.";
