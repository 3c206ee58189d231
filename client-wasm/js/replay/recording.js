// Reads and checks a recording. Nothing in a file is trusted: every fault in it is a `bad_recording`, and reading it has a
// bounded cost.
import { RaceError } from "../error.js";
import {
  CHUNK_HEAD_BYTES,
  FIXED_BYTES,
  KEY,
  MAGIC,
  MAX_CHUNK_BYTES,
  MAX_UNPACKED_BYTES,
  PLAYER,
  RECORD_HEAD_BYTES,
  SNAPSHOT,
  VERSION,
} from "../recorder/format.js";

/** @typedef {import("../recorder/format.js").Header} Header */
/** @typedef {{ startMs: number, view: DataView }} Chunk */
/** @typedef {{ header: Header, chunks: Chunk[], durationMs: number }} Recording */

/** The largest file: a little more than a recorder may keep. */
const MAX_FILE_BYTES = 260 * 1024 * 1024;
const MAX_HEADER_BYTES = 4096;
const LONGEST_MS = 2 ** 32;

/**
 * @param {Blob} blob
 * @param {Header["kind"]} kind
 * @returns {Promise<Recording>}
 * @throws {RaceError} `bad_recording`
 */
export async function readRecording(blob, kind) {
  try {
    if (!(blob instanceof Blob)) throw bad("a recording is a Blob or a File");
    if (blob.size > MAX_FILE_BYTES) throw bad(`it is larger than ${MAX_FILE_BYTES} bytes`);
    const view = new DataView(await blob.arrayBuffer());
    const { header, bodyAt } = readHead(view);
    if (header.kind !== kind) throw bad(`it was made by a ${header.kind}, not by a ${kind}`);
    if (view.byteLength - bodyAt !== header.bytes) throw bad("its end is missing");
    const chunks = await readChunks(new DataView(view.buffer, bodyAt));
    return { header, chunks, durationMs: Math.max(header.durationMs, lastMs(chunks)) };
  } catch (cause) {
    throw cause instanceof RaceError ? cause : bad("it is damaged", cause);
  }
}

/** Reads the records of a recording in order. Its members are those of the newest one. */
export class Cursor {
  #chunks;
  /** Where the next record is. */
  #chunk = 0;
  #at = 0;
  /** @type {DataView} */
  #view = new DataView(new ArrayBuffer(0));
  #from = 0;
  #length = 0;
  kind = 0;
  /** When it was made, counted from the start of the first chunk. */
  atMs = 0;
  /** The ids of the chunk's players by their number. @type {string[]} */
  players = [];

  /** @param {{ chunks: Chunk[] }} recording */
  constructor({ chunks }) {
    this.#chunks = chunks;
  }

