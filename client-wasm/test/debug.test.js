// The panel's parts that need no page: its journal, what it hides, its history and its figures.
import assert from "node:assert/strict";
import test from "node:test";

import { CONDITIONS, isUntouched, PRESETS, presetOf } from "../js/debug/conditions.js";
import { History, MAX_STAYS } from "../js/debug/history.js";
import { Journal, KINDS, MAX_ENTRIES } from "../js/debug/journal.js";
import { redact } from "../js/debug/redact.js";
import { Figures, LOOKS, Series } from "../js/debug/series.js";
import { watch } from "../js/debug/watch.js";
import { inBytes, inMs, inPercent, lasting } from "../js/debug/words.js";
import { checked } from "../js/lab/conditions.js";
import { mockRelay } from "../js/mock.js";
import { NO_METRICS } from "../js/core.js";

const ALL = new Set(KINDS);

test("the journal keeps the newest, finds by text and kind, and is bounded", () => {
  const journal = new Journal();
  for (let index = 0; index < MAX_ENTRIES + 10; index += 1) journal.add("log", `Line ${index}`, index);
  journal.add("room", "Ann joined", 0);
  assert.equal(journal.find(ALL, "", Infinity).length, MAX_ENTRIES);
  assert.equal(journal.text().split("\n").length, MAX_ENTRIES);
  assert.deepEqual(
    journal.find(ALL, " line 50", 2).map(({ words }) => words),
    ["Line 509", "Line 508"],
  );
  assert.deepEqual(
    journal.find(new Set(["room"]), "", 9).map(({ words }) => words),
    ["Ann joined"],
  );
  journal.clear();
  assert.deepEqual(journal.find(ALL, "", 9), []);
});

test("secrets are taken out whatever they stand in", () => {
  const hidden = [
    '[TCP SEND] {"command":"NAME","name":"Ann","password":"hun\\"ter2"}',
    'config {"udpSecret":"hunter2"}',
    "options: token=hunter2, password: hunter2",
    "subprotocols mp-relay.v1 resume.hunter2 access.hunter2",
    "https://ann:hunter2@relay.example/ws",
    '{"command":"RELAYED_MESSAGE","message":"hunter2"}',
  ];
  for (const text of hidden) {
    assert.ok(!/hunter2|ter2/.test(redact(text)), redact(text));
    assert.match(redact(text), /\*\*\*/);
  }
  assert.equal(redact('{"message":"hello"}', true), '{"message":"hello"}');
  assert.equal(redact("Ann joined (0cb57544…)"), "Ann joined (0cb57544…)");
  assert.ok(redact("x".repeat(9999)).length < 400);
});

test("states are told apart, each with how long it lasted; a wait of many attempts is one", () => {
  const history = new History();
  history.add({ state: "connected" }, 1000);
  history.add(
    { state: "reconnecting", code: "connection_lost", reason: "lost", attempt: 1, retryInMs: 500 },
    4000,
  );
  history.add({ state: "reconnecting", code: "relay_unreachable", attempt: 2, retryInMs: 900 }, 5000);
  history.add({ state: "connected" }, 6000);
  assert.deepEqual(
    history.stays.map(({ state, fromMs, untilMs, code, attempt }) => [state, fromMs, untilMs, code, attempt]),
    [
      ["connected", 1000, 4000, "", 0],
      ["reconnecting", 4000, 6000, "relay_unreachable", 2],
      ["connected", 6000, null, "", 0],
    ],
  );
  assert.equal(history.stays[1].retryAtMs, 5900);
  for (let index = 0; index < 99; index += 1) {
    history.add({ state: index % 2 ? "connected" : "reconnecting" }, 7000 + index);
  }
  assert.equal(history.stays.length, MAX_STAYS);
});

