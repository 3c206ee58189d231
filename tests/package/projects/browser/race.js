// What every fresh project runs in its page: a race through the page's own client and one through a worker, seen by both, by a
// spectator in a worker and by the viewer's element; and the panel for developers.
import { RaceClient } from "mp-server-client";
import { attachDebugPanel } from "mp-server-client/debug";
import { defineRaceViewer } from "mp-server-client/viewer";
import { workerCore, workerSpectator } from "mp-server-client/worker";

/** A car that was seen to drive so far was seen. */
const ENOUGH_METRES = 5;
const DEADLINE_MS = 20_000;

/** Race, and write into the page what became of it. @param {(relay: string, room: string) => Element} view  shows the viewer's element */
export function run(view = plainView) {
  race(new URLSearchParams(location.search).get("relay"), view)
    .catch((error) => ({ error: `${error.code}: ${error.stack}` }))
    .then((result) => (document.body.dataset.result = JSON.stringify(result)));
}

/** Two cars drive off; gives how far each was seen to go. */
async function race(relay, view) {
  const ann = await RaceClient.connect(relay, { name: "Ann" });
  const ben = await RaceClient.connect(relay, { name: "Ben", core: workerCore });
  const annsRoom = await ann.createRoom("Friday");
  const bensRoom = await ben.joinRoom(annsRoom.id);
  await annsRoom.start();
  const spectator = await RaceClient.spectate(relay, annsRoom.id, { spectator: workerSpectator });
  const panel = attachDebugPanel(ann);
  const viewer = view(relay, annsRoom.id);
  const listed = (await ben.listRooms()).map(({ name }) => name);
  const metres = { ann: 0, ben: 0, spectator: 0, viewer: 0 };
  const seen = () => Math.min(...Object.values(metres));
  const deadline = Date.now() + DEADLINE_MS;
  for (let step = 0; Date.now() < deadline && seen() < ENOUGH_METRES; step++) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    annsRoom.sendState(step / 4, 0, 0, 0, 0, 0, 1);
    bensRoom.sendState(-step / 4, 0, 10, 0, 0, 0, 1);
    for (const car of annsRoom.cars()) metres.ann = Math.max(metres.ann, -car.x);
    for (const car of bensRoom.cars()) metres.ben = Math.max(metres.ben, car.x);
    metres.spectator = Math.max(metres.spectator, Math.abs(spectator.sample().rows[1] ?? 0));
    for (const { x } of viewer.state().cars) metres.viewer = Math.max(metres.viewer, Math.abs(x));
  }
  const states = [ann.state, ben.state];
  viewer.remove();
  panel.remove();
  spectator.close();
  await ben.close();
  await ann.close();
  return { states, listed, metres, closed: [ann.state, ben.state] };
}

function plainView(relay, room) {
  defineRaceViewer();
  const viewer = document.createElement("race-viewer");
  viewer.setAttribute("src", relay);
  viewer.setAttribute("room", room);
  document.body.append(viewer);
  return viewer;
}
