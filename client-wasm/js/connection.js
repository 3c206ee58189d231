// A core that is kept connected: dialled, signed in, and after a loss dialled again when the core says so. Knows nothing of
// rooms; whoever owns it comes back into its room by `comeBack`.

import { RaceError, raceError } from "./error.js";

/** @typedef {import("./core.js").Core} Core */
/** @typedef {import("./core.js").CoreEvents} CoreEvents */
/** @typedef {"idle" | "connecting" | "connected" | "reconnecting" | "closed"} ClientState  `idle` before the first `connect()`; `closed` is for good. */
/**
 * @typedef {object} StateChange  What became of the connection, and why.
 * @property {ClientState} state
 * @property {import("./error.js").RaceErrorCode} [code]  why it is `reconnecting`, `closed`, or `idle` again
 * @property {string} [reason]  the same in words
 * @property {boolean} [retryable]
 * @property {number} [attempt]  while `reconnecting`: 1 for the first
 * @property {number} [retryInMs]  while `reconnecting`: how long until that attempt; 0 as it begins
 */
/**
 * @typedef {object} Owner
 * @property {(signal: AbortSignal) => Promise<Core>} make  a fresh core, listened to by its owner
 * @property {(core: Core) => void} free
 * @property {string} socket  the relay's WebSocket
 * @property {(core: Core) => Promise<void>} signIn
 * @property {(core: Core) => Promise<void>} comeBack  what is done after a sign-in that is not the first
 * @property {(change: StateChange) => void} onState
 */
/** @typedef {{ error: RaceError, attempt: number, retryInMs: number | null }} Loss  Why a connection ended, and when to come back; null: never. */

/** A goodbye to nobody is given up then. */
const GOODBYE_MS = 5000;
/** The longest part of a state's reason that is kept. */
const MAX_REASON = 300;

export class Connection {
  #owner;
  /** @type {Core | null} */
  #core = null;
  /** @type {StateChange} */
  #change = { state: "idle" };
  /** How the core's connection ended, while it is dialled. @type {Loss | null} */
  #ended = null;
  /** Why the core abandons its connection; its `close` comes next. @type {RaceError | null} */
  #abandoned = null;
  /** Ends what a core is made with, while it is made. */
  #making = new AbortController();
  /** Stops to wait for the next attempt. @type {() => void} */
  #forget = () => {};
  /** Begins the next attempt at once; null while none is waited for. @type {(() => void) | null} */
  #next = null;
  /** What an operator said who ends the session. */
  #kicked = "";
  /** @type {Promise<void> | undefined} */
  #closing;

  /** @param {Owner} owner */
  constructor(owner) {
    this.#owner = owner;
  }

  get state() {
    return this.#change.state;
  }

  /** The core while it is connected and signed in, and its owner has come back. */
  get live() {
    return this.state === "connected" ? this.#core : null;
  }

  /** The core in whatever state, for figures. */
  get core() {
    return this.#core;
  }

