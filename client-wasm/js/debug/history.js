// The states that a client went through, and how long each lasted.

/** @typedef {import("../connection.js").StateChange} StateChange */
/** @typedef {{ state: string, code: string, reason: string, fromMs: number, untilMs: number | null, attempt: number, retryAtMs: number | null }} Stay */

/** As many as a list shows before nobody reads on. */
export const MAX_STAYS = 30;

export class History {
  /** Oldest first. @type {Stay[]} */
  stays = [];

  /**
   * @param {StateChange} change
   * @param {number} nowMs
   */
  add({ state, code = "", reason = "", attempt = 0, retryInMs }, nowMs) {
    const last = this.stays.at(-1);
    const retryAtMs = retryInMs === undefined ? null : nowMs + retryInMs;
    // Each attempt is told anew; it is still the same wait.
    if (last && last.state === state && last.untilMs === null) {
      Object.assign(last, { attempt, retryAtMs, code: code || last.code, reason: reason || last.reason });
      return;
    }
    if (last) last.untilMs = nowMs;
    this.stays.push({ state, code, reason, fromMs: nowMs, untilMs: null, attempt, retryAtMs });
    if (this.stays.length > MAX_STAYS) this.stays.shift();
  }

  get current() {
    return this.stays.at(-1) ?? null;
  }
}
