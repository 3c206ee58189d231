import assert from "node:assert/strict";
import { test } from "node:test";
import { BODIES } from "../src/bodies.js";
import { DARK, LIGHT, OVERLAY, SPEEDS } from "../src/map/palette.js";

/** What a drawing and its details need, and what text needs, by WCAG. */
const DRAWING = 3;
const TEXT = 4.5;
/** What may lie behind an overlay: the worst there is. */
const VIDEOS = ["#000000", "#ffffff", "#808080", "#4f7f35", "#87b0d8"];

for (const [name, palette] of Object.entries({ LIGHT, DARK })) {
  test(`${name}: track, edges and marks stand out from what is behind them`, () => {
    assertContrast(palette.edge, palette.asphalt, DRAWING);
    assertContrast(palette.mark, palette.ground, DRAWING);
    assertContrast(palette.arrow, palette.ground, DRAWING);
    assertContrast(palette.leader, palette.ground, DRAWING);
    for (const { body } of BODIES) assertContrast(body, palette.asphalt, DRAWING);
    for (const speed of SPEEDS) assertContrast(speed, palette.asphalt, DRAWING);
  });
}

for (const [name, palette] of Object.entries({ LIGHT, DARK, OVERLAY })) {
  test(`${name}: tags are legible`, () => {
    for (const behind of [palette.ground, palette.asphalt, ...VIDEOS].filter((each) => each[0] === "#")) {
      assertContrast(palette.labelInk, over(palette.label, behind), TEXT);
      assertContrast(palette.labelMuted, over(palette.label, behind), TEXT);
    }
    assertContrast(palette.chosenInk, palette.chosen, TEXT);
    assertContrast(palette.chosenMuted, palette.chosen, TEXT);
  });
}

test("OVERLAY: whatever the video shows, either the line or its outline stands out from it", () => {
  for (const video of VIDEOS) {
    const outline = over(innermost(OVERLAY.halo), video);
    const best = Math.max(contrast(OVERLAY.edge, video), contrast(outline, video));
    assert.ok(best >= DRAWING, `${video}: ${best}`);
    assertContrast(OVERLAY.edge, outline, DRAWING);
    assertContrast(OVERLAY.mark, over(OVERLAY.markHalo, video), DRAWING);
  }
});

/** The innermost stroke around the track. @param {ReadonlyArray<readonly [number, string]>} halo */
function innermost(halo) {
  return halo[halo.length - 1][1];
}

/**
 * @param {string} a
 * @param {string} b  opaque
 * @param {number} least
 */
function assertContrast(a, b, least) {
  const found = contrast(over(a, b), b);
  assert.ok(found >= least, `${a} on ${b}: ${found}`);
}

/**
 * What is seen of a colour over an opaque one, as "#rrggbb".
 * @param {string} colour
 * @param {string} behind
 */
function over(colour, behind) {
  const [red, green, blue, alpha = 1] = parts(colour);
  const mixed = parts(behind).map((part, i) =>
    Math.round([red, green, blue][i] * alpha + part * (1 - alpha)),
  );
  return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** @param {string} colour */
function parts(colour) {
  if (colour[0] === "#") return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return (colour.match(/[\d.]+/g) ?? []).map(Number);
}

/** @param {string} a @param {string} b */
function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** @param {string} hex */
function luminance(hex) {
  const [red, green, blue] = parts(hex).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
