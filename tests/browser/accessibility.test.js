// axe-core finds nothing to complain about: every screen, both themes, desktop and phone.
import axe from "axe-core";

import { expect, test } from "./fixture.js";

const SIZES = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
};
const THEMES = /** @type {const} */ (["light", "dark"]);

/**
 * What axe finds wrong, one line each.
 *
 * @param {import("./player.js").Player} player
 */
async function violations({ page }) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { violations: all } = await /** @type {any} */ (window).axe.run(document, {
      resultTypes: ["violations"],
    });
    return all.map((/** @type {any} */ { id, nodes }) => ({
      id,
      nodes: nodes.map((/** @type {any} */ node) => node.html),
    }));
  });
  return found;
}

test.use({ bots: 3 });

for (const [size, options] of Object.entries(SIZES)) {
  for (const colorScheme of THEMES) {
    test(`${size}, ${colorScheme}`, async ({ enter }) => {
      const ann = await enter("Ann", { ...options, colorScheme });
      /** @param {string} screen */
      const check = async (screen) => {
        await ann.page.screenshot({ path: `tests/browser/screenshots/${size}-${colorScheme}-${screen}.png` });
        expect(await violations(ann), `${screen}, ${size}, ${colorScheme}`).toEqual([]);
      };

      await expect(ann.element("signin-submit")).toBeEnabled();
      await check("signin");
      await ann.signIn();
      await expect(ann.room("Bot race")).toBeVisible();
      await check("lobby");
      await ann.joinRoom("Bot race");
      await expect.poll(async () => (await ann.state()).players.length).toBe(4);
      await check("room");
      await ann.element("join-race").click();
      await expect.poll(async () => (await ann.state()).cars.length).toBe(3);
      await check("race");
      await ann.element("race-menu").click();
      await expect(ann.element("race-menu-dialog")).toBeVisible();
      await check("menu");
    });
  }
}
