// What goes wrong is said on the page in plain words, and disturbs nobody else.
import { fileURLToPath } from "node:url";

import { expect, test } from "./fixture.js";
import { Player } from "./player.js";

const SCREENSHOTS = fileURLToPath(new URL("test-results/", import.meta.url));

test("a taken name, with a wrong password and with none", { tag: "@quick" }, async ({ enter }) => {
  const ann = await enter("Ann");
  await ann.signIn("the right one");
  const ben = await enter("Ann");
  for (const password of ["a wrong one", ""]) {
    await ben.submitSignIn(password);
    await ben.expectNotice(/This name is taken/);
    await ben.expectScreen("signin");
    await ben.element("notice-close").click();
  }

  await ann.createRoom("Undisturbed");
  await ann.expectPlayers("Ann");
});

test("a second tab with the same name and password says that there are two", async ({ enter }) => {
  const ann = await enter("Ann");
  await ann.signIn("the right one");
  const second = new Player(await ann.page.context().newPage(), "Ann");
  await second.page.goto(ann.page.url());
  await second.signIn("the right one");
  await second.expectNotice(/also signed in in another tab/);
  await expect(ann.element("notice")).toBeHidden();
});

test("only the host may start", async ({ enter }) => {
  const ann = await enter("Ann");
  const ben = await enter("Ben");
  await ann.signIn();
  await ben.signIn();
  await ann.createRoom("Sunday");
  await ben.joinRoom("Sunday");
  await expect(ann.element("start-race")).toBeVisible();
  await expect(ben.element("room-summary")).toContainText("Ann");
  await expect(ben.element("start-race")).toBeHidden();
});

test("a race is restarted only after a second click, and a driver can be muted", async ({ enter }) => {
  const ann = await enter("Ann");
  const ben = await enter("Ben");
  await ann.signIn();
  await ben.signIn();
  await ann.createRoom("Sunday");
  await ben.joinRoom("Sunday");
  const row = ann.element("player").filter({ hasText: "Ben" });
  await row.getByTestId("mute").click();
  await expect(row.getByTestId("mute")).toHaveText("Unmute");
  await ben.element("message-input").fill("nobody reads this");
  await ben.element("message-send").click();
  await ben.element("message").waitFor();
  await row.getByTestId("mute").click();
  await ben.element("message-input").fill("hello");
  await ben.element("message-send").click();
  await expect(ann.element("message")).toHaveText(["Ben hello"]);

  await ann.element("start-race").click();
  await ann.expectScreen("race");
  await ann.page.keyboard.press("Escape");
  await ann.element("race-leave").click();
  await expect(ann.element("start-race")).toHaveText("Restart race");
  await ann.element("start-race").click();
  await ann.element("restart-cancel").click();
  await ann.expectScreen("room");
  await ann.element("start-race").click();
  await ann.element("restart-confirm").click();
  await ann.expectScreen("race");
});

test.describe("a game server that takes any name", () => {
  test.use({ faithful: true });

  test("nobody goes without a name", async ({ enter }) => {
    const ann = await enter("Ann");
    const unseen = await enter("Nobody", {}, unnamed);
    await ann.signIn();
    await unseen.signIn();
    await ann.createRoom("Sunday");
    await unseen.joinRoom("Sunday");
    await expect(ann.element("player").filter({ hasText: "Anonymous" })).toBeVisible();
    await unseen.element("message-input").fill("hello");
    await unseen.element("message-send").click();
    await expect(ann.element("message")).toHaveText(["Anonymous hello"]);
  });
});

/** Sign in with a name that nobody can see, as another page may. @param {import("@playwright/test").Page} page */
function unnamed(page) {
  return page.routeWebSocket(/\/ws$/, (socket) => {
    const relay = socket.connectToServer();
    socket.onMessage((message) => {
      relay.send(typeof message === "string" ? message.replace("Nobody", "\u200b") : message);
    });
  });
}

