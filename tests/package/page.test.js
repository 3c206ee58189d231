// The page as the relay embeds it: scripts without comments and white space that mean what was written.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { transform } from "esbuild";

import { startSite } from "./site.js";

const WWW = fileURLToPath(new URL("../../www/", import.meta.url));

/** One text for all scripts that differ in nothing but comments and white space. @param {string} script */
async function meaning(script) {
  const options = /** @type {const} */ ({
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
  });
  return (await transform(script, options)).code;
}

test("scripts lose their comments and white space, and nothing else", async () => {
  const names = await readdir(WWW, { recursive: true });
  const scripts = names.filter((name) => name.endsWith(".js") && !name.startsWith("test"));
  assert.ok(scripts.length > 50);
  const site = await startSite();
  const sizes = { written: 0, served: 0 };
  try {
    for (const name of scripts) {
      const written = await readFile(path.join(WWW, name), "utf8");
      const answer = await fetch(`${site.url}/${name}`);
      assert.equal(answer.status, 200, name);
      const served = await answer.text();
      assert.equal(await meaning(served), await meaning(written), name);
      sizes.written += written.length;
      sizes.served += served.length;
    }
  } finally {
    await site.stop();
  }
  assert.ok(sizes.served < 0.75 * sizes.written, `${sizes.served} of ${sizes.written} characters`);
});
