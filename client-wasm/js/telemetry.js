/**
 * Figures about a client's connection for a site's own collector, and a hook for its errors. Nothing is sent without `report`. What is
 * sent has no name, id, address or text: only numbers, and words of this package.
 * @module mp-server-client/telemetry
 */

/** How often figures are sent while the page is open. */
const INTERVAL_MS = 300_000;
/** Error codes that are counted apart; the others count as `other`. */
const MAX_CODES = 32;
/** A code is a word. What a newer or foreign server sends may be a text, which is not passed on. */
const CODE = /^[a-z][a-z_]{0,39}$/;

/** @typedef {import("./connection.js").ClientState} ClientState */
/** @typedef {import("./connection.js").StateChange} StateChange */

/**
 * @typedef {object} Reported  What is needed of a client; a `RaceClient` is one.
 * @property {string | null} id
 * @property {ClientState} state
 * @property {Pick<import("./stats.js").Stats, "roundTripP50Ms" | "roundTripP95Ms" | "lossPercent" | "lossEstimated">} stats
 * @property {(type: "state", listener: (change: StateChange) => void) => (() => void)} on
 */

/**
 * @typedef {object} Telemetry  What is sent, as JSON. Counts are those since the report before.
 * @property {1} version  of this format
 * @property {number} seconds  since the report before
 * @property {"interval" | "pagehide" | "flush" | "stop" | "closed"} cause  why it is sent now
 * @property {ClientState} state  at this moment
 * @property {Partial<Record<ClientState, number>>} states  how often each was entered
 * @property {number | null} roundTripP50Ms  of the last two minutes
 * @property {number | null} roundTripP95Ms  of the last two minutes
 * @property {number} lossPercent  of the others' positions
 * @property {boolean} lossEstimated  the server's datagrams carry no numbers to count by
 * @property {number} reconnects  connections that were lost and came back
 * @property {number} resumes  those of them that went on with the same session
 * @property {Record<string, number>} errors  by code, and `other`
 */

/**
 * @typedef {object} ErrorReport  An error, without its text.
 * @property {string} code  a code of `RaceError`, or `other`
 * @property {boolean} retryable  whether trying again may help
 * @property {ClientState} state  of the client
 */

/**
 * @typedef {object} ReportOptions  Where and how often figures are sent.
 * @property {string | URL} url  of the collector; it gets a POST with JSON as `text/plain`, so that another site needs no preflight
 * @property {number} [everyMs]  the time between two reports; default five minutes
 * @property {(url: string, body: string) => unknown} [send]  default `navigator.sendBeacon`
 */

/**
 * @typedef {object} Reporter  A running report.
 * @property {(error: unknown) => void} count  count an error that a call has rejected with
 * @property {() => void} flush  send what there is
 * @property {() => void} stop  send the rest and end
 */

/**
 * Send figures at intervals, when the page is left, and when the client is closed, which ends it. A failure to send is not noticed.
 * Nothing is sent about a client that is closed already.
 * @param {Reported} race  a `RaceClient`
 * @param {ReportOptions} options
 * @returns {Reporter}
 */
export function report(race, { url, everyMs = INTERVAL_MS, send = beacon }) {
  // It tells nothing any more, so the report would never end.
  if (race.state === "closed") return { count() {}, flush() {}, stop() {} };
  const tally = new Tally(race);
  const sendNow = (/** @type {Telemetry["cause"]} */ cause) => {
    try {
      send(String(url), JSON.stringify(tally.take(cause)));
    } catch {
      // Figures are never worth a failure of the page.
    }
  };
  const timer = setInterval(sendNow, everyMs, "interval");
  const leave = () => sendNow("pagehide");
  // Workers and Node have no pages.
  globalThis.addEventListener?.("pagehide", leave);
  let isOver = false;
  const end = (/** @type {Telemetry["cause"]} */ cause) => {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    globalThis.removeEventListener?.("pagehide", leave);
    stopListening();
    sendNow(cause);
  };
  const stopListening = onChange(race, (change, lost) => {
    tally.handle(change, lost);
    // A client never comes back from this state.
    if (change.state === "closed") end("closed");
  });
  return {
    count: (error) => tally.count(error),
    flush() {
      if (!isOver) sendNow("flush");
    },
    stop: () => end("stop"),
  };
}

