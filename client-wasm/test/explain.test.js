import assert from "node:assert/strict";
import { test } from "node:test";
import { explain } from "../js/explain.js";
import { RaceError } from "../js/index.js";

/** Every code that the client can reject or close with. */
const CODES = `timeout not_connected closed auth_failed auth_required room_not_found room_full not_host
  not_in_room player_not_found server_error unknown_command queue_full invalid_argument connection_lost
  server_unreachable certificate_not_trusted server_timeout server_ended not_allowed frame_too_large relay_full
  relay_restarting relay_unreachable sent_too_much too_slow malformed aborted bad_recording kicked load_failed
  not_a_relay reconnecting replaying bad_track unsupported`.split(/\s+/);

const FALLBACK = explain({ code: "no such code" }).next;

for (const code of CODES) {
  test(`${code} has words of its own: what happened, and what to do`, () => {
    const { title, next } = explain({ code });
    assert.match(title, /^[A-Z].{8,}\.$/);
    assert.match(next, /^[A-Z].{8,}[.;]/);
    assert.ok(!`${title} ${next}`.includes(code.includes("_") ? code : "_"), "no code among the words");
    assert.notEqual(next, FALLBACK);
  });
}

test("no two codes say the same", () => {
  const titles = CODES.map((code) => explain({ code }).title);
  assert.equal(new Set(titles).size, titles.length);
});

test("quotes the server where it alone knows, but never at length", () => {
  assert.match(
    explain(new RaceError("server_error", "Rooms are closed tonight.")).title,
    /Rooms are closed tonight/,
  );
  assert.ok(explain({ code: "server_error", reason: "x".repeat(5000) }).title.length < 250);
  const unfit = "A player name has at most 32 characters.";
  assert.match(explain(new RaceError("auth_failed", unfit)).title, /at most 32 characters/);
  const unseen = "A player name needs a letter that can be seen.";
  assert.match(explain(new RaceError("auth_failed", unseen)).title, /letter that can be seen/);
});

test("a taken name is called so, with and without a password", () => {
  for (const said of [
    "Invalid password for this player name.",
    "This player name is in use. Please choose another.",
    "This player name is registered. Sign in with its password.",
  ]) {
    const { title, next } = explain(new RaceError("auth_failed", said));
    assert.equal(title, "This name is taken.");
    assert.match(next, /another name.*password.*sign out in the tab/);
  }
});

test("finds words for anything that may be thrown", () => {
  for (const thrown of [
    undefined,
    null,
    "text",
    5,
    {},
    new Error("boom"),
    { code: 7 },
    { code: "toString" },
  ]) {
    const { title, next } = explain(thrown);
    assert.ok(title.length > 10 && next.length > 10);
  }
  assert.match(explain(new Error("boom")).title, /boom/);
});
