// The clock interface, and the page's own clock. Tests, replays and hidden pages pass another.

/**
 * @typedef {object} Clock  Replaces the browser's time and timers; a timer never calls back before `setTimeout` has returned.
 * @property {() => number} now  milliseconds that never go back
 * @property {(callback: () => void, delayMs: number) => unknown} setTimeout
 * @property {(timer: any) => void} clearTimeout
 */

/** The page's own clock. @type {Clock} */
export const PAGE_CLOCK = {
  now: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer),
};
