// A web server for one folder, with the strict policy that a careful site has.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";

/** @type {Record<string, string>} */
const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/**
 * @param {string} folder
 * @param {string} [prefix]  below which it is served
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function serveFolder(folder, prefix = "/") {
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const file = path.join(folder, pathname === prefix ? "index.html" : pathname.slice(prefix.length));
    response.setHeader("content-type", TYPES[path.extname(file)] ?? "application/octet-stream");
    try {
      if (!pathname.startsWith(prefix)) throw new Error(`not below ${prefix}`);
      const content = await readFile(file);
      response.setHeader("content-security-policy", policy(content.toString()));
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = () => void server.close();
  return { url: `http://127.0.0.1:${port}${prefix}`, close };
}

/**
 * Scripts of the site alone, and the import map that stands in the page; markup and addresses of scripts only by the policies of
 * the package and of webpack's.
 * @param {string} content
 */
function policy(content) {
  const maps = [...content.matchAll(/<script type="importmap">([^]*?)<\/script>/g)];
  const hashes = maps.map(([, map]) => ` 'sha256-${createHash("sha256").update(map).digest("base64")}'`);
  return [
    "default-src 'none'",
    `script-src 'self' 'wasm-unsafe-eval'${hashes.join("")}`,
    "style-src 'self'",
    "worker-src 'self'",
    "connect-src 'self' http: ws:",
    "img-src data:",
    "require-trusted-types-for 'script'",
    "trusted-types mp-server-client webpack",
  ].join("; ");
}