  /** Another core in place of this one, which has the same connection. @param {Core} core */
  replace(core) {
    if (this.#core) this.#core = core;
  }

  /** The core, or an error that says why there is none. @returns {Core} */
  need() {
    if (this.live) return this.live;
    if (this.state === "closed") throw new RaceError("closed", "the client was closed");
    if (this.state === "reconnecting") {
      throw new RaceError("reconnecting", "the connection was lost: wait for the state connected");
    }
    throw new RaceError("not_connected", "not connected: call connect() first");
  }

  /** Dial and sign in. What the signal ended rejects with its reason. @param {AbortSignal} [signal] */
  async open(signal) {
    if (this.#isClosed()) throw new RaceError("closed", "the client was closed: make another");
    if (this.state !== "idle") {
      throw new RaceError("invalid_argument", "already connected: make another client");
    }
    signal?.throwIfAborted();
    this.#become({ state: "connecting" });
    const abort = () => void this.#hangUp();
    signal?.addEventListener("abort", abort);
    try {
      await this.#dial();
      signal?.throwIfAborted();
    } catch (thrown) {
      if (this.#isClosed()) throw new RaceError("closed", "the client was closed", { cause: thrown });
      await this.#hangUp();
      const error = signal?.aborted ? new RaceError("aborted", "connecting was aborted") : raceError(thrown);
      if (this.#isConnecting()) this.#become({ state: "idle", ...told(error) });
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    this.#connected();
  }

  /** Say goodbye and let everything go. Always the same promise. */
  close() {
    return this.#close(new RaceError("closed", "the client was closed"));
  }

  /** The core's `close` event. @param {CoreEvents["close"]} event */
  handleClose(event) {
    const abandoned = this.#abandoned;
    this.#abandoned = null;
    const error = this.#kicked ? new RaceError("kicked", this.#kicked) : (abandoned ?? raceError(event));
    const { attempt, retryInMs } = event;
    if (abandoned || this.state === "connected") this.#retry({ error, attempt, retryInMs });
    else this.#ended ??= { error, attempt, retryInMs };
  }

  /** The core's `kicked` event. @param {CoreEvents["kicked"]} event */
  handleKicked({ message }) {
    this.#kicked = message || "the game server's operator ended the session";
  }

  /** Nothing answers any more though nobody closed the connection. */
  handleSilence() {
    if (this.state !== "connected") return;
    this.#abandon(new RaceError("connection_lost", "nothing answers any more"));
  }

  /** Do not wait for the next attempt. */
  retryNow() {
    this.#next?.();
  }

  #isConnecting() {
    return this.state === "connecting";
  }

  #isClosed() {
    return this.state === "closed";
  }

  async #dial() {
    this.#kicked = "";
    const { signal } = (this.#making = new AbortController());
    const core = (this.#core ??= await this.#owner.make(signal));
    // It may have been closed or given up while it was made.
    if (this.#isClosed()) return this.#discard();
    signal.throwIfAborted();
    this.#ended = null;
    try {
      await core.connect(this.#owner.socket);
      await this.#owner.signIn(core);
    } catch (thrown) {
      this.#throwIfEnded();
      throw raceError(thrown);
    }
    this.#throwIfEnded();
  }

  #throwIfEnded() {
    if (this.#ended) throw this.#ended.error;
  }

  #connected() {
    if (this.#isClosed()) throw new RaceError("closed", "the client was closed");
    this.#become({ state: "connected" });
  }

  /** Nothing answers: drop the connection, and come back when its `close` says so. @param {RaceError} error */
  #abandon(error) {
    this.#abandoned = error;
    this.#core?.abandon();
  }

  /** @param {Loss} loss */
  #retry({ error, attempt, retryInMs }) {
    if (this.#isClosed()) return;
    if (!error.retryable || retryInMs === null) {
      void this.#close(error);
      return;
    }
    const again = () => {
      this.#forget();
      void this.#again(error, attempt);
    };
    const timer = setTimeout(again, retryInMs);
    // The network is back: no need to wait.
    globalThis.addEventListener?.("online", again);
    this.#next = again;
    this.#forget = () => {
      this.#next = null;
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", again);
    };
    this.#become({ state: "reconnecting", ...told(error), attempt, retryInMs });
  }

  /**
   * @param {RaceError} why
   * @param {number} attempt
   */
  async #again(why, attempt) {
    this.#become({ state: "reconnecting", ...told(why), attempt, retryInMs: 0 });
    if (this.#isClosed()) return;
    try {
      await this.#dial();
      if (this.#core) await this.#owner.comeBack(this.#core);
      this.#throwIfEnded();
    } catch (thrown) {
      if (!this.#isClosed()) this.#fail(raceError(thrown));
      return;
    }
    if (!this.#isClosed()) this.#connected();
  }

  /** Go on after a failed attempt. @param {RaceError} error */
  #fail(error) {
    if (this.#ended) this.#retry(this.#ended);
    else if (error.retryable) this.#abandon(error);
    else void this.#close(error);
  }

  /** @param {RaceError} error */
  #close(error) {
    if (!this.#closing) {
      // First, because a listener that hears of it may close again.
      this.#closing = Promise.resolve().then(() => this.#discard());
      this.#forget();
      this.#making.abort();
      this.#become({ state: "closed", ...told(error) });
    }
    return this.#closing;
  }

  /** End the core's connection, if it has one; a core that cannot is not used again. */
  async #hangUp() {
    this.#making.abort();
    const core = this.#core;
    if (core && !(await ended(core))) this.#free(core);
  }

  async #discard() {
    const core = this.#core;
    if (!core) return;
    await ended(core);
    this.#free(core);
  }

  /** @param {Core} core */
  #free(core) {
    if (this.#core !== core) return;
    this.#core = null;
    this.#owner.free(core);
  }

  /** @param {StateChange} change */
  #become(change) {
    this.#change = Object.freeze(change);
    this.#owner.onState(this.#change);
  }

  /** The newest change of state. */
  get change() {
    return this.#change;
  }
}

/**
 * Say goodbye; false where it took too long.
 * @param {Core} core
 * @returns {Promise<boolean>}
 */
function ended(core) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(() => resolve(false), GOODBYE_MS)));
  const done = core.close().then(
    () => true,
    () => true,
  );
  return Promise.race([done, late]).finally(() => clearTimeout(timer));
}

/** @param {RaceError} error */
function told({ code, message, retryable }) {
  return { code, reason: message.slice(0, MAX_REASON), retryable };
}
