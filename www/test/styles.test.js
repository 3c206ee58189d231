// The page's style sheets use nothing that the browsers in the README do not know.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const TOO_NEW = /light-dark\(\w|color-mix\(|@container|@starting-style|:has\(|field-sizing|^\s+&/m;

for (const name of ["style.css", "lobby.css", "race.css", "watch.css", "servers.css"]) {
  test(`${name} works in all browsers that the README names`, () => {
    const css = readFileSync(new URL(`../${name}`, import.meta.url), "utf8").replace(/\/\*.*?\*\//gs, "");
    assert.equal(css.match(TOO_NEW)?.[0], undefined);
  });
}
