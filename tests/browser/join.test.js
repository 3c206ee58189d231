// A room has an address: it leads into the room, follows what the player does, and outlives a reload.
import { expect, test } from "./fixture.js";
import { startPrefix } from "./prefix.js";

/** @param {import("./player.js").Player} player @param {string} end */
const expectAddress = (player, end) =>
  expect
    .poll(() => player.page.url(), { message: `${player.name}'s address` })
    .toMatch(new RegExp(`${end}$`));

/** @param {import("./player.js").Player} player */
const kept = ({ page }) => page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }));

test(
  "a link leads into the room, Back and Forward do what the buttons do, and a reload comes back",
  { tag: "@quick" },
  async ({ enter, site }) => {
    const ann = await enter("Ann");
    await ann.signIn();
    await expectAddress(ann, site.url);
    await ann.createRoom("Sunday");
    const { roomId } = await ann.state();
    await expectAddress(ann, `/join/${roomId}`);

    const ben = await enter("Ben", {}, undefined, `join/${roomId}`);
    await expect(ben.element("signin-form")).toContainText("Sign in to join the room \u2068Sunday\u2069.");
    await ben.submitSignIn();
    await ben.expectScreen("room");
    await ben.expectPlayers("Ann", "Ben");
    await ann.element("start-race").click();
    await ben.expectScreen("race");
    await expectAddress(ben, `/join/${roomId}#race`);

    await ben.page.goBack();
    await ben.expectScreen("room");
    await expectAddress(ben, `/join/${roomId}`);
    await ben.page.goForward();
    await ben.expectScreen("race");
    const number = async () => /** @type {any} */ ((await ben.state()).car)?.number;
    const before = await number();
    await ben.page.reload();
    await ben.expectScreen("race");
    expect(await number(), "a new session wears the old number").toBe(before);
    await expect.poll(async () => (await ben.state()).cars.map(({ name }) => name)).toEqual(["Ann"]);

    await ben.page.keyboard.press("Escape");
    await ben.element("race-leave").click();
    await ben.expectScreen("room");
    await expectAddress(ben, `/join/${roomId}`);
    await ben.page.goBack();
    await ben.expectScreen("lobby");
    await expectAddress(ben, site.url);
    await ann.expectPlayers("Ann");
    await ben.page.goForward();
    await ben.expectScreen("room");
    await ben.element("leave-room").click();
    await ben.expectScreen("lobby");
    await expectAddress(ben, site.url);

    await ann.page.goBack();
    await ann.page.goBack();
    await ann.expectScreen("lobby");
    await ben.page.goForward();
    await ben.expectNotice(/room no longer exists/);
    await expectAddress(ben, site.url);
  },
);

