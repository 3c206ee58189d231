// The page: a form to come in, the race while one is in, and words where something goes wrong.

import { Car } from "./car.js";
import { gridPlace, oval } from "./circuit.js";
import { listenToControls } from "./controls.js";
import { RaceMap } from "./map.js";
import { enter, fetchTrack, makeClient } from "./relay.js";
import { showError } from "./words.js";

/** @typedef {import("mp-server-client").RaceClient} RaceClient */
/** @typedef {import("mp-server-client").Room} Room */

/** A longer frame than this was a hidden page. */
const LONGEST_FRAME_SECONDS = 0.25;
const STATES = {
  idle: "not connected",
  connecting: "connecting…",
  connected: "connected",
  reconnecting: "connection lost, coming back…",
  closed: "not connected",
};

/** @param {string} id @returns {any} */
const find = (id) => document.getElementById(id);
/** @type {HTMLFormElement} */
const form = find("enter");
const map = new RaceMap(find("map"));

form.relay.value = new URLSearchParams(location.search).get("relay") ?? "http://127.0.0.1:8080";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void play(form.relay.value.trim(), form.driver.value.trim(), form.room.value.trim());
});
map.setTrack(oval());
map.draw(null, []);
addEventListener("resize", () => map.draw(null, []));

/**
 * From the form into a room, and back.
 * @param {string} relay
 * @param {string} name
 * @param {string} roomName
 */
async function play(relay, name, roomName) {
  showError(find("error"), null);
  form.inert = true;
  /** @type {RaceClient | undefined} */
  let race;
  const ended = new AbortController();
  try {
    race = await makeClient(relay, name);
    race.on("state", showState);
    await race.connect();
    const track = await fetchTrack(relay, race.url);
    map.setTrack(track);
    const room = await enter(race, roomName);
    showRoom(room, ended.signal);
    drive(room, track, ended.signal);
    await over(race, room);
  } catch (error) {
    showError(find("error"), /** @type {Error} */ (error));
  } finally {
    ended.abort();
    find("inside").hidden = true;
    form.hidden = form.inert = false;
    // Says goodbye, so that the others do not see a car that stands there.
    await race?.close();
  }
}

/**
 * Resolves when the player leaves; rejects when it ends otherwise.
 * @param {RaceClient} race
 * @param {Room} room
 * @returns {Promise<void>}
 */
function over(race, room) {
  return new Promise((resolve, reject) => {
    find("leave").onclick = () => resolve();
    room.on("lost", reject);
    race.on("state", (change) => change.state === "closed" && reject(change));
  });
}

/** @param {import("mp-server-client").StateChange} change */
function showState({ state }) {
  const place = find("state");
  place.dataset.state = state;
  place.textContent = STATES[state];
}

/**
 * Who is in the room, now and whenever that changes.
 * @param {Room} room
 * @param {AbortSignal} signal
 */
function showRoom(room, signal) {
  form.hidden = true;
  find("inside").hidden = false;
  find("room").textContent = room.name;
  // On a phone the form was below the track.
  scrollTo({ top: 0 });
  const update = () => {
    const items = [...room.players.values()].map(({ name, isMe, isHost }) => {
      const item = document.createElement("li");
      item.textContent = name + (isMe ? " (you)" : "") + (isHost ? " · host" : "");
      return item;
    });
    find("players").replaceChildren(...items);
    // Somebody has to start the race: the host, whoever that is.
    if (room.isHost && !room.isActive) room.start().catch((error) => showError(find("error"), error));
  };
  for (const event of /** @type {const} */ (["joined", "left", "host"])) room.on(event, update, { signal });
  update();
}

/**
 * Once a frame: move the own car, tell of it, draw all.
 * @param {Room} room
 * @param {import("./circuit.js").TrackFile} track
 * @param {AbortSignal} signal
 */
function drive(room, track, signal) {
  const pad = find("pad");
  pad.hidden = !matchMedia("(pointer: coarse)").matches;
  const controls = listenToControls(pad, signal);
  const ids = [...room.players.keys()].sort();
  const me = [...room.players.values()].find(({ isMe }) => isMe);
  const car = new Car(gridPlace(track, ids.indexOf(me?.id ?? "")));
  let lastMs = performance.now();

  /** @param {number} nowMs */
  function frame(nowMs) {
    if (signal.aborted) {
      pad.hidden = true;
      return map.draw(null, []);
    }
    const pressed = controls();
    car.drive(pressed, Math.min(Math.max(nowMs - lastMs, 0) / 1000, LONGEST_FRAME_SECONDS));
    lastMs = nowMs;
    room.sendState(car.state);
    room.sendInput(pressed.steering, pressed.throttle, pressed.brake);
    map.draw(car, room.cars(nowMs));
    requestAnimationFrame(frame);
  }
  requestAnimationFrame(frame);
}
