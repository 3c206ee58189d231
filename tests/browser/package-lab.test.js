// The package's network lab, flight recorder and doctor with a real relay and game server.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { listen } from "./complaints.js";
import { expect, test } from "./fixture.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const WASM = path.join(ROOT, "www/pkg/wasm");
const PACKAGE = path.join(ROOT, "client-wasm/js");
const WRONG_PIN = `pin:${"00".repeat(32)}`;

/**
 * Run the body of an async function in a page of the relay's own site, which may import the package, and give back its result.
 * @param {import("@playwright/test").Page} page
 * @param {string} url
 * @param {string} body  has `RaceClient`, `doctor`, `relay` and `until(condition)`
 * @returns {Promise<any>}
 */
async function run(page, url, body) {
  const complaints = listen(page);
  const module = `
    import { RaceClient } from "/package/client.js";
    import { doctor } from "/package/doctor.js";
    const relay = location.origin;
    const until = async (holds) => {
      for (const end = Date.now() + 20000; !holds(); ) {
        if (Date.now() > end) throw new Error("it never came: " + holds);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    export const result = (async () => { ${body} })();`;
  // What a test serves comes from nowhere, and Chromium asks before such a one may talk to this machine.
  await page.context().grantPermissions(["local-network-access"]);
  await page.route("**/package/**", async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/package/test.js") {
      return route.fulfill({ contentType: "text/javascript", body: module });
    }
    const name = pathname.replace("/package/", "");
    const file = name.startsWith("wasm/") ? path.join(WASM, name.slice(5)) : path.join(PACKAGE, name);
    const contentType = name.endsWith(".wasm") ? "application/wasm" : "text/javascript";
    return route.fulfill({ contentType, body: await readFile(file) });
  });
  await page.goto(`${url}favicon.svg`);
  const address = "/package/test.js";
  const result = await page.evaluate((script) => import(script).then((made) => made.result), address);
  expect(complaints, "what the browser complained about").toEqual([]);
  return result;
}

test("the lab delays, loses and cuts, and the client comes back", async ({ page, site }) => {
  const result = await run(
    page,
    site.url,
    `const race = await RaceClient.connect(relay, { name: "Ann", reconnect: { minMs: 50, maxMs: 200 } });
     const other = await RaceClient.connect(relay, { name: "Ben" });
     const room = await race.createRoom("Lab");
     const far = await other.joinRoom(room.id);
     const states = [];
     race.on("state", ({ state, code }) => states.push(state + " " + (code ?? "")));
     const drive = setInterval(() => { race.room?.sendState(1, 0, 2, 0, 0, 0, 1); far.sendState(3, 0, 4, 0, 0, 0, 1); }, 20);
     await until(() => room.sample().count === 1);
     await race.simulate({ latencyMs: 150, seed: 1 });
     await until(() => race.stats.roundTripMs >= 300);
     const slowMs = race.stats.roundTripMs;
     await race.simulate({ lossPercent: 100 });
     await until(() => room.sample().count === 0 || [...room.cars()].every(({ stale }) => stale));
     await race.simulate({ disconnectAfterMs: 50 });
     await until(() => states.some((state) => state.startsWith("reconnecting connection_lost")));
     await race.simulate(null);
     await until(() => race.state === "connected" && race.room?.players.size === 2 && race.room.sample().count === 1);
     const refused = await race.simulate({ latency: 1 }).catch(({ code }) => code);
     clearInterval(drive);
     await race.close();
     await other.close();
     return { slowMs, states, refused };`,
  );
  expect(result.slowMs).toBeGreaterThanOrEqual(300);
  expect(result.states[0]).toMatch(/^reconnecting/);
  expect(result.states).toContain("connected ");
  expect(result.refused).toBe("invalid_argument");
});

test("what few need is not loaded before it is used", async ({ page, site }) => {
  /** @type {string[]} */
  const loaded = [];
  page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  await page.exposeFunction("loaded", () => loaded.splice(0).filter((file) => file.endsWith(".js")));
  const [first, forLab, forRecorder, forDoctor] = await run(
    page,
    site.url,
    `const race = await RaceClient.connect(relay, { name: "Ann" });
     const room = await race.createRoom("Small");
     room.sendState(1, 0, 2, 0, 0, 0, 1);
     const files = [await loaded()];
     await race.simulate({ latencyMs: 1 });
     files.push(await loaded());
     (await race.record()).stop();
     files.push(await loaded());
     await race.close();
     await doctor(relay);
     return [...files, await loaded()];`,
  );
  const few = /\/(lab|recorder|replay|doctor)\//;
  expect(first).toContain("/package/connection.js");
  expect(first.filter((/** @type {string} */ file) => few.test(file))).toEqual([]);
  expect(forLab).toContain("/package/lab/socket.js");
  expect(forRecorder).toContain("/package/recorder/tape.js");
  expect(forDoctor).toContain("/package/doctor/page.js");
});

