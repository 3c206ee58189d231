// The page: records a race, saves it, opens it again and plays it. A replay is a client like any other, so both are drawn from
// `race.room`.

import "@picocss/pico/css/pico.min.css";
import "./style.css";

import { RaceClient } from "mp-server-client";
import { explain } from "mp-server-client/explain";
import { RaceMap, Track } from "mp-server-client/map";

import { pack, unpack } from "./file.js";
import { beginRecording } from "./record.js";

/** @param {string} id @returns {any} */
const find = (id) => document.getElementById(id);
/** @type {HTMLFormElement} */
const form = find("record");
/** @type {HTMLInputElement} */
const position = find("position");
const map = new RaceMap(find("map"), { track: Track.oval() });

/** Whose cars are drawn. @type {RaceClient | null} */
let shown = null;
/** @typedef {Awaited<ReturnType<typeof beginRecording>>} Recorded */
/** The recording in progress. @type {Recorded | null} */
let recorded = null;

form.relay.value = new URLSearchParams(location.search).get("relay") ?? "http://127.0.0.1:8080";
form.onsubmit = (event) => {
  event.preventDefault();
  void attempt(() => (recorded ? finish(recorded) : begin()));
};
find("open").onchange = (/** @type {Event & { target: HTMLInputElement }} */ { target: { files } }) => {
  if (files?.[0]) void attempt(() => open(files[0]));
};
find("play").onclick = async () => {
  const playback = shown?.playback;
  if (!playback) return;
  // From the beginning once more, if it has come to its end.
  if (playback.positionMs >= playback.durationMs) await playback.seek(0);
  else if (!playback.paused) return playback.pause();
  playback.play();
};
position.oninput = () => void shown?.playback?.seek(position.valueAsNumber);
find("speed").onchange = () => {
  if (shown?.playback) shown.playback.speed = Number(find("speed").value);
};
requestAnimationFrame(frame);

/** @param {() => Promise<void>} work */
async function attempt(work) {
  find("error").hidden = form.inert = true;
  await work().catch((error) => {
    const { title, next } = explain(error);
    find("error").textContent = `${title} ${next} (${error.code})`;
    find("error").hidden = false;
  });
  form.inert = false;
}

async function begin() {
  recorded = await beginRecording(form.relay.value.trim(), form.room.value.trim());
  map.setTrack(recorded.track);
  await show(recorded.race, "recording");
  find("begin").textContent = "Stop";
}

/** @param {Recorded} recording */
async function finish({ stop, track }) {
  recorded = null;
  find("begin").textContent = "Record";
  const file = pack(await stop(), track);
  URL.revokeObjectURL(find("save").href);
  Object.assign(find("save"), { hidden: false, href: URL.createObjectURL(file), download: "friday.race" });
  await open(file);
}

/** @param {Blob} file */
async function open(file) {
  const { recording, track } = await unpack(file);
  const race = await RaceClient.replay(recording, { speed: Number(find("speed").value) });
  map.setTrack(track);
  await show(race, "a recording");
}

/** Show another client, and close the one before. @param {RaceClient} race @param {string} state */
async function show(race, state) {
  const before = shown;
  shown = race;
  setText(find("state"), state);
  find("transport").hidden = !race.playback;
  if (race.playback) position.max = String(race.playback.durationMs);
  if (before !== race) await before?.close();
}

/** @param {number} nowMs */
function frame(nowMs) {
  const room = shown?.room;
  map.draw(room?.cars(nowMs) ?? []);
  if (shown?.playback) showPlayback(shown.playback);
  showPlayers([...(room?.players.values() ?? [])].map(({ name }) => name));
  requestAnimationFrame(frame);
}

/** @param {import("mp-server-client").Replay} playback */
function showPlayback({ positionMs, durationMs, paused }) {
  // While somebody holds the slider, it stays in the hand.
  if (!position.matches(":active")) position.valueAsNumber = positionMs;
  setText(find("time"), `${clock(positionMs)} / ${clock(durationMs)}`);
  setText(find("play"), positionMs >= durationMs ? "Again" : paused ? "Play" : "Pause");
}

/** @param {string[]} names */
function showPlayers(names) {
  const list = find("players");
  if (list.innerText === names.join("\n")) return;
  const items = names.map((name) => Object.assign(document.createElement("li"), { textContent: name }));
  list.replaceChildren(...items);
}

/** Nothing is read out again that is as it was. @param {HTMLElement} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {number} ms */
function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
