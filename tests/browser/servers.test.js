// A relay with two game servers: the page offers them, and signing in, rooms, links and watching are all on the chosen one.
import { expect, test } from "./fixture.js";

test.use({ twoServers: true });

/** @param {{ element: (id: string) => import("@playwright/test").Locator }} visitor */
const labels = (visitor) => visitor.element("server").locator("option:not([hidden])").allTextContents();

test(
  "a player chooses the second game server, reloads in a room there, and is watched there",
  { tag: "@quick" },
  async ({ enter, watch, site }) => {
    const ann = await enter("Ann");
    await expect(ann.page.getByLabel("Game server")).toHaveValue("east");
    await expect.poll(() => labels(ann)).toEqual(["east", "Wild West"]);
    await ann.element("server").selectOption("Wild West");
    await expect.poll(() => ann.page.url()).toBe(`${site.url}?server=west`);
    // A reload before would leave files on their way.
    await ann.page.waitForLoadState("networkidle");
    await ann.page.reload();
    await expect(ann.element("server")).toHaveValue("west");
    await ann.signIn();
    await expect(ann.element("brand-server")).toHaveText("\u2068Wild West\u2069");
    await ann.createRoom("Far away");
    const { roomId, sessionId } = await ann.state();
    expect(ann.page.url()).toBe(`${site.url}join/${roomId}?server=west`);

    const east = await enter("Eve");
    await east.signIn();
    await expect(east.element("brand-server")).toHaveText("\u2068east\u2069");
    await expect(east.element("rooms-empty")).toBeVisible();
    const west = await enter("Wes", {}, undefined, "?server=west");
    await west.signIn();
    await expect(west.room("Far away")).toBeVisible();

    await ann.page.reload();
    await ann.expectScreen("room");
    const back = await ann.state();
    expect([back.roomId, back.sessionId]).toEqual([roomId, sessionId]);
    const ben = await enter("Ben", {}, undefined, ann.page.url());
    await expect(ben.element("signin-form")).toContainText("Sign in to join the room \u2068Far away\u2069.");
    await ben.submitSignIn();
    await ben.expectScreen("room");
    await ann.expectPlayers("Ann", "Ben");
    await ann.element("start-race").click();
    await ann.expectScreen("race");

    const watcher = await watch("watch/");
    await expect(watcher.element("races-empty")).toContainText("No races yet");
    await expect.poll(() => labels(watcher)).toEqual(["east", "Wild West"]);
    await watcher.element("server").selectOption("west");
    await expect(watcher.element("race-row")).toContainText("Far away");
    await expect.poll(() => watcher.page.url()).toBe(`${site.url}watch/?server=west`);
    await watcher.element("server").selectOption("east");
    await expect(watcher.element("races-empty")).toBeVisible();
    const direct = await watch("watch.html?server=west");
    await expect(direct.element("server")).toHaveValue("west");
    const race = `${site.url}watch/${roomId}?server=west`;
    await expect(direct.element("watch-race")).toHaveAttribute("href", race);
    const viewer = await watch(race);
    await viewer.expectCars("Ann", "Ben");
    expect((await viewer.state()).existence).toBe("here");
    await expect(viewer.page.getByRole("link", { name: "Drive" })).toHaveAttribute(
      "href",
      `${site.url}?server=west`,
    );
  },
);

test("a name that the relay does not have is told, and another one can be chosen", async ({
  enter,
  watch,
  site,
}) => {
  const ann = await enter("Ann", {}, undefined, "?server=north");
  await ann.expectNotice(/no game server \u2068north\u2069/);
  await ann.submitSignIn();
  await ann.expectNotice(/no game server \u2068north\u2069.*Choose one from the list/);
  await ann.element("server").selectOption("east");
  await expect(ann.element("notice")).toBeHidden();
  await expect.poll(() => ann.page.url()).toBe(site.url);
  await ann.signIn();

  const list = await watch("watch/?server=north");
  await expect(list.element("races-empty")).toContainText("no game server \u2068north\u2069");
  await list.element("server").selectOption("west");
  await expect(list.element("races-empty")).toContainText("No races yet");
  const viewer = await watch("watch/anything?server=north");
  await expect(viewer.element("viewer")).toContainText("no game server \u2068north\u2069");
  // The browser tells of each answer that is 404.
  for (const { complaints } of [ann, list, viewer]) {
    expect(complaints.filter((said) => !said.includes("404"))).toEqual([]);
    complaints.length = 0;
  }
});
