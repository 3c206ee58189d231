import assert from "node:assert/strict";
import { test } from "node:test";
import { wantedOf, watchLink } from "../src/address.js";

/** @param {string} url */
const wanted = (url) => wantedOf(new URL(url, "http://relay.example"));

test("the room is in the path or in the query", () => {
  assert.equal(wanted("/watch/R1").room, "R1");
  assert.equal(wanted("/watch/R%201/").room, "R 1");
  assert.equal(wanted("/watch.html?room=R1").room, "R1");
  assert.equal(wanted("/watch.html").room, "");
  assert.equal(wanted("/watch/%zz").room, "%zz");
});

test("the token stands where no log keeps it", () => {
  const link = watchLink("R 1", "a/b=");
  assert.match(link, /\/watch\/R%201#access=/);
  assert.deepEqual([wanted(link).room, wanted(link).token], ["R 1", "a/b="]);
  assert.ok(watchLink("R1").endsWith("/watch/R1"));
});

test("the look is as the address says", () => {
  const all = wanted("/watch/R1?embed=1&theme=dark&follow=Ann&track=learn");
  assert.deepEqual(all, { room: "R1", token: "", embed: true, theme: "dark", follow: "Ann", track: "learn" });
  const none = wanted("/watch/R1?embed=0&theme=pink");
  assert.deepEqual([none.embed, none.theme], [false, ""]);
});
