// The bar that moves the moment shown: pause, back, forward, speed, the last minutes as a line with its events, live.

import { context2d, find, fitCanvas, make, setText } from "../element.js";
import { SPEEDS } from "./playback.js";
import { behindText, behindWords } from "./words.js";

/** @typedef {import("./playback.js").Playback} Playback */
/** @typedef {import("./chronicle.js").RaceEvent} RaceEvent */

export const JUMP_MS = 10_000;
/** The line is never shorter than this, so that its first seconds are no jumble. */
const SHORTEST_MS = 30_000;
/** The line's ends move in steps: its value keeps to multiples of these. */
const GRAIN_MS = 1000;
/** Arrow keys on the line. */
const ARROW_MS = 5000;
/** Less behind than this is not worth a number. */
const SHOWN_FROM_MS = 1000;
/** Nearer to the end than this, live is meant. */
const LIVE_MS = 700;

/** How an event stands on the line: its colour in both themes, and its share of the height, so that colour says nothing alone. @type {Record<RaceEvent["kind"], { light: string, dark: string, height: number }>} */
const TICKS = {
  joined: { light: "#868e9a", dark: "#69727f", height: 0.4 },
  left: { light: "#868e9a", dark: "#69727f", height: 0.4 },
  started: { light: "#14161a", dark: "#eef1f5", height: 1 },
  overtake: { light: "#0b62e0", dark: "#7ab8ff", height: 0.65 },
  fastestLap: { light: "#7a1fa2", dark: "#d9a2ff", height: 1 },
};

export class Transport {
  /**
   * @param {ParentNode} root
   * @param {{ seek: (atMs: number) => void, toLive: () => void, setSpeed: (speed: number) => void }} act
   */
  constructor(root, act) {
    this.range = find(root, "input.range", HTMLInputElement);
    this.behind = find(root, ".behind", HTMLElement);
    this.toggle = find(root, "[data-act=toggle]", HTMLButtonElement);
    this.live = find(root, "[data-act=live]", HTMLButtonElement);
    this.ticks = find(root, "canvas.ticks", HTMLCanvasElement);
    this.speed = find(root, "select", HTMLSelectElement);
    this.context = context2d(this.ticks);
    for (const speed of SPEEDS) {
      const option = make("option", "", `${speed}×`);
      option.value = String(speed);
      this.speed.append(option);
    }
    this.speed.value = "1";
    this.speed.addEventListener("change", () => act.setSpeed(Number(this.speed.value)));
    /** @type {"light" | "dark"} */
    this.theme = "light";
    this.dragging = false;
    /** The live moment that the line's end stands for. */
    this.liveMs = NaN;
    this.startMs = NaN;
    this.range.addEventListener("pointerdown", () => (this.dragging = true));
    for (const type of ["pointerup", "pointercancel", "change"]) {
      this.range.addEventListener(type, () => (this.dragging = false));
    }
    const seek = (/** @type {number} */ value) => {
      if (value > -LIVE_MS) act.toLive();
      else act.seek(this.liveMs + value);
    };
    this.range.addEventListener("input", () => seek(Number(this.range.value)));
    this.range.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -ARROW_MS, ArrowDown: -ARROW_MS, ArrowRight: ARROW_MS, ArrowUp: ARROW_MS }[
        event.key
      ];
      if (by === undefined) return;
      event.preventDefault();
      seek(Math.min(Number(this.range.value) + by, 0));
    });
  }

  /**
   * @param {Playback} playback
   * @param {number} startMs
   * @param {number} liveMs
   */
  show(playback, startMs, liveMs) {
    const known = Number.isFinite(liveMs) && Number.isFinite(startMs);
    this.range.disabled = !known;
    this.live.hidden = !known;
    if (!known) return;
    this.liveMs = liveMs;
    this.startMs = startMs;
    const behind = playback.behindMs;
    const length = Math.max(Math.ceil((liveMs - startMs) / GRAIN_MS) * GRAIN_MS, SHORTEST_MS);
    setAttribute(this.range, "min", String(-length));
    if (!this.dragging) this.range.value = String(-behind);
    this.range.style.setProperty("--part", String(1 - behind / length));
    setAttribute(this.range, "aria-valuetext", behindWords(behind));
    setText(this.behind, behind < SHOWN_FROM_MS ? "" : behindText(behind));
    setAttribute(this.toggle, "aria-label", playback.paused ? "Play" : "Pause");
    this.toggle.dataset.paused = String(playback.paused);
    setAttribute(this.live, "aria-pressed", String(playback.live));
    setAttribute(this.live, "aria-label", playback.live ? "Live" : "Go live");
    const speed = String(playback.speed);
    if (this.speed.value !== speed) this.speed.value = speed;
  }

  /** Draw where on the line events are. @param {readonly RaceEvent[]} events */
  drawTicks(events) {
    const { ticks, context } = this;
    const density = fitCanvas(ticks);
    if (density === 0) return;
    const { width, height } = ticks;
    context.clearRect(0, 0, width, height);
    const length = -Number(this.range.min);
    for (const event of events) {
      const part = 1 + (event.atMs - this.liveMs) / length;
      if (!(part >= 0 && part <= 1)) continue;
      const tick = TICKS[event.kind];
      context.fillStyle = tick[this.theme];
      const tall = Math.round(height * tick.height);
      context.fillRect(Math.round(part * (width - 2 * density)), height - tall, 2 * density, tall);
    }
  }
}

/**
 * @param {Element} target
 * @param {string} name
 * @param {string} value
 */
function setAttribute(target, name, value) {
  if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}
