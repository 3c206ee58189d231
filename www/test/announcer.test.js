import assert from "node:assert/strict";
import { test } from "node:test";
import { Announcer } from "../src/viewer/announcer.js";

/**
 * @param {number} key
 * @param {import("../src/viewer/chronicle.js").RaceEvent["kind"]} kind
 */
function event(key, kind, atMs = key * 1000) {
  return { key, atMs, kind, id: "a", name: `Driver ${key}`, otherId: "b", otherName: "Bo", place: 1 };
}

function announcer() {
  const region = /** @type {HTMLElement} */ (/** @type {unknown} */ ({ textContent: "" }));
  return { region, announcer: new Announcer(region) };
}

test("an overtake is said once", () => {
  const { region, announcer: says } = announcer();
  const events = [event(1, "overtake")];
  says.hear(events, 1000);
  assert.equal(region.textContent, "Driver 1 passes Bo for P1.");
  region.textContent = "";
  says.hear(events, 9000);
  assert.equal(region.textContent, "");
});

test("who joins and who leaves is not said", () => {
  const { region, announcer: says } = announcer();
  says.hear([event(1, "joined"), event(2, "left")], 2000);
  assert.equal(region.textContent, "");
});

test("many at once are one sentence, and the next waits", () => {
  const { region, announcer: says } = announcer();
  const events = [event(1, "overtake"), event(2, "overtake"), event(3, "overtake")];
  says.hear(events, 3000);
  assert.equal(region.textContent, "Driver 3 passes Bo for P1, and 2 more.");
  events.push(event(4, "overtake"));
  says.hear(events, 4000);
  assert.match(region.textContent ?? "", /^Driver 3/);
  says.hear(events, 6000);
  assert.equal(region.textContent, "Driver 4 passes Bo for P1.");
});

test("what waited too long is not said, nor what was skipped", () => {
  const { region, announcer: says } = announcer();
  says.hear([event(1, "overtake")], 20_000);
  assert.equal(region.textContent, "");
  const events = [event(1, "overtake"), event(2, "overtake", 21_000)];
  says.skip(events);
  says.hear(events, 21_000);
  assert.equal(region.textContent, "");
});
