// The page's files without a relay: read from disk, as they are. For tests of the viewer alone, with a mock of the race.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const WWW = fileURLToPath(new URL("../../www", import.meta.url));
const PACKAGE = fileURLToPath(new URL("../../client-wasm/js", import.meta.url));
const MEDIA_TYPES = { ".json": "application/json", ".js": "text/javascript", ".wasm": "application/wasm" };
export const ORIGIN = "http://viewer.test";

/**
 * Open a page that may import everything below `www`, and the package's scripts as `/package/…`.
 *
 * @param {import("@playwright/test").Page} page
 * @param {string} html
 * @param {Record<string, () => unknown>} [answers]  JSON by path, for what a relay would answer
 */
export async function openFromDisk(page, html, answers = {}) {
  await page.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/") return route.fulfill({ contentType: "text/html", body: html });
    if (pathname === "/favicon.ico") return route.fulfill({ status: 204 });
    if (answers[pathname]) return route.fulfill({ json: answers[pathname]() });
    const extension = path.extname(pathname);
    const contentType = MEDIA_TYPES[/** @type {".js"} */ (extension)];
    const [, script] = /^\/package\/(.*)$/.exec(pathname) ?? [];
    const file = script ? path.join(PACKAGE, script) : path.join(WWW, pathname);
    return route.fulfill({ contentType, body: await readFile(file) });
  });
  await page.goto(ORIGIN);
}
