// Colours of the world on the canvas: a sunny day for the light theme, a race under floodlights for the dark one.

import { ASPHALT } from "./bodies.js";

const SHARED = {
  asphalt: ASPHALT,
  pitAsphalt: "#3f434a",
  garageFloor: "#4a4f57",
  line: "rgba(255, 255, 255, 0.86)",
  faintLine: "rgba(255, 255, 255, 0.3)",
  kerbRed: "#d3202a",
  kerbWhite: "#f5f3ee",
};

/** @typedef {typeof DAY} Palette */

export const DAY = {
  ...SHARED,
  night: false,
  beyond: "#6f9550",
  grass: ["#86b35f", "#7dab57"],
  lettering: "rgba(255, 255, 255, 0.22)",
  gravel: "#dfcfa4",
  gravelDot: "rgba(140, 112, 60, 0.35)",
  runoff: "#5c6068",
  wall: "#e9ecef",
  wallEdge: "#8a9199",
  shadow: "rgba(20, 35, 15, 0.28)",
  tree: ["#3f6f36", "#4d8241", "#5f974f"],
  road: "#9aa0a3",
  roof: "#eceff2",
  roofLine: "#c3c9cf",
  seat: ["#5876a8", "#c9d3e0"],
  rubber: "rgba(16, 18, 22, 0.055)",
  glow: "rgba(255, 255, 255, 0)",
};

/** @type {Palette} */
export const NIGHT = {
  ...SHARED,
  night: true,
  beyond: "#0f1a16",
  grass: ["#1d3226", "#1a2d22"],
  lettering: "rgba(255, 255, 255, 0.08)",
  gravel: "#6b6350",
  gravelDot: "rgba(20, 18, 12, 0.4)",
  runoff: "#2b2e34",
  wall: "#b9c1ca",
  wallEdge: "#3a4048",
  shadow: "rgba(0, 0, 0, 0.45)",
  tree: ["#12231a", "#172c20", "#1d3627"],
  road: "#22282b",
  roof: "#3a4149",
  roofLine: "#2a3037",
  seat: ["#2c3a55", "#49566b"],
  rubber: "rgba(0, 0, 0, 0.065)",
  glow: "rgba(255, 238, 205, 0.15)",
};
