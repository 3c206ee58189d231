// The time and the timers of whoever runs this; tests bring their own.

/**
 * @typedef {object} Clock
 * @property {() => number} now  milliseconds that never go back
 * @property {(work: () => void, delayMs: number) => unknown} setTimer
 * @property {(timer: any) => void} clearTimer
 */

/** @type {Clock} */
export const systemClock = {
  now: () => performance.now(),
  setTimer: (work, delayMs) => setTimeout(work, delayMs),
  clearTimer: (timer) => clearTimeout(timer),
};
