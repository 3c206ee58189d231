// Paths of cars: recorded in the page at each frame, compared in the test.

/** @typedef {import("@playwright/test").Page} Page */

/** How long before the moment it is drawn a position may be true: play-out delay, network and a slow frame. */
const MAX_AGE_MS = 1500;
/** Frames of two pages do not fall together. */
const FRAME_MS = 100;

/**
 * Record the own car and all drawn cars from now on.
 *
 * @param {Page} page
 */
export async function record(page) {
  await page.evaluate(() => {
    const recording = {
      own: /** @type {Sample[]} */ ([]),
      others: /** @type {Record<string, Sample[]>} */ ({}),
    };
    window.recording = recording;
    const frame = () => {
      const t = performance.timeOrigin + performance.now();
      const { car, cars } = window.race.state();
      if (car) recording.own.push({ t, x: car.x, z: car.z });
      for (const { id, x, z, stale } of cars) {
        if (!stale) (recording.others[id] ??= []).push({ t, x, z });
      }
      requestAnimationFrame(frame);
    };
    frame();
  });
}

/**
 * What was recorded so far.
 *
 * @param {Page} page
 */
export async function recorded(page) {
  const recording = await page.evaluate(() => window.recording);
  if (!recording) throw new Error("nothing was recorded");
  return recording;
}

/**
 * The way along a path, in metres.
 *
 * @param {Sample[]} path
 */
export function travelled(path) {
  return path.slice(1).reduce((sum, { x, z }, i) => sum + Math.hypot(x - path[i].x, z - path[i].z), 0);
}

/**
 * How far each drawn position was from the way that the car had really driven shortly before, in metres.
 *
 * @param {Sample[]} drawn
 * @param {Sample[]} driven
 */
export function errors(drawn, driven) {
  // One of two recordings began first.
  return drawn.filter(({ t }) => t >= driven[0].t).map((sample) => errorOf(sample, driven));
}

/**
 * @param {Sample} sample
 * @param {Sample[]} driven
 */
function errorOf(sample, driven) {
  let least = Infinity;
  for (let i = 1; i < driven.length; i += 1) {
    const [from, to] = [driven[i - 1], driven[i]];
    if (to.t < sample.t - MAX_AGE_MS || from.t > sample.t + FRAME_MS) continue;
    least = Math.min(least, distanceToSegment(sample, from, to));
  }
  return least;
}

/**
 * @param {Sample} point
 * @param {Sample} from
 * @param {Sample} to
 */
function distanceToSegment(point, from, to) {
  const [x, z] = [to.x - from.x, to.z - from.z];
  const length = x * x + z * z;
  const part = length === 0 ? 0 : ((point.x - from.x) * x + (point.z - from.z) * z) / length;
  const within = Math.min(1, Math.max(0, part));
  return Math.hypot(point.x - from.x - within * x, point.z - from.z - within * z);
}
