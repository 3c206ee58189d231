// A player's own test, as Vitest and Jest run it: a race of the mock in virtual time.
/* global test, expect */
import { mockRelay, VirtualClock } from "mp-server-client/mock";

test("a race with bots takes no time", async () => {
  const clock = new VirtualClock();
  const relay = await mockRelay({ clock, seed: 7, bots: 2 });
  const connecting = relay.connect("Ann");
  await clock.advance(1000);
  const race = await connecting;
  expect(race.state).toBe("connected");
  const listing = race.listRooms();
  await clock.advance(1000);
  expect((await listing).length).toBeGreaterThan(0);
  relay.stop();
});
