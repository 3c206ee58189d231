// A wheel that the browser does not know is set up once: turned, and each pedal pressed. And Start closes the menu it opened.
import { expect, test } from "./fixture.js";

/** What was found at a real wheel, except for its name. */
const WHEEL = { id: "Made-up wheel", mapping: "", axes: [0, 1, -1, 1], buttons: 25 };

/** @typedef {import("./player.js").Player} Player */

/** Let the page find one gamepad, which tests move by `window.pad`. @param {{ id: string, mapping: string, axes: number[], buttons: number }} given */
const plugIn = (given) => (/** @type {import("@playwright/test").Page} */ page) =>
  page.addInitScript(({ id, mapping, axes, buttons }) => {
    const button = () => ({ value: 0, pressed: false, touched: false });
    const pad = { id, mapping, axes, index: 0, buttons: Array.from({ length: buttons }, button) };
    Object.assign(window, { pad });
    navigator.getGamepads = () => /** @type {any} */ ([pad]);
  }, given);

/** @param {Player} player @param {number} axis @param {number} value */
const move = ({ page }, axis, value) =>
  page.evaluate(
    ([at, to]) => {
      /** @type {any} */ (window).pad.axes[at] = to;
    },
    [axis, value],
  );

/** @param {Player} player */
async function drive(player) {
  await player.signIn();
  await player.createRoom("Sunday");
  await player.element("start-race").click();
  await player.expectScreen("race");
}

test("a wheel without the standard mapping is set up, and known after a reload", async ({ enter }) => {
  const ann = await enter("Ann", {}, plugIn(WHEEL));
  await drive(ann);
  const step = ann.element("pad-step");
  for (const [words, axis, end] of /** @type {const} */ ([
    [/Turn all the way to the right/, 0, 1],
    [/accelerator/, 1, -1],
    [/brake/, 2, 1],
  ])) {
    await expect(step).toContainText(words);
    await move(ann, axis, end);
    const seen = () =>
      ann.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done(true))));
    for (let frame = 0; frame < 3; frame += 1) await seen();
    await move(ann, axis, WHEEL.axes[axis]);
  }
  await expect(ann.element("pad-setup")).toBeHidden();
  const speed = async () => (await ann.state()).car?.speed ?? 0;
  await move(ann, 1, -1);
  await expect.poll(speed, { message: "the pedal drives" }).toBeGreaterThan(1);

  await ann.page.reload();
  await ann.expectScreen("race");
  await move(ann, 1, -1);
  await expect.poll(speed, { message: "it still does" }).toBeGreaterThan(1);
  await expect(ann.element("pad-setup")).toBeHidden();
});

test("Start opens the menu and closes it", async ({ enter }) => {
  const ann = await enter(
    "Ann",
    {},
    plugIn({ id: "Usual pad", mapping: "standard", axes: [0, 0, 0, 0], buttons: 17 }),
  );
  await drive(ann);
  const press = (/** @type {number} */ value) =>
    ann.page.evaluate((to) => {
      /** @type {any} */ (window).pad.buttons[9].value = to;
    }, value);
  await press(1);
  await expect(ann.element("race-menu-dialog")).toBeVisible();
  await press(0);
  await ann.page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
  await press(1);
  await expect(ann.element("race-menu-dialog")).toBeHidden();
});

test("the keys are called as on the player's keyboard, and shown with the way to the track", async ({
  enter,
}) => {
  const ann = await enter("Ann", {}, (page) =>
    page.addInitScript(() => {
      const layout = new Map([
        ["KeyW", "z"],
        ["KeyA", "q"],
      ]);
      Object.defineProperty(navigator, "keyboard", { value: { getLayoutMap: async () => layout } });
    }),
  );
  await drive(ann);
  await expect(ann.element("hud-hint")).toContainText(/ZQSD/);
  await expect(ann.element("hud-hint")).toContainText(/to the track/);
  await expect(ann.page.locator("#race-keys")).toContainText(/Drive with Z\s+Q\s+S\s+D/);
});

test("on a lying phone the menu is whole, and a finger sends messages and puts the car back", async ({
  enter,
}) => {
  const phone = { viewport: { width: 844, height: 390 }, hasTouch: true, isMobile: true };
  const ann = await enter("Ann", phone);
  const ben = await enter("Ben");
  await ann.signIn();
  await ben.signIn();
  await ann.createRoom("Sunday");
  await ben.joinRoom("Sunday");
  await ann.expectPlayers("Ann", "Ben");
  await ann.element("start-race").click();
  await ann.expectScreen("race");
  await ann.element("race-menu").tap();
  for (const id of ["menu-resume", "menu-garage", "menu-camera", "menu-message", "race-leave"]) {
    await expect(ann.element(id)).toBeInViewport({ ratio: 1 });
  }
  await ann.element("menu-message").tap();
  await ann.element("race-message-input").fill("hello");
  await ann.element("race-message-send").tap();
  await expect(ben.element("race-messages")).toContainText("hello");
  await expect(ann.element("race-message-input")).toBeHidden();
  await ann.element("touch-reset").tap();
});
