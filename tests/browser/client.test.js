// The client by itself, without the page: in a Worker, its errors, and that it lets go of what it held.
import { expect, test } from "./fixture.js";

/** Where a page finds a script of the test's own. */
const SCRIPT = "/client-test.js";

/**
 * Run a module in the page's own origin, in the page or in a Worker, and give back what it posts.
 * @param {import("@playwright/test").Page} page
 * @param {string} url
 * @param {string} body a module that calls `post(result)` once
 * @param {"page" | "worker"} where
 * @returns {Promise<any>}
 */
async function run(page, url, body, where) {
  const posting =
    where === "worker"
      ? "const post = (result) => self.postMessage(result);"
      : 'const post = (result) => window.dispatchEvent(new CustomEvent("posted", { detail: result }));';
  const module = `import init, { Session } from "/pkg/wasm/client_wasm.js";
    const wasm = await init();
    const relay = location.origin.replace("http", "ws") + "/ws";
    ${posting}
    try { ${body} } catch (error) { post({ thrown: String(error), code: error.code }); }`;
  // A script of a test comes from nowhere, and Chromium asks before such a one may talk to this machine.
  await page.context().grantPermissions(["local-network-access"]);
  await page.route(`**${SCRIPT}`, (route) => route.fulfill({ contentType: "text/javascript", body: module }));
  await page.goto(`${url}favicon.svg`);
  return page.evaluate(
    ([script, place]) =>
      new Promise((resolve, reject) => {
        if (place === "worker") {
          const worker = new Worker(script, { type: "module" });
          worker.onmessage = (event) => resolve(event.data);
          worker.onerror = (event) => reject(new Error(event.message));
          return;
        }
        window.addEventListener("posted", (event) => resolve(/** @type {CustomEvent} */ (event).detail));
        import(script).catch(reject);
      }),
    [SCRIPT, where],
  );
}

const PLAY = `
  const session = new Session();
  const states = [];
  session.on("state", ({ state }) => states.push(state));
  const id = await session.connect(relay);
  const signedIn = await session.signIn({ name: "Ann in a Worker", password: "secret" });
  const room = await session.createRoom("Monza");
  const rooms = await session.listRooms();
  const roundTripMs = await session.ping();
  const sent = session.sendUpdate(1, 0, 2, 0, 0, 0, 1);
  const started = await session.startGame();
  await session.close();
  const metrics = session.metrics();
  session.free();
  post({ id, signedIn, room, rooms, roundTripMs, sent, started, states, metrics });`;

for (const where of /** @type {const} */ (["page", "worker"])) {
  test(`the client plays in a ${where}`, async ({ page, site }) => {
    const result = await run(page, site.url, PLAY, where);
    expect(result.thrown).toBeUndefined();
    expect(result.id).toMatch(/^[0-9a-f]{32}$/);
    expect(result.signedIn).toEqual({
      name: "Ann in a Worker",
      authenticated: true,
      udpEncryption: true,
    });
    expect(result.rooms).toEqual([
      {
        id: result.room.roomId,
        name: "Monza",
        playerCount: 1,
        isActive: false,
        hostId: result.id,
      },
    ]);
    expect(result.roundTripMs).toBeGreaterThan(0);
    expect(result.sent).toBe(true);
    expect(result.started.spawnPositions).toEqual([
      { id: result.id, x: 66, y: -2, z: expect.closeTo(0.8, 5) },
    ]);
    expect(result.states).toEqual(["connected", "authenticated", "disconnected"]);
    expect(result.metrics.sent).toBe(1);
  });
}

test("errors are typed and say what to do", async ({ page, site }) => {
  const result = await run(
    page,
    site.url,
    `const caught = async (work) => {
       try { await work(); return "nothing thrown"; }
       catch (error) { return [error instanceof Error, error.name, error.code, error.retryable]; }
     };
     const session = new Session();
     const before = await caught(() => session.createRoom("early"));
     const option = await caught(() => new Session({ updateRate: 20 }));
     const range = await caught(() => new Session({ updateHz: 1000 }));
     const event = await caught(() => session.on("stat", () => {}));
     const address = await caught(() => session.connect("ftp://nowhere"));
     await session.connect(relay);
     const twice = await caught(() => session.connect(relay));
     const signIn = await caught(() => session.createRoom("early"));
     await session.signIn({ name: "Ann" });
     const room = await caught(() => session.joinRoom("00112233445566778899aabbccddeeff"));
     const start = await caught(() => session.startGame());
     const number = await caught(() => session.sendUpdate(NaN, 0, 0, 0, 0, 0, 1));
     const pending = caught(() => session.listRooms());
     session.free();
     post({ before, option, range, event, address, twice, signIn, room, start, number, pending: await pending });`,
    "page",
  );
  const error = (/** @type {string} */ code, retryable = false) => [true, "RaceError", code, retryable];
  expect(result).toEqual({
    before: error("not_connected", true),
    option: error("invalid_argument"),
    range: error("invalid_argument"),
    event: error("invalid_argument"),
    address: error("invalid_argument"),
    twice: error("invalid_argument"),
    signIn: error("auth_required"),
    room: error("room_not_found"),
    start: error("not_in_room"),
    number: error("invalid_argument"),
    pending: error("closed", true),
  });
});

test("a listener may free the session, and sessions leave no memory behind", async ({ page, site }) => {
  const result = await run(
    page,
    site.url,
    `const freed = new Session();
     const ended = new Promise((resolve) => freed.on("close", () => { freed.free(); resolve("freed"); }));
     await freed.connect(relay);
     await freed.close();
     await ended;
     const play = async () => {
       const session = new Session();
       session.on("state", () => {});
       await session.connect(relay);
       await session.signIn({ name: "Ann" });
       session.sample();
       await session.close();
       session.free();
     };
     const idle = () => { for (let made = 0; made < 200; made++) new Session().free(); };
     for (let round = 0; round < 3; round++) await play();
     idle();
     const before = wasm.memory.buffer.byteLength;
     for (let round = 0; round < 10; round++) await play();
     for (let round = 0; round < 10; round++) idle();
     post({ grown: wasm.memory.buffer.byteLength - before });`,
    "page",
  );
  expect(result).toEqual({ grown: 0 });
});
