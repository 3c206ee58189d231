// One car of one moment in 19 bytes, laid out as a car of a spectator's snapshot (docs/protocol.md, section 8): a place
// to 1 cm, a turn to 0.25 degrees, a speed to 1 cm/s, an age to 1 ms. Out of it and into a row of `sample()`.

export const CAR_BYTES = 19;
/** Centimetres that fit into 24 bits, signed. */
const MAX_CENTIMETRES = 2 ** 23 - 1;
/** The largest number of 10 bits, for a part of the turn from −1/√2 to 1/√2. */
const TURN_STEPS = 1023;
const MAX_U16 = 2 ** 16 - 1;

/**
 * @param {DataView} view
 * @param {number} at  where in the view
 * @param {ArrayLike<number>} row  of `sample()`
 * @param {number} from  where in the row its first number is
 */
export function writeCar(view, at, row, from) {
  view.setUint8(at, row[from]);
  view.setUint8(at + 1, row[from + 10] > 0 ? 1 : 0);
  for (let axis = 0; axis < 3; axis += 1) writeCentimetres(view, at + 2 + 3 * axis, row[from + 1 + axis]);
  view.setUint32(at + 11, packTurn([row[from + 4], row[from + 5], row[from + 6], row[from + 7]]), true);
  view.setUint16(at + 15, within(row[from + 8] * 100, 0, MAX_U16), true);
  view.setUint16(at + 17, within(row[from + 9], 0, MAX_U16), true);
}

/**
 * @param {DataView} view
 * @param {number} at
 * @param {Float32Array} row  gets the twelve numbers
 * @param {number} from
 */
export function readCar(view, at, row, from) {
  row[from] = view.getUint8(at);
  for (let axis = 0; axis < 3; axis += 1) {
    row[from + 1 + axis] = readCentimetres(view, at + 2 + 3 * axis) / 100;
  }
  const turn = unpackTurn(view.getUint32(at + 11, true));
  for (let part = 0; part < 4; part += 1) row[from + 4 + part] = turn[part];
  row[from + 8] = view.getUint16(at + 15, true) / 100;
  row[from + 9] = view.getUint16(at + 17, true);
  row[from + 10] = view.getUint8(at + 1) & 1;
  row[from + 11] = yawOf(turn[0], turn[1], turn[2], turn[3]);
}

/**
 * Where a car's nose points: radians, 0 along +Z, positive towards +X.
 * @param {number} x
 * @param {number} y
 * @param {number} z
 * @param {number} w
 */
export function yawOf(x, y, z, w) {
  return Math.atan2(2 * (x * z + w * y), 1 - 2 * (x * x + y * y));
}

/**
 * @param {DataView} view
 * @param {number} at
 * @param {number} metres
 */
function writeCentimetres(view, at, metres) {
  const number = within(metres * 100, -MAX_CENTIMETRES, MAX_CENTIMETRES);
  view.setUint16(at, number & 0xffff, true);
  view.setInt8(at + 2, number >> 16);
}

/**
 * @param {DataView} view
 * @param {number} at
 */
function readCentimetres(view, at) {
  return view.getUint16(at, true) | (view.getInt8(at + 2) << 16);
}

/** The largest part is left out. @param {number[]} turn */
function packTurn(turn) {
  const length = Math.hypot(...turn);
  const unit = length > 0 && Number.isFinite(length) ? turn.map((part) => part / length) : [0, 0, 0, 1];
  const sizes = unit.map(Math.abs);
  const largest = sizes.indexOf(Math.max(...sizes));
  const sign = unit[largest] < 0 ? -1 : 1;
  let packed = largest;
  let shift = 2;
  unit.forEach((part, index) => {
    if (index === largest) return;
    packed |= within((sign * part * Math.SQRT1_2 + 0.5) * TURN_STEPS, 0, TURN_STEPS) << shift;
    shift += 10;
  });
  return packed >>> 0;
}

/** @param {number} packed */
function unpackTurn(packed) {
  const largest = packed & 3;
  const turn = [0, 0, 0, 0];
  let [shift, rest] = [2, 1];
  for (let index = 0; index < 4; index += 1) {
    if (index === largest) continue;
    const part = (((packed >>> shift) & TURN_STEPS) / TURN_STEPS - 0.5) * Math.SQRT2;
    turn[index] = part;
    rest -= part * part;
    shift += 10;
  }
  turn[largest] = Math.sqrt(Math.max(0, rest));
  return turn;
}

/**
 * To the nearest whole number in a range; what is no number is 0.
 * @param {number} value
 * @param {number} lowest
 * @param {number} highest
 */
function within(value, lowest, highest) {
  return Math.round(Math.min(highest, Math.max(lowest, value))) || 0;
}
