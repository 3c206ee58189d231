// A car's pose in 20 bytes: the position to 1 cm, the rotation to a hundredth of a degree.

export const POSE_BYTES = 20;
const TURN_STEPS = 32767;

/** @typedef {{ x: number, y: number, z: number }} Place */
/** @typedef {{ x: number, y: number, z: number, w: number }} Turn */

/**
 * @param {DataView} view
 * @param {number} at  where in the view
 * @param {Place} place  metres
 * @param {Turn} turn
 */
export function writePose(view, at, { x, y, z }, turn) {
  const parts = [turn.x, turn.y, turn.z, turn.w];
  const length = Math.hypot(...parts) || 1;
  [x, y, z].forEach((metres, axis) => view.setInt32(at + 4 * axis, Math.round(metres * 100), true));
  parts.forEach((part, index) => {
    view.setInt16(at + 12 + 2 * index, Math.round((part / length) * TURN_STEPS), true);
  });
}

/**
 * @param {DataView} view
 * @param {number} at
 * @returns {{ position: Place, rotation: Turn }}
 */
export function readPose(view, at) {
  const [x, y, z] = [0, 4, 8].map((offset) => view.getInt32(at + offset, true) / 100);
  const [qx, qy, qz, w] = [12, 14, 16, 18].map((offset) => view.getInt16(at + offset, true) / TURN_STEPS);
  return { position: { x, y, z }, rotation: { x: qx, y: qy, z: qz, w } };
}
