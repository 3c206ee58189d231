// Numbers and events as people read them. Pure.

/** @typedef {import("./chronicle.js").RaceEvent} RaceEvent */
/** @typedef {import("./feed.js").FeedState} FeedState */

/**
 * A gap: "+1.2", "+1 lap", "–" where it is not known.
 * @param {number} ms
 * @param {number} laps
 */
export function gapText(ms, laps) {
  if (laps > 0) return laps === 1 ? "+1 lap" : `+${laps} laps`;
  if (!Number.isFinite(ms)) return "–";
  return ms >= 60_000 ? `+${clock(ms / 1000, 1)}` : `+${(Math.max(ms, 0) / 1000).toFixed(1)}`;
}

/**
 * A lap time, "1:02.345", or "–".
 * @param {number} ms
 */
export function lapText(ms) {
  return Number.isFinite(ms) ? clock(ms / 1000, 3) : "–";
}

/**
 * How far behind live: "−0:12".
 * @param {number} ms
 */
export function behindText(ms) {
  return `−${clock(Math.round(ms / 1000), 0)}`;
}

/**
 * The same for reading aloud.
 * @param {number} ms
 */
export function behindWords(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 1) return "Live";
  const minutes = Math.floor(seconds / 60);
  const rest = seconds - minutes * 60;
  const parts = [];
  if (minutes > 0) parts.push(count(minutes, "minute"));
  if (rest > 0) parts.push(count(rest, "second"));
  return `${parts.join(" ")} behind live`;
}

/**
 * "15:04:05", in the visitor's time.
 * @param {number} ms  since 1970
 */
export function timeOfDay(ms) {
  const parts = /** @type {const} */ ({
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  return new Date(ms).toLocaleTimeString([], parts);
}

/** @param {RaceEvent} event */
export function eventText(event) {
  const name = event.name || "A driver";
  switch (event.kind) {
    case "joined":
      return `${name} joined`;
    case "left":
      return `${name} left`;
    case "started":
      return "The race has started";
    case "overtake":
      return `${name} passes ${event.otherName || "another car"}${event.place ? ` for P${event.place}` : ""}`;
    case "fastestLap":
      return `${name}: fastest lap, ${lapText(event.lapMs ?? NaN)}`;
  }
}

/**
 * What the stage says while there is nothing to see on it; nothing where there is.
 * @param {FeedState} feed
 * @param {number} cars
 * @param {{ isActive: boolean, players: readonly unknown[], notice?: string } | null | undefined} room
 * @param {import("./race-viewer.js").Existence} [existence]
 * @returns {{ title: string, next: string, retry: boolean, list?: boolean } | null}  `list`: with a link to the races there are
 */
export function stageMessage(feed, cars, room, existence = "here") {
  if (feed.state === "closed") {
    if (feed.code === "closed") return null;
    if (feed.code === "malformed" || feed.code === "invalid_argument") {
      return { title: "There is no such race", next: "Check the link.", retry: false, list: true };
    }
    const title = feed.code === "not_allowed" ? "This race is not public" : "The connection ended";
    return { title, next: feed.reason ?? "", retry: true };
  }
  if (cars > 0) return null;
  if (existence === "unanswered" && feed.state === "live") {
    const next = "It may be off or restarting. The race goes on here as soon as it is back.";
    return { title: "The game server does not answer", next, retry: false };
  }
  if (feed.state === "reconnecting") {
    return { title: "The connection was lost", next: "Reconnecting…", retry: false };
  }
  if (feed.state === "connecting" || existence === "unknown") {
    return { title: "Connecting…", next: "", retry: false };
  }
  if (existence === "gone") {
    return { title: "The race is over", next: "Everybody has left and the room is closed.", retry: false };
  }
  if (existence === "missing") {
    const next = "Check the link. As soon as somebody opens this room, the race appears here.";
    return { title: "There is no such race", next, retry: false };
  }
  if (room?.notice) return { title: "This race cannot be shown", next: room.notice, retry: false };
  const here = room?.players.length ?? 0;
  const next =
    here > 0
      ? `${count(here, "driver")} in the room. Cars appear as soon as they drive.`
      : "Cars appear as soon as somebody in this room drives. Leave this page open.";
  return { title: "Nobody is on the track", next, retry: false };
}

/**
 * @param {number} seconds
 * @param {number} decimals
 */
function clock(seconds, decimals) {
  const rounded = Number(seconds.toFixed(decimals));
  const minutes = Math.floor(rounded / 60);
  const rest = (rounded - minutes * 60).toFixed(decimals);
  return `${minutes}:${rest.padStart(decimals > 0 ? 3 + decimals : 2, "0")}`;
}

/**
 * @param {number} number
 * @param {string} noun
 */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
