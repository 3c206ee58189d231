// Accounts at the sign-in form: creating one, what is refused and where, staying signed in, and coming back without the password.
import { expect, test } from "./fixture.js";
import { startRelay } from "./programs.js";

/** @typedef {import("./player.js").Player} Player */

const PASSWORD = "correct horse";

/**
 * What the page keeps: all values of both kinds of storage.
 * @param {Player} player
 */
const kept = ({ page }) =>
  page.evaluate(() => [sessionStorage, localStorage].flatMap((storage) => Object.values(storage)).join("\n"));

/**
 * Something is wrong with a field: it says so, and has the focus.
 * @param {Player} player
 * @param {"name" | "password"} field
 * @param {RegExp} happened
 */
async function expectFault(player, field, happened) {
  const input = player.element(`signin-${field}`);
  await expect(input).toHaveAttribute("aria-invalid", "true");
  await expect(input).toBeFocused();
  await expect(input).toHaveAccessibleDescription(happened);
  await expect(input.locator("xpath=..").getByTestId("notice")).toBeVisible();
  await player.expectScreen("signin");
}

/**
 * @param {Player} player
 * @param {string} name
 * @param {string} password
 */
async function submit(player, name, password) {
  await player.element("signin-name").fill(name);
  await player.element("signin-password").fill(password);
  await player.element("signin-submit").click();
}

/** Another page of the same browser. @param {Player} player */
async function nextPage({ page }) {
  const next = await page.context().newPage();
  await next.goto(page.url());
  return next;
}

