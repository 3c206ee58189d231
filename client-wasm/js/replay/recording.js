// Reads and checks a recording. Nothing in a file is trusted: every fault in it is a `bad_recording`, and reading it has a
// bounded cost in time and memory.
import { RaceError } from "../error.js";
import {
  CHUNK_HEAD_BYTES,
  FIXED_BYTES,
  KEY,
  MAGIC,
  MAX_CHUNKS,
  MAX_UNPACKED_BYTES,
  PLAYER,
  RECORD_HEAD_BYTES,
  VERSION,
} from "../recorder/format.js";
import { Chunks, bad, placeOf } from "./chunks.js";
import { checkRecords } from "./records.js";

/** @typedef {import("../recorder/format.js").Header} Header */
/** @typedef {import("./chunks.js").ChunkList} ChunkList */
/** @typedef {{ header: Header, chunks: ChunkList, durationMs: number }} Recording */

/** The largest file: a little more than a recorder may keep. */
const MAX_FILE_BYTES = 260 * 1024 * 1024;
const MAX_HEADER_BYTES = 4096;
const LONGEST_MS = 2 ** 32;
/** A time as ISO 8601 has it: the longest has a year of six digits. */
const MAX_TIME_LETTERS = 32;
/** The codes that a WebSocket may be closed with, and one for a connection that broke. */
const CLOSE_CODES = Object.freeze({ first: 1000, last: 4999, broken: 1006 });
const UTF8 = new TextDecoder();
/** The longest reason of a WebSocket's close. */
const MAX_REASON_BYTES = 123;

/**
 * @param {Blob} blob
 * @param {Header["kind"]} kind
 * @param {number} [keptBytes]  how much is kept unpacked
 * @returns {Promise<Recording>}
 * @throws {RaceError} `bad_recording`
 */
