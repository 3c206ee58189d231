// What every fresh project runs: a race through the page's own client and one through a worker, and the viewer's element.
import { RaceClient } from "mp-server-client";
import { defineRaceViewer } from "mp-server-client/viewer";
import { workerCore, workerSpectator } from "mp-server-client/worker";

const parameters = new URLSearchParams(location.search);
const relay = parameters.get("relay");

/** A car drives off; gives how far another player's client saw it go. */
async function race() {
  const ann = await RaceClient.connect(relay, { name: "Ann" });
  const ben = await RaceClient.connect(relay, { name: "Ben", core: workerCore });
  const annsRoom = await ann.createRoom("Friday");
  const bensRoom = await ben.joinRoom(annsRoom.id);
  await annsRoom.start();
  const spectator = await RaceClient.spectate(relay, annsRoom.id, { spectator: workerSpectator });
  const result = { states: [ann.state, ben.state], room: annsRoom.name, metres: [0, 0, 0] };
  const deadline = Date.now() + 10_000;
  for (let step = 0; Date.now() < deadline && Math.min(...result.metres) < 5; step++) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    annsRoom.sendState(step / 4, 0, 0, 0, 0, 0, 1);
    bensRoom.sendState(-step / 4, 0, 10, 0, 0, 0, 1);
    for (const car of annsRoom.cars()) result.metres[0] = Math.max(result.metres[0], -car.x);
    for (const car of bensRoom.cars()) result.metres[1] = Math.max(result.metres[1], car.x);
    result.metres[2] = Math.max(result.metres[2], Math.abs(spectator.sample().rows[1] ?? 0));
  }
  spectator.close();
  await ben.close();
  await ann.close();
  return { ...result, closed: [ann.state, ben.state] };
}

defineRaceViewer();
race()
  .then((result) => ({ ...result, viewer: customElements.get("race-viewer") !== undefined }))
  .catch((error) => ({ error: `${error.code}: ${error.stack}` }))
  .then((result) => (document.body.dataset.result = JSON.stringify(result)));
