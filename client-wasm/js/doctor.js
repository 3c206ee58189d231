// The entry of the doctor, which is loaded only when it is called.
import { loadFailed } from "./error.js";

/** @typedef {import("./doctor/examination.js").DoctorOptions} DoctorOptions */
/** @typedef {import("./doctor/report.js").Report} Report */
/** @typedef {import("./doctor/report.js").Check} Check */

/**
 * Check everything between this page and a race. It takes a second if all is well, and up to half a minute if not. For a moment it
 * makes two players and a room. It rejects only if it cannot be loaded itself.
 * @param {string | URL} url  the relay's address
 * @param {DoctorOptions} [options]
 * @returns {Promise<Report>}
 */
export async function doctor(url, options) {
  const { examination } = await import("./doctor/examination.js").catch(loadFailed);
  return examination(url, options);
}
