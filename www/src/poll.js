// Ask again and again while the page is visible, never twice at once.

/**
 * @param {() => Promise<unknown>} ask  its failures are its own business
 * @param {number} pauseMs  from one answer to the next question
 */
export function createPoll(ask, pauseMs) {
  let running = false;
  let asking = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function turn() {
    clearTimeout(timer);
    if (!running || asking || document.hidden) return;
    asking = true;
    try {
      await ask();
    } finally {
      asking = false;
      if (running) timer = setTimeout(turn, pauseMs);
    }
  }

  document.addEventListener("visibilitychange", turn);
  return {
    /** @param {boolean} wanted */
    run(wanted) {
      if (running === wanted) return;
      running = wanted;
      clearTimeout(timer);
      if (running) void turn();
    },
    /** Ask at once. */
    now: turn,
  };
}