test("a name of a player or a room that nobody can see is refused with the reason", async ({ enter }) => {
  const ann = await enter("Ann");
  const reason = (/** @type {string} */ id) =>
    ann.element(id).evaluate((field) => /** @type {HTMLInputElement} */ (field).validationMessage);
  await ann.element("signin-name").fill("\u200b\u2060");
  await ann.element("signin-submit").click();
  expect(await reason("signin-name")).toMatch(/can't be seen/);
  await ann.expectScreen("signin");
  await ann.signIn();
  await ann.element("create-name").fill("\u3164\u200b");
  await ann.element("create-submit").click();
  expect(await reason("create-name")).toMatch(/can't be seen/);
  await ann.createRoom("Sunday");
});

/**
 * Close every room between its listing and the click: from here on the page asks for one that is not there.
 *
 * @param {import("@playwright/test").Page} page
 */
function losingRooms(page) {
  return page.routeWebSocket(/\/ws$/, (socket) => {
    const relay = socket.connectToServer();
    socket.onMessage((message) => {
      const asks = typeof message === "string" && message.includes("JOIN_ROOM");
      relay.send(asks ? message.replace(/[0-9a-f]{32}/, "0".repeat(32)) : message);
    });
  });
}

test("a room that is gone", async ({ enter }) => {
  const ann = await enter("Ann");
  const ben = await enter("Ben", {}, losingRooms);
  await ann.signIn();
  await ben.signIn();
  await ann.createRoom("Sunday");
  await ben.room("Sunday").getByRole("button").click();
  await ben.expectNotice(/room no longer exists/);
  await ben.expectScreen("lobby");
  await ann.expectPlayers("Ann");
});

test.describe("a full room", () => {
  test.use({ bots: 18 });

  test("cannot be joined", async ({ enter }) => {
    const [ann, ben, eve] = [await enter("Ann"), await enter("Ben"), await enter("Eve")];
    for (const player of [ann, ben, eve]) await player.signIn();
    await ann.joinRoom("Bot race");
    await ben.joinRoom("Bot race");
    await expect(eve.room("Bot race")).toContainText("20");
    await expect(eve.room("Bot race").getByRole("button")).toBeDisabled();
    await expect.poll(async () => (await ann.state()).players.length).toBe(20);
  });
});

test("a game server that is down", async ({ enter, site }) => {
  await site.server?.stop();
  const ann = await enter("Ann");
  await ann.submitSignIn();
  await ann.expectNotice(/can.t reach the game server/);
  await ann.expectScreen("signin");
  await expectUnready(ann);
});

/**
 * The page has asked of which generation the game server is, and the browser complains of the answer that it cannot be reached.
 * @param {import("./player.js").Player} player
 */
async function expectUnready({ complaints }) {
  const [isStatus, isError] = ["status 503", "error: Failed to load resource"].map(
    (words) => (/** @type {string} */ said) => said.startsWith(words) && said.includes("503"),
  );
  await expect.poll(() => [complaints.some(isStatus), complaints.some(isError)]).toEqual([true, true]);
  expect(complaints.filter((said) => !isStatus(said) && !isError(said))).toEqual([]);
  complaints.length = 0;
}

test("a game server that restarts: the page comes back by itself", async ({ enter, site }) => {
  const ann = await enter("Ann");
  await ann.signIn();
  await site.server?.stop();
  await expect(ann.element("lost")).toBeVisible();
  await expect(ann.element("lost")).toContainText(/game server/);

  await site.startServerAgain();
  await expect.poll(async () => (await ann.state()).connection, { timeout: 30_000 }).toBe("online");
  await expect(ann.element("lost")).toBeHidden();
  await ann.createRoom("Sunday");

  // Out of a race, whose room the server forgot, into a list whose form is empty again.
  await ann.element("start-race").click();
  await ann.expectScreen("race");
  await site.server?.stop();
  await site.startServerAgain();
  await expect.poll(async () => (await ann.state()).screen, { timeout: 30_000 }).toBe("lobby");
  await expect(ann.element("create-name")).toHaveValue("");
  // A position may be sent while the socket closes, and Chromium says so.
  expect(ann.complaints.filter((said) => !said.includes("CLOSING or CLOSED"))).toEqual([]);
  ann.complaints.length = 0;
});

test.describe("a page that no position reaches", () => {
  test.use({ bots: 3 });

  test("says so of itself, and calls nobody away", async ({ enter }) => {
    let isCut = false;
    const ann = await enter("Ann", {}, (page) =>
      page.routeWebSocket(/\/ws$/, (socket) => {
        const relay = socket.connectToServer();
        relay.onMessage((message) => {
          if (typeof message === "string" || !isCut) socket.send(message);
        });
      }),
    );
    await ann.signIn();
    await ann.joinRoom("Bot race");
    await ann.element("start-race").or(ann.element("join-race")).first().click();
    await ann.expectScreen("race");
    await expect.poll(async () => (await ann.state()).cars.length).toBe(3);
    isCut = true;
    await expect(ann.element("hud-alert")).toHaveText("No data from the other cars: check your network");
    await expect(ann.element("standings")).not.toContainText(/away|lost/);
    isCut = false;
    await expect(ann.element("hud-alert")).toBeHidden();
    await expect(ann.element("standings")).not.toContainText(/away|lost/);
  });
});

test.describe("a race whose relay is gone", () => {
  test.use({ bots: 3 });

  for (const { how, words } of [
    { how: "crashed", words: /can't be reached.*reconnects by itself.*check your network/s },
    { how: "restarts", words: /relay is restarting.*reconnects by itself/s },
  ]) {
    test(`keeps the last standings, and says what the page does: it ${how}`, async ({ enter, site }) => {
      const ann = await enter("Ann");
      await ann.signIn();
      await ann.createRoom("Sunday");
      await ann.element("start-race").click();
      await ann.expectScreen("race");
      await expect.poll(async () => (await ann.state()).cars.length).toBe(3);
      const names = ann.page.locator(".tower-row:visible .tower-name");
      await expect(names).toHaveCount(4);
      await expect(ann.page.locator("#hud")).not.toHaveClass(/stalled/);
      if (how === "crashed") site.relay?.kill();
      else await site.relay?.stop();
      const lost = ann.element("lost");
      await expect(lost).toBeVisible();
      await expect(lost).toContainText(words);
      await expect(lost).not.toContainText("try again");
      await expect(names).toHaveCount(4);
      expect((await ann.state()).cars).toHaveLength(3);
      await expect(ann.element("hud-field")).toHaveText("/4");
      await expect(ann.page.locator("#hud")).toHaveClass(/stalled/);
      await ann.page.screenshot({ path: `${SCREENSHOTS}/lost-${how}.png` });
      // An hour later nobody believes in a restart any more.
      await ann.page.evaluate(() => {
        const now = performance.now.bind(performance);
        performance.now = () => now() + 3_600_000;
      });
      await expect(lost).toContainText("can't be reached", { timeout: 20_000 });
      // It stops trying, and says so of each attempt.
      await ann.page.goto("about:blank");
      ann.complaints.length = 0;
    });
  }
});

test.describe("a certificate that is not trusted", () => {
  test.use({ trust: `pin:${"0".repeat(64)}` });

  test("is named as the cause", async ({ enter }) => {
    const ann = await enter("Ann");
    await ann.submitSignIn();
    await ann.expectNotice(/does not trust the game server's certificate/);
    await ann.expectScreen("signin");
    await expect(ann.element("insecure-banner")).toBeHidden();
    await expectUnready(ann);
  });
});

test.describe("a relay that accepts any certificate", () => {
  test.use({ trust: "insecure" });

  test("says so on the page", async ({ enter }) => {
    const ann = await enter("Ann");
    await expect(ann.element("insecure-banner")).toBeVisible();
    await ann.signIn();
    await expect(ann.element("insecure-banner")).toBeVisible();
  });
});
