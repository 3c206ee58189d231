// How a recording is laid out. Numbers are little-endian.
//
//   file     "MPRACE\r\n", then the length of the header (4 bytes), the header (JSON), and chunks to the end
//   header   { version, kind, startedAt, durationMs, droppedMs, bytes, messages }: `kind` is "player" or "spectator",
//            `droppedMs` how much of the beginning was dropped, and `bytes` how long the chunks are
//   chunk    its start in milliseconds, its length unpacked, and its length in the file (4 bytes each), and then its records.
//            If the lengths differ, the records are compressed (zlib)
//   record   kind (1 byte), milliseconds since the chunk's start (2 bytes), payload. For kinds without a fixed length, the
//            payload's length (4 bytes) comes first. The first record of a chunk is a key frame, so a reader may begin there
//
//   1 key frame   JSON: the lines that bring a new connection to where this one is, [] if there is none
//   2 line        a text frame, without its secrets. A kind without its members repeats the newest line of that kind
//   3 close       JSON: [code, reason]
//   4 player      the id of the next number; the numbers of a chunk count from 0
//   5 car         number, and pose (see pose.js)
//   6 own car     pose
//   7 input       number, steering (signed, 127ths), throttle and brake (255ths)
//   8 snapshot    a binary frame of a spectator

import { POSE_BYTES } from "./pose.js";

export const VERSION = 2;
export const MIME_TYPE = "application/x-mp-race-recording";
export const MAGIC = new TextEncoder().encode("MPRACE\r\n");
export const CHUNK_HEAD_BYTES = 12;
export const RECORD_HEAD_BYTES = 3;
/** A chunk is closed after this time: a record's time has two bytes. */
export const CHUNK_MS = 60_000;
/** The longest payload: the longest line that a game server may send. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024;
/** A chunk is closed at a smaller size, and holds one more record. */
export const MAX_CHUNK_BYTES = 4 * MAX_PAYLOAD_BYTES;
/** Four hours have 240, one a minute; each lost connection and every 256 players begin another. */
export const MAX_CHUNKS = 4096;
/** A chunk is closed after as many players: the number of a player has one byte. */
export const MAX_PLAYERS = 256;
/** A chunk is closed after as many records: a hundred cars and their inputs send fewer in the shortest chunk. */
export const MAX_CHUNK_RECORDS = 2 ** 17;
/** All chunks unpacked: four hours of sixty cars. */
export const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;

export const KEY = 1;
export const LINE = 2;
export const CLOSE = 3;
export const PLAYER = 4;
export const CAR = 5;
export const OWN = 6;
export const INPUT = 7;
export const SNAPSHOT = 8;

/** The payloads of a fixed length. @type {Readonly<Record<number, number>>} */
export const FIXED_BYTES = Object.freeze({ [CAR]: 1 + POSE_BYTES, [OWN]: POSE_BYTES, [INPUT]: 4 });

/** @typedef {{ version: number, kind: "player" | "spectator", startedAt: string, durationMs: number, droppedMs: number, bytes: number, messages: boolean }} Header */

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
