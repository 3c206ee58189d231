// Everything that a browser complains about, gathered from the start.

/**
 * @param {import("@playwright/test").Page} page
 * @returns {string[]}  filled as they come: console errors and warnings, uncaught errors and failed requests
 */
export function listen(page) {
  /** @type {string[]} */
  const complaints = [];
  page.on("console", (message) => {
    const kind = message.type();
    if (kind === "error" || kind === "warning") complaints.push(`${kind}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.stack ?? error}`));
  page.on("requestfailed", (request) =>
    complaints.push(`request failed: ${request.url()} ${request.failure()?.errorText}`),
  );
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`status ${response.status()}: ${response.url()}`);
  });
  return complaints;
}
