// The records of a recording in memory: in chunks that each begin with a key frame, so that the oldest can be dropped. A chunk
// is compressed once the next one has begun, if there is a `CompressionStream`.
import {
  CHUNK_HEAD_BYTES,
  CHUNK_MS,
  FIXED_BYTES,
  KEY,
  MAX_CHUNKS,
  MAX_CHUNK_RECORDS,
  MAX_PAYLOAD_BYTES,
  MAX_UNPACKED_BYTES,
  RECORD_HEAD_BYTES,
} from "./format.js";

/** A chunk is closed at this size: small compared to the limits, large compared to a key frame. */
const CHUNK_BYTES = 2 * 1024 * 1024;

/** @typedef {{ startMs: number, parts: Uint8Array<ArrayBuffer>[], length: number, unpacked: number, records: number }} Chunk  `length`: of all parts. */

export class Tape {
  /** @type {Chunk[]} */
  #chunks = [];
  #key;
  #begun;
  #limits;
  #chunkBytes;
  #encoder = new TextEncoder();
  /** Resolves when all chunks that are closed so far are compressed. @type {Promise<unknown>} */
  packed = Promise.resolve();

  /**
   * @param {() => string[]} key  gives the lines of a key frame
   * @param {{ maxMs: number, maxBytes: number }} limits
   * @param {(atMs: number) => void} [begun]  adds what a chunk has after its key frame
   */
  constructor(key, limits, begun = () => {}) {
    this.#key = key;
    this.#begun = begun;
    this.#limits = limits;
    this.#chunkBytes = Math.min(CHUNK_BYTES, limits.maxBytes / 8);
  }

  /** Make room for the records of this time. @param {number} atMs  never less than before */
  turn(atMs) {
    const chunk = this.#chunks.at(-1);
    const isFull = !chunk || atMs - chunk.startMs >= CHUNK_MS || chunk.length >= this.#chunkBytes;
    // Room for a player and its car.
    if (isFull || chunk.records > MAX_CHUNK_RECORDS - 2) this.cut(atMs);
  }

  /** Begin a chunk, and drop the oldest ones if there are too many. @param {number} atMs */
  cut(atMs) {
    const last = this.#chunks.at(-1);
    if (last) this.packed = Promise.all([this.packed, pack(last)]);
    this.#chunks.push({ startMs: atMs, parts: [], length: 0, unpacked: 0, records: 0 });
    this.add(KEY, atMs, JSON.stringify(this.#key()));
    this.#begun(atMs);
    while (this.#chunks.length > 1 && this.#isTooMuch(atMs)) this.#chunks.shift();
  }

  /**
   * Append a record. One that is too long is left out.
   * @param {number} kind
   * @param {number} atMs  in the chunk that `turn` has made room in
   * @param {string | Uint8Array} given
   */
  add(kind, atMs, given) {
    const payload = typeof given === "string" ? this.#encoder.encode(given) : given;
    if (payload.length > MAX_PAYLOAD_BYTES) return;
    const chunk = this.#chunks[this.#chunks.length - 1];
    const head = RECORD_HEAD_BYTES + (kind in FIXED_BYTES ? 0 : 4);
    const record = new Uint8Array(head + payload.length);
    const view = new DataView(record.buffer);
    view.setUint8(0, kind);
    view.setUint16(1, atMs - chunk.startMs, true);
    if (head > RECORD_HEAD_BYTES) view.setUint32(RECORD_HEAD_BYTES, payload.length, true);
    record.set(payload, head);
    chunk.parts.push(record);
    chunk.length += record.length;
    chunk.unpacked = chunk.length;
    chunk.records += 1;
  }

  /** When the oldest record that is left was made. */
  get startMs() {
    return this.#chunks[0]?.startMs ?? 0;
  }

  get byteLength() {
    return this.#chunks.reduce((sum, { length }) => sum + CHUNK_HEAD_BYTES + length, 0);
  }

  /** The chunks in order, with their heads. */
  parts() {
    return this.#chunks.flatMap(({ startMs, parts, length, unpacked }) => {
      const head = new DataView(new ArrayBuffer(CHUNK_HEAD_BYTES));
      [startMs, unpacked, length].forEach((number, at) => head.setUint32(4 * at, number, true));
      return [new Uint8Array(head.buffer), joined(parts, length)];
    });
  }

  /** Whether the oldest chunk must go. The next chunk may reach the largest size, so there must be room for it now. @param {number} atMs */
  #isTooMuch(atMs) {
    const unpacked = this.#chunks.reduce((sum, chunk) => sum + chunk.unpacked, 0);
    return (
      this.#chunks.length > MAX_CHUNKS ||
      this.byteLength > this.#limits.maxBytes - this.#chunkBytes ||
      unpacked > MAX_UNPACKED_BYTES - 2 * CHUNK_BYTES ||
      atMs - this.#chunks[1].startMs >= this.#limits.maxMs
    );
  }
}

/** Compress a chunk. It stays as it is if it cannot be. @param {Chunk} chunk */
async function pack(chunk) {
  try {
    // As one part: engines are slow with thousands.
    chunk.parts = [joined(chunk.parts, chunk.length)];
    const stream = new Blob(chunk.parts).stream().pipeThrough(new CompressionStream("deflate"));
    const packed = new Uint8Array(await new Response(stream).arrayBuffer());
    if (packed.length < chunk.length) [chunk.parts, chunk.length] = [[packed], packed.length];
  } catch {
    // There is no `CompressionStream`, or no memory for it.
  }
}

/**
 * @param {Uint8Array[]} parts
 * @param {number} length  of all
 */
function joined(parts, length) {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
