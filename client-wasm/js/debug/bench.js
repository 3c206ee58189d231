// The page "Lab": the network made up, the recording, the doctor.

import { CONDITIONS, isUntouched, PRESETS, presetOf } from "./conditions.js";
import { find } from "./markup.js";
import { cell, put } from "./network.js";
import { redact } from "./redact.js";
import { inBytes, lasting } from "./words.js";

/** @typedef {import("./watch.js").Watched} Watched */
/** @typedef {import("./conditions.js").Chosen} Chosen */
/** @typedef {Pick<import("../doctor.js").Report, "ok" | "checks">} Report */
/** @typedef {(url: string) => Promise<Report>} Doctor */

export class Bench {
  /** From the press of the button on. @type {Promise<{ stop: () => Blob } | undefined> | null} */
  #recording = null;
  #recordingSinceMs = 0;
  #download = "";
  /** Ends waiting for the break that was asked for. */
  #broken = () => {};

  /**
   * @param {ShadowRoot} root
   * @param {() => Watched | null} client
   * @param {() => Doctor} doctor
   */
  constructor(root, client, doctor) {
    this.client = client;
    this.doctor = doctor;
    this.fieldset = find(root, ".lab", HTMLFieldSetElement);
    this.preset = find(root, ".lab select", HTMLSelectElement);
    this.sliders = CONDITIONS.map((condition) => ({
      ...condition,
      input: find(root, `.lab input[name="${condition.name}"]`, HTMLInputElement),
      output: find(root, `.lab output[data-for="${condition.name}"]`, HTMLElement),
    }));
    this.networkNote = find(root, ".note.conditions", HTMLElement);
    this.record = find(root, '[data-act="record"]', HTMLButtonElement);
    this.link = find(root, "a[download]", HTMLAnchorElement);
    this.recordingNote = find(root, ".recording", HTMLElement);
    this.examine = find(root, '[data-act="doctor"]', HTMLButtonElement);
    this.doctorNote = find(root, ".note.doctor", HTMLElement);
    this.checks = find(root, ".checks", HTMLOListElement);
    this.preset.addEventListener("change", () => this.#choose(PRESETS[this.preset.value]));
    for (const { input } of this.sliders) input.addEventListener("input", () => this.#apply());
  }

  /** What can be done with the client there is. */
  dress() {
    const client = this.client();
    this.fieldset.disabled = typeof client?.simulate !== "function";
    this.record.disabled = typeof client?.record !== "function";
    this.examine.disabled = !client;
  }

  show() {
    if (this.#recording) put(this.recordingNote, lasting(Date.now() - this.#recordingSinceMs));
  }

  /** Break the connection, and only this one. */
  disconnect() {
    const client = this.client();
    if (client?.state !== "connected") return;
    this.#broken();
    // Before the next connection is made, which else would break too.
    this.#broken = client.on("state", () => {
      this.#broken();
      this.#apply();
    });
    void this.#simulate({ ...this.#chosen(), disconnectAfterMs: 0 });
  }

  async toggleRecording() {
    if (!this.#recording) return this.#beginRecording();
    const blob = (await this.#takeRecording())?.stop();
    if (!blob) return;
    this.#download = URL.createObjectURL(blob);
    this.link.href = this.#download;
    this.link.hidden = false;
    put(this.recordingNote, inBytes(blob.size));
  }

  async #beginRecording() {
    this.#forgetDownload();
    const beginning = Promise.resolve(this.client()?.record?.());
    this.#recording = beginning;
    this.#recordingSinceMs = Date.now();
    this.#showRecording();
    try {
      await beginning;
    } catch (error) {
      if (this.#recording === beginning) this.#recording = null;
      this.#showRecording();
      put(this.recordingNote, redact(/** @type {Error} */ (error).message));
    }
  }

  /** The recording there is, if it came about; none is there any more. */
  #takeRecording() {
    const recording = this.#recording;
    this.#recording = null;
    this.#showRecording();
    return recording?.catch(() => undefined);
  }

  async diagnose() {
    const client = this.client();
    if (!client || this.examine.disabled) return;
    this.examine.disabled = true;
    put(this.doctorNote, "Examining …");
    this.checks.replaceChildren();
    try {
      const report = await this.doctor()(client.url);
      put(this.doctorNote, report.ok ? "All is well." : "Something is wrong.");
      this.checks.replaceChildren(...report.checks.map(checkOf));
    } catch (error) {
      put(this.doctorNote, redact(`The doctor could not come: ${/** @type {Error} */ (error).message}`));
    } finally {
      this.dress();
    }
  }

  /** Leave nothing behind: no made-up network, no recording, no address of a blob. */
  stop() {
    this.#broken();
    void this.#takeRecording()?.then((recording) => recording?.stop());
    this.#forgetDownload();
    if (!isUntouched(this.#chosen())) void this.#simulate(null);
    this.#choose(PRESETS[Object.keys(PRESETS)[0]], false);
  }

  #forgetDownload() {
    if (this.#download) URL.revokeObjectURL(this.#download);
    this.#download = "";
    this.link.hidden = true;
    put(this.recordingNote, "");
  }

  #showRecording() {
    this.record.setAttribute("aria-pressed", String(this.#recording !== null));
    put(this.record, this.#recording ? "Stop" : "Record");
  }

  /** @returns {Chosen} */
  #chosen() {
    const entries = this.sliders.map(({ name, input }) => [name, input.valueAsNumber]);
    return /** @type {Chosen} */ (Object.fromEntries(entries));
  }

  /** @param {Chosen | undefined} chosen @param {boolean} [apply] */
  #choose(chosen, apply = true) {
    if (!chosen) return;
    for (const { name, input } of this.sliders) input.valueAsNumber = chosen[name];
    if (apply) this.#apply();
    else this.#describe(chosen);
  }

  #apply() {
    const chosen = this.#chosen();
    this.#describe(chosen);
    void this.#simulate(isUntouched(chosen) ? null : chosen);
  }

  /** @param {import("../lab.js").Conditions | null} conditions */
  async #simulate(conditions) {
    try {
      await this.client()?.simulate?.(conditions);
      put(this.networkNote, "Each way, on top of the real network.");
    } catch (error) {
      // A recording has no network, for example.
      put(this.networkNote, redact(/** @type {Error} */ (error).message));
    }
  }

  /** @param {Chosen} chosen */
  #describe(chosen) {
    this.preset.value = presetOf(chosen);
    for (const { name, output, say } of this.sliders) {
      put(output, chosen[name] === 0 ? "off" : say(chosen[name]));
    }
  }
}

/** @param {Report["checks"][number]} check */
function checkOf({ name, ok, words, advice }) {
  const row = document.createElement("li");
  row.dataset.ok = String(ok);
  const sign = ok === null ? "–" : ok ? "✓" : "✗";
  row.append(cell("sign", sign), cell("name", name), cell("words", redact(words)));
  if (advice && !ok) row.append(cell("advice", redact(advice)));
  return row;
}
