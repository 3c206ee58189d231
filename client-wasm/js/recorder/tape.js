// The records of a recording in memory, bounded: in segments that each begin with a keyframe, so that the oldest may go.
import { KEYFRAME, MAX_PAYLOAD_BYTES, RECORD_HEAD_BYTES } from "./format.js";

/** A segment is closed after this time, or at this size: small against the limits, large against a keyframe. */
const SEGMENT_MS = 60_000;
const SEGMENT_BYTES = 2 * 1024 * 1024;
const FIRST_BUFFER_BYTES = 16 * 1024;

/** @typedef {{ startMs: number, bytes: Uint8Array<ArrayBuffer>, length: number }} Segment */

export class Tape {
  /** @type {Segment[]} */
  #segments = [];
  #keyframe;
  #limits;
  #encoder = new TextEncoder();
  /** Records too large to keep. */
  oversized = 0;

  /**
   * @param {() => import("./format.js").Keyframe} keyframe  what is known now
   * @param {{ maxMs: number, maxBytes: number }} limits
   */
  constructor(keyframe, limits) {
    this.#keyframe = keyframe;
    this.#limits = limits;
  }

  /**
   * @param {number} kind
   * @param {number} atMs
   * @param {unknown} value  as JSON
   */
  json(kind, atMs, value) {
    this.add(kind, atMs, this.#encoder.encode(JSON.stringify(value)));
  }

  /**
   * @param {number} kind
   * @param {number} atMs  since the beginning; never less than before
   * @param {Uint8Array} payload
   */
  add(kind, atMs, payload) {
    if (payload.length > MAX_PAYLOAD_BYTES) {
      this.oversized += 1;
      return;
    }
    const segment = this.#segments.at(-1);
    const isFull = !segment || atMs - segment.startMs >= SEGMENT_MS || segment.length >= this.#segmentBytes();
    if (isFull) this.cut(atMs);
    append(this.#segments[this.#segments.length - 1], kind, atMs, payload);
  }

  /** Begin a segment, and let go of the oldest where there are too many. @param {number} atMs */
  cut(atMs) {
    const last = this.#segments.at(-1);
    // Exactly as large as it is: the buffer grew by doubling.
    if (last) last.bytes = last.bytes.slice(0, last.length);
    const fresh = { startMs: atMs, bytes: new Uint8Array(FIRST_BUFFER_BYTES), length: 0 };
    this.#segments.push(fresh);
    const known = this.#encoder.encode(JSON.stringify(this.#keyframe()));
    // A keyframe that is too large leaves out what can be asked again.
    const small = () => this.#encoder.encode(JSON.stringify({ ...this.#keyframe(), answers: {} }));
    append(fresh, KEYFRAME, atMs, known.length > MAX_PAYLOAD_BYTES ? small() : known);
    while (this.#segments.length > 1 && this.#isTooMuch(atMs)) this.#segments.shift();
  }

  /** When the oldest record that is left was made. */
  get startMs() {
    return this.#segments[0]?.startMs ?? 0;
  }

  get byteLength() {
    return this.#segments.reduce((sum, { length }) => sum + length, 0);
  }

  /** The records in order. @returns {Array<Uint8Array<ArrayBuffer>>} */
  parts() {
    return this.#segments.map(({ bytes, length }) => bytes.subarray(0, length));
  }

  #segmentBytes() {
    return Math.min(SEGMENT_BYTES, this.#limits.maxBytes / 8);
  }

  /** The next segment may grow as large as one may, so there is room for it now. @param {number} atMs */
  #isTooMuch(atMs) {
    const room = this.#limits.maxBytes - this.#segmentBytes();
    return this.byteLength > room || atMs - this.#segments[1].startMs >= this.#limits.maxMs;
  }
}

/**
 * @param {Segment} segment
 * @param {number} kind
 * @param {number} atMs
 * @param {Uint8Array} payload
 */
function append(segment, kind, atMs, payload) {
  const end = segment.length + RECORD_HEAD_BYTES + payload.length;
  if (end > segment.bytes.length) {
    const larger = new Uint8Array(Math.max(end, 2 * segment.bytes.length));
    larger.set(segment.bytes.subarray(0, segment.length));
    segment.bytes = larger;
  }
  const view = new DataView(segment.bytes.buffer, segment.length);
  view.setUint8(0, kind);
  view.setUint32(1, atMs, true);
  view.setUint32(5, payload.length, true);
  segment.bytes.set(payload, segment.length + RECORD_HEAD_BYTES);
  segment.length = end;
}
