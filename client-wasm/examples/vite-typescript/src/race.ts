// The race: cars in their slots. Who is too fast in a bend stops. Lap times are messages of this game's own.

import type { RaceClient, Room } from "mp-server-client";
import { RaceMap, type Track } from "mp-server-client/map";

import { element, find, onSubmit, showError, showScreen } from "./page.js";

/** What cars tell each other. */
export type Messages = { lap: { number: number; seconds: number } };

/** In m/s², and what the air takes of each m/s. */
const [THRUST, GRIP, DRAG] = [12, 30, 0.2];
/** A bend is measured over so many metres. */
const BEND_METRES = 10;
const MAX_MESSAGES = 50;

/** Resolves when the player has left: with null, or with the reason if the player did not ask to. */
export async function race(client: RaceClient, room: Room<Messages>, track: Track) {
  showScreen("race");
  showError(null);
  showPlayers(room);
  showMessages(room);
  const timer = setInterval(() => showFigures(client), 500);
  find("leave").onclick = () => room.leave();
  drive(room, track);
  // Rejects when the player has left by the button.
  const lost = await room.once("lost").catch(() => null);
  clearInterval(timer);
  return lost;
}

function showPlayers(room: Room<Messages>): void {
  find("room").textContent = room.name;
  const show = () => {
    const names = [...room.players.values()].map(({ name, isMe, isHost }) => {
      return element("li", name + (isMe ? " (you)" : "") + (isHost ? " · host" : ""));
    });
    find("players").replaceChildren(...names);
    find("start").hidden = !room.isHost || room.isActive;
  };
  for (const event of ["joined", "left", "host", "started"] as const) room.on(event, show);
  show();
  find("start").onclick = () => room.start().catch(showError);
}

function showMessages(room: Room<Messages>): void {
  const list = find("messages");
  list.replaceChildren();
  const add = (text: string) => {
    list.append(element("li", text));
    if (list.children.length > MAX_MESSAGES) list.firstElementChild?.remove();
    list.scrollTop = list.scrollHeight;
  };
  room.on("message", ({ senderName, text }) => add(`${senderName}: ${text}`));
  room.on("message:lap", ({ senderName, payload: { number, seconds } }) => {
    // It comes from somebody else's page.
    if (!Number.isFinite(seconds)) return;
    add(`${senderName} finished lap ${Number(number)} in ${seconds.toFixed(1)} s`);
  });
  onSubmit("say", "text", (text) => {
    find<HTMLFormElement>("say").reset();
    room.say(text).then(() => add(`You: ${text}`), showError);
  });
}

function showFigures({ stats }: RaceClient): void {
  const trip = stats.roundTripMs === null ? "…" : `${Math.round(stats.roundTripMs)} ms`;
  find("figures").textContent =
    `Round trip ${trip}, ${Math.round(stats.receivedPerSecond)} positions a second`;
}

/** Each frame: go on along the slot, offer the car's place, draw all. */
function drive(room: Room<Messages>, track: Track): void {
  const map = new RaceMap(find<HTMLCanvasElement>("map"), { track, nearMetres: Infinity });
  const throttle = listenToThrottle();
  const place = [...room.players.values()].findIndex(({ isMe }) => isMe);
  const slot = place % 2 === 0 ? 2 : -2;
  let [metres, speed, laps] = [-6 * (place + 1), 0, 0];
  let [lastMs, lapMs] = [performance.now(), performance.now()];
  requestAnimationFrame(function frame(nowMs) {
    if (!room.isOpen) return;
    const seconds = Math.min(Math.max(nowMs - lastMs, 0) / 1000, 0.25);
    lastMs = nowMs;
    speed += ((throttle() ? THRUST : 0) - DRAG * speed) * seconds;
    metres += speed * seconds;
    const car = track.at(metres, slot);
    const turn = Math.abs(Math.sin(track.at(metres + BEND_METRES).yaw - car.yaw));
    if ((turn / BEND_METRES) * speed ** 2 > GRIP) speed = 0;
    if (metres > (laps + 1) * track.lengthMetres) {
      laps += 1;
      room.send("lap", { number: laps, seconds: (nowMs - lapMs) / 1000 }).catch(showError);
      lapMs = nowMs;
    }
    room.sendPose(car);
    map.draw(room.cars(nowMs), car);
    requestAnimationFrame(frame);
  });
}

/** Says whether the button or the space bar is held. */
function listenToThrottle(): () => boolean {
  const button = find("throttle");
  let held = false;
  const set = (down: boolean) => () => (held = down);
  button.onpointerdown = set(true);
  button.onpointerup = button.onpointerleave = button.onpointercancel = set(false);
  document.body.onkeydown = (event) => {
    if (event.code !== "Space" || event.target !== document.body) return;
    event.preventDefault();
    held = true;
  };
  document.body.onkeyup = set(false);
  return () => held;
}
