// What stands on the map beside the cars: live or past, why there is nothing to see, and what the camera does.

import { setText } from "../element.js";
import { find } from "./transport.js";
import { count, stageMessage } from "./words.js";

/** @typedef {import("./race-viewer.js").RaceViewer} RaceViewer */

export class Signs {
  /** @param {ParentNode} root */
  constructor(root) {
    this.badge = find(root, ".badge", HTMLElement);
    this.badgeText = find(root, ".badge span", HTMLElement);
    this.message = find(root, ".message", HTMLElement);
    this.title = find(root, ".message-title", HTMLElement);
    this.next = find(root, ".message-next", HTMLElement);
    this.retry = find(root, "[data-act=retry]", HTMLElement);
    this.follow = find(root, "[data-act=follow]", HTMLElement);
    this.boardNote = find(root, ".board-note", HTMLElement);
    this.gapsNote = find(root, ".gaps-note", HTMLElement);
  }

  /** @param {RaceViewer} viewer */
  show(viewer) {
    const { feed, playback, standings, circuit } = viewer;
    const cars = viewer.cars.list.length;
    const isWanted = viewer.hasAttribute("room") || viewer.spectator !== null;
    this.#say(isWanted ? stageMessage(feed, cars, viewer.rosters.at(playback.atMs)) : null);
    const { kind, text } = badgeOf(feed, playback);
    this.badge.dataset.kind = kind;
    this.badge.hidden = feed.state === "closed";
    setText(this.badgeText, text);
    let lap = 0;
    for (const standing of standings) lap = Math.max(lap, standing.lap);
    setText(this.boardNote, `${lap > 0 ? `Lap ${lap}, ` : ""}${count(cars, "car")}`);
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

  /** @param {ReturnType<typeof stageMessage>} words */
  #say(words) {
    this.message.hidden = words === null;
    if (words === null) return;
    setText(this.title, words.title);
    setText(this.next, words.next);
    this.retry.hidden = !words.retry;
  }
}

/**
 * @param {import("./feed.js").FeedState} feed
 * @param {import("./playback.js").Playback} playback
 */
function badgeOf(feed, playback) {
  if (feed.state === "connecting") return { kind: "trouble", text: "Connecting" };
  if (feed.state === "reconnecting") return { kind: "trouble", text: "Reconnecting" };
  if (playback.live) return { kind: "live", text: "Live" };
  return { kind: "past", text: playback.paused ? "Paused" : "Replay" };
}
