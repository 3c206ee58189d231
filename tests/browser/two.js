// Two players in a race, which many tests begin with.

/** @typedef {import("./fixture.js").Enter} Enter */

/**
 * Ann and Ben in a room; Ann starts the race, and both are in it.
 * @param {Enter} enter
 * @param {import("@playwright/test").BrowserContextOptions} [options]  of Ann's browser
 */
export async function race(enter, options) {
  const ann = await enter("Ann", options);
  const ben = await enter("Ben");
  await ann.signIn();
  await ben.signIn();
  await ann.createRoom("Sunday");
  await ben.joinRoom("Sunday");
  await ann.expectPlayers("Ann", "Ben");
  await ann.element("start-race").click();
  await ann.expectScreen("race");
  await ben.expectScreen("race");
  return { ann, ben, roomId: (await ann.state()).roomId };
}
