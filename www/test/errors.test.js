import assert from "node:assert/strict";
import { test } from "node:test";
import { adviceFor, adviceForError, ERROR_CODES } from "../src/errors.js";

/** Every code that the session can reject or close with. */
const SESSION_CODES =
  `timeout not_connected closed auth_failed auth_required room_not_found room_full not_host
  not_in_room player_not_found server_error unknown_command queue_full invalid_argument connection_lost
  server_unreachable certificate_not_trusted server_timeout server_ended not_allowed frame_too_large relay_full
  relay_restarting relay_unreachable sent_too_much too_slow malformed`.split(/\s+/);

const FALLBACK = adviceFor("no such code").next;

for (const code of SESSION_CODES) {
  test(`${code} has words of its own: what happened, and what to do`, () => {
    assert.ok(ERROR_CODES.includes(code));
    const { title, next } = adviceFor(code);
    assert.match(title, /^[A-Z].{8,}\.$/);
    assert.match(next, /^[A-Z].{8,}[.;]/);
    assert.ok(!`${title} ${next}`.includes(code.includes("_") ? code : "_"), "no code among the words");
    assert.notEqual(next, FALLBACK);
  });
}

test("no two codes say the same", () => {
  const titles = ERROR_CODES.map((code) => adviceFor(code).title);
  assert.equal(new Set(titles).size, titles.length);
});

test("quotes the server where it alone knows, but never at length", () => {
  assert.match(adviceFor("server_error", "Rooms are closed tonight.").title, /Rooms are closed tonight/);
  assert.ok(adviceFor("server_error", "x".repeat(5000)).title.length < 250);
  assert.ok(!adviceFor("auth_failed", "Invalid password for this player name.").title.includes("Invalid"));
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
    const { title, next } = adviceForError(thrown);
    assert.ok(title.length > 10 && next.length > 10);
  }
  assert.match(adviceForError(new Error("boom")).title, /boom/);
});

test("passes on whether trying again can help", () => {
  assert.equal(adviceForError({ code: "relay_full", retryable: true }).retryable, true);
  assert.equal(adviceForError({ code: "not_allowed" }).retryable, false);
});
