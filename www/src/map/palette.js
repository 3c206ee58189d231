// Colours of the live map: paper by day, a dark room by night, and over a video, where the
// background is unknown. The asphalt is dark in all of them: the liveries are chosen to stand out from it.

import { ASPHALT } from "../bodies.js";

/** @typedef {typeof LIGHT} MapPalette */

export const LIGHT = {
  ground: "#e9ece6",
  grid: "rgba(30, 45, 40, 0.055)",
  gridStrong: "rgba(30, 45, 40, 0.1)",
  infield: "rgba(108, 148, 92, 0.13)",
  verge: "#d3dacb",
  vergeEdge: "rgba(40, 60, 40, 0.16)",
  /** Soft strokes around the track: how many pixels wider than it, and in which colour; widest first. */
  halo: /** @type {ReadonlyArray<readonly [number, string]>} */ ([
    [16, "rgba(30, 45, 35, 0.035)"],
    [10, "rgba(30, 45, 35, 0.05)"],
    [5, "rgba(30, 45, 35, 0.08)"],
  ]),
  asphalt: ASPHALT,
  pitAsphalt: "#747a83",
  edge: "#ffffff",
  pitEdge: "#ffffff",
  centre: "rgba(255, 255, 255, 0.16)",
  rubber: "rgba(10, 11, 14, 0.055)",
  kerb: "#c8232c",
  kerbWhite: "#ffffff",
  arrow: "#c40500",
  chevron: "rgba(255, 255, 255, 0.3)",
  mark: "rgba(30, 38, 34, 0.72)",
  markHalo: "rgba(255, 255, 255, 0.75)",
  label: "rgba(255, 255, 255, 0.97)",
  labelInk: "#14161a",
  labelMuted: "#545c67",
  labelEdge: "rgba(20, 25, 30, 0.28)",
  leader: "rgba(20, 25, 30, 0.6)",
  chosen: "#14161a",
  chosenInk: "#ffffff",
  chosenMuted: "#c3c9d2",
  ring: "#868e9a",
  ringFaint: "rgba(20, 25, 30, 0.16)",
};

/** @type {MapPalette} */
export const DARK = {
  ...LIGHT,
  ground: "#0a0d11",
  grid: "rgba(160, 190, 225, 0.035)",
  gridStrong: "rgba(160, 190, 225, 0.07)",
  infield: "rgba(110, 150, 200, 0.035)",
  verge: "#161b22",
  vergeEdge: "rgba(150, 185, 230, 0.1)",
  halo: [
    [46, "rgba(110, 165, 235, 0.022)"],
    [32, "rgba(110, 165, 235, 0.028)"],
    [20, "rgba(110, 165, 235, 0.036)"],
    [10, "rgba(110, 165, 235, 0.05)"],
  ],
  asphalt: "#2c3037",
  pitAsphalt: "#252a31",
  edge: "#dfe5ee",
  pitEdge: "#69727f",
  centre: "rgba(255, 255, 255, 0.14)",
  arrow: "#ff5a4d",
  mark: "rgba(214, 224, 238, 0.66)",
  markHalo: "rgba(8, 10, 14, 0.8)",
  label: "rgba(24, 28, 35, 0.96)",
  labelInk: "#f2f5f9",
  labelMuted: "#a4adba",
  labelEdge: "rgba(255, 255, 255, 0.24)",
  leader: "rgba(230, 237, 246, 0.7)",
  chosen: "#ffffff",
  chosenInk: "#14161a",
  chosenMuted: "#545c67",
  ring: "#7b8594",
  ringFaint: "rgba(230, 237, 246, 0.18)",
};

/** Over a video nothing is painted that is not outlined both dark and light. @type {MapPalette} */
export const OVERLAY = {
  ...DARK,
  ground: "rgba(0, 0, 0, 0)",
  infield: "rgba(0, 0, 0, 0)",
  verge: "rgba(0, 0, 0, 0)",
  vergeEdge: "rgba(0, 0, 0, 0)",
  halo: [
    [12, "rgba(0, 0, 0, 0.14)"],
    [8, "rgba(0, 0, 0, 0.24)"],
    [4, "rgba(8, 10, 13, 0.85)"],
  ],
  asphalt: ASPHALT,
  edge: "#ffffff",
  pitEdge: "#e6ebf2",
  mark: "#ffffff",
  markHalo: "rgba(8, 10, 13, 0.9)",
  label: "rgba(13, 15, 19, 0.94)",
  labelEdge: "rgba(255, 255, 255, 0.7)",
  leader: "#ffffff",
  ring: "#ffffff",
  ringFaint: "rgba(255, 255, 255, 0.4)",
};

/**
 * Speeds from standing to the fastest seen. Each step is lighter than the one before, so that it reads without any
 * sense of colour, and none turns between red and green.
 */
export const SPEEDS = /** @type {const} */ ([
  "#6b8cd0",
  "#539cd8",
  "#42aed4",
  "#45c0ba",
  "#5ecf92",
  "#92db66",
  "#c8e64f",
  "#fdf05a",
]);

export const FONT = "system-ui, 'Segoe UI', Roboto, sans-serif";
