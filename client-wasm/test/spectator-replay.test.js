import assert from "node:assert/strict";
import { test } from "node:test";
import { replay } from "../js/replay.js";
import { RaceClient } from "../js/client.js";
import { Spectator } from "../js/spectator.js";
import { wasm } from "./fake-relay.js";
import { ManualClock, settled } from "./manual-clock.js";
import { watched } from "./recorded-spectator.js";

/** Where the car is in the live moment. @param {Spectator} spectator */
function liveCar(spectator) {
  const [car] = [...spectator.cars()].map(({ name, x }) => ({ name, x }));
  return car;
}

test("a spectator's recording is shown by a spectator, at any time and at any speed", async () => {
  const blob = await watched();
  const clock = new ManualClock();
  const shown = await Spectator.replay(blob, { clock, spectator: wasm.spectator, paused: true });
  const { playback } = shown;
  assert.ok(playback);
  /** @type {string[]} */
  const states = [];
  shown.on("state", ({ state }) => states.push(state));
  await settled();
  assert.deepEqual(
    [shown.state, shown.room?.name, shown.room?.isActive, playback.paused],
    ["live", "Monza", false, true],
  );
  playback.play();
  await clock.pass(5000);
  const { name, x } = liveCar(shown);
  assert.equal(name, "Ben");
  assert.ok(x > 0.03 * 4500 && x < 150, `${x}`);
  playback.pause();
  await playback.seek(50_000);
  assert.equal(shown.room?.isActive, true);
  assert.ok(liveCar(shown).x > 0.03 * 49_000 && liveCar(shown).x < 1500, `${liveCar(shown).x}`);
  await playback.seek(20_000);
  assert.equal(shown.room?.isActive, false);
  assert.ok(liveCar(shown).x > 0.03 * 19_000 && liveCar(shown).x < 600, `${liveCar(shown).x}`);
  const past = shown.sample(shown.liveMs - 5000);
  assert.ok(Math.abs(past.rows[1] - 0.03 * 15_000) < 30, "the moments before are there as well");
  playback.speed = 4;
  playback.play();
  await clock.pass(2500);
  assert.ok(liveCar(shown).x > 0.03 * 29_000, `${liveCar(shown).x}`);
  await clock.pass(5000);
  await settled();
  assert.ok(states.includes("reconnecting"), "the break is in it");
  assert.equal(shown.state, "live");
  await clock.pass(10_000);
  await playback.finished;
  assert.deepEqual([playback.positionMs, playback.paused], [playback.durationMs, true]);
  shown.close();
  assert.equal(clock.timers, 0);
});

test("a recording is as long as the spectator's own clock says", async () => {
  const blob = await watched();
  const shown = await Spectator.replay(blob, {
    clock: new ManualClock(),
    spectator: wasm.spectator,
    paused: true,
  });
  assert.equal(shown.playback?.durationMs, 60_000);
  shown.close();
});

test("a recording is shown by what recorded it", async () => {
  const blob = await watched();
  for (const replays of [Spectator, RaceClient]) {
    await assert.rejects(replays.replay(new Blob(["none"]), /** @type {any} */ (null)), {
      code: "bad_recording",
    });
  }
  await assert.rejects(replay(blob), { code: "bad_recording" });
  await assert.rejects(Spectator.replay(new Blob(["none"]), { spectator: wasm.spectator }), {
    code: "bad_recording",
  });
});
