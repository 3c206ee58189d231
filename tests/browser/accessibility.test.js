// axe-core finds no fault on any screen, in both themes, on desktop and phone. At every size no panel is cut off or covers another,
// and in forced colours none is see-through.
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

test.describe("a game server with accounts", () => {
  test.use({ generation: "token" });

  for (const [size, options] of Object.entries(SIZES)) {
    for (const colorScheme of THEMES) {
      test(`the form and the room, ${size}, ${colorScheme}`, async ({ enter }) => {
        const ann = await enter("Ann", { ...options, colorScheme });
        /** @param {string} screen */
        const check = async (screen) => {
          const path = `tests/browser/screenshots/${size}-${colorScheme}-accounts-${screen}.png`;
          await ann.page.screenshot({ path });
          expect(await violations(ann), `${screen}, ${size}, ${colorScheme}`).toEqual([]);
        };
        await ann.choose("Sign in");
        await check("signin");
        await ann.choose("Create account");
        await ann.element("signin-name").fill("Ann");
        await ann.element("signin-submit").click();
        await expect(ann.element("signin-password")).toHaveAttribute("aria-invalid", "true");
        await check("error");
        await ann.signIn();
        await expect(ann.page.getByLabel("Drivers 2 to 128")).toBeVisible();
        await check("lobby");
        await ann.createRoom("Sunday");
        await check("room");
      });
    }
  }
});

const VIEWPORTS = [
  [390, 844],
  [760, 900],
  [844, 390],
  [1100, 800],
  [1440, 900],
];

/** What is cut off, squeezed or covered, in words. @param {import("@playwright/test").Page} page */
function misplaced(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const found = scrollWidth > clientWidth ? [`the page is ${scrollWidth - clientWidth} px too wide`] : [];
    const visible = (/** @type {string} */ selector) =>
      [...document.querySelectorAll(selector)].flatMap((part) => {
        const { left, top, right, bottom, width } = part.getBoundingClientRect();
        const name = part.id || part.className;
        return part.checkVisibility() && width > 0 ? [{ name, left, top, right, bottom, width }] : [];
      });
    for (const { name, width } of visible(".button.square")) {
      if (width < 40) found.push(`${name} is ${width} px wide`);
    }
    const parts = visible(".hud .panel, .tower, .touch-steer, .pedal");
    parts.forEach((a, i) => {
      if (a.left < 0 || a.top < 0 || a.right > innerWidth || a.bottom > innerHeight) {
        found.push(`${a.name} is cut off`);
      }
      for (const b of parts.slice(i + 1)) {
        const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        if (!apart) found.push(`${a.name} covers ${b.name}`);
      }
    });
    return found;
  });
}

for (const hasTouch of [false, true]) {
  test(`nothing is cut off or covered at any size, ${hasTouch ? "with" : "without"} touch`, async ({
    enter,
  }) => {
    const ann = await enter("Ann-Kathrin the Fast", { hasTouch });
    const check = async (/** @type {string} */ screen) => {
      for (const [width, height] of VIEWPORTS) {
        await ann.page.setViewportSize({ width, height });
        await expect
          .poll(() => misplaced(ann.page), { message: `${screen}, ${width} × ${height}` })
          .toEqual([]);
      }
    };
    await check("signin");
    await ann.signIn();
    await check("lobby");
    await ann.joinRoom("Bot race");
    await check("room");
    await ann.element("join-race").click();
    await expect.poll(async () => (await ann.state()).cars.length).toBe(3);
    await check("race");
    // Behind the words of a panel that is not opaque, the browser paints patches.
    await ann.page.emulateMedia({ forcedColors: "active" });
    const opaque = () =>
      ann.page.evaluate(() => {
        const panels = [...document.querySelectorAll(".hud .panel, .tower-row, .pedal")].filter((panel) =>
          panel.checkVisibility(),
        );
        if (panels.length === 0) return ["no panel is shown"];
        return panels
          .map((panel) => getComputedStyle(panel).backgroundColor)
          .filter((colour) => colour.includes("rgba"));
      });
    await expect.poll(opaque).toEqual([]);
  });
}
