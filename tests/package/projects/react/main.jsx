// The page with the viewer as a part that React draws.
import { defineRaceViewer } from "mp-server-client/viewer";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";

import { run } from "./race.js";

defineRaceViewer();
run((relay, room) => {
  const host = document.body.appendChild(document.createElement("div"));
  flushSync(() => createRoot(host).render(<race-viewer src={relay} room={room} />));
  return host.firstElementChild;
});
