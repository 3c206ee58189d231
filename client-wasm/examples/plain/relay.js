// The way to a relay: a real one by its address, or one that is made up in the page, with bots.

import { RaceClient } from "mp-server-client";

import { oval } from "./circuit.js";

/** @typedef {import("mp-server-client/mock").MockRelay} MockRelay */

/** One for the whole page, so that its players meet. @type {Promise<MockRelay> | undefined} */
let mock;

/**
 * A client that is not connected yet.
 * @param {string} relay  an address, or `mock`
 * @param {string} name
 */
export async function makeClient(relay, name) {
  if (relay !== "mock") return new RaceClient(relay, { name });
  // Loaded only where it is wanted.
  mock ??= import("mp-server-client/mock").then(({ mockRelay }) =>
    mockRelay({ rooms: [{ name: "Friday", bots: 5, isActive: true }], track: oval() }),
  );
  const { options } = await mock;
  return new RaceClient("http://localhost/", { name, ...options });
}

/**
 * Into the room of that name; where there is none, make it.
 * @param {RaceClient} race
 * @param {string} name
 */
export async function enter(race, name) {
  const rooms = await race.listRooms();
  const found = rooms.find((room) => room.name === name);
  return found ? race.joinRoom(found.id) : race.createRoom(name);
}

/**
 * The circuit to draw: the relay's own where it has one.
 * @param {string} relay  an address, or `mock`
 * @param {string} url  of the client that is connected to it
 * @returns {Promise<import("./circuit.js").TrackFile>}
 */
export async function fetchTrack(relay, url) {
  if (relay === "mock") return oval();
  const answer = await fetch(new URL("track.json", url));
  return answer.ok ? answer.json() : oval();
}
