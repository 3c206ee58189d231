// A file with a recording and the circuit that it was made on: the recording itself knows cars, and no asphalt. Four bytes say
// how long the circuit's JSON is, then that comes, then the recording.

const MAX_TRACK_BYTES = 1_000_000;

/**
 * @param {Blob} recording
 * @param {import("./circuit.js").TrackFile} track
 */
export function pack(recording, track) {
  const json = new TextEncoder().encode(JSON.stringify(track));
  return new Blob([Uint32Array.of(json.length), json, recording]);
}

/**
 * @param {Blob} file
 * @returns {Promise<{ recording: Blob, track: import("./circuit.js").TrackFile }>}
 */
export async function unpack(file) {
  try {
    const [length] = new Uint32Array(await file.slice(0, 4).arrayBuffer());
    if (length > MAX_TRACK_BYTES) throw new Error("the circuit is too long");
    const track = JSON.parse(await file.slice(4, 4 + length).text());
    return { recording: file.slice(4 + length), track };
  } catch (cause) {
    // The code that the package has for recordings that are none.
    throw Object.assign(new Error("This file is no recording.", { cause }), { code: "bad_recording" });
  }
}
