// Messages over the race: they cover nothing that a driver needs, leave after a while, and can be muted.
import { fileURLToPath } from "node:url";

import { expect, test } from "./fixture.js";
import { race } from "./two.js";

/** @typedef {import("./player.js").Player} Player */

/** As long as the form takes. */
const LONG = "an endless word about the last corner ".repeat(8).slice(0, 300);
const SCREENSHOTS = fileURLToPath(new URL("test-results/", import.meta.url));
const SCREENS = [
  { width: 390, height: 844, hasTouch: true },
  { width: 375, height: 667, hasTouch: true },
  { width: 844, height: 390, hasTouch: true },
  { width: 1440, height: 900, hasTouch: false },
];

/** @param {Player} player @param {string} text */
async function say(player, text) {
  await player.page.keyboard.press("KeyT");
  await player.element("race-message-input").fill(text);
  await player.element("race-message-input").press("Enter");
}

/** What the messages cover, or push off the screen; the car stands in the middle. @param {Player} player */
function harmed({ page }) {
  return page.evaluate(() => {
    const boxes = (/** @type {string} */ selector) =>
      [...document.querySelectorAll(selector)]
        .filter((part) => part.checkVisibility())
        .map((part) => ({ name: part.id || part.className, box: part.getBoundingClientRect() }));
    const upright = innerHeight > innerWidth;
    const middle = innerHeight * (upright && "touch" in document.body.dataset ? 0.42 : 0.5);
    const car = { name: "the car", box: new DOMRect(innerWidth / 2 - 20, middle - 20, 40, 40) };
    const parts = [...boxes(".hud .panel, .tower, .touch-steer, .pedal"), car];
    const messages = boxes(".race-messages");
    return [
      ...parts.filter(
        ({ box }) => box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight,
      ),
      ...parts.filter(({ box }) =>
        messages.some(
          ({ box: { left, top, right, bottom } }) =>
            left < box.right && box.left < right && top < box.bottom && box.top < bottom,
        ),
      ),
    ].map(({ name }) => name);
  });
}

for (const { width, height, hasTouch } of SCREENS) {
  test(`long messages cover nothing and leave no gap, at ${width} × ${height}`, async ({ enter }) => {
    const { ann, ben } = await race(enter, { viewport: { width, height }, hasTouch });
    const speed = () => ann.page.locator(".hud-speed").boundingBox();
    const chat = () => ann.page.locator(".hud-chat").evaluate((box) => box.getBoundingClientRect().height);
    const before = await speed();
    for (const number of [1, 2, 3, 4, 5]) await say(ben, `${number} ${LONG}`.slice(0, 300));
    const newest = ann.element("race-messages").getByText("5 an endless word");
    await expect(newest).toBeVisible();
    await ann.page.screenshot({ path: `${SCREENSHOTS}/messages-${width}.png` });
    expect(await harmed(ann)).toEqual([]);
    expect(await speed()).toEqual(before);
    await expect.poll(chat, { timeout: 30_000 }).toBe(0);
    // Who opens the line reads all of it again.
    await ann.element("race-menu").click();
    await ann.element("menu-message").click();
    await expect(newest).toBeInViewport();
    await ann.page.screenshot({ path: `${SCREENSHOTS}/messages-reading-${width}.png` });
    expect(await harmed(ann)).toEqual([]);
    expect(await speed()).toEqual(before);
  });
}

test("with reduced motion too, messages leave after a while", async ({ enter }) => {
  const { ann, ben } = await race(enter, { reducedMotion: "reduce" });
  await say(ben, "hello");
  const message = ann.element("race-messages").getByText("hello");
  await expect(message).toBeVisible();
  await expect(message).toBeHidden({ timeout: 30_000 });
});

test("the race's menu mutes a player's messages", async ({ enter }) => {
  const { ann, ben } = await race(enter, {});
  await ann.element("race-menu").click();
  await ann.element("menu-mutes").click();
  const row = ann.element("menu-player");
  await expect(row).toHaveCount(1);
  await expect(row).toContainText("Ben");
  await row.getByTestId("mute").click();
  await expect(row.getByTestId("mute")).toHaveText("Unmute");
  await ann.page.screenshot({ path: `${SCREENSHOTS}/menu-mutes.png` });
  await say(ben, "nobody reads this");
  await expect(ben.element("race-messages")).toContainText("nobody reads this");
  await row.getByTestId("mute").click();
  await say(ben, "hello");
  await expect(ann.element("race-messages").getByTestId("message")).toHaveText(["Ben hello"]);
});
