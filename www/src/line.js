// A line on the map: how far along it a point is, what lies beside it. Pure.
//
// Axes are the game's: x right, z up on the map, yaw 0 looks along +z and grows clockwise.

/** @typedef {{ s: number, lateral: number, index: number, x: number, z: number }} Projection */
/** @typedef {{ x: number, z: number, yaw: number }} Place */

/** A polyline with running length, closed or open. */
export class Line {
  /**
   * @param {Array<[number, number]>} points
   * @param {boolean} closed
   */
  constructor(points, closed) {
    const count = points.length;
    this.closed = closed;
    this.count = count;
    this.segments = closed ? count : count - 1;
    this.xs = Float64Array.from(points, (point) => point[0]);
    this.zs = Float64Array.from(points, (point) => point[1]);
    /** Running length at each point. */
    this.at = new Float64Array(count);
    /** Unit direction and length of the segment that starts at each point. */
    this.dx = new Float64Array(count);
    this.dz = new Float64Array(count);
    this.lengths = new Float64Array(count);
    let total = 0;
    for (let i = 0; i < this.segments; i += 1) {
      const j = (i + 1) % count;
      const dx = this.xs[j] - this.xs[i];
      const dz = this.zs[j] - this.zs[i];
      const length = Math.hypot(dx, dz) || 1e-9;
      this.at[i] = total;
      this.dx[i] = dx / length;
      this.dz[i] = dz / length;
      this.lengths[i] = length;
      total += length;
    }
    if (!closed) this.at[count - 1] = total;
    this.length = total;
  }

  /** Which way round a closed line goes on the map. */
  get isClockwise() {
    let area = 0;
    for (let i = 0; i < this.segments; i += 1) {
      area += (this.xs[i] * this.dz[i] - this.zs[i] * this.dx[i]) * this.lengths[i];
    }
    return area < 0;
  }

  /**
   * Write the nearest point of the line into `out`.
   * @param {number} x
   * @param {number} z
   * @param {Projection} out
   */
  project(x, z, out) {
    let best = Infinity;
    let index = 0;
    for (let i = 0; i < this.segments; i += 1) {
      const square = this.square(x, z, i);
      if (square >= best) continue;
      best = square;
      index = i;
    }
    this.projectOn(x, z, index, out);
  }

  /**
   * The square of the distance to a segment.
   * @param {number} x
   * @param {number} z
   * @param {number} i
   */
  square(x, z, i) {
    const px = x - this.xs[i];
    const pz = z - this.zs[i];
    let along = px * this.dx[i] + pz * this.dz[i];
    if (along < 0) along = 0;
    else if (along > this.lengths[i]) along = this.lengths[i];
    const qx = px - along * this.dx[i];
    const qz = pz - along * this.dz[i];
    return qx * qx + qz * qz;
  }

  /**
   * Write the nearest point of a segment into `out`.
   * @param {number} x
   * @param {number} z
   * @param {number} i
   * @param {Projection} out
   */
  projectOn(x, z, i, out) {
    const { xs, zs, dx, dz, lengths, at } = this;
    const along = Math.min(Math.max((x - xs[i]) * dx[i] + (z - zs[i]) * dz[i], 0), lengths[i]);
    out.index = i;
    out.s = at[i] + along;
    out.x = xs[i] + along * dx[i];
    out.z = zs[i] + along * dz[i];
    const qx = x - out.x;
    const qz = z - out.z;
    out.lateral = (qz * dx[i] - qx * dz[i] < 0 ? -1 : 1) * Math.sqrt(qx * qx + qz * qz);
  }

  /**
   * Write the place `s` metres along the line into `out`, looking along it.
   * @param {number} s
   * @param {Place} out
   */
  place(s, out) {
    const wanted = this.closed
      ? ((s % this.length) + this.length) % this.length
      : Math.min(Math.max(s, 0), this.length);
    let i = 0;
    while (i + 1 < this.segments && this.at[i + 1] <= wanted) i += 1;
    const along = wanted - this.at[i];
    out.x = this.xs[i] + along * this.dx[i];
    out.z = this.zs[i] + along * this.dz[i];
    out.yaw = Math.atan2(this.dx[i], this.dz[i]);
  }

  /**
   * The line moved sideways by `metres` (positive: to the left), by mitred normals.
   * @param {number} metres
   * @returns {Array<[number, number]>}
   */
  offset(metres) {
    /** @type {Array<[number, number]>} */
    const points = [];
    for (let i = 0; i < this.count; i += 1) {
      const before = this.closed ? (i + this.count - 1) % this.count : Math.max(i - 1, 0);
      const after = Math.min(i, this.segments - 1);
      const dx = this.dx[before] + this.dx[after];
      const dz = this.dz[before] + this.dz[after];
      const length = Math.hypot(dx, dz) || 1;
      points.push([this.xs[i] - (dz / length) * metres, this.zs[i] + (dx / length) * metres]);
    }
    return points;
  }
}