test.describe("a game server with accounts", () => {
  test.use({ generation: "token" });

  test(
    "an account is created by the rules beside the fields, and signed in to",
    { tag: "@quick" },
    async ({ enter }) => {
      const ann = await enter("Ann");
      let connections = 0;
      ann.page.on("websocket", () => (connections += 1));
      await ann.choose("Create account");
      const [name, password] = [ann.element("signin-name"), ann.element("signin-password")];
      await expect(ann.page.getByLabel("Name 3 to 50 characters")).toHaveCount(1);
      await expect(ann.page.getByLabel("Password at least 6 characters")).toHaveCount(1);
      await expect(password).toHaveAttribute("autocomplete", "new-password");
      await expect(name).toHaveAttribute("autocomplete", "username");
      await expect(ann.element("signin-note")).not.toContainText("only while you are online");
      await ann.element("signin-submit").click();
      await expectFault(ann, "name", /name is missing/);
      await submit(ann, "An", PASSWORD);
      await expectFault(ann, "name", /3 to 50 characters.*another name/);
      await submit(ann, "Ann", "short");
      await expectFault(ann, "password", /at least 6 characters.*longer one/);
      expect(connections).toBe(0);
      await submit(ann, "Ann", PASSWORD);
      await ann.expectScreen("lobby");
      await expect(ann.element("whoami")).toHaveText("Ann");

      await ann.element("sign-out").click();
      await expect(ann.element("signin-submit")).toHaveText("Sign in");
      await expect(password).toHaveAttribute("autocomplete", "current-password");
      await expect(password).toHaveValue("");
      await submit(ann, "Ann", "");
      await expectFault(ann, "password", /password is missing/);
      await submit(ann, "Ann", PASSWORD);
      await ann.expectScreen("lobby");
      expect(await kept(ann)).not.toContain(PASSWORD);
    },
  );

  test("a taken name, a wrong password, and a lock, each at its field and never tried again", async ({
    enter,
  }) => {
    const ann = await enter("Ann");
    await ann.signIn(PASSWORD);
    const ben = await enter("Ben");
    /** @type {string[]} */
    const commands = [];
    ben.page.on("websocket", (socket) =>
      socket.on("framesent", ({ payload }) => {
        if (typeof payload === "string" && payload.includes("LOGIN")) commands.push("LOGIN");
      }),
    );
    await ben.choose("Create account");
    await submit(ben, "Ann", "another one");
    await expectFault(ben, "name", /account with this name.*Sign in to it/);
    await ben.choose("Sign in");
    await expect(ben.element("signin-name")).toHaveValue("Ann");
    await expect(ben.element("signin-name")).toHaveAttribute("aria-invalid", "false");
    for (let tries = 1; tries <= 3; tries += 1) {
      await submit(ben, "Ann", `wrong ${tries}`);
      await expectFault(ben, "password", /name or the password is wrong.*three wrong passwords/);
    }
    await submit(ben, "Ann", PASSWORD);
    await expectFault(ben, "name", /locked.*Wait until \d\d:\d\d UTC/);
    expect(commands).toHaveLength(4);
  });

  test("who stays signed in is signed in on the next visit, until signing out", async ({ enter }) => {
    const ann = await enter("Ann");
    await ann.choose("Create account");
    await ann.page.getByLabel("Stay signed in").check();
    await ann.submitSignIn(PASSWORD);
    await ann.expectScreen("lobby");
    expect(await kept(ann)).not.toContain(PASSWORD);

    const second = await nextPage(ann);
    await expect(second.getByTestId("whoami")).toHaveText("Ann");
    await second.getByTestId("sign-out").click();
    await expect(second.getByTestId("signin-form")).toBeVisible();
    expect(await kept(ann)).not.toContain("token");

    const third = await nextPage(ann);
    await expect(third.getByTestId("signin-form")).toBeVisible();
    await expect(third.getByTestId("signin-stay")).not.toBeChecked();
    await expect(third.getByTestId("signin-name")).toHaveValue("");
  });

  test("who does not stay signed in is asked on the next visit, but not after a reload", async ({
    enter,
  }) => {
    const ann = await enter("Ann");
    await ann.signIn(PASSWORD);
    await ann.createRoom("Sunday");
    const { roomId, sessionId } = await ann.state();
    await ann.page.reload();
    await ann.expectScreen("room");
    const after = await ann.state();
    expect([after.roomId, after.sessionId]).toEqual([roomId, sessionId]);
    expect(await kept(ann)).not.toContain("token");
    const second = await nextPage(ann);
    await expect(second.getByTestId("signin-form")).toBeVisible();
    await expect(second.getByTestId("signin-password")).toHaveValue("");
  });

  test("a token that is not valid any more asks for the password, with the name there", async ({ enter }) => {
    const ann = await enter("Ann");
    await ann.choose("Create account");
    await ann.page.getByLabel("Stay signed in").check();
    await ann.submitSignIn(PASSWORD);
    await ann.expectScreen("lobby");
    await ann.page.evaluate(() => {
      for (const key of Object.keys(localStorage).filter((name) => name.startsWith("race-account"))) {
        localStorage.setItem(key, JSON.stringify({ name: "Ann", token: "x".repeat(64) }));
      }
    });
    const page = await ann.page.context().newPage();
    await page.goto(ann.page.url());
    const password = page.getByTestId("signin-password");
    await expect(password).toBeFocused();
    await expect(password).toHaveAccessibleDescription(/signed out.*Enter your password/);
    await expect(page.getByTestId("signin-name")).toHaveValue("Ann");
    expect(await kept(ann)).not.toContain("xxx");
    await password.fill(PASSWORD);
    await page.getByTestId("signin-submit").click();
    await expect(page.getByTestId("whoami")).toHaveText("Ann");
  });

  test.describe("with a room that goes on", () => {
    test.use({ bots: 1 });

    test("after the relay was killed the player is back in the room by the token", async ({
      enter,
      site,
    }) => {
      const ann = await enter("Ann");
      await ann.signIn();
      await ann.joinRoom("Bot race");
      const before = await ann.state();
      const { server, relay } = site;
      if (!server || !relay) throw new Error("the site is not running");
      await relay.kill();
      site.relay = await startRelay(server, "", { listen: relay.ready.listen });
      await expect.poll(async () => (await ann.state()).metrics?.reconnects, { timeout: 45_000 }).toBe(1);
      await expect(ann.element("lost")).toBeHidden();
      await ann.expectScreen("room");
      const after = await ann.state();
      expect(after.roomId).toBe(before.roomId);
      expect(after.sessionId).not.toBe(before.sessionId);
      // The connections that were tried meanwhile.
      expect(ann.complaints.filter((said) => !/WebSocket/.test(said))).toEqual([]);
      ann.complaints.length = 0;
    });

    test.describe("at a relay that keeps no session", () => {
      test.use({ relayOptions: ["--resume-seconds", "0"] });

      test("after a reload the player is back in the room by the token", async ({ enter }) => {
        const ann = await enter("Ann");
        await ann.signIn();
        await ann.joinRoom("Bot race");
        const before = await ann.state();
        await ann.page.reload();
        await ann.expectScreen("room");
        const after = await ann.state();
        expect(after.roomId).toBe(before.roomId);
        expect(after.sessionId).not.toBe(before.sessionId);
        await expect(ann.element("whoami")).toHaveText("Ann");
      });
    });
  });
});

