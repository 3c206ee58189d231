// On narrow screens nothing that players wrote is cut, and names of all scripts begin at the same edge.
import { fileURLToPath } from "node:url";

import { expect, test } from "./fixture.js";

/** @typedef {import("./player.js").Player} Player */

const ROOM = "The Grand Friday Evening Championship 12";
/** The longest that the forms take. */
const LONG = "Wolfeschlegelsteinhausen";
const HEBREW = "שלום עולם 7";
const HEIGHT = 900;
const SCREENSHOTS = fileURLToPath(new URL("test-results/", import.meta.url));

/**
 * Names whose text does not fit into their box, and how far from its left edge each begins.
 * @param {Player} player
 * @param {string} selector
 */
function names({ page }, selector) {
  return page.locator(selector).evaluateAll((boxes) =>
    boxes
      .filter((box) => /** @type {HTMLElement} */ (box).offsetParent !== null)
      .map((box) => {
        const text = document.createRange();
        text.selectNodeContents(box);
        const isCut = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 2;
        const indent = text.getBoundingClientRect().left - box.getBoundingClientRect().left;
        return { name: box.textContent ?? "", isCut, indent: Math.round(indent) };
      }),
  );
}

/** @param {Awaited<ReturnType<typeof names>>} found @param {string} name */
function expectWhole(found, name) {
  expect(found.map((each) => each.name)).toContain(name);
  expect(found.filter(({ isCut }) => isCut)).toEqual([]);
  expect(found.filter(({ indent }) => indent > 1)).toEqual([]);
}

test("names of rooms and drivers are whole, in the lists and in the race", async ({ enter }) => {
  const ann = await enter(LONG);
  const ben = await enter(HEBREW);
  const eve = await enter("Eve");
  for (const player of [ann, ben, eve]) await player.signIn();
  await ann.createRoom(ROOM);
  await expect(eve.room(ROOM)).toBeVisible();
  for (const width of [360, 390, 760, 900, 1100, 1440]) {
    await eve.page.setViewportSize({ width, height: HEIGHT });
    expectWhole(await names(eve, ".room-name"), ROOM);
  }
  await ben.joinRoom(ROOM);
  await ann.expectPlayers(LONG, HEBREW);
  await ann.element("start-race").click();
  await ann.expectScreen("race");
  await expect(ann.element("hud-lap")).toHaveText("Out lap");
  await expect(ann.page.locator(".tower-name").filter({ hasText: HEBREW })).toBeVisible();
  for (const width of [760, 1100, 1440]) {
    await ann.page.setViewportSize({ width, height: HEIGHT });
    expectWhole(await names(ann, ".tower-name"), HEBREW);
  }
  await ann.page.keyboard.press("Escape");
  await ann.element("race-leave").click();
  for (const width of [390, 760, 1100, 1440]) {
    await ann.page.setViewportSize({ width, height: HEIGHT });
    expectWhole(await names(ann, ".player-name"), HEBREW);
    const rows = ann.page.locator("#room .actions .button:visible");
    await expect(rows).toHaveCount(5);
    const tops = await rows.evaluateAll(
      (all) => new Set(all.map((one) => one.getBoundingClientRect().top)).size,
    );
    expect(tops, `rows of buttons at ${width}`).toBe(width < 700 ? 3 : 1);
  }
});

test("the keys of the first hint stay in one line on a phone", async ({ enter }) => {
  const ann = await enter("Ann", { viewport: { width: 390, height: 844 } });
  await ann.signIn();
  await ann.createRoom("Sunday");
  await ann.element("start-race").click();
  await ann.expectScreen("race");
  const height = await ann.page
    .locator(".hint-keys")
    .first()
    .evaluate((keys) => keys.getBoundingClientRect().height);
  expect(height).toBeLessThan(30);
});

test("a driver whom a wall holds is told how to get away", async ({ enter }) => {
  const ann = await enter("Ann", { viewport: { width: 390, height: 844 } });
  await ann.signIn();
  await ann.createRoom("Sunday");
  await ann.element("start-race").click();
  await ann.expectScreen("race");
  const hint = ann.element("hud-hint");
  await expect(hint).toContainText("Drive out to the track");
  // Straight on, across the pit lane.
  await ann.page.keyboard.down("KeyW");
  await expect(hint.getByText("Stuck?")).toBeVisible();
  await expect(hint).toContainText(/reverse.*R.*put the car back/);
  await ann.page.screenshot({ path: `${SCREENSHOTS}/stuck-390.png` });
  await ann.page.keyboard.up("KeyW");
  await expect(hint.getByText("Stuck?")).toBeHidden();
  await expect(hint.getByText("Drive out to the track")).toBeVisible();
});

