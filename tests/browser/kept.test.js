// What the browser keeps for the page: it may be blocked, damaged or out of date, and the page says so or does without.
import { expect, test } from "./fixture.js";

/** @typedef {import("@playwright/test").Page} Page */

/** As a browser that blocks site data. @param {Page} page */
const block = (page) =>
  page.addInitScript(() => {
    for (const name of ["sessionStorage", "localStorage"]) {
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException("Access is denied for this document.", "SecurityError");
        },
      });
    }
  });

test("where site data is blocked, everything goes but a return after a reload", async ({ enter }) => {
  const ann = await enter("Ann", {}, block);
  await ann.signIn();
  await ann.createRoom("Sunday");
  await ann.page.goBack();
  await ann.expectScreen("lobby");
  await ann.page.reload();
  await expect(ann.element("signin-name")).toHaveValue("");
  await ann.signIn();
});

test("damaged storage is nobody's loss", async ({ enter }) => {
  const ann = await enter("Ann", {}, (page) =>
    page.addInitScript(() => {
      sessionStorage.setItem("race-room", "{");
      sessionStorage.setItem("race-name", "[");
    }),
  );
  await ann.signIn();
  await ann.createRoom("Sunday");
});

test.describe("a relay that keeps no session", () => {
  test.use({ relayOptions: ["--resume-seconds", "0"] });

  test("after a reload a wrong password is called wrong, and a new room is told from the old one", async ({
    enter,
  }) => {
    const ann = await enter("Ann");
    await ann.signIn("very secret");
    await ann.createRoom("Sunday");
    const { roomId } = await ann.state();
    await ann.page.reload();
    await expect(ann.element("signin-password")).toBeFocused();
    // Another session of the name keeps its password in use.
    const other = await enter("Ann");
    await other.signIn("very secret");
    await ann.element("signin-password").fill("a wrong one");
    await ann.element("signin-submit").click();
    await ann.expectNotice(/password is wrong/);
    await ann.element("signin-password").fill("very secret");
    await ann.element("signin-submit").click();
    await ann.expectScreen("room");
    expect((await ann.state()).roomId).not.toBe(roomId);
    await ann.expectNotice(/this is a new one\. ?Copy the link again/);
  });
});

test("an invitation goes without the room's name where the list is no list", async ({ enter }) => {
  const ann = await enter(
    "Ann",
    {},
    (page) =>
      page.route("**/api/rooms", (route) =>
        route.fulfill({ contentType: "text/html", body: "<h1>Please log in</h1>" }),
      ),
    `join/${"0".repeat(32)}`,
  );
  await expect(ann.element("signin-form")).toContainText("Sign in to join the room you were invited to.");
  await ann.page.waitForLoadState("networkidle");
});
