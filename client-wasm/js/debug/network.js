// The page "Network": curves, figures and the states so far.

import { find } from "./markup.js";
import { drawSpark } from "./spark.js";
import { aSecond, inBytes, inMs, inPercent, lasting, timeOfDay } from "./words.js";

/** @typedef {import("./series.js").Figures} Figures */
/** @typedef {import("../stats.js").Stats} Stats */

/** Curves are never drawn larger than these say: a quiet line shall look quiet. */
const LEAST = { roundTrip: 60, jitter: 20, loss: 5, received: 20 };
const LANES = /** @type {Array<keyof typeof LEAST>} */ (Object.keys(LEAST));

export class NetworkPage {
  /** @param {ShadowRoot} root */
  constructor(root) {
    this.lanes = LANES.map((name) => {
      const lane = find(root, `[data-lane="${name}"]`, HTMLElement);
      return {
        name,
        canvas: find(lane, "canvas", HTMLCanvasElement),
        output: find(lane, "output", HTMLElement),
      };
    });
    this.figures = new Map(
      [...root.querySelectorAll("[data-figure]")].map((figure) => [
        figure.getAttribute("data-figure") ?? "",
        figure,
      ]),
    );
    this.states = find(root, ".states", HTMLOListElement);
  }

  /**
   * @param {Stats} stats
   * @param {Figures} figures
   */
  show(stats, figures) {
    const words = {
      roundTrip: inMs(stats.roundTripMs),
      jitter: inMs(stats.jitterMs),
      loss: inPercent(figures.loss.newest),
      received: aSecond(stats.receivedPerSecond),
    };
    for (const { name, canvas, output } of this.lanes) {
      drawSpark(canvas, figures[name], LEAST[name]);
      put(output, words[name]);
    }
    this.#put("p50", inMs(stats.roundTripP50Ms));
    this.#put("p95", inMs(stats.roundTripP95Ms));
    this.#put("sent", aSecond(stats.sentPerSecond));
    this.#put("lost", `${stats.lossEstimated ? "≈ " : ""}${inPercent(stats.lossPercent)}`);
    this.#put("up", inBytes(stats.bytesSent));
    this.#put("down", inBytes(stats.bytesReceived));
    this.#put("refused", String(stats.refused));
    this.#put("reconnects", String(stats.reconnects));
  }

  /**
   * Newest first.
   * @param {import("./history.js").Stay[]} stays
   * @param {number} nowMs
   */
  showStates(stays, nowMs) {
    const rows = stays.map((stay) => {
      const row = document.createElement("li");
      row.dataset.state = stay.state;
      const took = lasting((stay.untilMs ?? nowMs) - stay.fromMs);
      const why = stay.code ? `${stay.code}${stay.attempt ? `, attempt ${stay.attempt}` : ""}` : "";
      row.append(
        cell("time", timeOfDay(stay.fromMs)),
        cell("name", stay.state),
        cell("why", why),
        cell("took", took),
      );
      if (stay.reason) row.title = stay.reason;
      return row;
    });
    this.states.replaceChildren(...rows.reverse());
  }

  /**
   * @param {string} name
   * @param {string} words
   */
  #put(name, words) {
    const target = this.figures.get(name);
    if (target) put(target, words);
  }
}

/**
 * Only where it is new: a text that is set again is read aloud again.
 * @param {Element} target
 * @param {string} words
 */
export function put(target, words) {
  if (target.textContent !== words) target.textContent = words;
}

/**
 * @param {string} kind
 * @param {string} words
 */
export function cell(kind, words) {
  const made = document.createElement("span");
  made.className = kind;
  made.textContent = words;
  return made;
}
