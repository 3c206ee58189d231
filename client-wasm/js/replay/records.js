// Checks the records of a chunk before anything of them is played. A small file may hold tens of millions, so this is one plain loop.
import {
  FIXED_BYTES,
  KEY,
  MAX_CHUNK_RECORDS,
  MAX_PAYLOAD_BYTES,
  MAX_PLAYERS,
  PLAYER,
  RECORD_HEAD_BYTES,
  SNAPSHOT,
} from "../recorder/format.js";
import { bad } from "./chunks.js";

/** By kind; 0: the record says how long it is. */
const FIXED = Uint8Array.from({ length: SNAPSHOT + 1 }, (_, kind) => FIXED_BYTES[kind] ?? 0);

/**
 * Check that the records fill the chunk, are of known kinds, and are in the order of their times.
 * @param {DataView} view
 * @param {number} sinceMs  the time of the record before them, counted from this chunk's start
 * @returns {number}  the time of the last one, counted from this chunk's start
 */
export function checkRecords(view, sinceMs) {
  const end = view.byteLength;
  let lastMs = sinceMs;
  let records = 0;
  let players = 0;
  for (let at = 0; at < end; records += 1) {
    if (at + RECORD_HEAD_BYTES > end) throw bad("a record is cut off");
    const kind = view.getUint8(at);
    const atMs = view.getUint16(at + 1, true);
    at += RECORD_HEAD_BYTES;
    if (kind < KEY || kind > SNAPSHOT) throw bad("a record is of no known kind");
    if ((kind === KEY) !== (records === 0)) throw bad("a chunk does not begin with its key frame");
    if (records === MAX_CHUNK_RECORDS) throw bad(`a chunk has more than ${MAX_CHUNK_RECORDS} records`);
    if (kind === PLAYER && ++players > MAX_PLAYERS) throw bad(`a chunk has more than ${MAX_PLAYERS} players`);
    if (atMs < lastMs) throw bad("it goes back in time");
    lastMs = atMs;
    let length = FIXED[kind];
    if (length === 0) {
      if (at + 4 > end) throw bad("a record is cut off");
      length = view.getUint32(at, true);
      if (length > MAX_PAYLOAD_BYTES) throw bad("a record is longer than it may be");
      at += 4;
    }
    at += length;
    if (at > end) throw bad("a record is cut off");
  }
  return lastMs;
}
