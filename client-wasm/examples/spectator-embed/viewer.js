// All that a page with one race needs.

import { defineRaceViewer } from "mp-server-client/viewer";

defineRaceViewer();
