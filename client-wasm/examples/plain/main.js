// The page: a form to enter a room, and the race until the player leaves or something ends it.

import { RaceClient, fetchTrack } from "mp-server-client";
import { explain } from "mp-server-client/explain";
import { RaceMap, Track } from "mp-server-client/map";

/** In m/s²: the engine, the brakes, what the tyres hold in a bend; and what the air takes of each m/s. */
const [THRUST, BRAKES, GRIP, DRAG] = [11, 18, 13, 0.2];
const TIGHTEST_METRES = 7;
/** A frame that took longer belongs to a hidden page. */
const LONGEST_FRAME_SECONDS = 0.25;

/** @param {string} id @returns {any} */
const find = (id) => document.getElementById(id);
/** @type {HTMLFormElement} */
const form = find("enter");
/** @type {HTMLCanvasElement} */
const canvas = find("map");
const map = new RaceMap(canvas, { track: Track.oval() });
/** The keys that are held, by their place on the keyboard. @type {Set<string>} */
const held = new Set();
/** How far to the side the pointer holds the map, −1 to 1. @type {number | null} */
let pointer = null;

form.relay.value = new URLSearchParams(location.search).get("relay") ?? "http://127.0.0.1:8080";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void play(form.relay.value.trim(), form.driver.value.trim(), form.room.value.trim());
});
addEventListener("keydown", ({ code }) => held.add(code));
addEventListener("keyup", ({ code }) => held.delete(code));
addEventListener("blur", () => held.clear());
for (const type of /** @type {const} */ (["pointerdown", "pointermove", "pointerup", "pointercancel"])) {
  canvas.addEventListener(type, ({ buttons, offsetX }) => {
    pointer = buttons ? (2 * offsetX) / canvas.clientWidth - 1 : null;
  });
}
// While nobody drives; the frames of a race do it anyway.
for (const change of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
  matchMedia(change).addEventListener("change", () => map.draw([]));
}
addEventListener("resize", () => map.draw([]));
map.draw([]);

/**
 * From the form into a room, and back.
 * @param {string} relay  an address, or `mock`
 * @param {string} name
 * @param {string} roomName
 */
async function play(relay, name, roomName) {
  /** @type {RaceClient | undefined} */
  let race;
  find("error").hidden = form.inert = true;
  try {
    race = await connect(relay, name);
    const track = relay === "mock" ? Track.oval() : await fetchTrack(relay).catch(() => Track.oval());
    const room = await race.joinOrCreate(roomName);
    if (room.isHost && !room.isActive) await room.start();
    map.setTrack(track);
    showPlayers(room);
    drive(room, track);
    find("leave").onclick = () => room.leave();
    // Rejects when the player has left by the button.
    const lost = await room.once("lost").catch(() => null);
    if (lost) throw lost;
  } catch (error) {
    const { title, next } = explain(error);
    find("error").textContent = `${title} ${next} (${/** @type {any} */ (error).code})`;
    find("error").hidden = false;
  } finally {
    find("inside").hidden = true;
    form.hidden = form.inert = false;
    // Says goodbye, so that the others see no car that stands there.
    await race?.close();
  }
}

/** One relay for the whole page, so that its players meet. @type {import("mp-server-client/mock").MockRelay | undefined} */
let mock;

/**
 * @param {string} relay
 * @param {string} name
 */
async function connect(relay, name) {
  if (relay !== "mock") return RaceClient.connect(relay, { name });
  const { mockRelay } = await import("mp-server-client/mock");
  mock ??= await mockRelay({ rooms: [{ name: "Friday", bots: 5, isActive: true }], track: Track.oval() });
  return mock.connect(name);
}

/** Who is in the room, now and whenever that changes. @param {import("mp-server-client").Room} room */
function showPlayers(room) {
  form.hidden = true;
  find("inside").hidden = false;
  const show = () => {
    const items = [...room.players.values()].map(({ name, isMe, isHost }) => {
      const item = document.createElement("li");
      item.textContent = name + (isMe ? " (you)" : "") + (isHost ? " · host" : "");
      return item;
    });
    find("players").replaceChildren(...items);
  };
  for (const event of /** @type {const} */ (["joined", "left", "host"])) room.on(event, show);
  show();
}

/**
 * Each frame: move the own car, offer its place, draw all.
 * @param {import("mp-server-client").Room} room
 * @param {Track} track
 */
function drive(room, track) {
  const place = [...room.players.values()].findIndex(({ isMe }) => isMe);
  // On the grid: behind the line, left and right in turn.
  const car = { ...track.at(-9 * (place + 1), place % 2 === 0 ? 2.5 : -2.5), speed: 0 };
  let lastMs = performance.now();
  requestAnimationFrame(function frame(nowMs) {
    if (!room.isOpen) return map.draw([]);
    const seconds = Math.min(Math.max(nowMs - lastMs, 0) / 1000, LONGEST_FRAME_SECONDS);
    lastMs = nowMs;
    const [throttle, brake] = [key("ArrowUp", "KeyW") || Number(pointer !== null), key("ArrowDown", "KeyS")];
    const steering = pointer ?? key("ArrowRight", "KeyD") - key("ArrowLeft", "KeyA");
    move(car, steering, throttle * THRUST - brake * BRAKES, seconds);
    room.sendPose(car);
    room.sendInput(steering, throttle, brake);
    map.draw(room.cars(nowMs), car);
    requestAnimationFrame(frame);
  });
}

/** @param {...string} codes */
function key(...codes) {
  return Number(codes.some((code) => held.has(code)));
}

/**
 * @param {{ x: number, z: number, yaw: number, speed: number }} car
 * @param {number} steering  −1 (left) to 1
 * @param {number} push  in m/s²
 * @param {number} seconds
 */
function move(car, steering, push, seconds) {
  car.speed = Math.max(car.speed + (push - DRAG * car.speed) * seconds, -5);
  // The radius grows with the speed, or the tyres would slip.
  car.yaw += (steering * car.speed * seconds) / Math.max(TIGHTEST_METRES, car.speed ** 2 / GRIP);
  car.x += Math.sin(car.yaw) * car.speed * seconds;
  car.z += Math.cos(car.yaw) * car.speed * seconds;
}
