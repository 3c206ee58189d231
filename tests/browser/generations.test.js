// What a room has only on some generations of the game server, and a host who is gone without having left.
import { expect, test } from "./fixture.js";
import { Stranger } from "./stranger.js";

/** The players are listed every 15 s where the server announces them: whoever is seen earlier was announced. */
const ANNOUNCED_MS = 6000;

test.describe("a game server with sizes and announcements", () => {
  test.use({ generation: "token" });

  test("a room has the size that its host chose", { tag: "@quick" }, async ({ enter }) => {
    const players = [await enter("Ann"), await enter("Ben"), await enter("Eve")];
    for (const player of players) await player.signIn();
    const [ann, ben, eve] = players;
    const size = ann.page.getByLabel("Drivers 2 to 128");
    await expect(size).toHaveValue("20");
    await size.fill("1");
    await ann.element("create-name").fill("Duel");
    await ann.element("create-submit").click();
    expect(await size.evaluate((field) => /** @type {HTMLInputElement} */ (field).validity.valid)).toBe(
      false,
    );
    await ann.expectScreen("lobby");
    await size.fill("2");
    await ann.createRoom("Duel");
    await expect(ben.room("Duel")).toContainText("1 of 2");
    await ben.joinRoom("Duel");
    await expect(ben.page.locator("#player-count")).toHaveText("2 of 2");
    await expect(eve.room("Duel")).toContainText("2 of 2");
    await expect(eve.room("Duel")).toContainText("Full");
    await expect(eve.room("Duel").getByRole("button")).toHaveAttribute("aria-disabled", "true");
  });

  test("the players are those that the game server announces", async ({ enter }) => {
    const ann = await enter("Ann");
    const ben = await enter("Ben");
    await ann.signIn();
    await ben.signIn();
    await ann.createRoom("Sunday");
    const shown = () => ann.element("player").filter({ hasText: "Ben" });
    for (let round = 1; round <= 2; round += 1) {
      await ben.joinRoom("Sunday");
      await expect(shown()).toBeVisible({ timeout: ANNOUNCED_MS });
      await ben.element("leave-room").click();
      await ben.expectScreen("lobby");
      await expect(shown()).toHaveCount(0, { timeout: ANNOUNCED_MS });
    }
  });

  test.describe("that keeps a dead host", () => {
    test.use({ faithful: true });

    test("a host who is gone is told, and a new room of the same name is offered", async ({
      enter,
      site,
    }) => {
      const stranger = await Stranger.connect(site.server);
      const account = { username: "Stranger", password: "whatever it is" };
      await stranger.ask({ command: "REGISTER", ...account }, "REGISTER_OK");
      await stranger.ask({ command: "CREATE_ROOM", name: "Sunday" }, "ROOM_CREATED");
      const ann = await enter("Ann");
      await ann.signIn();
      await ann.joinRoom("Sunday");
      await expect(ann.element("room-summary")).toContainText("Stranger");
      await expect(ann.element("new-room")).toBeHidden();
      const { roomId } = await ann.state();
      stranger.vanish();
      await expect(ann.element("room-summary")).toContainText("nobody can start a race here");
      await ann.expectNotice(/host has left/);
      await ann.page.screenshot({ path: "tests/browser/screenshots/host-gone.png" });
      await ann.element("new-room").click();
      await expect.poll(async () => (await ann.state()).roomId).not.toBe(roomId);
      await ann.expectScreen("room");
      await expect(ann.element("room-title")).toHaveText("Sunday");
      await ann.expectNotice(/new room of the same name/);
      await ann.element("start-race").click();
      await ann.expectScreen("race");
    });
  });
});

test("where rooms have no size of their own, none is asked for", async ({ enter }) => {
  const ann = await enter("Ann");
  await ann.signIn();
  await expect(ann.element("create-form")).toContainText("Up to 20 drivers");
  await expect(ann.element("create-size")).toHaveCount(0);
  await ann.createRoom("Sunday");
  await expect(ann.page.locator("#player-count")).toHaveText("1");
});
