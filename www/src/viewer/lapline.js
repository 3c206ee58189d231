// From the points of one lap to a centre line: closed without a kink, smoothed without shrinking, evenly spaced. Pure.

/** @typedef {Array<[number, number]>} Points */

const SPACING_METRES = 4;
/** More points than this a long lap does not get; they lie further apart instead. */
const MAX_POINTS = 10_000;
/** The lap's two ends are brought together along so much of it. */
const BLEND_METRES = 200;
/** Taubin's smoothing: a step inwards and a slightly longer one outwards, so that bends keep their radius. */
const INWARDS = 0.5;
const OUTWARDS = -0.53;
const PASSES = 6;

/**
 * @param {Points} lap  in driving order; the last point is about where the first one is
 * @returns {Points} closed: the last point leads to the first
 */
export function closedLine(lap) {
  const even = resample(close(lap));
  let line = even;
  for (let pass = 0; pass < PASSES; pass += 1) line = relax(relax(line, INWARDS), OUTWARDS);
  return line.map(([x, z]) => [round(x), round(z)]);
}

/**
 * Shift the lap's last part, more and more, until it ends where the lap begins.
 * @param {Points} lap
 * @returns {Points}
 */
function close(lap) {
  const at = lengths(lap);
  const total = at[at.length - 1];
  const blend = Math.min(BLEND_METRES, total / 2);
  const [first, last] = [lap[0], lap[lap.length - 1]];
  const [offX, offZ] = [first[0] - last[0], first[1] - last[1]];
  return lap.map(([x, z], i) => {
    const t = Math.max(0, (at[i] - (total - blend)) / blend);
    const part = t * t * (3 - 2 * t);
    return [x + part * offX, z + part * offZ];
  });
}

/**
 * Points at even distances along a lap that ends on its first point, which is not repeated.
 * @param {Points} lap
 * @returns {Points}
 */
function resample(lap) {
  const at = lengths(lap);
  const total = at[at.length - 1];
  const count = Math.min(Math.round(total / SPACING_METRES), MAX_POINTS);
  /** @type {Points} */
  const line = [];
  let i = 0;
  for (let n = 0; n < count; n += 1) {
    const wanted = (n / count) * total;
    while (at[i + 1] < wanted) i += 1;
    const part = (wanted - at[i]) / (at[i + 1] - at[i] || 1);
    const [from, to] = [lap[i], lap[i + 1]];
    line.push([from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])]);
  }
  return line;
}

/**
 * @param {Points} line  closed
 * @param {number} by  1: onto the middle of the neighbours
 * @returns {Points}
 */
function relax(line, by) {
  const { length } = line;
  return line.map(([x, z], i) => {
    const before = line[(i + length - 1) % length];
    const after = line[(i + 1) % length];
    return [x + by * ((before[0] + after[0]) / 2 - x), z + by * ((before[1] + after[1]) / 2 - z)];
  });
}

/** Running length at each point. @param {Points} points */
function lengths(points) {
  const at = [0];
  for (let i = 1; i < points.length; i += 1) {
    at.push(at[i - 1] + Math.hypot(points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]));
  }
  return at;
}

/** To the centimetre. @param {number} metres */
function round(metres) {
  return Math.round(metres * 100) / 100;
}