/**
 * Be told of each error of the connection, for an error-reporting service. `close()` is no error.
 * @param {Reported} race  a `RaceClient`
 * @param {(error: ErrorReport) => void} listener
 * @returns {() => void} stops it
 */
export function onError(race, listener) {
  return onChange(race, ({ code, retryable = false, state }, isNew) => {
    if (code && isNew) listener({ code: codeOf({ code }), retryable, state });
  });
}

/**
 * Listen to states. A client that tries again says the reason with every attempt: only the first is a new error.
 * @param {Reported} race
 * @param {(change: StateChange, isNewError: boolean) => void} listener
 */
function onChange(race, listener) {
  let known = "";
  return race.on("state", (change) => {
    const isError = change.code !== undefined && change.code !== "closed";
    const isNew = isError && (change.state !== "reconnecting" || change.code !== known);
    known = change.state === "reconnecting" ? (change.code ?? "") : "";
    listener(change, isNew);
  });
}

/** Counts between two reports. */
class Tally {
  #race;
  #since = performance.now();
  /** @type {Telemetry["states"]} */
  #states = {};
  /** @type {Map<string, number>} */
  #errors = new Map();
  #reconnects = 0;
  #resumes = 0;
  /** @type {ClientState} */
  #state;
  /** The session while it was connected; never sent. */
  #id;

  /** @param {Reported} race */
  constructor(race) {
    this.#race = race;
    this.#state = race.state;
    // It was entered before anybody counted.
    if (race.state === "connected") this.#states.connected = 1;
    this.#id = race.id;
  }

  /** @param {StateChange} change @param {boolean} isNewError */
  handle(change, isNewError) {
    const { state } = change;
    if (state !== this.#state) this.#states[state] = (this.#states[state] ?? 0) + 1;
    if (state === "connected") {
      if (this.#state === "reconnecting") {
        this.#reconnects += 1;
        if (this.#race.id === this.#id) this.#resumes += 1;
      }
      this.#id = this.#race.id;
    }
    this.#state = state;
    if (isNewError) this.count(change);
  }

  /** @param {unknown} error */
  count(error) {
    const code = codeOf(error);
    const isFull = this.#errors.size >= MAX_CODES && !this.#errors.has(code);
    const key = isFull ? "other" : code;
    this.#errors.set(key, (this.#errors.get(key) ?? 0) + 1);
  }

  /**
   * Give the counts, and start them from zero.
   * @param {Telemetry["cause"]} cause
   * @returns {Telemetry}
   */
  take(cause) {
    const { roundTripP50Ms, roundTripP95Ms, lossPercent, lossEstimated } = this.#race.stats;
    const now = performance.now();
    /** @type {Telemetry} */
    const taken = {
      version: 1,
      seconds: Math.round((now - this.#since) / 1000),
      cause,
      state: this.#state,
      states: this.#states,
      roundTripP50Ms: rounded(roundTripP50Ms),
      roundTripP95Ms: rounded(roundTripP95Ms),
      lossPercent: rounded(lossPercent) ?? 0,
      lossEstimated,
      reconnects: this.#reconnects,
      resumes: this.#resumes,
      errors: Object.fromEntries(this.#errors),
    };
    this.#since = now;
    this.#states = {};
    this.#errors.clear();
    this.#reconnects = 0;
    this.#resumes = 0;
    return taken;
  }
}

/** A tenth is enough. @param {number | null} figure */
function rounded(figure) {
  return figure === null ? null : Math.round(figure * 10) / 10;
}

/** The code of an error, if it is a word. @param {unknown} error */
function codeOf(error) {
  const code = /** @type {{ code?: unknown } | null | undefined} */ (error)?.code;
  return typeof code === "string" && CODE.test(code) ? code : "other";
}

/** @param {string} url @param {string} body */
function beacon(url, body) {
  return navigator.sendBeacon(url, body);
}
