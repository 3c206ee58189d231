// Runs timers for a page in a worker, because no browser slows down a worker's timers.

/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const timers = new Map();

/** @param {MessageEvent<{ timer: string, delayMs?: number }>} event  without `delayMs` the timer is cancelled */
onmessage = ({ data: { timer, delayMs } }) => {
  clearTimeout(timers.get(timer));
  timers.delete(timer);
  if (delayMs === undefined) return;
  const due = () => {
    timers.delete(timer);
    postMessage(timer);
  };
  timers.set(timer, setTimeout(due, delayMs));
};
