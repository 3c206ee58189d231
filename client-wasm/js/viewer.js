/**
 * `<race-viewer>`: a room's race as a live map, with standings and the last ten minutes.
 *
 * ```js
 * import { defineRaceViewer } from "mp-server-client/viewer";
 * defineRaceViewer();
 * // <race-viewer src="https://relay.example" room="ROOM_ID"></race-viewer>
 * ```
 * @module mp-server-client/viewer
 */

import { useClient } from "../../www/src/viewer/connect.js";
import { defineRaceViewer as define } from "../../www/src/viewer/race-viewer.js";
import { Spectator, spectate } from "./spectator.js";

export { Spectator };

/** @typedef {import("../../www/src/viewer/race-viewer.js").RaceViewer} RaceViewer  The element `<race-viewer>`. */
/** @typedef {import("../../www/src/viewer/race-viewer.js").RaceViewerEvents} RaceViewerEvents  Its events' `detail`. */
/** @typedef {import("../../www/src/viewer/race-viewer.js").RaceViewerProperties} RaceViewerProperties  Its properties. */

/** Define the element in the page. Does nothing the second time, or without a DOM. */
export function defineRaceViewer() {
  if (typeof customElements === "undefined") return;
  useClient({ spectate });
  define();
}
