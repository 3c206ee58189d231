// The doctor's door: who asks for it waits until it has come, and nobody else loads it.
import { loadFailed } from "./error.js";

/** @typedef {import("./doctor/examination.js").DoctorOptions} DoctorOptions */
/** @typedef {import("./doctor/report.js").Report} Report */
/** @typedef {import("./doctor/report.js").Check} Check */

/**
 * Look at everything between this page and a race. Takes a second where all is fine, and half a minute where little is. Makes two
 * players and a room for a moment. Rejects only where it cannot itself be loaded.
 * @param {string | URL} url  the relay's address
 * @param {DoctorOptions} [options]
 * @returns {Promise<Report>}
 */
export async function doctor(url, options) {
  const { examination } = await import("./doctor/examination.js").catch(loadFailed);
  return examination(url, options);
}
