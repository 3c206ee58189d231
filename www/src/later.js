// What is loaded after the first screen: when, in what order, and only once. What did not come is asked for again.

/**
 * Do something that everybody needs once; a failure is forgotten, so that the next call tries again.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {() => Promise<T>}
 */
export function once(work) {
  /** @type {Promise<T> | undefined} */
  let doing;
  return () => {
    doing ??= work().catch((error) => {
      doing = undefined;
      throw error;
    });
    return doing;
  };
}

/** Idle time may not come on a busy device: then this is late enough. */
const LATEST_MS = 2000;
/** Safari knows no idle time. */
const SOON_MS = 200;

/**
 * Do something that nobody waits for yet.
 * @param {() => void} work
 */
export function whenIdle(work) {
  if (typeof requestIdleCallback === "function") requestIdleCallback(work, { timeout: LATEST_MS });
  else setTimeout(work, SOON_MS);
}

/**
 * Add style sheets to the page, in this order: all of them or none.
 * @param {string[]} addresses
 */
export async function loadStyles(addresses) {
  const links = addresses.map((address) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = address;
    return link;
  });
  const loaded = links.map(
    (link) =>
      new Promise((resolve, reject) => {
        link.addEventListener("load", resolve);
        link.addEventListener("error", () => reject(new Error(`${link.href} did not come`)));
      }),
  );
  document.head.append(...links);
  try {
    await Promise.all(loaded);
  } catch (error) {
    for (const link of links) link.remove();
    throw error;
  }
}
