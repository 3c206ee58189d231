// What a page and its worker tell each other. Types only.

/** @typedef {import("../core.js").Core} Core */
/** @typedef {import("../core.js").CoreEvents} CoreEvents */
/** @typedef {import("../core.js").CoreMetrics} CoreMetrics */
/** @typedef {import("../core.js").CoreOptions} CoreOptions */
/** What of a core can be read at any time. @typedef {Pick<Core, "state" | "sessionId" | "roomId">} Facts */
/** An error as a message can carry it. @typedef {{ code: string, retryable: boolean, message: string }} Fault */

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
  "startGame",
  "ping",
  "simulate",
  "close",
]);
/** @typedef {typeof CALLS[number]} Call */

/**
 * From the page. The first is `make`; `rows` gives a buffer back.
 * @typedef {{ kind: "make", options: CoreOptions }
 *   | { kind: "call", id: number, call: Call, args: unknown[] }
 *   | { kind: "update", numbers: number[] }
 *   | { kind: "input", numbers: number[] }
 *   | { kind: "rows", rows: ArrayBuffer }
 *   | { kind: "free" }} ToWorker
 */
/**
 * From the worker. `atMs` is on the clock of `epochMs()`.
 * @typedef {{ kind: "made", facts: Facts }
 *   | { kind: "failed", fault: Fault }
 *   | { kind: "answer", id: number, facts: Facts, value?: unknown, fault?: Fault }
 *   | { kind: "event", type: keyof CoreEvents, event: any, facts: Facts }
 *   | { kind: "metrics", metrics: CoreMetrics }
 *   | { kind: "rows", rows: ArrayBuffer, count: number, atMs: number }} FromWorker
 */
/**
 * One end of the wire between them.
 * @typedef {{ postMessage: (message: any, transfer: ArrayBuffer[]) => void, onmessage: ((event: MessageEvent) => void) | null }} Port
 */

/** Now, on a clock that page and worker share, in milliseconds; it never goes back. */
export function epochMs() {
  return performance.timeOrigin + performance.now();
}
