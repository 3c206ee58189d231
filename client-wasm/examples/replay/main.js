// The page: records a race, saves it, opens it again and plays it. What is drawn comes from `race.room` in both cases: a replay
// is a client like any other.

import { RaceClient } from "mp-server-client";

import { oval } from "./circuit.js";
import { pack, unpack } from "./file.js";
import { RaceMap } from "./map.js";
import { beginRecording } from "./record.js";
import { showError } from "./words.js";

/** @typedef {import("mp-server-client").Replay} Replay */

/** @param {string} id @returns {any} */
const find = (id) => document.getElementById(id);
/** @type {HTMLFormElement} */
const form = find("record");
/** @type {HTMLInputElement} */
const position = find("position");
const map = new RaceMap(find("map"));

/** Whose cars are drawn. @type {RaceClient | null} */
let shown = null;
/** Ends the recording that goes on. @type {(() => Promise<Blob>) | null} */
let stop = null;
/** @type {string | null} */
let savedUrl = null;

form.relay.value = new URLSearchParams(location.search).get("relay") ?? "http://127.0.0.1:8080";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void attempt(() => (stop ? finish(stop) : begin()));
});
find("open").addEventListener("change", (/** @type {Event} */ event) => {
  const { files } = /** @type {HTMLInputElement} */ (event.target);
  if (files?.[0]) void attempt(() => open(files[0]));
});
find("play").addEventListener("click", () => {
  const playback = shown?.playback;
  if (!playback) return;
  // From the beginning once more, where it has come to its end.
  if (playback.positionMs >= playback.durationMs) void playback.seek(0).then(playback.play);
  else if (playback.paused) playback.play();
  else playback.pause();
});
position.addEventListener("input", () => void shown?.playback?.seek(position.valueAsNumber));
find("speed").addEventListener("change", () => {
  if (shown?.playback) shown.playback.speed = Number(find("speed").value);
});

map.setTrack(oval());
requestAnimationFrame(frame);

/** @param {() => Promise<void>} work */
async function attempt(work) {
  showError(find("error"), null);
  form.inert = true;
  try {
    await work();
  } catch (error) {
    showError(find("error"), /** @type {Error} */ (error));
    say("idle", "nothing to see yet");
  } finally {
    form.inert = false;
  }
}

async function begin() {
  say("connecting", "connecting…");
  await show(null);
  const recorded = await beginRecording(form.relay.value.trim(), form.room.value.trim());
  stop = recorded.stop;
  map.setTrack(recorded.track);
  await show(recorded.race);
  say("recording", "recording");
  find("begin").textContent = "Stop";
  track = recorded.track;
  recorded.room.on("lost", (why) => showError(find("error"), why));
}
/** Of the recording that goes on. */
let track = oval();

/** @param {() => Promise<Blob>} end */
async function finish(end) {
  stop = null;
  find("begin").textContent = "Record";
  const file = pack(await end(), track);
  if (savedUrl) URL.revokeObjectURL(savedUrl);
  savedUrl = URL.createObjectURL(file);
  const link = find("save");
  Object.assign(link, { hidden: false, href: savedUrl, download: "friday.race" });
  await open(file);
}

/** Play a file. @param {Blob} file */
async function open(file) {
  const { recording, track: recordedOn } = await unpack(file);
  const race = await RaceClient.replay(recording, { speed: Number(find("speed").value) });
  map.setTrack(recordedOn);
  await show(race);
  say("connected", "a recording");
}

/** Show another client, and let go of the one before. @param {RaceClient | null} race */
async function show(race) {
  const before = shown;
  shown = race;
  find("transport").hidden = !race?.playback;
  if (race?.playback) position.max = String(race.playback.durationMs);
  if (before && before !== race) await before.close();
}

/** @param {number} nowMs */
function frame(nowMs) {
  const room = shown?.room;
  map.draw(null, room ? room.cars(nowMs) : []);
  if (shown?.playback) showPlayback(shown.playback);
  showPlayers([...(room?.players.values() ?? [])].map(({ name }) => name));
  requestAnimationFrame(frame);
}

/** @param {Replay} playback */
function showPlayback({ positionMs, durationMs, paused }) {
  const isOver = positionMs >= durationMs;
  // Where somebody holds the slider, it stays in the hand.
  if (!position.matches(":active")) position.valueAsNumber = positionMs;
  setText(find("time"), `${clock(positionMs)} / ${clock(durationMs)}`);
  setText(find("play"), isOver ? "Again" : paused ? "Play" : "Pause");
}

/** @param {string[]} names */
function showPlayers(names) {
  const list = find("players");
  const text = names.join("\n");
  if (list.dataset.names === text) return;
  list.dataset.names = text;
  list.replaceChildren(
    ...names.map((name) => Object.assign(document.createElement("li"), { textContent: name })),
  );
}

/** @param {string} state @param {string} words */
function say(state, words) {
  find("state").dataset.state = state;
  setText(find("state"), words);
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
