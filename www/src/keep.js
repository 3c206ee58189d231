// What the browser keeps for the page, as JSON: for its tab, or for good. Where site data is blocked it is kept in memory, so that
// nothing fails.

/** @typedef {"sessionStorage" | "localStorage"} Where */

/** @type {Record<string, any>} */
const memory = {};

/**
 * What is kept under a key; null for nothing, or nothing that can be read.
 * @param {string} key
 * @param {Where} [where]
 * @returns {any}
 */
export function recall(key, where = "sessionStorage") {
  try {
    memory[key] ??= JSON.parse(globalThis[where].getItem(key) ?? "null");
  } catch {
    // Blocked or damaged.
  }
  return memory[key] ?? null;
}

/**
 * Says whether a page that is loaded later will find it.
 * @param {string} key
 * @param {unknown} value  null removes it
 * @param {Where} [where]
 */
export function keep(key, value, where = "sessionStorage") {
  memory[key] = value;
  try {
    if (value === null) globalThis[where].removeItem(key);
    else globalThis[where].setItem(key, JSON.stringify(value));
    return true;
  } catch {
    // Blocked or full: it is kept as long as the page is open.
    return false;
  }
}
