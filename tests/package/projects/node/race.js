// A bot in Node. Before Node 22 there is no WebSocket, so one is given: `node race.js RELAY PATH_OF_WS`.
import { pathToFileURL } from "node:url";

import { RaceClient } from "mp-server-client";

const [relay, library] = process.argv.slice(2);
const { WebSocket } = await import(pathToFileURL(library).href);

const race = await RaceClient.connect(relay, {
  name: "Bot",
  webSocket: (url, protocols) => new WebSocket(url, protocols),
});
const states = [race.state];
const room = await race.createRoom("Node");
const players = room.players.size;
await race.close();
states.push(race.state);
process.stdout.write(JSON.stringify({ states, room: room.name, players }));
