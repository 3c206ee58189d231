// Keeps a core connected: connects it, signs in, and after a loss connects again when the core says so. It knows nothing of
// rooms; its owner goes back into the room in `comeBack`.

import { RaceError, raceError } from "./error.js";

/** @typedef {import("./core.js").Core} Core */
/** @typedef {import("./core.js").CoreEvents} CoreEvents */
/** @typedef {"idle" | "connecting" | "connected" | "reconnecting" | "closed"} ClientState  `idle` before the first `connect()`; `closed` is for good. */
/**
 * @typedef {object} StateChange  A new state of the connection, and the reason for it.
 * @property {ClientState} state
 * @property {import("./error.js").RaceErrorCode} [code]  why it is `reconnecting`, `closed`, or `idle` again
 * @property {string} [reason]  the same in words
 * @property {boolean} [retryable]
 * @property {number} [attempt]  while `reconnecting`: 1 for the first
 * @property {boolean} [resuming]  while `reconnecting`: the relay may still have the session, so nothing but positions is lost yet
 * @property {number} [retryInMs]  while `reconnecting`: the time until that attempt; 0 once it begins
 */
/**
 * @typedef {object} Owner
 * @property {(signal: AbortSignal) => Promise<Core>} make  makes a new core; its owner listens to it
 * @property {(core: Core) => void} free
 * @property {string} socket  the relay's WebSocket
 * @property {import("./clock.js").Clock} clock
 * @property {(core: Core) => Promise<void>} signIn
 * @property {() => boolean} hasGhosts  the game server may keep a name for a connection that is lost
 * @property {(core: Core) => Promise<void>} comeBack  called after every sign-in except the first
 * @property {(core: Core) => void} goOn  called when an interrupted session goes on, without a sign-in
 * @property {(change: StateChange) => void} onState
 */
/** @typedef {{ error: RaceError, attempt: number, retryInMs: number | null }} Loss  Why a connection ended, and when to come back; null: never. */

/** How long a goodbye may take. */
const GOODBYE_MS = 5000;
/** How long the goodbye of an interrupted session is tried, while the relay may still have it. Nobody waits for it so long. */
const LATE_GOODBYE_MS = 30_000;
/**
 * How long after a loss a name that is taken may be the player's own, held by what the server still has of the lost session.
 * Servers end a silent session after a minute.
 */
const GHOST_MS = 90_000;
/** The longest part of a state's reason that is kept. */
const MAX_REASON = 300;

export class Connection {
  #owner;
  /** @type {Core | null} */
  #core = null;
  /** @type {StateChange} */
  #change = { state: "idle" };
  /** How the core's connection ended during a dial. @type {Loss | null} */
  #ended = null;
  /** Why the core was told to abandon its connection; its `close` follows. @type {RaceError | null} */
  #abandoned = null;
  /** Aborts the making of a core. */
  #making = new AbortController();
  /** Cancels the wait for the next attempt. @type {() => void} */
  #cancelRetry = () => {};
  /** Makes the next attempt at once; null while none is due. @type {(() => void) | null} */
  #retryAtOnce = null;
  /** The core waits for another connection to go on with its session. */
  #interrupted = false;
  /** When the connection was last good. */
  #goodAtMs = 0;
  /** The message of an operator who ended the session; empty if none did. */
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

  /** The core while it is connected and signed in, and its owner is back in its room; else null. */
  get live() {
    return this.state === "connected" ? this.#core : null;
  }

  /** The core while it takes commands. While its session is interrupted they wait for the next connection. */
  get ready() {
    return this.#interrupted ? this.#core : this.live;
  }

  /** The core in any state, for its figures. */
  get core() {
    return this.#core;
  }

  /** Leave the session to another page. @returns {string | undefined}  what that page needs; nothing if there is no session */
  save() {
    const core = this.#isConnecting() ? this.#core : this.ready;
    return core?.save?.();
  }

  /** Give the core; throws an error that says why there is none. @returns {Core} */
  need() {
    if (this.ready) return this.ready;
    if (this.state === "closed") {
      // The reason for the close, so a command made of several requests fails with the same code as a single one.
      const { code = "closed", reason = "", retryable } = this.#change;
      throw new RaceError(code, reason, { retryable });
    }
    if (this.state === "reconnecting") {
      throw new RaceError("reconnecting", "the connection was lost: wait for the state connected");
    }
    throw new RaceError("not_connected", "not connected: call connect() first");
  }

  /** Connect and sign in. An abort rejects with the signal's reason. @param {AbortSignal} [signal] */
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

  /** Say goodbye and free everything. Gives the same promise each time. */
  close() {
    return this.#close(new RaceError("closed", "the client was closed"));
  }

  /** The core's `close` event. @param {CoreEvents["close"]} event */
  handleClose(event) {
    const abandoned = this.#abandoned;
    this.#abandoned = null;
    const error = this.#kicked ? new RaceError("kicked", this.#kicked) : (abandoned ?? raceError(event));
    const { attempt, retryInMs } = event;
    const wasConnected = this.state === "connected" || this.#interrupted;
    this.#goOn();
    if (abandoned || wasConnected) this.#retry({ error, attempt, retryInMs });
    else this.#ended ??= { error, attempt, retryInMs };
  }

