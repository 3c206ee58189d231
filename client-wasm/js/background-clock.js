// A clock for pages that keep running while hidden. Browsers limit the timers of a hidden page to one a second, and after
// five minutes to one a minute. They do not limit those of a worker.

import { PAGE_CLOCK } from "./clock.js";
import { trusted } from "./trusted.js";

/** @typedef {import("./clock.js").Clock} Clock */

/**
 * Make a clock whose timers run in a worker while the page is hidden: `{ name, clock: backgroundClock() }`. The worker starts
 * when the page is hidden for the first time. If it cannot run, the page's own timers are used.
 * @returns {Clock}
 */
export function backgroundClock() {
  /** @type {Map<string, { callback: () => void, delayMs: number }>} */
  const waiting = new Map();
  /** @type {Worker | null | undefined} null: cannot run */
  let worker;
  let made = 0;

  function start() {
    try {
      const script = new URL("./worker/background-timers.js", import.meta.url).href;
      const started = new Worker(trusted().createScriptURL(script), { type: "module" });
      started.onmessage = ({ data }) => {
        const due = waiting.get(data);
        waiting.delete(data);
        due?.callback();
        rest();
      };
      started.onerror = (event) => {
        event.preventDefault();
        giveUp();
      };
      return started;
    } catch {
      return null;
    }
  }

  /** End the worker once nothing waits for it: what is cancelled is mostly set again at once. */
  function rest() {
    queueMicrotask(() => {
      if (waiting.size > 0 || !worker) return;
      worker.terminate();
      worker = undefined;
    });
  }

  /** Hand all timers to the page. */
  function giveUp() {
    worker = null;
    for (const [timer, { callback, delayMs }] of waiting) {
      PAGE_CLOCK.setTimeout(() => waiting.delete(timer) && callback(), delayMs);
    }
  }

  return {
    now: PAGE_CLOCK.now,
    setTimeout(callback, delayMs) {
      if (worker === undefined && globalThis.document?.hidden) worker = start();
      if (!worker || !document.hidden) return PAGE_CLOCK.setTimeout(callback, delayMs);
      const timer = `background ${++made}`;
      waiting.set(timer, { callback, delayMs });
      worker.postMessage({ timer, delayMs });
      return timer;
    },
    clearTimeout(timer) {
      if (!waiting.delete(timer)) return PAGE_CLOCK.clearTimeout(timer);
      worker?.postMessage({ timer });
      rest();
    },
  };
}
