// The chunks of a recording, read from its file and unpacked when they are needed. So a file that unpacks to much more than its
// own size costs no more memory than the limit below.
import { RaceError } from "../error.js";
import { CHUNK_HEAD_BYTES, MAX_CHUNK_BYTES, RECORD_HEAD_BYTES } from "../recorder/format.js";

/** @typedef {{ startMs: number, at: number, unpacked: number, packed: number }} Place  When a chunk begins, where it is in the file behind its head, and its lengths. */
/**
 * @typedef {object} ChunkList  What a cursor reads.
 * @property {number} length
 * @property {number} unpackedBytes  of all chunks
 * @property {(index: number) => number} startMs  counted from the first chunk's start
 * @property {(index: number) => DataView | undefined} open  the records of a chunk, if they are unpacked
 * @property {(index: number) => Promise<DataView>} load
 */

/** How much of a recording is kept unpacked: about ten minutes of twenty cars. The chunk in use and the next one are extra. */
export const KEPT_BYTES = 32 * 1024 * 1024;

/** @implements {ChunkList} */
export class Chunks {
  #blob;
  #places;
  #most;
  /** The chunks that were used last, the last one at the end. @type {Map<number, DataView>} */
  #kept = new Map();
  #keptBytes = 0;
  /** @type {Map<number, Promise<DataView>>} */
  #loading = new Map();

  /**
   * @param {Blob} blob
   * @param {Place[]} places
   * @param {number} [most]  how many bytes are kept unpacked
   */
  constructor(blob, places, most = KEPT_BYTES) {
    this.#blob = blob;
    this.#places = places;
    this.#most = most;
  }

  get length() {
    return this.#places.length;
  }

  /** @param {number} index */
  startMs(index) {
    return this.#places[index].startMs - this.#places[0].startMs;
  }

  get unpackedBytes() {
    return this.#places.reduce((sum, place) => sum + place.unpacked, 0);
  }

  /** How many bytes are unpacked now. */
  get keptBytes() {
    return this.#keptBytes;
  }

  /**
   * Give the records of a chunk if they are unpacked, and begin to unpack the next one.
   * @param {number} index
   */
  open(index) {
    const view = this.#kept.get(index);
    if (view) {
      this.#keep(index, view);
      // A failure is reported when that chunk is needed.
      if (index + 1 < this.length && !this.#kept.has(index + 1)) this.load(index + 1).catch(() => {});
    }
    return view;
  }

  /**
   * Unpack a chunk.
   * @param {number} index
   * @returns {Promise<DataView>}
   */
  load(index) {
    const kept = this.#kept.get(index);
    if (kept) return Promise.resolve(kept);
    const known = this.#loading.get(index);
    if (known) return known;
    const loading = unpacked(this.#blob, this.#places[index]).then((view) => this.#keep(index, view));
    this.#loading.set(index, loading);
    const done = () => void this.#loading.delete(index);
    loading.then(done, done);
    return loading;
  }

  /**
   * @param {number} index
   * @param {DataView} view
   */
  #keep(index, view) {
    if (this.#kept.delete(index)) this.#keptBytes -= view.byteLength;
    this.#kept.set(index, view);
    this.#keptBytes += view.byteLength;
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#keptBytes <= this.#most || oldest === index) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= byteLength;
    }
    return view;
  }
}

/**
 * Read a chunk and unpack it, up to the length that it declares.
 * @param {Blob} blob
 * @param {Place} place
 */
async function unpacked(blob, { at, packed, unpacked: length }) {
  try {
    const part = blob.slice(at, at + packed);
    if (packed === length) return new DataView(await part.arrayBuffer());
    const records = new Uint8Array(length);
    const reader = part.stream().pipeThrough(new DecompressionStream("deflate")).getReader();
    let end = 0;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        records.set(value, end);
        end += value.length;
      }
    } finally {
      void reader.cancel().catch(() => {});
    }
    if (end !== length) throw bad("a chunk is cut off");
    return new DataView(records.buffer);
  } catch (cause) {
    throw cause instanceof RaceError ? cause : bad("it is damaged", cause);
  }
}

/**
 * Check the head of a chunk.
 * @param {DataView} head
 * @param {number} at  where the chunk's records are
 * @param {number} end  of the file
 * @returns {Place}
 */
export function placeOf(head, at, end) {
  if (head.byteLength < CHUNK_HEAD_BYTES) throw bad("its end is missing");
  const [startMs, length, packed] = [0, 4, 8].map((offset) => head.getUint32(offset, true));
  if (length > MAX_CHUNK_BYTES) throw bad("it is too large");
  if (length < RECORD_HEAD_BYTES) throw bad("a chunk is empty");
  if (packed > length || at + packed > end) throw bad("a chunk is cut off");
  return { startMs, at, unpacked: length, packed };
}

/**
 * @param {string} what
 * @param {unknown} [cause]
 */
export function bad(what, cause) {
  return new RaceError("bad_recording", `this recording cannot be played: ${what}`, { cause });
}
