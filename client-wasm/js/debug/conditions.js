// The networks that the panel can make up, and the sliders that they are made with.

import { inMs, inPercent } from "./words.js";

/** @typedef {{ name: "latencyMs" | "jitterMs" | "lossPercent" | "reorderPercent", label: string, max: number, step: number, say: (value: number) => string }} Slider */
/** @typedef {{ latencyMs: number, jitterMs: number, lossPercent: number, reorderPercent: number }} Chosen */

/** Latency and jitter are those of one way. @type {readonly Slider[]} */
export const CONDITIONS = [
  { name: "latencyMs", label: "Latency", max: 600, step: 5, say: inMs },
  { name: "jitterMs", label: "Jitter", max: 200, step: 1, say: inMs },
  { name: "lossPercent", label: "Loss", max: 50, step: 0.5, say: inPercent },
  { name: "reorderPercent", label: "Reorder", max: 50, step: 0.5, say: inPercent },
];

/** @type {Readonly<Record<string, Chosen>>} */
export const PRESETS = {
  "As it is": network(0, 0, 0, 0),
  Fibre: network(5, 1, 0, 0),
  "Mobile, good": network(30, 8, 0.5, 0.5),
  "Mobile, on a train": network(90, 60, 6, 2),
  "Crowded Wi-Fi": network(20, 40, 3, 5),
  "Other continent": network(140, 10, 0.5, 0.5),
  Satellite: network(300, 20, 1, 0),
};

/**
 * @param {number} latencyMs
 * @param {number} jitterMs
 * @param {number} lossPercent
 * @param {number} reorderPercent
 * @returns {Chosen}
 */
function network(latencyMs, jitterMs, lossPercent, reorderPercent) {
  return { latencyMs, jitterMs, lossPercent, reorderPercent };
}

/** The name of a preset with exactly these conditions; "" for none. @param {Chosen} chosen */
export function presetOf(chosen) {
  const isIt = (/** @type {Chosen} */ preset) =>
    CONDITIONS.every(({ name }) => preset[name] === chosen[name]);
  return Object.keys(PRESETS).find((name) => isIt(PRESETS[name])) ?? "";
}

/** @param {Chosen} chosen */
export const isUntouched = (chosen) => CONDITIONS.every(({ name }) => chosen[name] === 0);