  /** The payload. */
  get data() {
    const { buffer, byteOffset } = this.#view;
    return new DataView(buffer, byteOffset + this.#from, this.#length);
  }

  /** The payload as text. */
  get text() {
    return new TextDecoder().decode(this.data);
  }

  /** The payload as a list of JSON; empty if it is none. @returns {unknown[]} */
  get list() {
    try {
      const list = JSON.parse(this.text);
      return Array.isArray(list) ? list : [];
    } catch {
      return [];
    }
  }

  get isAtKey() {
    return this.#at === 0 && this.#chunk < this.#chunks.length;
  }

  copy() {
    const copy = new Cursor({ chunks: this.#chunks });
    [copy.#chunk, copy.#at] = [this.#chunk, this.#at];
    return copy;
  }

  /** Go to the key frame before a time. @param {number} atMs */
  open(atMs) {
    const after = this.#chunks.findIndex(({ startMs }) => startMs - this.#chunks[0].startMs > atMs);
    this.#chunk = (after < 0 ? this.#chunks.length : Math.max(1, after)) - 1;
    this.#at = 0;
  }

  /** When the next record was made; Infinity if there is none. */
  get dueMs() {
    const chunk = this.#chunks[this.#chunk];
    if (!chunk) return Infinity;
    return chunk.startMs - this.#chunks[0].startMs + chunk.view.getUint16(this.#at + 1, true);
  }

  /** Go to the next record. Gives false if there is none. Throws if the record does not end within its chunk. */
  next() {
    const chunk = this.#chunks[this.#chunk];
    if (!chunk) return false;
    const { view } = chunk;
    this.atMs = this.dueMs;
    this.kind = view.getUint8(this.#at);
    if ((this.kind === KEY) !== (this.#at === 0)) throw bad("a chunk does not begin with its key frame");
    if (this.kind < KEY || this.kind > SNAPSHOT) throw bad("a record is of no known kind");
    const fixed = FIXED_BYTES[this.kind];
    this.#view = view;
    this.#from = this.#at + RECORD_HEAD_BYTES + (fixed ? 0 : 4);
    this.#length = fixed ?? view.getUint32(this.#at + RECORD_HEAD_BYTES, true);
    this.#at = this.#from + this.#length;
    if (this.#at > view.byteLength) throw bad("a record is cut off");
    if (this.kind === KEY) this.players = [];
    if (this.kind === PLAYER) this.players.push(this.text);
    if (this.#at === view.byteLength) [this.#chunk, this.#at] = [this.#chunk + 1, 0];
    return true;
  }
}

/** The code and reason of a close. @param {Cursor} record @returns {[number, string]} */
export function closeOf({ list: [number, reason] }) {
  return [typeof number === "number" ? number : 1006, typeof reason === "string" ? reason : ""];
}

/**
 * @param {string} what
 * @param {unknown} [cause]
 */
export function bad(what, cause) {
  return new RaceError("bad_recording", `this recording cannot be played: ${what}`, { cause });
}

/** Look at all records. Gives the time of the last one. @param {Chunk[]} chunks */
function lastMs(chunks) {
  const cursor = new Cursor({ chunks });
  let atMs = 0;
  while (cursor.next()) {
    if (cursor.atMs < atMs) throw bad("it goes back in time");
    atMs = cursor.atMs;
  }
  return atMs;
}

/** @param {DataView} file */
function readHead(file) {
  const at = MAGIC.length + 4;
  if (file.byteLength < at || MAGIC.some((byte, index) => file.getUint8(index) !== byte)) {
    throw bad("it is not a recording of a race");
  }
  const length = file.getUint32(MAGIC.length, true);
  if (length > MAX_HEADER_BYTES) throw bad("its header is broken");
  /** @type {Header} */
  const header = JSON.parse(new TextDecoder().decode(new DataView(file.buffer, at, length)));
  if (header.version !== VERSION) {
    throw bad(`it is of version ${header.version}, and this is version ${VERSION}`);
  }
  const { durationMs, droppedMs } = header;
  if (![durationMs, droppedMs].every((ms) => Number.isFinite(ms) && ms >= 0 && ms <= LONGEST_MS)) {
    throw bad("its header is broken");
  }
  return { header, bodyAt: at + length };
}

/** @param {DataView} body @returns {Promise<Chunk[]>} */
async function readChunks(body) {
  /** @type {Chunk[]} */
  const chunks = [];
  let total = 0;
  for (let at = 0; at < body.byteLength;) {
    const [startMs, unpacked, packed] = [0, 4, 8].map((offset) => body.getUint32(at + offset, true));
    total += unpacked;
    if (unpacked > MAX_CHUNK_BYTES || total > MAX_UNPACKED_BYTES) throw bad("it is too large");
    if (unpacked < RECORD_HEAD_BYTES) throw bad("a chunk is empty");
    const bytes = new DataView(body.buffer, body.byteOffset + at + CHUNK_HEAD_BYTES, packed);
    chunks.push({ startMs, view: packed === unpacked ? bytes : await unpack(bytes, unpacked) });
    at += CHUNK_HEAD_BYTES + packed;
  }
  if (chunks.length === 0) throw bad("there is nothing in it");
  return chunks;
}

/**
 * Unpack a chunk, up to the length that it declares.
 * @param {DataView} packed
 * @param {number} length
 */
async function unpack(packed, length) {
  const unpacked = new Uint8Array(length);
  const { buffer, byteOffset, byteLength } = packed;
  const blob = new Blob([new Uint8Array(/** @type {ArrayBuffer} */ (buffer), byteOffset, byteLength)]);
  const reader = blob.stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  let at = 0;
  try {
    for (let read; !(read = await reader.read()).done; at += read.value.length) unpacked.set(read.value, at);
  } finally {
    void reader.cancel().catch(() => {});
  }
  if (at !== length) throw bad("a chunk is cut off");
  return new DataView(unpacked.buffer);
}
