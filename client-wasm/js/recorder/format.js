// How a recording is laid out. Numbers are little-endian.
//
//   file     "MPRACE\r\n", then the length of the header (4 bytes), the header (JSON), and records to the end
//   header   { version, startedAt, durationMs, droppedMs, oversized, bodyBytes, messages }: `droppedMs` is how much of the
//            beginning was given up for want of room, `oversized` how many records were too large to keep
//   record   kind (1 byte), milliseconds since the recording began (4 bytes), length of what follows (4 bytes), payload
//
//   kind 1   note, JSON: ["call", number, method, arguments]   ["ok", number, method, value]
//            ["fail", number, method, code, message, retryable]   ["event", type, event]   ["metrics", figures]
//   kind 2   the other cars: 19 bytes each, see row.js
//   kind 3   the own car, 19 bytes, its slot 255
//   kind 4   a driver's controls: slot, steering (signed, 127ths), throttle and brake (255ths), 1 byte each
//   kind 5   keyframe, JSON: all that is known at that time, so that a reader may begin here. The first record is one.

export const VERSION = 1;
export const MIME_TYPE = "application/x-mp-race-recording";
export const MAGIC = new TextEncoder().encode("MPRACE\r\n");
/** Kind, time and length. */
export const RECORD_HEAD_BYTES = 9;
/** Longest payload: the longest line that a game server may send. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024;
export const INPUT_BYTES = 4;
/** The own car's slot: the others have 0 to 127. */
export const OWN_SLOT = 255;

export const NOTE = 1;
export const CARS = 2;
export const OWN = 3;
export const INPUT = 4;
export const KEYFRAME = 5;

/** @typedef {{ version: number, startedAt: string, durationMs: number, droppedMs: number, oversized: number, bodyBytes: number, messages: boolean }} Header */

/**
 * @typedef {object} Keyframe  All that is known at one time. `pending`: calls that have not settled.
 * @property {import("../core.js").CoreState} state
 * @property {string | null} sessionId
 * @property {string | null} name
 * @property {string | null} roomId
 * @property {Array<[slot: number, id: string]>} cars
 * @property {Record<string, unknown>} answers  the newest of each method that only asks
 * @property {import("../core.js").CoreMetrics | null} metrics
 * @property {Array<[number: number, method: string, args: string[]]>} pending
 */

/**
 * What a file begins with.
 * @param {Header} header
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeHead(header) {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const head = new Uint8Array(MAGIC.length + 4 + json.length);
  head.set(MAGIC);
  new DataView(head.buffer).setUint32(MAGIC.length, json.length, true);
  head.set(json, MAGIC.length + 4);
  return head;
}
