// What a site's collector gets of a client: counts and words of the package, and nothing else.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { onError, report } from "../js/telemetry.js";
import { World } from "./fake-core.js";
import { client, stopTime } from "./scene.js";

const URL_OF_COLLECTOR = "https://site.example/figures";

/** @param {string} code @param {number} attempt */
const loss = (code, attempt) => ({
  code,
  number: 1006,
  reason: "secret words of the server",
  retryable: true,
  attempt,
  retryInMs: 250,
});

/** @param {import("node:test").TestContext} t @param {import("../js/telemetry.js").ReportOptions["send"]} [send] */
async function reported(t, send) {
  const world = new World();
  const { id } = world.addRoom("go", "Bea");
  const race = client(world);
  /** @type {import("../js/telemetry.js").Telemetry[]} */
  const sent = [];
  /** @type {string[]} */
  const bodies = [];
  const reporter = report(race, {
    url: new URL(URL_OF_COLLECTOR),
    send:
      send ??
      ((url, body) => {
        assert.equal(url, URL_OF_COLLECTOR);
        bodies.push(body);
        sent.push(JSON.parse(body));
      }),
  });
  // A test that fails must end all the same.
  t.after(() => {
    reporter.stop();
    void race.close();
  });
  await race.connect();
  await race.joinRoom(id);
  return { world, race, reporter, sent, bodies };
}

test("counts states, errors, reconnects and resumes since the report before", async (t) => {
  stopTime(t);
  const { world, reporter, sent } = await reported(t);
  reporter.flush();
  assert.deepEqual(sent[0].states, { connecting: 1, connected: 1 });
  world.last.emit("interrupted", loss("connection_lost", 1));
  world.last.emit("interrupted", loss("connection_lost", 2));
  world.last.emit("resumed", {});
  reporter.count({ code: "room_full", message: "Ann's room" });
  reporter.count(new TypeError("Ann"));
  reporter.count({ code: "Ann drives 5" });
  reporter.count(null);
  reporter.flush();
  const { states, errors, reconnects, resumes, state } = sent[1];
  assert.deepEqual(states, { reconnecting: 1, connected: 1 });
  assert.deepEqual(errors, { connection_lost: 1, room_full: 1, other: 3 });
  assert.deepEqual([reconnects, resumes, state], [1, 1, "connected"]);
  reporter.flush();
  assert.deepEqual([sent[2].states, sent[2].errors, sent[2].resumes], [{}, {}, 0]);
});

test("ends when the client is closed", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const { race, reporter, sent } = await reported(t);
  await race.close();
  assert.deepEqual([sent[0].cause, sent[0].state, sent[0].errors], ["closed", "closed", {}]);
  t.mock.timers.tick(600_000);
  reporter.flush();
  reporter.stop();
  assert.equal(sent.length, 1);
});

test("sends nothing about a client that is closed already", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const race = client(new World());
  await race.close();
  let count = 0;
  const reporter = report(race, { url: URL_OF_COLLECTOR, send: () => (count += 1) });
  t.mock.timers.tick(600_000);
  reporter.flush();
  reporter.stop();
  assert.equal(count, 0);
});

test("sends only the fields that the guide names, and no name, id or text", async (t) => {
  stopTime(t);
  const { world, race, reporter, sent, bodies } = await reported(t);
  world.last.emit("interrupted", loss("connection_lost", 1));
  reporter.stop();
  const guide = readFileSync(new URL("../guides/errors.md", import.meta.url), "utf8");
  const [, part] = guide.split("## Telemetry");
  const named = [...part.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  assert.deepEqual(Object.keys(sent[0]), named);
  const { id, room } = race;
  for (const secret of [id, room?.id, room?.name, "secret words", "Bea"]) {
    assert.ok(secret && !bodies.join().includes(secret), String(secret));
  }
  await race.close();
});

test("sends at intervals and when the page is left, until it is stopped", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const page = new EventTarget();
  for (const name of /** @type {const} */ (["addEventListener", "removeEventListener"])) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { configurable: true, value: page[name].bind(page) });
    t.after(() =>
      before ? Object.defineProperty(globalThis, name, before) : Reflect.deleteProperty(globalThis, name),
    );
  }
  /** @type {string[]} */
  const causes = [];
  const race = { ...stub(), id: "x" };
  const reporter = report(race, { url: "/figures", send: (_, body) => causes.push(JSON.parse(body).cause) });
  t.mock.timers.tick(300_000);
  page.dispatchEvent(new Event("pagehide"));
  reporter.stop();
  t.mock.timers.tick(600_000);
  page.dispatchEvent(new Event("pagehide"));
  assert.deepEqual(causes, ["interval", "pagehide", "stop"]);
});

test("a collector that fails does not disturb the page", async () => {
  const reporter = report(stub(), {
    url: "/figures",
    send() {
      throw new TypeError("no network");
    },
  });
  reporter.flush();
  reporter.stop();
});

test("error codes that a server makes up are bounded", () => {
  /** @type {Array<Record<string, number>>} */
  const errors = [];
  const reporter = report(stub(), { url: "/f", send: (_, body) => errors.push(JSON.parse(body).errors) });
  const letters = [..."abcdefghij"];
  for (const one of letters) for (const two of letters) reporter.count({ code: one + two });
  reporter.stop();
  assert.equal(Object.keys(errors[0]).length, 33);
  assert.equal(errors[0].other, 68);
});

test("the hook hears each error once, without its words, and not the client's own end", async (t) => {
  stopTime(t);
  const { world, race, reporter } = await reported(t);
  /** @type {import("../js/telemetry.js").ErrorReport[]} */
  const heard = [];
  onError(race, (error) => heard.push(error));
  world.last.emit("interrupted", loss("connection_lost", 1));
  world.last.emit("interrupted", loss("connection_lost", 2));
  world.last.emit("resumed", {});
  world.last.emit("interrupted", loss("too_slow", 1));
  await race.close();
  reporter.stop();
  assert.deepEqual(heard, [
    { code: "connection_lost", retryable: true, state: "reconnecting" },
    { code: "too_slow", retryable: true, state: "reconnecting" },
  ]);
});

/** A client that does nothing. @returns {import("../js/telemetry.js").Reported} */
function stub() {
  return {
    id: null,
    state: "idle",
    stats: { roundTripP50Ms: null, roundTripP95Ms: null, lossPercent: 0, lossEstimated: false },
    on: () => () => {},
  };
}
