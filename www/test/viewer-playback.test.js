import assert from "node:assert/strict";
import { test } from "node:test";
import { Playback } from "../src/viewer/playback.js";

const FRAME_MS = 20;

/** A playhead beside a race that goes on. */
class Watch {
  constructor(startMs = 0, liveMs = 100_000) {
    this.playback = new Playback();
    this.startMs = startMs;
    this.liveMs = liveMs;
    this.playback.advance(0, startMs, liveMs);
  }

  /** @param {number} ms */
  go(ms) {
    for (let gone = 0; gone < ms; gone += FRAME_MS) {
      const before = this.playback.atMs;
      this.liveMs += FRAME_MS;
      this.playback.advance(FRAME_MS, this.startMs, this.liveMs);
      assert.ok(this.playback.atMs >= before, "never backwards");
      assert.ok(this.playback.atMs <= this.liveMs && this.playback.atMs >= this.startMs);
    }
    return this;
  }
}

test("follows the race live", () => {
  const { playback, liveMs } = new Watch().go(1000);
  assert.equal(playback.live, true);
  assert.equal(playback.atMs, liveMs);
  assert.equal(playback.behindMs, 0);
});

test("paused it holds, then goes on as far behind", () => {
  const watch = new Watch();
  watch.playback.pause();
  watch.go(5000);
  assert.equal(watch.playback.atMs, 100_000);
  assert.equal(watch.playback.behindMs, 5000);
  watch.playback.play();
  watch.go(3000);
  assert.equal(watch.playback.live, false);
  assert.equal(watch.playback.behindMs, 5000);
  assert.equal(watch.playback.atMs, 103_000);
});

test("paused it is carried along by what is no longer kept", () => {
  const watch = new Watch(0, 1000);
  watch.playback.seek(200);
  watch.playback.pause();
  watch.startMs = 700;
  watch.go(100);
  assert.equal(watch.playback.atMs, 700);
  assert.equal(watch.playback.paused, true);
});

test("faster than the race it comes live again, at its pace", () => {
  const watch = new Watch();
  watch.playback.seek(watch.playback.atMs + -7000);
  watch.playback.setSpeed(8);
  watch.go(980);
  assert.equal(watch.playback.live, false);
  watch.go(60);
  assert.equal(watch.playback.live, true);
  assert.equal(watch.playback.speed, 1);
});

test("slower than the race it leaves live and falls behind", () => {
  const watch = new Watch();
  watch.playback.setSpeed(0.25);
  watch.go(4000);
  assert.equal(watch.playback.live, false);
  assert.equal(watch.playback.behindMs, 3000);
});

test("live is not made faster, and an odd speed is the nearest there is", () => {
  const watch = new Watch();
  watch.playback.setSpeed(4);
  assert.equal(watch.playback.live, true);
  assert.equal(watch.playback.speed, 1);
  watch.playback.seek(0);
  watch.playback.setSpeed(100);
  assert.equal(watch.playback.speed, 8);
  watch.playback.setSpeed(NaN);
  assert.equal(watch.playback.speed, 8);
});

test("seeks no further than what is kept and what is live", () => {
  const watch = new Watch(30_000);
  watch.playback.seek(-5);
  assert.equal(watch.playback.atMs, 30_000);
  watch.playback.seek(1e9);
  assert.equal(watch.playback.live, true);
  watch.playback.pause();
  watch.playback.seek(watch.playback.atMs + 1e9);
  assert.equal(watch.playback.live, false, "paused at the end stays paused");
  watch.playback.play();
  assert.equal(watch.playback.live, true);
});

test("before the first snapshot nothing moves, whatever is pressed", () => {
  const playback = new Playback();
  playback.advance(16, NaN, NaN);
  playback.seek(5);
  playback.seek(playback.atMs + -5);
  playback.pause();
  assert.ok(Number.isNaN(playback.atMs));
  assert.equal(playback.behindMs, 0);
  playback.advance(16, 0, 500);
  playback.advance(16, 0, 516);
  assert.equal(playback.atMs, 500, "paused at the first moment there was");
  playback.toLive();
  assert.equal(playback.atMs, 516);
});

test("should live turn back, it is not beyond live", () => {
  const watch = new Watch();
  watch.playback.advance(16, 0, 99_000);
  assert.equal(watch.playback.atMs, 99_000, "never beyond live");
});