  /** The core's `kicked` event. @param {CoreEvents["kicked"]} event */
  handleKicked({ message }) {
    this.#kicked = message || "the game server's operator ended the session";
  }

  /** The core's `interrupted` event. During a dial it goes on by itself. @param {CoreEvents["interrupted"]} event */
  handleInterrupted({ code, reason, attempt, retryInMs }) {
    if (this.state === "connected") {
      this.#interrupted = true;
      this.#goodAtMs = this.#owner.clock.now();
      this.#hurry(() => this.#core?.reconnectNow?.());
    }
    if (!this.#interrupted) return;
    const why = { code, reason, retryable: true };
    this.#become({ state: "reconnecting", ...why, attempt, retryInMs: retryInMs ?? 0, resuming: true });
  }

  /** The core's `resumed` event. */
  handleResumed() {
    if (!this.#interrupted || !this.#core) return;
    this.#goOn();
    this.#connected();
    this.#owner.goOn(this.#core);
  }

  /** Make the next attempt at once. */
  retryNow() {
    this.#retryAtOnce?.();
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
    // The client may have been closed, or the attempt aborted, meanwhile.
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

  /** Drop a connection that does not answer. The `close` that follows says when to reconnect. @param {RaceError} error */
  #abandon(error) {
    this.#abandoned = error;
    this.#core?.abandon();
  }

  /** @param {Loss} loss */
  #retry({ error, attempt, retryInMs }) {
    if (this.#isClosed()) return;
    if (this.state === "connected") this.#goodAtMs = this.#owner.clock.now();
    if (!error.retryable || retryInMs === null) {
      void this.#close(error);
      return;
    }
    const again = () => {
      this.#cancelRetry();
      void this.#again(error, attempt);
    };
    const { clock } = this.#owner;
    const timer = clock.setTimeout(again, retryInMs);
    const stop = this.#hurry(again);
    this.#cancelRetry = () => {
      stop();
      clock.clearTimeout(timer);
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
    const isTaken = error.code === "auth_failed" && this.#owner.hasGhosts();
    const isGhost = isTaken && this.#owner.clock.now() - this.#goodAtMs < GHOST_MS;
    if (this.#ended) this.#retry(this.#ended);
    else if (isGhost) this.#abandon(new RaceError(error.code, error.message, { retryable: true }));
    else if (error.retryable) this.#abandon(error);
    else void this.#close(error);
  }

  /** Try again at once when the network is back, or the player looks at the page. @param {() => void} again */
  #hurry(again) {
    const { document } = globalThis;
    const onShow = () => document.visibilityState === "visible" && again();
    globalThis.addEventListener?.("online", again);
    document?.addEventListener("visibilitychange", onShow);
    this.#retryAtOnce = again;
    return (this.#cancelRetry = () => {
      this.#retryAtOnce = null;
      globalThis.removeEventListener?.("online", again);
      document?.removeEventListener("visibilitychange", onShow);
    });
  }

  /** The interruption is over. */
  #goOn() {
    if (this.#interrupted) this.#cancelRetry();
    this.#interrupted = false;
  }

  /** @param {RaceError} error */
  #close(error) {
    if (!this.#closing) {
      // Set first, because a listener of the new state may call close() again.
      const isInterrupted = this.#interrupted;
      this.#closing = Promise.resolve().then(() => this.#discard(isInterrupted));
      this.#cancelRetry();
      this.#interrupted = false;
      this.#making.abort();
      this.#become({ state: "closed", ...told(error) });
    }
    return this.#closing;
  }

  /** End the core's connection, if it has one. A core whose goodbye takes too long is freed. */
  async #hangUp() {
    this.#making.abort();
    const core = this.#core;
    if (core && !(await this.#sayGoodbye(core))) this.#free(core);
  }

  /** @param {boolean} [isInterrupted]  the goodbye is still tried when nobody waits for it any more */
  async #discard(isInterrupted = false) {
    const core = this.#core;
    if (!core) return;
    const said = this.#sayGoodbye(core, isInterrupted ? LATE_GOODBYE_MS : GOODBYE_MS);
    const freed = said.then(() => this.#free(core));
    if (!isInterrupted) return freed;
    await this.#within(freed, GOODBYE_MS);
  }

  /**
   * Sign out. Gives false if that takes too long.
   * @param {Core} core
   * @param {number} [limitMs]
   */
  #sayGoodbye(core, limitMs = GOODBYE_MS) {
    return this.#within(core.close(), limitMs);
  }

  /**
   * Wait until something is done or has failed. Gives false if that takes too long.
   * @param {Promise<unknown>} work
   * @param {number} limitMs
   * @returns {Promise<boolean>}
   */
  #within(work, limitMs) {
    const { clock } = this.#owner;
    return new Promise((resolve) => {
      const timer = clock.setTimeout(() => resolve(false), limitMs);
      const done = () => {
        clock.clearTimeout(timer);
        resolve(true);
      };
      work.then(done, done);
    });
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

/** @param {RaceError} error */
function told({ code, message, retryable }) {
  return { code, reason: message.slice(0, MAX_REASON), retryable };
}
