// A recording that was read and found whole. Nothing of it is trusted before: whatever is wrong with a file is said as
// `bad_recording`, and what it costs is bounded by its size.
import { RaceError } from "../error.js";
import {
  CARS,
  INPUT,
  INPUT_BYTES,
  KEYFRAME,
  MAGIC,
  MAX_PAYLOAD_BYTES,
  NOTE,
  OWN,
  RECORD_HEAD_BYTES,
  VERSION,
} from "../recorder/format.js";
import { CAR_BYTES } from "../recorder/row.js";
import { isHeader, isKeyframe, isNote } from "./shape.js";

/** @typedef {import("../recorder/format.js").Header} Header */
/** @typedef {import("../recorder/format.js").Keyframe} Keyframe */
/** @typedef {any[]} Note  see recorder/format.js */

/** Largest file: what a recorder may be told to keep, and some. */
export const MAX_FILE_BYTES = 260 * 1024 * 1024;
const MAX_HEADER_BYTES = 4096;
/** More than four hours of everything; each costs 12 bytes of memory beside the file. */
export const MAX_RECORDS = 8_000_000;
/** Cars of a moment. */
const MAX_CARS = 255;

/**
 * @param {Blob} blob
 * @returns {Promise<Recording>}
 * @throws {RaceError} `bad_recording`
 */
export async function readRecording(blob) {
  if (!(blob instanceof Blob)) throw bad("a recording is a Blob or a File");
  if (blob.size > MAX_FILE_BYTES) throw bad(`it is larger than ${MAX_FILE_BYTES} bytes`);
  /** @type {ArrayBuffer} */
  let buffer;
  try {
    buffer = await blob.arrayBuffer();
  } catch (cause) {
    throw bad("it cannot be read", cause);
  }
  return new Recording(buffer);
}

export class Recording {
  header;
  #view;
  #bytes;
  /** Of each record. */
  #offsets = new Column();
  #times = new Column();
  /** The records of notes and inputs, of keyframes, of the others' and of the own car, in order. */
  happenings = new Column();
  keyframes = new Column();
  cars = new Column();
  own = new Column();

  /** @param {ArrayBuffer} buffer */
  constructor(buffer) {
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    const { header, bodyAt } = this.#readHead();
    this.header = header;
    if (buffer.byteLength - bodyAt !== header.bodyBytes) throw bad("its end is missing");
    this.#readBody(bodyAt);
  }

  /** The time of the first record, in milliseconds since the recorder began. */
  get startMs() {
    return this.#times.at(0);
  }

  /** Since the first record. */
  get durationMs() {
    return Math.max(this.#times.at(this.#times.length - 1) - this.startMs, 0);
  }

  /** Since the first record. @param {number} record */
  timeMs(record) {
    return this.#times.at(record) - this.startMs;
  }

  /** @param {number} record */
  isInput(record) {
    return this.#bytes[this.#offsets.at(record)] === INPUT;
  }

  /** @param {number} record @returns {Note} */
  note(record) {
    return this.#json(record);
  }

  /** @param {number} record @returns {Keyframe} */
  keyframe(record) {
    return this.#json(record);
  }

  /** What a record of bytes has. @param {number} record */
  payload(record) {
    const at = this.#offsets.at(record);
    return new DataView(this.#view.buffer, at + RECORD_HEAD_BYTES, this.#view.getUint32(at + 5, true));
  }

  /**
   * The place in a list of records of the last one at or before a time; −1 where there is none.
   * @param {Column} records
   * @param {number} atMs
   */
  last(records, atMs) {
    let [low, high] = [0, records.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.timeMs(records.at(middle)) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** @param {number} record */
  #json(record) {
    const { buffer, byteOffset, byteLength } = this.payload(record);
    return JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, byteOffset, byteLength)));
  }

  #readHead() {
    const at = MAGIC.length + 4;
    if (this.#bytes.length < at || MAGIC.some((byte, index) => this.#bytes[index] !== byte)) {
      throw bad("it is no recording of a race");
    }
    const length = this.#view.getUint32(MAGIC.length, true);
    if (length > MAX_HEADER_BYTES || at + length > this.#bytes.length) throw bad("its header is broken");
    const header = parsed(this.#bytes.subarray(at, at + length));
    if (header?.version !== undefined && header.version !== VERSION) {
      throw bad(`it is of version ${header.version}, and this is version ${VERSION}`);
    }
    if (!isHeader(header)) throw bad("its header is broken");
    return { header: /** @type {Header} */ (header), bodyAt: at + length };
  }

  /** @param {number} from */
  #readBody(from) {
    let [at, timeMs] = [from, 0];
    while (at < this.#bytes.length) {
      const record = this.#offsets.length;
      if (record >= MAX_RECORDS) throw bad(`it has more than ${MAX_RECORDS} records`);
      if (at + RECORD_HEAD_BYTES > this.#bytes.length) throw bad("its last record is cut off");
      const nextMs = this.#view.getUint32(at + 1, true);
      const length = this.#view.getUint32(at + 5, true);
      const end = at + RECORD_HEAD_BYTES + length;
      if (length > MAX_PAYLOAD_BYTES || end > this.#bytes.length) throw bad(`record ${record} is cut off`);
      if (nextMs < timeMs) throw bad(`record ${record} goes back in time`);
      this.#index(this.#bytes[at], record, at + RECORD_HEAD_BYTES, length);
      this.#offsets.push(at);
      this.#times.push(nextMs);
      [at, timeMs] = [end, nextMs];
    }
    if (this.keyframes.length === 0 || this.keyframes.at(0) !== 0) {
      throw bad("it does not begin with a keyframe");
    }
  }

  /**
   * Look at a record, and remember where it is.
   * @param {number} kind
   * @param {number} record
   * @param {number} at
   * @param {number} length
   */
  #index(kind, record, at, length) {
    const list = this.#listOf(kind, at, length);
    if (!list) throw bad(`record ${record} is broken`);
    list.push(record);
  }

  /**
   * The list where a record belongs; none where the record is broken.
   * @param {number} kind
   * @param {number} at
   * @param {number} length
   */
  #listOf(kind, at, length) {
    switch (kind) {
      case NOTE:
        return isNote(parsed(this.#bytes.subarray(at, at + length))) ? this.happenings : undefined;
      case KEYFRAME:
        return isKeyframe(parsed(this.#bytes.subarray(at, at + length))) ? this.keyframes : undefined;
      case INPUT:
        return length === INPUT_BYTES ? this.happenings : undefined;
      case CARS:
        return length % CAR_BYTES === 0 && length <= MAX_CARS * CAR_BYTES ? this.cars : undefined;
      case OWN:
        return length === CAR_BYTES ? this.own : undefined;
      default:
        return undefined;
    }
  }
}

/** Numbers one after the other, with room that doubles: a list of objects would cost ten times as much. */
export class Column {
  #numbers = new Uint32Array(64);
  length = 0;

  /** @param {number} value */
  push(value) {
    if (this.length === this.#numbers.length) {
      const larger = new Uint32Array(2 * this.length);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.length] = value;
    this.length += 1;
  }

  /** @param {number} index */
  at(index) {
    return this.#numbers[index];
  }
}

/** @param {Uint8Array} bytes @returns {any}  undefined where it is no JSON */
function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/**
 * @param {string} what
 * @param {unknown} [cause]
 */
function bad(what, cause) {
  return new RaceError("bad_recording", `this recording cannot be played: ${what}`, { cause });
}