test("a recorded race is played again by the same client", async ({ page, site }) => {
  const result = await run(
    page,
    site.url,
    `const race = await RaceClient.connect(relay, { name: "Ann", password: "hunter2" });
     const other = await RaceClient.connect(relay, { name: "Ben" });
     const recording = await race.record({ messages: true });
     const room = await race.createRoom("Recorded");
     const far = await other.joinRoom(room.id);
     const began = performance.now();
     const drive = setInterval(() => {
       const x = (performance.now() - began) / 100;
       far.sendState(x, 0, 4, 0, 0, 0, 1);
       room.sendState(0, 0, 0, 0, 0, 0, 1);
     }, 20);
     await until(() => room.sample().count === 1 && room.players.size === 2);
     await room.start();
     await far.say("hello", race.id);
     const seen = [];
     const look = (of) => [...of.cars()].map(({ x, z, name }) => ({ x, z, name }))[0];
     await until(() => (look(room)?.x ?? 0) > 20);
     const last = look(room);
     clearInterval(drive);
     const blob = recording.stop();
     const players = [...room.players.values()].map(({ name, isHost, isMe }) => ({ name, isHost, isMe }));
     await race.close();
     await other.close();
     const text = await blob.text();
     const again = await RaceClient.replay(blob, { speed: 4 });
     const xs = [];
     again.on("room", ({ room: entered }) => entered?.on("message", ({ text: said }) => seen.push(said)));
     await until(() => { const car = again.room && look(again.room); if (car) xs.push(car.x); return again.playback.paused; });
     const replayed = {
       state: again.state, name: again.name, room: again.room.name, isActive: again.room.isActive,
       players: [...again.room.players.values()].map(({ name, isHost, isMe }) => ({ name, isHost, isMe })),
       last: look(again.room), seen, rises: xs.every((x, at) => at === 0 || x >= xs[at - 1] - 0.02), frames: xs.length,
     };
     await again.playback.seek(0);
     replayed.atTheBeginning = again.room;
     await again.close();
     let bad;
     await RaceClient.replay(blob.slice(0, 500)).catch(({ code }) => (bad = code));
     return { players, last, replayed, bad, leaks: text.includes("hunter2"), bytes: blob.size };`,
  );
  const { replayed, players, last } = result;
  expect(replayed).toMatchObject({ state: "connected", name: "Ann", room: "Recorded", isActive: true });
  expect(replayed.players).toEqual(players);
  expect(players).toHaveLength(2);
  expect(replayed.seen).toEqual(["hello"]);
  expect(replayed.rises).toBe(true);
  expect(replayed.frames).toBeGreaterThan(10);
  expect(Math.abs(replayed.last.x - last.x)).toBeLessThan(1.5);
  expect(replayed.last).toMatchObject({ name: "Ben", z: expect.closeTo(4, 1) });
  expect(replayed.atTheBeginning).toBeNull();
  expect([result.bad, result.leaks]).toEqual(["bad_recording", false]);
});

test("a recorded spectator is shown again, at any time", async ({ page, site }) => {
  const result = await run(
    page,
    site.url,
    `const { Spectator } = await import("/package/spectator.js");
     const race = await RaceClient.connect(relay, { name: "Ann" });
     const room = await race.createRoom("Watched");
     const began = performance.now();
     const drive = setInterval(() => room.sendState((performance.now() - began) / 100, 0, 4, 0, 0, 0, 1), 20);
     const spectator = await RaceClient.spectate(relay, room.id);
     const x = (of) => [...of.cars()].find(({ name }) => name === "Ann")?.x ?? -1;
     await until(() => x(spectator) > 0);
     const recording = await spectator.record();
     await until(() => recording.durationMs > 3000);
     const last = x(spectator);
     const blob = recording.stop();
     clearInterval(drive);
     spectator.close();
     await race.close();
     const again = await Spectator.replay(blob, { paused: true });
     await again.playback.seek(again.playback.durationMs);
     await until(() => again.state === "live");
     const end = x(again);
     await again.playback.seek(1000);
     const back = x(again);
     again.playback.speed = 8;
     again.playback.play();
     await until(() => again.playback.paused);
     const shown = { room: again.room.name, end, back, played: x(again) };
     again.close();
     return { last, shown };`,
  );
  const { last, shown } = result;
  expect(shown.room).toBe("Watched");
  expect(Math.abs(shown.end - last)).toBeLessThan(5);
  expect(shown.back).toBeLessThan(last - 10);
  expect(Math.abs(shown.played - last)).toBeLessThan(5);
});

test("the doctor finds all fine, and leaves nobody behind", async ({ page, site }) => {
  const result = await run(
    page,
    site.url,
    `const report = await doctor(relay);
     const race = await RaceClient.connect(relay, { name: "Ann" });
     const rooms = await race.listRooms();
     await race.close();
     return { ...report, rooms };`,
  );
  expect(result.checks.filter((/** @type {any} */ { ok }) => ok !== true)).toEqual([]);
  expect(result.ok).toBe(true);
  expect(result.text.split("\n")).toHaveLength(8);
  expect(result.rooms).toEqual([]);
});

test("the doctor names a game server that is down", async ({ page, site }) => {
  await site.server?.stop();
  const { checks, ok } = await run(page, site.url, "return doctor(relay);");
  expect(ok).toBe(false);
  const wrong = checks.filter((/** @type {any} */ check) => check.ok === false);
  expect(wrong).toHaveLength(1);
  expect(wrong[0].name).toBe("game server");
  expect(wrong[0].advice).toMatch(/operator.*--server/);
});

test.describe("with a certificate that the relay does not trust", () => {
  test.use({ trust: WRONG_PIN });

  test("the doctor names it, and what the operator must do", async ({ page, site }) => {
    const { checks } = await run(page, site.url, "return doctor(relay);");
    const wrong = checks.filter((/** @type {any} */ check) => check.ok === false);
    expect(wrong).toHaveLength(1);
    expect(wrong[0].name).toBe("certificate");
    expect(wrong[0].advice).toMatch(/--trust pin:/);
  });
});
