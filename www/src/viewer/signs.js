// What stands on the map beside the cars: live or past, why there is nothing to see, and what the camera does.

import { find, setText } from "../element.js";
import { fileOfServer } from "./connect.js";
import { Silence } from "./silence.js";
import { count, stageMessage } from "./words.js";

/** @typedef {import("./race-viewer.js").RaceViewer} RaceViewer */

const HINT_MS = 1800;
/** The hint comes, stays and goes. */
const HINT = [
  { opacity: 0, offset: 0 },
  { opacity: 1, offset: 0.1 },
  { opacity: 1, offset: 0.75 },
  { opacity: 0, offset: 1 },
];

export class Signs {
  /** @param {ParentNode} root */
  constructor(root) {
    this.badge = find(root, ".badge", HTMLElement);
    this.badgeText = find(root, ".badge span", HTMLElement);
    this.message = find(root, ".message", HTMLElement);
    this.title = find(root, ".message-title", HTMLElement);
    this.next = find(root, ".message-next", HTMLElement);
    this.retry = find(root, "[data-act=retry]", HTMLElement);
    this.list = find(root, ".message a", HTMLAnchorElement);
    this.follow = find(root, "[data-act=follow]", HTMLElement);
    this.hint = find(root, ".hint", HTMLElement);
    this.silence = new Silence();
    /** @type {Animation | undefined} */
    this.hinting = undefined;
    this.boardNote = find(root, ".board-note", HTMLElement);
    this.gapsNote = find(root, ".gaps-note", HTMLElement);
  }

  /** @param {RaceViewer} viewer */
  show(viewer) {
    const { feed, playback, standings, circuit } = viewer;
    const isWanted = viewer.hasAttribute("room") || viewer.spectator !== null;
    const existence = playback.live ? viewer.existence : "here";
    // Lost cars stay for a while, but must not hide why they are lost.
    const cars = existence === "here" ? viewer.cars.list.length : viewer.cars.present;
    const words = isWanted ? stageMessage(feed, cars, viewer.rosters.at(playback.atMs), existence) : null;
    this.#say(words, viewer.src);
    const { spectator, shown } = viewer;
    const isSilent = this.silence.look(spectator?.stats?.received ?? 0, performance.now());
    // The page's own spectator may be a replay that stands.
    const { kind, text } = badgeOf(viewer, isSilent && spectator !== shown);
    this.badge.dataset.kind = kind;
    this.badge.hidden = feed.state === "closed";
    setText(this.badgeText, text);
    let lap = 0;
    for (const standing of standings) lap = Math.max(lap, standing.lap);
    setText(this.boardNote, `${lap > 0 ? `Lap ${lap}, ` : ""}${count(standings.length, "car")}`);
    setText(this.gapsNote, circuit === null && cars > 0 ? "learning the track" : "");
    this.showFollow(viewer);
  }

  /** @param {RaceViewer} viewer */
  showFollow({ camera, selectedId }) {
    const pressed = String(camera.mode === "follow" && selectedId !== "");
    if (this.follow.getAttribute("aria-pressed") !== pressed) {
      this.follow.setAttribute("aria-pressed", pressed);
    }
  }

  /** Say for a moment what moves the map, where the page has been left its wheel or finger. @param {"wheel" | "touch"} by */
  hintAt(by) {
    const isMac = /^Mac/.test(navigator.platform);
    const zoom = `${isMac ? "⌘" : "Ctrl"} + scroll to zoom the map`;
    setText(this.hint, by === "wheel" ? zoom : "Use two fingers to move the map");
    const isShown = this.hinting?.playState === "running";
    this.hinting ??= this.hint.animate(HINT, HINT_MS);
    this.hinting.currentTime = isShown ? HINT[1].offset * HINT_MS : 0;
    this.hinting.play();
  }

  /**
   * @param {ReturnType<typeof stageMessage>} words
   * @param {string} src
   */
  #say(words, src) {
    this.message.hidden = words === null;
    if (words === null) return;
    setText(this.title, words.title);
    setText(this.next, words.next);
    this.retry.hidden = !words.retry;
    this.list.hidden = !words.list || !URL.canParse(src);
    if (!this.list.hidden) this.list.href = fileOfServer(src, "watch/").href;
  }
}

/**
 * @param {RaceViewer} viewer
 * @param {boolean} isSilent
 */
function badgeOf({ feed, playback, existence, delayMs }, isSilent) {
  if (feed.state === "connecting") return { kind: "trouble", text: "Connecting" };
  if (feed.state === "reconnecting") return { kind: "trouble", text: "Reconnecting" };
  if (playback.live && existence === "unanswered") return { kind: "trouble", text: "No answer" };
  if (playback.live && existence !== "here") return { kind: "past", text: "Waiting" };
  if (playback.live && isSilent) return { kind: "trouble", text: "No data" };
  const late = delayMs > 0 ? `, ${Math.round(delayMs / 1000)} s delay` : "";
  if (playback.live) return { kind: "live", text: `Live${late}` };
  return { kind: "past", text: playback.paused ? "Paused" : "Replay" };
}