test("a series forgets the oldest, and loss is that of the last looks", () => {
  const series = new Series();
  for (let value = 1; value <= LOOKS + 5; value += 1) series.push(value);
  assert.deepEqual([series.at(0), series.newest, series.highest], [6, LOOKS + 5, LOOKS + 5]);

  const figures = new Figures();
  const stats = {
    ...NO_METRICS,
    roundTripP50Ms: null,
    roundTripP95Ms: null,
    jitterMs: null,
    reconnects: 0,
  };
  const look = (/** @type {number} */ lost, /** @type {number} */ received) =>
    figures.look({ ...stats, lost, received }, true);
  look(0, 100);
  look(10, 110);
  assert.equal(figures.loss.newest, 50);
  for (let index = 1; index <= 8; index += 1) look(10, 110 + 10 * index);
  assert.equal(figures.loss.newest, 0, "what was lost long ago is over");
  look(4, 190);
  assert.equal(figures.loss.newest, 0, "what was only late is no gain");
  figures.look(stats, false);
  assert.ok(Number.isNaN(figures.loss.newest) && Number.isNaN(figures.roundTrip.newest));
});

test("every preset is a network that the lab takes and the sliders can show", () => {
  for (const [name, conditions] of Object.entries(PRESETS)) {
    assert.doesNotThrow(() => checked(conditions, 0), name);
    assert.equal(presetOf(conditions), name);
    for (const { name: slider, max, step } of CONDITIONS) {
      const value = conditions[slider];
      assert.ok(
        value <= max && Math.abs(value / step - Math.round(value / step)) < 1e-9,
        `${name}: ${slider}`,
      );
    }
  }
  assert.ok(isUntouched(PRESETS["As it is"]) && !isUntouched(PRESETS.Satellite));
  assert.equal(presetOf({ ...PRESETS.Satellite, latencyMs: 1 }), "");
});

test("what a client tells is written down, its messages as so many letters, until it is stopped", async (t) => {
  const relay = await mockRelay({ bots: 1, latencyMs: 2 });
  const race = await relay.connect("Ann", { password: "hunter2" });
  t.after(() => race.close());
  const journal = new Journal();
  /** @type {string[]} */
  const states = [];
  let showMessages = false;
  const stop = watch(race, journal, {
    showMessages: () => showMessages,
    onState: ({ state }) => void states.push(state),
  });
  const words = () => journal.find(ALL, "", 99).map((entry) => entry.words);
  const [{ id, players }] = relay.rooms;
  const room = await race.joinRoom(id);
  assert.match(words()[0], /^entered .*\(/);
  const say = async (/** @type {string} */ text) => {
    const heard = race.once("message");
    relay.say(players[0].id, text, race.id);
    await heard;
    return words()[0];
  };
  assert.equal(await say("secret plan"), `${players[0].name}: 11 letters`);
  showMessages = true;
  assert.equal(await say("open plan"), `${players[0].name}: “open plan”`);
  const started = room.once("started");
  relay.startRace(id);
  await started;
  assert.equal(words()[0], "started with 2 cars");
  const left = room.once("left");
  relay.removePlayer(players[0].id);
  await left;
  assert.ok(words().some((line) => line.startsWith(`${players[0].name} left`)));
  await room.leave();
  assert.equal(words()[0], "in no room any more");

  const { count } = journal;
  stop();
  await race.joinRoom(id);
  await race.close();
  assert.deepEqual([journal.count, states], [count, []]);
});

test("numbers are said as a developer reads them", () => {
  assert.deepEqual(
    [
      inMs(null),
      inMs(4.25),
      inMs(43.7),
      inPercent(2.5),
      inPercent(12.6),
      inBytes(999),
      inBytes(12_340),
      inBytes(5e6),
    ],
    ["–", "4.3 ms", "44 ms", "2.5 %", "13 %", "999 B", "12.3 kB", "5.0 MB"],
  );
  assert.deepEqual(
    [lasting(1234), lasting(45_600), lasting(125_000), lasting(3_725_000)],
    ["1.2 s", "46 s", "2 min 5 s", "1 h 2 min"],
  );
});

test("the panel can be imported where there is no page", async () => {
  const { RaceDebug } = await import("../js/debug.js");
  assert.equal(typeof RaceDebug, "function");
});