test("where a name has no owner the form says so, and has nothing of accounts", async ({ enter }) => {
  const ann = await enter("Ann");
  await expect(ann.element("signin-note")).toContainText("only while you are online");
  await expect(ann.element("signin-choose")).toHaveCount(0);
  await expect(ann.element("signin-stay")).toHaveCount(0);
  await expect(ann.page.getByLabel("Password optional")).toHaveAttribute("autocomplete", "current-password");
  await ann.signIn();
});

/** The relay does not say of which generation its game server is. @param {import("@playwright/test").Page} page */
async function untold(page) {
  await page.route("**/readyz", (route) => route.fulfill({ body: "ready\n" }));
  await page.route("**/api/config", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ json: { ...(await answer.json()), generation: undefined } });
  });
}

for (const generation of /** @type {const} */ (["first", "token"])) {
  test.describe(`an unknown generation that is the ${generation} one`, () => {
    test.use({ generation });

    test("the form can be used, and a try shows what there is", async ({ enter }) => {
      const ann = await enter("Ann", {}, untold);
      await ann.page.waitForLoadState("networkidle");
      await expect(ann.element("signin-note")).toHaveText("This page never stores your password.");
      await expect(ann.element("signin-choose")).toHaveCount(0);
      await submit(ann, "Ann", "");
      if (generation === "first") return void (await ann.expectScreen("lobby"));
      await expectFault(ann, "password", /has accounts.*Enter your password/);
      await expect(ann.element("signin-name")).toHaveValue("Ann");
      await ann.signIn();
    });
  });
}

for (const viewport of [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
]) {
  for (const generation of /** @type {const} */ (["first", "token"])) {
    test.describe(`at ${viewport.width} px, with the answer ${generation}`, () => {
      test.use({ generation });

      test("nothing jumps when the answer comes late", async ({ enter }) => {
        let answer = () => {};
        /** @type {Promise<void>} */
        const late = new Promise((resolve) => (answer = resolve));
        const ann = await enter("Ann", { viewport }, async (page) => {
          await page.route("**/readyz", async (route) => {
            await late;
            await route.continue();
          });
        });
        const places = () =>
          ann.page.evaluate(() =>
            ["signin-title", "signin-name", "signin-password", "signin-submit", "watch-races"].map((id) =>
              document.getElementById(id)?.getBoundingClientRect().toJSON(),
            ),
          );
        await expect(ann.element("watch-races")).toBeVisible();
        await expect(ann.element("signin-note")).toHaveText("This page never stores your password.");
        const before = await places();
        answer();
        if (generation === "token") await expect(ann.element("signin-choose")).toBeVisible();
        else await expect(ann.element("signin-note")).toContainText("only while you are online");
        expect(await places()).toEqual(before);
        await ann.page.waitForLoadState("networkidle");
      });
    });
  }
}

test.describe("two game servers, one with accounts", () => {
  test.use({ twoServers: true, west: "token" });

  test("the form follows the chosen game server", async ({ enter }) => {
    const ann = await enter("Ann");
    await expect(ann.element("signin-note")).toContainText("only while you are online");
    await ann.element("server").selectOption("Wild West");
    await expect(ann.element("signin-choose")).toHaveText("Create account");
    await expect(ann.element("signin-note")).not.toContainText("only while you are online");
    await ann.element("server").selectOption("east");
    await expect(ann.element("signin-choose")).toHaveCount(0);
    await expect(ann.page.getByLabel("Password optional")).toBeVisible();
    await ann.element("server").selectOption("Wild West");
    ann.hasAccounts = true;
    await ann.page.getByLabel("Stay signed in").check();
    await ann.signIn();
    // The token is the second game server's.
    const east = await ann.page.context().newPage();
    await east.goto(new URL("/", ann.page.url()).href);
    await expect(east.getByTestId("signin-form")).toBeVisible();
    await expect(east.getByTestId("signin-name")).toHaveValue("");
    const west = await ann.page.context().newPage();
    await west.goto(new URL("/?server=west", ann.page.url()).href);
    await expect(west.getByTestId("whoami")).toHaveText("Ann");
  });
});
