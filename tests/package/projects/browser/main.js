// A page without a framework.
import { run } from "./race.js";

run();
