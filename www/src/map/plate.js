// A driver's number plate in lists and tables: the same on the page and in the viewer.

import { setText } from "../element.js";

/**
 * @param {HTMLElement} plate
 * @param {import("../livery.js").Livery} livery
 */
export function wear(plate, { label, body, ink, striped }) {
  setText(plate, label);
  plate.style.setProperty("--body", body);
  plate.style.setProperty("--plate-ink", ink);
  plate.classList.toggle("striped", striped);
}
