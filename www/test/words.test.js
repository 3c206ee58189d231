import assert from "node:assert/strict";
import { test } from "node:test";
import { behindText, behindWords, eventText, gapText, lapText, stageMessage } from "../src/viewer/words.js";

test("gaps are told in seconds, minutes or laps", () => {
  assert.equal(gapText(0, 0), "+0.0");
  assert.equal(gapText(1234, 0), "+1.2");
  assert.equal(gapText(59_960, 0), "+60.0");
  assert.equal(gapText(83_250, 0), "+1:23.3");
  assert.equal(gapText(5000, 1), "+1 lap");
  assert.equal(gapText(NaN, 3), "+3 laps");
  assert.equal(gapText(NaN, 0), "–");
});

test("lap times round without a sixtieth second", () => {
  assert.equal(lapText(59_999.6), "1:00.000");
  assert.equal(lapText(62_345), "1:02.345");
  assert.equal(lapText(NaN), "–");
});

test("how far behind live is told to the eye and to the ear", () => {
  assert.equal(behindText(12_400), "−0:12");
  assert.equal(behindText(599_700), "−10:00");
  assert.equal(behindWords(300), "Live");
  assert.equal(behindWords(61_000), "1 minute 1 second behind live");
  assert.equal(behindWords(120_000), "2 minutes behind live");
});

test("every kind of event has its words", () => {
  const event = { key: 1, atMs: 0, id: "a", name: "Ann" };
  assert.equal(eventText({ ...event, kind: "joined" }), "Ann joined");
  assert.equal(eventText({ ...event, name: "", kind: "left" }), "A driver left");
  assert.equal(
    eventText({ ...event, kind: "overtake", otherId: "b", otherName: "Bo", place: 2 }),
    "Ann passes Bo for P2",
  );
  assert.equal(eventText({ ...event, kind: "fastestLap", lapMs: 61_250 }), "Ann: fastest lap, 1:01.250");
  assert.equal(eventText({ ...event, kind: "started" }), "The race has started");
});

test("the stage says why there is nothing to see, and nothing where there is", () => {
  const room = { isActive: true, players: [1, 2] };
  assert.equal(stageMessage({ state: "live" }, 3, room), null);
  assert.match(stageMessage({ state: "live" }, 0, room)?.next ?? "", /^2 drivers in the room/);
  const notice = "The relay has no account.";
  assert.equal(stageMessage({ state: "live" }, 0, { ...room, notice })?.next, notice);
  assert.match(stageMessage({ state: "live" }, 0, null, "missing")?.title ?? "", /no such race/);
  assert.match(stageMessage({ state: "live" }, 0, null, "gone")?.title ?? "", /is over/);
  assert.equal(stageMessage({ state: "connecting" }, 0, null)?.title, "Connecting…");
  // A picture that is a little old is better than none.
  assert.equal(stageMessage({ state: "reconnecting" }, 3, room), null);
  assert.match(stageMessage({ state: "reconnecting" }, 0, room)?.title ?? "", /lost/);
  const refused = stageMessage({ state: "closed", code: "not_allowed", reason: "Ask for a link." }, 3, room);
  assert.deepEqual(refused, { title: "This race is not public", next: "Ask for a link.", retry: true });
  assert.equal(stageMessage({ state: "closed", code: "closed" }, 0, null), null);
});

test("a link to what can be no race leads to the list, and a server that is silent is named", () => {
  for (const code of ["malformed", "invalid_argument"]) {
    const words = stageMessage({ state: "closed", code, reason: "a room is an id" }, 0, null);
    assert.deepEqual(words, {
      title: "There is no such race",
      next: "Check the link.",
      retry: false,
      list: true,
    });
  }
  const silent = stageMessage({ state: "live" }, 0, null, "unanswered");
  assert.equal(silent?.title, "The game server does not answer");
});
