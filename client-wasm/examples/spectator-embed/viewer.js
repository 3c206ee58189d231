// All that a page with one race needs, and the styles of the page around it.

import "@picocss/pico/css/pico.min.css";
import "./style.css";

import { defineRaceViewer } from "mp-server-client/viewer";

defineRaceViewer();
