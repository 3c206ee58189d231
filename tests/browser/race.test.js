// Two players race: the whole way from sign-in to a closed tab, each seen by the other.
import { expect, test } from "./fixture.js";
import { playerCounts } from "./observer.js";
import { errors, record, recorded, travelled } from "./path.js";

/** How far beside its true way a car may be drawn in nineteen of twenty frames, in metres. */
const MAX_ERROR_METRES = 3;
/**
 * How far in the other frames, in metres: a page that hangs stops driving, and is drawn driving on for a quarter of a
 * second, since nobody can know.
 */
const MAX_GUESS_METRES = 15;
/** How far both must have been seen to drive. */
const MIN_METRES = 60;
/** In how many frames at least they were. */
const MIN_FRAMES = 100;
/** Cars within this distance are seen together. */
const NEAR_METRES = 20;
/** How long the relay waits for a player to come back, in seconds. */
const RESUME_SECONDS = 1;
/** A player whose tab is gone is out of the room within this time. */
const GONE_MS = 4000;

test.use({ relayOptions: ["--resume-seconds", String(RESUME_SECONDS)] });

/**
 * A car was drawn in many frames, and in each on the way that it had driven.
 *
 * @param {number[]} found
 * @param {string} whose
 */
function expectTrue(found, whose) {
  expect(found.length, `frames with ${whose}`).toBeGreaterThan(MIN_FRAMES);
  const sorted = found.toSorted((a, b) => a - b);
  const usual = sorted[Math.floor(sorted.length * 0.95)];
  expect(usual, `usual error in metres of ${whose}`).toBeLessThan(MAX_ERROR_METRES);
  expect(sorted.at(-1), `greatest error in metres of ${whose}`).toBeLessThan(MAX_GUESS_METRES);
}

/**
 * One of two players is out of the game server's room.
 *
 * @param {import("./programs.js").Program | undefined} server
 */
async function expectGone(server) {
  await expect
    .poll(() => playerCounts(server), { message: "players in the game server's room", timeout: GONE_MS })
    .toEqual({ Sunday: 1 });
}

for (const generation of /** @type {const} */ (["first", "chat", "token"])) {
  test.describe(`on the ${generation} generation`, () => {
    test.use({ generation });

    test(
      "two players see each other drive, and one's closed tab is noticed",
      generation === "first" ? { tag: "@quick" } : {},
      drive,
    );
  });
}

/** @param {import("./fixture.js").Fixtures} fixtures */
async function drive({ enter, site }) {
  const ann = await enter("Ann");
  const ben = await enter("Ben");
  await ann.signIn("ann's password");
  await ben.signIn("ben's password");
  await ann.createRoom("Sunday");
  await ben.joinRoom("Sunday");
  await ann.expectPlayers("Ann", "Ben");
  await ben.expectPlayers("Ann", "Ben");
  for (const [from, to] of [
    [ann, ben],
    [ben, ann],
  ]) {
    await from.element("message-input").fill(`I am ${from.name}`);
    await from.element("message-send").click();
    const said = to.element("message").filter({ hasText: `${from.name} I am ${from.name}` });
    await expect(said).toHaveCount(1);
  }
  await ann.page.screenshot({ path: "tests/browser/screenshots/room.png" });

  await ann.element("start-race").click();
  await ann.expectScreen("race");
  await ben.expectScreen("race");
  await record(ann.page);
  await record(ben.page);
  ann.driver.start();
  ben.driver.start();

  const { sessionId: annId } = await ann.state();
  const { sessionId: benId } = await ben.state();
  for (const [seeing, id] of /** @type {const} */ ([
    [ann, benId],
    [ben, annId],
  ])) {
    // A busy machine shows few frames on the way.
    const seen = async () => {
      const path = (await recorded(seeing.page)).others[id] ?? [];
      return path.length > 2 * MIN_FRAMES ? travelled(path) : 0;
    };
    await expect
      .poll(seen, { message: `metres that ${seeing.name} saw`, timeout: 45_000 })
      .toBeGreaterThan(MIN_METRES);
  }
  await ann.page.screenshot({ path: "tests/browser/screenshots/two-cars.png" });

  const [annSaw, benSaw] = [await recorded(ann.page), await recorded(ben.page)];
  expectTrue(errors(annSaw.others[benId], benSaw.own), "Ben's car on Ann's screen");
  expectTrue(errors(benSaw.others[annId], annSaw.own), "Ann's car on Ben's screen");

  await ben.driver.stop();
  await ben.page.close();
  await expectGone(site.server);
  await ann.expectPlayers("Ann");
  await expect.poll(async () => (await ann.state()).cars, { message: "cars that Ann sees" }).toEqual([]);
}

test("a tab that crashes leaves no ghost", async ({ enter, site }) => {
  const ann = await enter("Ann");
  const ben = await enter("Ben");
  await ann.signIn();
  await ben.signIn();
  await ann.createRoom("Sunday");
  await ben.joinRoom("Sunday");
  await ann.expectPlayers("Ann", "Ben");

  const crash = ben.page.waitForEvent("crash");
  const devtools = await ben.page.context().newCDPSession(ben.page);
  devtools.send("Page.crash").catch(() => {});
  await crash;
  await expectGone(site.server);
  await ann.expectPlayers("Ann");
});

test.describe("with bots", () => {
  test.use({ bots: 5 });

  test("a player drives among moving bots", async ({ enter }) => {
    const ann = await enter("Ann");
    await ann.signIn();
    await expect(ann.room("Bot race")).toBeVisible();
    await ann.page.screenshot({ path: "tests/browser/screenshots/lobby.png" });
    await ann.joinRoom("Bot race");
    await ann.element("join-race").click();
    await ann.expectScreen("race");
    await record(ann.page);
    ann.driver.start();

    const moving = async () => {
      const paths = Object.values((await recorded(ann.page)).others);
      return paths.filter((path) => travelled(path) > MIN_METRES).length;
    };
    await expect.poll(moving, { message: `bots that drove ${MIN_METRES} m`, timeout: 30_000 }).toBe(5);
    const driven = async () => travelled((await recorded(ann.page)).own);
    await expect.poll(driven, { message: "metres that Ann drove", timeout: 45_000 }).toBeGreaterThan(250);

    // She stops on the track, and the bots come round and pass her.
    await ann.driver.park();
    const near = async () => {
      const { car, cars } = await ann.state();
      return cars.some(({ x, z }) => car && Math.hypot(x - car.x, z - car.z) < NEAR_METRES);
    };
    await expect.poll(near, { message: "a bot passes Ann", timeout: 60_000 }).toBe(true);
    await ann.page.screenshot({ path: "tests/browser/screenshots/race.png" });
  });
});