test("a reload says where it leads back to instead of showing the form", async ({ enter }) => {
  const ann = await enter("Ann");
  await ann.signIn();
  await ann.createRoom("Sunday");
  let release = () => {};
  const held = new Promise((resolve) => (release = () => resolve(undefined)));
  await ann.page.route("**/*.wasm", async (route) => {
    await held;
    await route.continue();
  });
  // What is on top where the form is, in each frame that has a form.
  await ann.page.addInitScript(() => {
    const seen = new Set();
    const look = () => {
      const form = document.getElementById("signin-form")?.getBoundingClientRect();
      const top =
        form?.height && document.elementFromPoint(form.x + form.width / 2, form.y + form.height / 2);
      if (top) seen.add(top.closest("#resuming, #signin-form")?.id);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    Object.assign(window, { seen });
  });
  await ann.page.reload({ waitUntil: "commit" });
  await expect(ann.element("resuming")).toHaveText("Reconnecting to \u2068Sunday\u2069…");
  await expect(ann.element("resuming")).toBeVisible();
  release();
  await ann.expectScreen("room");
  await expect(ann.element("resuming")).toBeHidden();
  expect(await ann.page.evaluate(() => [.../** @type {any} */ (window).seen])).toEqual(["resuming"]);
});

test("whoever does not want to wait for the room gets the form", async ({ enter }) => {
  const ann = await enter("Ann");
  await ann.signIn();
  await ann.createRoom("Sunday");
  // The copy of a tab that nobody answers for.
  await ann.page.evaluate(() => sessionStorage.removeItem("race-tab"));
  await ann.page.route("**/*.wasm", () => {});
  await ann.page.reload({ waitUntil: "commit" });
  await expect(ann.element("resuming")).toBeVisible();
  await ann.element("resuming-end").click();
  await expect(ann.element("resuming")).toBeHidden();
  await expect(ann.element("signin-submit")).toBeVisible();
  await expect(ann.element("signin-submit")).toHaveText("Sign in");
  ann.complaints.length = 0;
});

test("a copy of a tab that is still open shows the form at once", async ({ enter }) => {
  const ann = await enter("Ann");
  await ann.signIn();
  await ann.createRoom("Sunday");
  const opened = ann.page.context().waitForEvent("page");
  await ann.page.evaluate(() => void window.open(location.href));
  const copy = await opened;
  await expect(copy.getByTestId("notice")).toContainText("You are signed in in another tab.");
  await expect(copy.getByTestId("resuming")).toBeHidden();
  await expect(copy.getByTestId("signin-submit")).toHaveText("Sign in");
  await copy.reload();
  await expect(copy.getByTestId("signin-form")).toContainText("join the room");
  await ann.expectScreen("room");
});

test("whoever closes the tab and comes back by the link waits for the last session, and is told so", async ({
  enter,
  site,
}) => {
  const ann = await enter("Ann");
  await ann.signIn();
  await ann.createRoom("Sunday");
  const ben = await enter("Ben", {}, undefined, ann.page.url());
  await ben.submitSignIn();
  await ben.expectScreen("room");
  const next = await ann.page.context().newPage();
  const link = ann.page.url();
  await ann.page.close();
  await next.goto(link);
  await next.getByTestId("signin-name").fill("Ann");
  await next.getByTestId("signin-submit").click();
  await expect(next.getByTestId("notice")).toContainText("Your last session is being ended");
  await expect(next.getByTestId("room-title")).toHaveText("Sunday", { timeout: 60_000 });
  expect(next.url()).toContain(site.url);
});

test("the messages of the room are still there after a reload", async ({ enter }) => {
  const ann = await enter("Ann");
  await ann.signIn();
  await ann.createRoom("Sunday");
  const ben = await enter("Ben", {}, undefined, ann.page.url());
  await ben.submitSignIn();
  await ben.expectScreen("room");
  const say = async (/** @type {import("./player.js").Player} */ who, /** @type {string} */ text) => {
    await who.element("message-input").fill(text);
    await who.element("message-send").click();
  };
  await ann.expectPlayers("Ann", "Ben");
  await say(ann, "Hello Ben");
  await say(ben, "Hello Ann");
  await expect(ann.element("message-list")).toContainText("Hello Ann");
  await ann.page.reload();
  await ann.expectScreen("room");
  await expect(ann.element("message")).toHaveText([/You\s*Hello Ben/, /Ben\s*Hello Ann/]);
});

test("if signing in again fails, the form appears and says why", async ({ enter }) => {
  const ann = await enter("Ann");
  await ann.signIn();
  await ann.page.route("**/race.css", (route) => route.abort());
  await ann.page.reload();
  await ann.expectNotice(/part of this page could not be loaded/);
  await expect(ann.element("resuming")).toBeHidden();
  await expect(ann.element("signin-name")).toHaveValue("Ann");
  // The file that did not come.
  ann.complaints.length = 0;
});

test.describe("a relay that keeps no session", () => {
  test.use({ relayOptions: ["--resume-seconds", "0"] });

  test("a reload asks only for the password, which is kept nowhere", async ({ enter }) => {
    const ann = await enter("Ann");
    await ann.signIn("very secret");
    await ann.createRoom("Sunday");
    expect(await kept(ann)).not.toContain("very secret");
    await ann.page.reload();
    await expect(ann.element("signin-password")).toBeFocused();
    await expect(ann.element("signin-name")).toHaveValue("Ann");
    await ann.page.keyboard.type("very secret");
    await ann.page.keyboard.press("Enter");
    // She was alone, so her room was closed, and is opened again.
    await ann.expectScreen("room");
    await expect(ann.element("room-title")).toHaveText("Sunday");
    await ann.element("sign-out").click();
    await ann.expectScreen("signin");
    expect(await kept(ann)).not.toContain("Ann");
    await ann.page.reload();
    await expect(ann.element("signin-name")).toHaveValue("");
  });
});

test("a link to a room that is gone says so and shows the list", async ({ enter, site }) => {
  const ann = await enter("Ann", {}, undefined, `join/${"0".repeat(32)}`);
  await ann.submitSignIn();
  await ann.expectNotice(/room no longer exists/);
  await ann.expectScreen("lobby");
  await expectAddress(ann, site.url);
});

test("the pages and their links work under a path", async ({ enter, watch, site }) => {
  const proxy = await startPrefix(site.url, "/racing");
  try {
    const ann = await enter("Ann", {}, undefined, proxy.url);
    await ann.signIn();
    await ann.createRoom("Sunday");
    const { roomId } = await ann.state();
    await expectAddress(ann, `/racing/join/${roomId}`);
    const ben = await enter("Ben", {}, undefined, ann.page.url());
    await ben.submitSignIn();
    await ben.expectScreen("room");
    await ben.page.reload();
    await ann.expectPlayers("Ann", "Ben");
    await ben.expectScreen("room");

    await ann.element("start-race").click();
    await ann.expectScreen("race");
    const watcher = await watch(`${proxy.url}watch.html`);
    await expect.poll(() => watcher.page.url()).toBe(`${proxy.url}watch/`);
    await watcher.element("watch-race").click();
    await expect.poll(() => watcher.page.url()).toBe(`${proxy.url}watch/${roomId}`);
    await watcher.expectCars("Ann", "Ben");
    const viewer = await watcher.state();
    expect([viewer.existence, viewer.circuit?.learned]).toEqual(["here", false]);
    await watcher.page.getByRole("link", { name: "all races" }).click();
    await expect(watcher.element("race-row")).toContainText("Sunday");
    await watcher.page.getByRole("link", { name: "Drive" }).click();
    await expect(watcher.element("signin-form")).toBeVisible();
    await watcher.element("watch-races").click();
    await expect(watcher.element("race-row")).toContainText("Sunday");
    await watcher.page.goto(`${proxy.url}track.html`);
    await watcher.page.getByRole("link", { name: "Drive" }).click();
    await expect(watcher.element("signin-form")).toBeVisible();
    // A page that is left gives up what it loads in idle time.
    await watcher.page.goto("about:blank");
    expect(watcher.complaints.filter((said) => !said.includes("ERR_ABORTED"))).toEqual([]);
    watcher.complaints.length = 0;
  } finally {
    proxy.stop();
  }
});
