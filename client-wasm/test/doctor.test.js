import assert from "node:assert/strict";
import { test } from "node:test";
import { doctor } from "../js/doctor.js";
import { coded, World } from "./fake-core.js";
import { ManualClock } from "./manual-clock.js";

const URL = "https://relay.example";
const NOW_MS = Date.parse("2026-11-23T12:00:00Z");
const CONFIG = { version: "0.1.0", udpSecret: "s", updateHz: 20, features: {} };
const PAGE = {
  WebAssembly,
  hasWebSocket: true,
  pageUrl: "https://relay.example/",
  isSecureContext: true,
  dateNow: () => NOW_MS,
};

/** A relay that answers over HTTP as it should, but for what a test says. @param {Record<string, () => Promise<Response>>} [odd] */
function http(odd = {}) {
  const headers = { date: new Date(NOW_MS).toUTCString() };
  /** @type {Record<string, () => Promise<Response>>} */
  const answers = {
    "/api/config": async () => Response.json(CONFIG, { headers }),
    "/healthz": async () => new Response("ok\n", { headers }),
    ...odd,
  };
  return /** @type {typeof fetch} */ (
    async (input) => {
      const answer = answers[new globalThis.URL(String(input)).pathname];
      if (!answer) throw new Error(`the doctor asked for ${input}`);
      return answer();
    }
  );
}

/** @param {{ url?: string, world?: World, cars?: boolean | "one", fetch?: typeof fetch, page?: object, signal?: AbortSignal, clock?: ManualClock, failMaking?: Error }} given */
async function examine(given = {}) {
  const { url = URL, world = new World(), cars = true, clock = new ManualClock(), failMaking } = given;
  /** @type {import("../js/core.js").CoreFactory} */
  const core = async (options) => {
    if (failMaking) throw failMaking;
    const made = await world.core(options);
    const number = world.cores.length;
    Object.assign(made, { count: cars === true || (cars === "one" && number === 1) ? 1 : 0 });
    return made;
  };
  const { fetch = http(), signal, page } = given;
  let done = false;
  const asked = doctor(url, { core, fetch, clock, signal, page: { ...PAGE, ...page } });
  const examined = asked.then((report) => {
    done = true;
    return report;
  });
  for (let turn = 0; turn < 2000 && !done; turn += 1) await clock.pass(50);
  const report = await examined;
  const found = Object.fromEntries(report.checks.map((check) => [check.name, check]));
  return { report, found, world, clock };
}

const ALL = ["page", "relay", "websocket", "certificate", "game server", "sign-in", "datagrams", "clock"];

test("all is fine, and nobody is left behind", async () => {
  const { report, found, world, clock } = await examine();
  assert.deepEqual(
    report.checks.map(({ name, ok }) => [name, ok]),
    ALL.map((name) => [name, true]),
  );
  assert.equal(report.ok, true);
  assert.match(found.relay.words, /version 0\.1\.0/);
  assert.equal(report.text.split("\n").length, ALL.length);
  assert.equal(world.cores.length, 2);
  assert.ok(
    world.cores.every((core) => core.freed && core.times("close") === 1 && core.times("sendUpdate") > 0),
  );
  assert.deepEqual(
    [...world.rooms.values()].flatMap(({ players }) => players),
    [],
  );
  assert.equal(clock.timers, 0);
});

