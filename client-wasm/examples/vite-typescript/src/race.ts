// The race: players and messages by events, cars by frames.

import type { RaceClient, Room } from "mp-server-client";

import { Car } from "./car.js";
import { gridPlace, type TrackFile } from "./circuit.js";
import { listenToControls } from "./controls.js";
import { RaceMap } from "./map.js";
import { field, item, page, showScreen } from "./page.js";
import { showError } from "./words.js";

/** A longer frame than this was a hidden page. */
const LONGEST_FRAME_SECONDS = 0.25;
const FIGURES_EVERY_MS = 500;
/** More messages than these nobody reads. */
const MAX_MESSAGES = 50;

/** Resolves when the player has left; rejects where the room or the connection ended otherwise. */
export async function race(client: RaceClient, room: Room, track: TrackFile): Promise<void> {
  showScreen("race");
  const over = new AbortController();
  const { signal } = over;
  try {
    showPlayers(room, signal);
    showMessages(room, signal);
    const timer = setInterval(() => showFigures(client), FIGURES_EVERY_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
    drive(room, track, signal);
    await new Promise<void>((resolve, reject) => {
      page.leave.addEventListener("click", () => room.leave().then(resolve, reject), { signal });
      room.on("lost", reject, { signal });
    });
  } finally {
    over.abort();
  }
}

function showPlayers(room: Room, signal: AbortSignal): void {
  page.room.textContent = room.name;
  const update = () => {
    const players = [...room.players.values()];
    page.players.replaceChildren(
      ...players.map(({ name, isMe, isHost }) =>
        item(name + (isMe ? " (you)" : "") + (isHost ? " · host" : "")),
      ),
    );
    page.start.hidden = !room.isHost || room.isActive;
  };
  for (const event of ["joined", "left", "host", "started"] as const) room.on(event, update, { signal });
  update();
  page.start.addEventListener("click", () => room.start().catch((error) => showError(page.error, error)), {
    signal,
  });
}

function showMessages(room: Room, signal: AbortSignal): void {
  page.chat.replaceChildren();
  const add = (name: string, text: string) => {
    const who = document.createElement("strong");
    who.textContent = name;
    page.chat.append(item(who, ` ${text}`));
    if (page.chat.children.length > MAX_MESSAGES) page.chat.firstElementChild?.remove();
    page.chat.lastElementChild?.scrollIntoView({ block: "nearest" });
  };
  room.on("message", ({ senderName, text }) => add(senderName, text), { signal });
  page.say.addEventListener(
    "submit",
    (event) => {
      event.preventDefault();
      const text = field(page.say, "text");
      page.say.reset();
      room.say(text).then(
        () => add("You", text),
        (error) => showError(page.error, error),
      );
    },
    { signal },
  );
}

function showFigures({ stats }: RaceClient): void {
  const trip = stats.roundTripMs === null ? "…" : `${Math.round(stats.roundTripMs)} ms`;
  page.figures.textContent = `Round trip ${trip}, ${Math.round(stats.receivedPerSecond)} positions a second`;
}

/** Once a frame: move the own car, tell of it, draw all. */
function drive(room: Room, track: TrackFile, signal: AbortSignal): void {
  const map = new RaceMap(page.map, track);
  const controls = listenToControls(page.pad, signal);
  const players = [...room.players.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  const car = new Car(
    gridPlace(
      track,
      players.findIndex(({ isMe }) => isMe),
    ),
  );
  let lastMs = performance.now();

  function frame(nowMs: number): void {
    if (signal.aborted) return;
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
