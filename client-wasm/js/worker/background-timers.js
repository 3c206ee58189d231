// Runs in a worker, whose timers no browser slows down: calls back the page that set them.

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