export async function readRecording(blob, kind, keptBytes) {
  try {
    if (!(blob instanceof Blob)) throw bad("a recording is a Blob or a File");
    if (blob.size > MAX_FILE_BYTES) throw bad(`it is larger than ${MAX_FILE_BYTES} bytes`);
    const { header, bodyAt } = await readHead(blob);
    if (header.kind !== kind) throw bad(`it was made by a ${header.kind}, not by a ${kind}`);
    if (blob.size - bodyAt !== header.bytes) throw bad("its end is missing");
    const chunks = new Chunks(blob, await places(blob, bodyAt), keptBytes);
    return { header, chunks, durationMs: Math.max(header.durationMs, await lastMs(chunks)) };
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
  /** The chunk of the next record, once it is unpacked. @type {DataView | undefined} */
  #next;
  /** @type {DataView} */
  #view = new DataView(new ArrayBuffer(0));
  #from = 0;
  #length = 0;
  kind = 0;
  /** When it was made, counted from the start of the first chunk. */
  atMs = 0;
  /** The ids of the chunk's players by their number. @type {string[]} */
  players = [];

  /** @param {{ chunks: ChunkList }} recording */
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
    return UTF8.decode(this.data);
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

  /** Whether the next record can be read now, or there is none. Otherwise wait for `ready`. */
  get isReady() {
    if (this.#chunk >= this.#chunks.length) return true;
    this.#next ??= this.#chunks.open(this.#chunk);
    return this.#next !== undefined;
  }

  /** Unpack the chunk of the next record. @throws {RaceError} `bad_recording` */
  async ready() {
    while (!this.isReady) {
      const index = this.#chunk;
      const view = await this.#chunks.load(index);
      // The cursor may have gone elsewhere meanwhile.
      if (index === this.#chunk) this.#next = this.#chunks.open(index) ?? view;
    }
  }

  copy() {
    const copy = new Cursor({ chunks: this.#chunks });
    [copy.#chunk, copy.#at, copy.#next] = [this.#chunk, this.#at, this.#next];
    return copy;
  }

  /** Go to the key frame before a time. @param {number} atMs */
  open(atMs) {
    let index = 0;
    while (index + 1 < this.#chunks.length && this.#chunks.startMs(index + 1) <= atMs) index += 1;
    [this.#chunk, this.#at, this.#next] = [index, 0, undefined];
  }

  /** When the next record was made; Infinity if there is none. */
  get dueMs() {
    if (this.#chunk >= this.#chunks.length) return Infinity;
    return this.#chunks.startMs(this.#chunk) + this.#unpacked.getUint16(this.#at + 1, true);
  }

  /** Go to the next record. Gives false if there is none. Records were checked when the recording was opened. */
  next() {
    if (this.#chunk >= this.#chunks.length) return false;
    const view = this.#unpacked;
    this.atMs = this.dueMs;
    this.kind = view.getUint8(this.#at);
    const fixed = FIXED_BYTES[this.kind];
    this.#view = view;
    this.#from = this.#at + RECORD_HEAD_BYTES + (fixed ? 0 : 4);
    this.#length = fixed ?? view.getUint32(this.#at + RECORD_HEAD_BYTES, true);
    this.#at = this.#from + this.#length;
    if (this.kind === KEY) this.players = [];
    if (this.kind === PLAYER) this.players.push(this.text);
    if (this.#at >= view.byteLength) [this.#chunk, this.#at, this.#next] = [this.#chunk + 1, 0, undefined];
    return true;
  }

  get #unpacked() {
    if (!this.isReady) throw new Error("the next chunk is not unpacked: wait for ready()");
    return /** @type {DataView} */ (this.#next);
  }
}

/**
 * The code and reason of a close. Whatever else stands there was a broken connection, because no WebSocket gives it.
 * @param {{ list: unknown[] }} record
 * @returns {[number, string]}
 */
export function closeOf({ list: [number, reason] }) {
  const { first, last, broken } = CLOSE_CODES;
  const isCode = typeof number === "number" && Number.isInteger(number) && number >= first && number <= last;
  const isReason = typeof reason === "string" && new TextEncoder().encode(reason).length <= MAX_REASON_BYTES;
  return [isCode ? number : broken, isReason ? reason : ""];
}

/**
 * Check all records, chunk by chunk. Gives the time of the last one.
 * @param {ChunkList} chunks
 */
async function lastMs(chunks) {
  let last = 0;
  for (let index = 0; index < chunks.length; index += 1) {
    const startMs = chunks.startMs(index);
    last = startMs + checkRecords(await chunks.load(index), last - startMs);
  }
  return last;
}

/** @param {Blob} blob */
async function readHead(blob) {
  const at = MAGIC.length + 4;
  const start = new DataView(await blob.slice(0, at + MAX_HEADER_BYTES).arrayBuffer());
  if (start.byteLength < at || MAGIC.some((byte, index) => start.getUint8(index) !== byte)) {
    throw bad("it is not a recording of a race");
  }
  const length = start.getUint32(MAGIC.length, true);
  if (length > MAX_HEADER_BYTES) throw bad("its header is longer than it may be");
  if (at + length > start.byteLength) throw bad("its end is missing");
  return { header: headerOf(new DataView(start.buffer, at, length)), bodyAt: at + length };
}

/**
 * Read the header, and check each member. Unknown ones are ignored.
 * @param {DataView} bytes
 * @returns {Header}
 */
function headerOf(bytes) {
  /** @type {unknown} */
  let json;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw bad("its header is not JSON", cause);
  }
  if (typeof json !== "object" || json === null) throw bad("its header is not an object");
  const {
    version,
    kind,
    startedAt,
    durationMs,
    droppedMs,
    bytes: length,
    messages,
  } = /** @type {Record<string, unknown>} */ (json);
  if (version !== VERSION) {
    const shown = typeof version === "number" ? `of version ${version}` : "of an unknown version";
    throw bad(`it is ${shown}, and this is version ${VERSION}`);
  }
  const isTime = (/** @type {unknown} */ ms) => typeof ms === "number" && ms >= 0 && ms <= LONGEST_MS;
  const isDate =
    typeof startedAt === "string" &&
    startedAt.length <= MAX_TIME_LETTERS &&
    !Number.isNaN(Date.parse(startedAt));
  const wrong = Object.entries({
    kind: kind === "player" || kind === "spectator",
    startedAt: isDate,
    durationMs: isTime(durationMs),
    droppedMs: isTime(droppedMs),
    bytes: Number.isSafeInteger(length) && Number(length) >= 0,
    messages: typeof messages === "boolean",
  }).find(([, fits]) => !fits);
  if (wrong) throw bad(`its header has a wrong ${wrong[0]}`);
  return /** @type {Header} */ (json);
}

/**
 * Find all chunks. Only their heads are read.
 * @param {Blob} blob
 * @param {number} bodyAt
 */
async function places(blob, bodyAt) {
  const found = [];
  let unpacked = 0;
  for (let at = bodyAt; at < blob.size;) {
    if (found.length >= MAX_CHUNKS) throw bad(`it has more than ${MAX_CHUNKS} chunks`);
    const head = new DataView(await blob.slice(at, at + CHUNK_HEAD_BYTES).arrayBuffer());
    const place = placeOf(head, at + CHUNK_HEAD_BYTES, blob.size);
    unpacked += place.unpacked;
    if (unpacked > MAX_UNPACKED_BYTES) throw bad("it is too large");
    found.push(place);
    at = place.at + place.packed;
  }
  if (found.length === 0) throw bad("there is nothing in it");
  return found;
}