test("new messages are noticed on a phone, in the room and in the race", async ({ enter }) => {
  const ann = await enter("Ann", { viewport: { width: 390, height: 420 } });
  const ben = await enter("Ben");
  await ann.signIn();
  await ben.signIn();
  await ann.createRoom("Sunday");
  await ben.joinRoom("Sunday");
  await ann.page.evaluate(() => window.scrollTo(0, 0));
  const say = async (/** @type {string} */ text) => {
    await ben.element("message-input").fill(text);
    await ben.element("message-send").click();
  };
  await expect(ann.element("unread")).toBeHidden();
  await say("hello");
  await expect(ann.element("unread")).toHaveText("1 new message");
  await ann.element("unread").click();
  await expect(ann.element("message")).toBeInViewport();
  await expect(ann.element("unread")).toBeHidden();

  await ann.element("start-race").click();
  await ann.expectScreen("race");
  await ben.expectScreen("race");
  await expect(ann.element("race-menu")).toHaveAttribute("aria-label", "Menu");
  await ben.page.keyboard.press("Escape");
  await ben.element("race-leave").click();
  await say("wait for me");
  await expect(ann.element("race-menu")).toHaveAttribute("aria-label", "Menu, 1 new message");
  await ann.element("race-menu").click();
  await expect(ann.element("menu-message")).toHaveText("Read 1 new message");
  await ann.element("menu-message").click();
  await expect(ann.element("race-messages")).toContainText("wait for me");
  await expect(ann.element("race-menu")).toHaveAttribute("aria-label", "Menu");
});

test("a field that is full says so, and takes the note back", async ({ enter }) => {
  const ann = await enter("Ann");
  const note = ann.page.locator(".limit");
  await ann.element("signin-name").pressSequentially("x".repeat(23));
  await expect(note).toHaveText("");
  await ann.element("signin-name").press("x");
  await expect(note).toHaveText("At most 24 characters.");
  await expect(note).toHaveRole("status");
  await ann.element("signin-name").press("Backspace");
  await expect(note).toHaveText("");
});

test("words stay clear of the circuit, of buttons and of the window's edge", async ({ enter }) => {
  const ann = await enter("Ann", { hasTouch: true, viewport: { width: 760, height: HEIGHT } });
  // The ring of a flat picture has no room for the facts.
  await expect(ann.page.locator("#hero-facts")).toHaveText(/ m, /);
  await expect(ann.page.locator("#hero-facts")).toBeHidden();
  await ann.signIn();
  await ann.createRoom("Sunday");
  await ann.element("start-race").click();
  await ann.expectScreen("race");
  for (const width of [320, 360, 375]) {
    await ann.page.setViewportSize({ width, height: 640 });
    const room = await ann.page.evaluate(() => {
      const times = [...document.querySelectorAll(".times dd")].map((time) => {
        const text = document.createRange();
        text.selectNodeContents(time);
        return text.getBoundingClientRect();
      });
      const panel = /** @type {Element} */ (document.querySelector(".times")).getBoundingClientRect();
      const buttons = /** @type {Element} */ (document.querySelector(".hud-buttons")).getBoundingClientRect();
      return Math.min(buttons.left - panel.right, ...times.map(({ right }) => panel.right - right));
    });
    expect(room, `right of the times at ${width}`).toBeGreaterThan(4);
  }
});

/** Where each visible part of the race's display is. @param {Player} player */
function partsOf({ page }) {
  return page.evaluate(() => {
    const all = [
      ...[".place", ".tower", ".lights", ".hint", ".alert", ".notice", ".times", ".hud-button", ".hud-map"],
      ...[".hud-speed", ".race-message-form", ".touch-steer", ".pedal"],
    ];
    return all.flatMap((name) =>
      [...document.querySelectorAll(`#hud ${name}`)].flatMap((part) => {
        const { left, top, right, bottom } = part.getBoundingClientRect();
        return right > left ? [{ name, left, top, right, bottom }] : [];
      }),
    );
  });
}

/** @typedef {Awaited<ReturnType<typeof partsOf>>} Parts */

/** @param {Parts} parts */
function overlapsOf(parts) {
  return parts.flatMap((one, index) =>
    parts
      .slice(index + 1)
      .filter(
        (other) =>
          Math.min(one.right, other.right) - Math.max(one.left, other.left) > 0.5 &&
          Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 0.5,
      )
      .map((other) => `${one.name} and ${other.name}`),
  );
}

