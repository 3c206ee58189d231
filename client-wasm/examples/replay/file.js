// A file with a recording and its circuit, because the recording has only the cars. Four bytes say how long the circuit's JSON
// is, then that follows, then the recording.

import { Track } from "mp-server-client/map";

const MAX_TRACK_BYTES = 1_000_000;

/** @param {Blob} recording @param {Track} track */
export function pack(recording, { name, widthMetres, centreline }) {
  const json = new TextEncoder().encode(JSON.stringify({ name, widthMetres, centreline }));
  return new Blob([Uint32Array.of(json.length), json, recording]);
}

/** @param {Blob} file */
export async function unpack(file) {
  try {
    const [length] = new Uint32Array(await file.slice(0, 4).arrayBuffer());
    if (length > MAX_TRACK_BYTES) throw new Error("the circuit is too long");
    const track = new Track(JSON.parse(await file.slice(4, 4 + length).text()));
    return { recording: file.slice(4 + length), track };
  } catch (cause) {
    // The package's code for a recording that is none.
    throw Object.assign(new Error("This file is no recording.", { cause }), { code: "bad_recording" });
  }
}
