// Two bots in Node that see each other drive: `node race.js RELAY`. Before Node 22 there is no WebSocket, so one is given:
// `node race.js RELAY PATH_OF_WS`.
import { pathToFileURL } from "node:url";

import { RaceClient } from "mp-server-client";

const [relay, library] = process.argv.slice(2);
const given = library ? (await import(pathToFileURL(library).href)).WebSocket : undefined;
const socket = given && { webSocket: (url, protocols) => new given(url, protocols) };

const ann = await RaceClient.connect(relay, { name: "Ann", ...socket });
const ben = await RaceClient.connect(relay, { name: "Ben", ...socket });
const states = [ann.state];
const annsRoom = await ann.createRoom("Node");
const players = [annsRoom.players.size];
const bensRoom = await ben.joinRoom(annsRoom.id);
players.push(bensRoom.players.size);
await annsRoom.start();

const metres = [0, 0];
const deadline = Date.now() + 10_000;
for (let step = 0; Date.now() < deadline && Math.min(...metres) < 5; step += 1) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  annsRoom.sendState(step / 4, 0, 0, 0, 0, 0, 1);
  bensRoom.sendState(-step / 4, 0, 10, 0, 0, 0, 1);
  for (const car of annsRoom.cars()) metres[0] = Math.max(metres[0], -car.x);
  for (const car of bensRoom.cars()) metres[1] = Math.max(metres[1], car.x);
}
await ben.close();
await ann.close();
states.push(ann.state);
const seen = Math.min(...metres) >= 5 ? "enough" : metres;
process.stdout.write(JSON.stringify({ states, room: bensRoom.name, players, metres: seen }));
