// A network that breaks in mid-race costs a player nothing but the moment, and a reload no place.
import { expect, test as base } from "./fixture.js";
import { Wire } from "./wire.js";

/** @typedef {import("./player.js").Player} Player */

/** @type {import("@playwright/test").TestType<import("@playwright/test").PlaywrightTestArgs & import("@playwright/test").PlaywrightTestOptions & import("./fixture.js").Fixtures & { wire: Wire }, import("@playwright/test").PlaywrightWorkerArgs & import("@playwright/test").PlaywrightWorkerOptions>} */
const test = base.extend({
  wire: async ({ site }, use) => {
    const wire = await new Wire(site.relay?.ready.listen ?? "").start();
    await use(wire);
    wire.stop();
  },
});

/**
 * Ann over the wire, and Ben beside it, in a race.
 * @param {import("./fixture.js").Enter} enter
 * @param {Wire} wire
 * @param {string} [password]  Ann's
 */
async function race(enter, wire, password) {
  const ben = await enter("Ben");
  const ann = await enter("Ann", {}, undefined, wire.url);
  await ann.signIn(password);
  await ben.signIn();
  await ann.createRoom("Sunday");
  await ben.joinRoom("Sunday");
  await ann.expectPlayers("Ann", "Ben");
  await ann.element("start-race").click();
  await ann.expectScreen("race");
  await ben.expectScreen("race");
  await expect.poll(async () => (await ann.state()).cars.length).toBe(1);
  return { ann, ben, before: await ann.state() };
}

/** Metres between two cars. @param {OwnCar | null} a @param {OwnCar | null} b */
const apart = (a, b) => (a && b ? Math.hypot(a.x - b.x, a.z - b.z) : NaN);

/** The players whom somebody saw all the time, until the function given back is called. @param {Player} player */
function watchPlayers(player) {
  const seen = new Set();
  const timer = setInterval(() => {
    void player.state().then(({ players }) => seen.add(players.map(({ name }) => name).join()));
  }, 100);
  return () => {
    clearInterval(timer);
    return [...seen];
  };
}

test(
  "a cut in mid-race costs no place, no message and no room",
  { tag: "@quick" },
  async ({ enter, wire }) => {
    const { ann, ben, before } = await race(enter, wire);
    const seen = watchPlayers(ben);
    for (let cut = 1; cut <= 3; cut += 1) {
      wire.cut();
      await expect.poll(async () => (await ann.state()).metrics?.reconnects).toBe(cut);
      await expect(ann.element("lost")).toBeHidden();
    }
    const after = await ann.state();
    expect([after.sessionId, after.roomId, after.screen]).toEqual([before.sessionId, before.roomId, "race"]);
    expect(after.laps).toMatchObject({ lap: before.laps?.lap });
    expect(seen()).toEqual(["Ann,Ben"]);
    await expect.poll(async () => (await ann.state()).cars[0]?.stale).toBe(false);
    await expect.poll(async () => (await ben.state()).cars[0]?.stale).toBe(false);
  },
);

test("a connection that is dead without a sign is noticed within five seconds", async ({ enter, wire }) => {
  const { ann, before } = await race(enter, wire);
  wire.deaden();
  await ann.expectNotice(/interrupted/);
  await expect.poll(async () => (await ann.state()).metrics?.reconnects).toBe(1);
  const after = await ann.state();
  expect([after.sessionId, after.screen]).toEqual([before.sessionId, "race"]);
  await expect(ann.element("lost")).toBeHidden();
});

for (const generation of /** @type {const} */ (["first", "chat", "token"])) {
  test.describe(`on the ${generation} generation`, () => {
    test.use({ generation });

    test(
      "a driver in a dead spot stays in the others' race, lost and faded, until the connection is back",
      inDeadSpot,
    );
  });
}

/** @param {import("./fixture.js").Fixtures & { wire: Wire }} fixtures */
async function inDeadSpot({ enter, wire }) {
  const { ann, ben } = await race(enter, wire);
  wire.enterDeadSpot();
  // The client forgets a car after 5 s.
  await expect.poll(async () => (await ben.state()).cars[0]?.ageMs).toBeGreaterThan(8000);
  await expect(ben.element("hud-field")).toHaveText("/2");
  await expect(ben.element("standings")).toContainText("Annlost");
  expect((await ben.state()).cars).toMatchObject([{ name: "Ann", stale: true }]);
  wire.leaveDeadSpot();
  await expect.poll(async () => (await ben.state()).cars[0]?.stale).toBe(false);
  await expect(ann.element("lost")).toBeHidden();
  await expect(ben.element("standings")).not.toContainText("lost");
  // The connections that were tried in the dead spot.
  expect(ann.complaints.filter((said) => !said.includes("WebSocket"))).toEqual([]);
  ann.complaints.length = 0;
}

for (const password of ["", "very secret"]) {
  test(`a reload in mid-race goes on with the session, ${password ? "with" : "without"} a password`, async ({
    enter,
    wire,
  }) => {
    const { ann, ben, before: start } = await race(enter, wire, password);
    ann.driver.start();
    await expect
      .poll(async () => apart((await ann.state()).car, start.car), { timeout: 60_000 })
      .toBeGreaterThan(15);
    await ann.driver.park();
    const before = await ann.state();
    const seen = watchPlayers(ben);
    await ann.page.reload();
    await ann.expectScreen("race");
    const after = await ann.state();
    expect([after.sessionId, after.roomId]).toEqual([before.sessionId, before.roomId]);
    // The car stands where it stood, and not in its garage.
    expect(apart(after.car, before.car)).toBeLessThan(3);
    expect(seen()).toEqual(["Ann,Ben"]);
    await expect.poll(async () => (await ben.state()).cars[0]?.stale).toBe(false);
    // A copy of the tab has nothing to go on with.
    expect(await ann.page.evaluate(() => sessionStorage.getItem("race-session"))).toBeNull();
  });
}