/** @type {Array<[code: string, check: string, fine: string[], advice: RegExp]>} */
const CLOSES = [
  ["relay_unreachable", "websocket", [], /operator: .*Upgrade.*mp-relay\.v1/],
  ["not_allowed", "websocket", [], /--allow-origin/],
  ["relay_full", "websocket", [], /come back later/],
  ["relay_restarting", "websocket", [], /again in a minute/],
  ["connection_lost", "websocket", [], /check the network/],
  ["something_new", "websocket", [], /relay's log/],
  ["certificate_not_trusted", "certificate", ["websocket"], /operator: .*--trust pin:/],
  ["server_unreachable", "game server", ["websocket"], /operator: .*--server/],
  ["server_timeout", "game server", ["websocket"], /says nothing; restart/],
  ["timeout", "game server", ["websocket"], /no welcome came/],
  ["server_ended", "game server", ["websocket", "certificate"], /ended the session at once/],
];

for (const [code, name, fine, advice] of CLOSES) {
  test(`a connection that fails with ${code} is a matter of the ${name}`, async () => {
    const world = new World();
    world.fail("connect", coded(code));
    const { report, found } = await examine({ world });
    assert.deepEqual([report.ok, found[name].ok], [false, false]);
    assert.match(found[name].advice, advice);
    assert.ok(found[name].words.includes(code));
    const wanted = ["page", "relay", "clock", ...fine].sort();
    assert.deepEqual(ALL.filter((other) => found[other].ok === true).sort(), wanted);
    assert.equal(found["sign-in"].ok, null);
    assert.ok(world.cores.every((core) => core.freed));
  });
}

test("what the page itself lacks is said", async () => {
  const blocked = class {
    constructor() {
      throw new Error("refused by the page's policy");
    }
  };
  /** @type {Array<[page: object, url: string, words: RegExp]>} */
  const lacks = [[{ pageUrl: "https://club.example/" }, "http://relay.example", /no relay over http/]];
  for (const [page, url, words] of lacks) {
    const { found } = await examine({ page, url });
    assert.equal(found.page.ok, false);
    assert.match(found.page.words, words);
    assert.equal(found.websocket.ok, null);
  }
  const { checkPage } = await import("../js/doctor/page.js");
  const { Findings } = await import("../js/doctor/report.js");
  /** @type {Array<[page: object, words: RegExp]>} */
  const wasm = [
    [{ WebAssembly: undefined }, /no WebAssembly/],
    [{ WebAssembly: { Module: blocked } }, /refuses WebAssembly here: .*policy/],
    [{ hasWebSocket: false }, /Node has one from version 22/],
  ];
  for (const [page, words] of wasm) {
    const findings = new Findings();
    const here = /** @type {any} */ ({ ...PAGE, ...page });
    assert.equal(checkPage(findings, here, `${URL}/`, false), false);
    const [{ ok, words: said, advice }] = findings.report("").checks;
    assert.equal(ok, false);
    assert.match(said, words);
    assert.match(advice, /wasm-unsafe-eval/);
  }
  const { report, found } = await examine({ page: { isSecureContext: false } });
  assert.equal(report.ok, true);
  assert.match(found.page.words, /unprotected/);
  const broken = await examine({ failMaking: coded("load_failed", true) });
  assert.deepEqual([broken.found.websocket.ok, broken.report.ok], [null, false]);
});

test("a relay that is not there, is another site's, or is none", async () => {
  const lost = async () => {
    throw new TypeError("Failed to fetch");
  };
  const { found: gone } = await examine({ fetch: http({ "/api/config": lost, "/healthz": lost }) });
  assert.match(gone.relay.words, /nothing answers/);
  assert.match(gone.relay.advice, /visitor: check the network.*operator/);
  const { found: foreign } = await examine({ fetch: http({ "/api/config": lost }) });
  assert.match(foreign.relay.words, /lets no page of this site read it/);
  const page = async () => new Response("<!doctype html>", { status: 200 });
  const { found: none } = await examine({ fetch: http({ "/api/config": page }) });
  assert.match(none.relay.words, /answers 200, but nothing that a relay says/);
  const ill = async () => new Response("", { status: 503 });
  const { found: sick, report } = await examine({ fetch: http({ "/healthz": ill }) });
  assert.match(sick.relay.words, /not well.*503/);
  assert.deepEqual([sick.datagrams.ok, report.ok], [true, false]);
  for (const one of [gone, foreign, none]) assert.deepEqual([one.relay.ok, one.websocket.ok], [false, null]);
  const { found: odd } = await examine({ url: "ftp://relay" });
  assert.match(odd.relay.words, /ftp:\/\/relay/);
});

test("a relay that takes any certificate works, and it is said", async () => {
  const any = async () => Response.json({ ...CONFIG, insecure: true });
  const { report, found } = await examine({ fetch: http({ "/api/config": any }) });
  assert.deepEqual([found.certificate.ok, found.clock.ok, report.ok], [true, null, true]);
  assert.match(found.certificate.advice, /--trust pin/);
});

test("signing in, a second session and a room may fail", async () => {
  const steps = /** @type {const} */ ([
    ["signIn", 0, "sign-in", /nobody can sign in/],
    ["connect", 1, "datagrams", /second session/],
    ["createRoom", 0, "datagrams", /no room could be made/],
    ["joinRoom", 0, "datagrams", /no room could be made/],
  ]);
  for (const [method, before, name, words] of steps) {
    const world = new World();
    /** @type {any[]} */
    const failures = [...Array(before).fill(undefined), coded("server_error")];
    world.fail(method, ...failures);
    const { found, world: after } = await examine({ world });
    assert.equal(found[name].ok, false, method);
    assert.match(found[name].words, words);
    assert.ok(after.cores.every((core) => core.freed));
  }
});

test("a server with accounts answers, and nobody is signed in", async () => {
  const world = new World();
  world.fail("signIn", coded("password_missing"));
  const { found, report } = await examine({ world });
  assert.deepEqual([found["sign-in"].ok, found.datagrams.ok, report.ok], [true, null, true]);
  assert.match(found["sign-in"].words, /accounts/);
});

test("positions that do not come through, or one way only", async () => {
  const { found, world } = await examine({ cars: false });
  assert.match(found.datagrams.words, /do not come through/);
  assert.match(found.datagrams.advice, /UDP.*--udp-secret/);
  assert.ok(world.cores.every((core) => core.freed && core.times("sendUpdate") > 20));
  const half = await examine({ cars: "one" });
  assert.match(half.found.datagrams.words, /one way only/);
  assert.equal(half.report.ok, false);
});

test("a clock that is wrong, and timers that sleep", async () => {
  const { found } = await examine({ page: { dateNow: () => NOW_MS + 600_000 } });
  assert.match(found.clock.words, /600 s ahead of the relay's/);
  const { found: behind } = await examine({ page: { dateNow: () => NOW_MS - 600_000 } });
  assert.match(behind.clock.words, /600 s behind the relay's/);
  const slow = new ManualClock();
  const { setTimeout } = slow;
  slow.setTimeout = (work, delayMs) => setTimeout(work, delayMs < 60 ? 1000 : delayMs);
  const { found: sleepy } = await examine({ clock: slow });
  assert.equal(sleepy.clock.ok, false);
  assert.match(sleepy.clock.words, /950 ms late/);
});

test("it can be stopped, waits for nobody for ever, and never throws", async () => {
  const stopped = await examine({ signal: AbortSignal.abort() });
  assert.deepEqual(
    stopped.report.checks.map(({ ok }) => ok),
    ALL.map(() => null),
  );
  assert.match(stopped.report.text, /it was stopped/);

  const world = new World();
  world.held.add("connect");
  const { found } = await examine({ world });
  assert.equal(found["game server"].ok, false);

  const midway = new AbortController();
  const other = new World();
  other.held.add("createRoom");
  const timer = setTimeout(() => midway.abort(), 20);
  const { report } = await examine({ world: other, signal: midway.signal });
  clearTimeout(timer);
  assert.equal(report.ok, false);
  assert.ok(other.cores.every((core) => core.freed));

  const strange = await examine({ failMaking: new RangeError("odd") });
  assert.equal(strange.report.ok, false);
  assert.equal((await doctor(/** @type {any} */ (undefined))).ok, false);
});
