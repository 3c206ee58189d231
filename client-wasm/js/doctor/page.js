// Whether this page can run the client at all, and whether its time passes as it should.
import { quoted } from "./report.js";

/** @typedef {import("./report.js").Findings} Findings */
/**
 * @typedef {object} Surroundings  What the doctor looks at of the page.
 * @property {typeof WebAssembly | undefined} WebAssembly
 * @property {boolean} hasWebSocket
 * @property {string} pageUrl  empty outside of a page
 * @property {boolean} isSecureContext
 * @property {() => number} dateNow
 */

/** The smallest module there is: its name and version. */
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
/** A clock that differs by more is wrong, not slow; the answer's header has whole seconds. */
const MAX_CLOCK_MS = 120_000;
const TIMER_MS = 50;
/** A timer that is later than this makes cars jump. */
const MAX_LATE_MS = 500;

/** @returns {Surroundings} */
export function surroundings() {
  return {
    WebAssembly: globalThis.WebAssembly,
    hasWebSocket: typeof globalThis.WebSocket === "function",
    pageUrl: globalThis.location?.href ?? "",
    isSecureContext: globalThis.isSecureContext ?? true,
    dateNow: () => Date.now(),
  };
}

/**
 * @param {Findings} findings
 * @param {Surroundings} page
 * @param {string} base  the relay's address
 * @param {boolean} ownCore  another core than the wasm client is used
 * @returns {boolean}  whether there is sense in going on
 */
export function checkPage(findings, page, base, ownCore) {
  const needs = ownCore ? "" : missing(page);
  if (needs) {
    findings.wrong("page", needs, ADVICE_WASM);
    return false;
  }
  const isMixed = page.pageUrl.startsWith("https:") && base.startsWith("http:") && !isLocal(base);
  if (isMixed) {
    const words = `the page came over https, and browsers let it speak to no relay over http (${base})`;
    findings.wrong("page", words, "For the operator: put the relay behind https and use that address.");
    return false;
  }
  if (!page.isSecureContext) {
    const advice = "For the operator: passwords travel readably; serve page and relay over https.";
    findings.fine(
      "page",
      "the browser can run the client, though the page came unprotected over http",
      advice,
    );
  } else {
    findings.fine("page", "the browser can run the client");
  }
  return true;
}

const ADVICE_WASM =
  "For the visitor: use a current browser. For the operator: a Content-Security-Policy of the page needs script-src 'wasm-unsafe-eval' and connect-src with the relay.";

/** @param {Surroundings} page */
function missing({ WebAssembly: wasm, hasWebSocket }) {
  if (!wasm) return "the browser has no WebAssembly";
  try {
    void new wasm.Module(EMPTY_MODULE);
  } catch (error) {
    return `the browser refuses WebAssembly here: ${quoted(error)}`;
  }
  return hasWebSocket ? "" : "there is no WebSocket here: Node has one from version 22 on";
}

/** @param {string} base */
function isLocal(base) {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(base).hostname);
}

/**
 * @param {Findings} findings
 * @param {Surroundings} page
 * @param {{ dateMs: number | null, clock: import("../clock.js").Clock }} measured  `dateMs`: of the relay
 */
export async function checkClock(findings, page, { dateMs, clock }) {
  const offMs = dateMs === null ? null : page.dateNow() - dateMs;
  const beganMs = clock.now();
  await new Promise((resolve) => clock.setTimeout(() => resolve(undefined), TIMER_MS));
  const lateMs = clock.now() - beganMs - TIMER_MS;
  if (offMs !== null && Math.abs(offMs) > MAX_CLOCK_MS) {
    const way = offMs > 0 ? "ahead of" : "behind";
    const words = `the clock of this device is ${Math.round(Math.abs(offMs) / 1000)} s ${way} the relay's`;
    const advice =
      "For the visitor: set the time of the device by itself; for the operator: that of the relay.";
    findings.wrong("clock", words, advice);
  } else if (lateMs > MAX_LATE_MS) {
    const words = `timers of this page come ${Math.round(lateMs)} ms late: it is in the background, or the device saves power`;
    findings.wrong(
      "clock",
      words,
      "For the visitor: keep the page in front while racing, and other work away.",
    );
  } else if (offMs === null) {
    findings.unknown("clock", "timers come in time; the relay's clock cannot be read from here");
  } else {
    findings.fine("clock", "the clock agrees with the relay's, and timers come in time");
  }
}
