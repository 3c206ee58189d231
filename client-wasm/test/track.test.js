import assert from "node:assert/strict";
import { test } from "node:test";

import { fetchTrack } from "../js/index.js";
import { Track } from "../js/track.js";
import { withCode } from "./scene.js";

/** @typedef {[number, number]} Point */

/** 400 m, from the middle of its first side to the north. @type {Point[]} */
const SQUARE = [
  [0, 0],
  [0, 50],
  [100, 50],
  [100, -50],
  [0, -50],
];

/** @param {unknown} body @param {number} [status] */
const answering = (body, status = 200) => {
  /** @type {string[]} */
  const asked = [];
  const fetch = async (/** @type {any} */ url) => {
    asked.push(String(url));
    return new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
  };
  return { asked, fetch };
};

test("a place along the circuit has its direction, on both sides of the line and in any lap", () => {
  const track = new Track({ name: "Square", widthMetres: 10, centreline: SQUARE });
  assert.deepEqual([track.name, track.widthMetres, track.lengthMetres], ["Square", 10, 400]);
  assert.deepEqual(track.at(25), { x: 0, z: 25, yaw: 0 });
  assert.deepEqual(track.at(-25), { x: 0, z: -25, yaw: 0 });
  assert.deepEqual(track.at(825), track.at(25));
  assert.deepEqual(track.at(25, 3), { x: 3, z: 25, yaw: 0 });
  const { x, z, yaw } = track.at(100, 2);
  assert.deepEqual([x, Math.round(z * 1e9) / 1e9, yaw], [50, 48, Math.PI / 2]);
  assert.equal(track.at(50).yaw, Math.PI / 4, "half way round the corner");
});

test("a ring that is closed with its first point, and points that are there twice, are one line", () => {
  const twice = /** @type {Point[]} */ ([...SQUARE, SQUARE[4], SQUARE[0]]);
  const track = new Track({ centreline: twice });
  assert.deepEqual(track.centreline, SQUARE);
  assert.deepEqual([track.name, track.widthMetres], ["", 12]);
});

test("an invalid circuit is refused with the reason", () => {
  /** @type {Array<[any, RegExp]>} */
  const cases = [
    [null, /centreline/],
    [{}, /centreline/],
    [{ centreline: "long" }, /centreline/],
    [{ centreline: [...SQUARE, [1]] }, /centreline/],
    [{ centreline: [...SQUARE, [1, NaN]] }, /centreline/],
    [{ centreline: SQUARE.slice(0, 2) }, /three/],
    [
      {
        centreline: [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
      },
      /three/,
    ],
    [{ centreline: SQUARE, widthMetres: 0 }, /widthMetres/],
    [{ centreline: SQUARE, widthMetres: "12" }, /widthMetres/],
  ];
  for (const [file, reason] of cases) {
    assert.throws(
      () => new Track(file),
      (/** @type {any} */ error) => withCode("bad_track")(error) && reason.test(error.message),
    );
  }
});

test("fetches the circuit of a relay at any address", async () => {
  const { asked, fetch } = answering({ name: "Square", centreline: SQUARE });
  for (const url of [
    "https://relay.example",
    "wss://relay.example/ws",
    new URL("https://relay.example/races/"),
  ]) {
    assert.equal((await fetchTrack(url, { fetch })).name, "Square");
  }
  assert.deepEqual(asked, [
    "https://relay.example/track.json",
    "https://relay.example/track.json",
    "https://relay.example/races/track.json",
  ]);
});

test("says what is wrong with the address, the relay or its file", async () => {
  /** @type {Array<[typeof fetch, string, RegExp]>} */
  const cases = [
    [answering("", 404).fetch, "bad_track", /track\.json answers 404: this relay serves no circuit/],
    [answering("<html>").fetch, "bad_track", /track\.json is not a valid circuit: centreline/],
    [answering({ centreline: [] }).fetch, "bad_track", /track\.json is not a valid circuit: .*three/],
    [answering("", 503).fetch, "relay_unreachable", /503/],
    [() => Promise.reject(new TypeError("fetch failed")), "relay_unreachable", /does not answer/],
  ];
  for (const [request, code, words] of cases) {
    const asking = fetchTrack("https://relay.example", { fetch: request });
    await assert.rejects(
      asking,
      (/** @type {any} */ error) => withCode(code)(error) && words.test(error.message),
    );
  }
  await assert.rejects(fetchTrack("gopher://relay.example"), withCode("invalid_argument"));
});

test("an abort rejects with its reason", async () => {
  const stop = AbortSignal.abort("enough");
  const fetch = async () => Promise.reject(new DOMException("", "AbortError"));
  await assert.rejects(
    fetchTrack("https://relay.example", { fetch, signal: stop }),
    (thrown) => thrown === "enough",
  );
});
