// The messages between a page and its worker.

import { RaceError, raceError } from "../error.js";

/** @typedef {import("../core.js").Core} Core */
/** @typedef {import("../core.js").CoreEvents} CoreEvents */
/** @typedef {import("../core.js").CoreMetrics} CoreMetrics */
/** @typedef {import("../core.js").CoreOptions} CoreOptions */
/** @typedef {Pick<Core, "state" | "generation" | "sessionId" | "roomId">} Facts  What of a core can be read at any time. */
/** @typedef {Pick<import("../spectator.js").SpectatorCore, "state" | "room">} Sight  What of a spectator can be read at any time. */
/** @typedef {{ code: string, retryable: boolean, message: string }} Fault  An error as a message can carry it. */

/** How often the metrics are sent. */
export const METRICS_EVERY_MS = 250;
/** The calls that are answered. */
export const CALLS = /** @type {const} */ ([
  "connect",
  "signIn",
  "createRoom",
  "joinRoom",
  "leaveRoom",
  "listRooms",
  "roomPlayers",
  "playerInfo",
  "relayMessage",
  "chat",
  "askGeneration",
  "startGame",
  "ping",
  "simulate",
  "close",
  "abandon",
  "reconnectNow",
]);
/** @typedef {typeof CALLS[number]} Call */

/**
 * @typedef {{ kind: "make", options: CoreOptions }
 *   | { kind: "call", id: number, call: Call, args: unknown[] }
 *   | { kind: "update", numbers: number[] }
 *   | { kind: "input", numbers: number[] }
 *   | { kind: "rows", rows: ArrayBuffer }
 *   | { kind: "frames", wanted: boolean }
 *   | { kind: "watch", url: string, room: string, options: import("../spectator.js").SpectateOptions }
 *   | { kind: "second", second: number }
 *   | { kind: "close" }
 *   | { kind: "free" }} ToWorker  From the page. The first is `make` for a core or `watch` for a spectator; `rows` gives a buffer back.
 */
/**
 * @typedef {{ kind: "made", facts: Facts }
 *   | { kind: "failed", fault: Fault }
 *   | { kind: "answer", id: number, facts: Facts, value?: unknown, fault?: Fault }
 *   | { kind: "event", type: keyof CoreEvents, event: any, facts: Facts }
 *   | { kind: "metrics", metrics: CoreMetrics }
 *   | { kind: "rows", rows: ArrayBuffer, count: number, atMs: number }
 *   | { kind: "watching", sight: Sight }
 *   | { kind: "seen", type: keyof import("../spectator.js").SpectatorEvents, event: any, sight: Sight }
 *   | { kind: "figures", metrics: import("../spectator.js").SpectatorStats }
 *   | { kind: "live", rows: ArrayBuffer, count: number, atMs: number, liveMs: number, startMs: number }
 *   | { kind: "past", second: number, counts: number[], rows: ArrayBuffer, settled: boolean }} FromWorker  From the worker. `atMs` is on the clock of `epochMs()`.
 */
/**
 * @typedef {{ postMessage: (message: any, transfer: ArrayBuffer[]) => void, onmessage: ((event: MessageEvent) => void) | null }} Port  One end of the wire between them.
 */

/** @param {unknown} thrown @returns {Fault} */
export function faultOf(thrown) {
  const { code, retryable, message } = raceError(thrown);
  return { code, retryable, message };
}

/** @param {Fault} fault */
export function errorOf({ code, retryable, message }) {
  return new RaceError(code, message, { retryable });
}

/** Read the clock that page and worker share, in milliseconds. It never goes back. */
export function epochMs() {
  return performance.timeOrigin + performance.now();
}
