// Numbers as a developer reads them.

const NOTHING = "–";

/** @param {number | null | undefined} ms */
export function inMs(ms) {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NOTHING;
  return `${ms < 10 && !Number.isInteger(ms) ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** @param {number} percent */
export function inPercent(percent) {
  if (!Number.isFinite(percent)) return NOTHING;
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** @param {number} rate */
export function aSecond(rate) {
  return Number.isFinite(rate) ? `${Math.round(rate)}/s` : NOTHING;
}

/** @param {number} bytes */
export function inBytes(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A length of time, as short as it can be said. @param {number} ms */
export function lasting(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param {number} ms  of the wall clock */
export function timeOfDay(ms) {
  const date = new Date(ms);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** Enough of an id to tell it from others. @param {string | null | undefined} id */
export function short(id) {
  if (!id) return NOTHING;
  return id.length > 10 ? `${id.slice(0, 8)}…` : id;
}

/** @param {number} count @param {string} thing */
export function many(count, thing) {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
