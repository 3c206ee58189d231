// Takes a recording's file apart into its chunks and records, and makes a file of them again, so that tests can change them.
import { CHUNK_HEAD_BYTES, FIXED_BYTES, RECORD_HEAD_BYTES, encodeHead } from "../js/recorder/format.js";
import { Cursor, readRecording } from "../js/replay/recording.js";

/** @typedef {{ kind: number, atMs: number, payload: Uint8Array }} OneRecord  `atMs`: since its chunk's start. */
/** @typedef {{ startMs: number, records: OneRecord[] }} OneChunk */
/** @typedef {{ header: import("../js/recorder/format.js").Header, chunks: OneChunk[] }} Parts */

/** @param {Blob} blob @param {"player" | "spectator"} kind @returns {Promise<Parts>} */
export async function partsOf(blob, kind) {
  const recording = await readRecording(blob, kind);
  const cursor = new Cursor(recording);
  /** @type {OneChunk[]} */
  const chunks = [];
  for (;;) {
    await cursor.ready();
    if (cursor.isAtKey) chunks.push({ startMs: cursor.dueMs, records: [] });
    if (!cursor.next()) return { header: recording.header, chunks };
    const { buffer, byteOffset, byteLength } = cursor.data;
    const payload = new Uint8Array(buffer, byteOffset, byteLength).slice();
    const { startMs, records } = chunks[chunks.length - 1];
    records.push({ kind: cursor.kind, atMs: cursor.atMs - startMs, payload });
  }
}

/** The bytes of a record. @param {OneRecord} record */
export function recordOf({ kind, atMs, payload }) {
  const head = RECORD_HEAD_BYTES + (kind in FIXED_BYTES ? 0 : 4);
  const bytes = new Uint8Array(head + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kind);
  view.setUint16(1, atMs, true);
  if (head > RECORD_HEAD_BYTES) view.setUint32(RECORD_HEAD_BYTES, payload.length, true);
  bytes.set(payload, head);
  return bytes;
}

/**
 * A file of chunks that are not compressed.
 * @param {Parts["header"]} header
 * @param {Array<{ startMs: number, bytes: Uint8Array<ArrayBuffer> }>} chunks
 */
export function fileOf(header, chunks) {
  const parts = chunks.flatMap(({ startMs, bytes }) => {
    const head = new DataView(new ArrayBuffer(CHUNK_HEAD_BYTES));
    [startMs, bytes.length, bytes.length].forEach((number, at) => head.setUint32(4 * at, number, true));
    return [new Uint8Array(head.buffer), bytes];
  });
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  return new Blob([encodeHead({ ...header, bytes }), ...parts]);
}

/** @param {Parts} parts */
export function fileOfRecords({ header, chunks }) {
  return fileOf(
    header,
    chunks.map(({ startMs, records }) => ({
      startMs,
      bytes: new Uint8Array(Buffer.concat(records.map(recordOf))),
    })),
  );
}