for (const { hasTouch, sizes } of [
  {
    hasTouch: true,
    sizes: [
      [390, 844],
      [667, 375],
      [844, 390],
      [768, 1024],
      [1024, 768],
    ],
  },
  {
    hasTouch: false,
    sizes: [
      [700, 800],
      [844, 390],
      [1100, 700],
      [1920, 1080],
    ],
  },
]) {
  const controls = hasTouch ? "fingers" : "a mouse";
  test(`a notice moves and covers no other part of the race, with ${controls}`, async ({ enter }) => {
    const ann = await enter("Ann", { hasTouch, viewport: { width: 1100, height: 700 } });
    await ann.signIn();
    await ann.createRoom("Sunday");
    await ann.element("start-race").click();
    await ann.expectScreen("race");
    await expect(ann.page.locator("#lights")).toBeVisible();
    await expect(ann.page.locator("#lights")).toBeHidden();
    for (const [width, height] of sizes) {
      const at = `${width}×${height}`;
      await ann.page.setViewportSize({ width, height });
      const without = await partsOf(ann);
      expect(overlapsOf(without), `parts that overlap at ${at}`).toEqual([]);
      // Nobody else is in the room, and a notice says so.
      await ann.page.keyboard.press("t");
      await ann.element("race-message-input").fill("hello");
      await ann.element("race-message-input").press("Enter");
      await expect(ann.element("notice")).toBeVisible();
      const withNotice = await partsOf(ann);
      expect(overlapsOf(withNotice), `parts that overlap at ${at} with a notice`).toEqual([]);
      const stays = ({ name = "" }) => !/hint|notice|message/.test(name);
      expect(withNotice.filter(stays), `parts at ${at} with a notice`).toEqual(without.filter(stays));
      await ann.element("notice-close").click();
      await expect(ann.element("notice")).toBeHidden();
    }
    // Advice of another length changes nothing either.
    const speed = ann.page.locator(".hud-speed");
    const before = await speed.boundingBox();
    await ann.page.keyboard.down("KeyW");
    await expect(ann.element("hud-hint").getByText("Stuck?")).toBeVisible();
    expect(await speed.boundingBox()).toEqual(before);
    await ann.page.keyboard.up("KeyW");
  });
}

test("on a phone the room's buttons fill their rows, and their words do not touch the edges", async ({
  enter,
}) => {
  const ann = await enter("Ann", { viewport: { width: 390, height: 844 } });
  const ben = await enter("Ben", { viewport: { width: 390, height: 844 } });
  await ann.signIn();
  await ben.signIn();
  await ann.createRoom("Sunday");
  await ben.joinRoom("Sunday");
  for (const { name, page } of [ann, ben]) {
    const { edge, buttons } = await page.locator("#room .actions").evaluate((actions) => ({
      edge: actions.getBoundingClientRect().right,
      buttons: [...actions.querySelectorAll(".button")].flatMap((button) => {
        const { top, left, right } = button.getBoundingClientRect();
        const words = document.createRange();
        words.selectNodeContents(button);
        const inner = words.getBoundingClientRect();
        return right > left ? [{ top, right, room: Math.min(inner.left - left, right - inner.right) }] : [];
      }),
    }));
    expect(buttons).toHaveLength(name === "Ann" ? 4 : 3);
    for (const { room } of buttons) expect(room, "beside the words").toBeGreaterThan(8);
    for (const { top, right } of buttons) {
      const row = buttons.filter((other) => other.top === top);
      if (right === Math.max(...row.map((other) => other.right))) expect(right).toBeCloseTo(edge, 0);
    }
  }
});

test("the race's menu with its keys is whole in a low window", async ({ enter }) => {
  const ann = await enter("Ann", { viewport: { width: 844, height: 390 } });
  await ann.signIn();
  await ann.createRoom("Sunday");
  await ann.element("start-race").click();
  await ann.expectScreen("race");
  await ann.element("race-menu").click();
  await expect(ann.element("race-menu-dialog").getByText("this menu")).toBeInViewport({ ratio: 1 });
});

test("the brand stands over the picture, and the circuit's name beside a small circuit", async ({
  enter,
}) => {
  const ann = await enter("Ann");
  await expect(ann.page.locator("#hero.drawn")).toBeVisible();
  const left = (/** @type {string} */ selector) =>
    ann.page.locator(selector).evaluate((element) => element.getBoundingClientRect().left);
  for (const width of [390, 700, 1100, 1440]) {
    await ann.page.setViewportSize({ width, height: HEIGHT });
    expect(await left(".brand"), `${width}`).toBe(await left(".hero"));
  }
  await ann.page.setViewportSize({ width: 700, height: 550 });
  expect(await left("#hero-name")).toBeLessThan(60);
});

test("the buttons over a room stay where they are, and its rows have one height", async ({ enter }) => {
  const ann = await enter("Ann", { viewport: { width: 1100, height: HEIGHT } });
  await ann.signIn();
  await ann.createRoom("Friday");
  const ben = await enter("Ben", {}, undefined, ann.page.url());
  await ben.submitSignIn();
  await ann.expectPlayers("Ann", "Ben");
  const heights = await ann
    .element("player")
    .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
  expect(new Set(heights).size, `${heights}`).toBe(1);
  const top = () => ann.element("leave-room").evaluate((button) => button.getBoundingClientRect().top);
  const before = await top();
  await ann.element("start-race").click();
  await ann.expectScreen("race");
  await ann.page.goBack();
  await expect(ann.element("join-race")).toBeVisible();
  await expect(ann.element("start-race")).toHaveText("Restart race");
  expect(await top()).toBe(before);
});
