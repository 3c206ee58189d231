// The nearest point of a line among thousands of segments, for a hundred cars sixty times a second: walked to from where
// the car was last, or looked up in a grid. Made once for each line; writes into what it is given.

/** @typedef {import("../line.js").Line} Line */
/** @typedef {import("../line.js").Projection} Projection */

/** The grid has at most so many cells along its longer side, none smaller than this. */
const MAX_CELLS = 96;
const MIN_CELL_METRES = 12;
/** Beyond the nearest segment so far, so many more are looked at: a line with noise comes nearer in waves. */
const LOOK_BEYOND = 4;
/** The walk ends after so many segments; who has come further is looked up. */
const MAX_WALK = 64;

export class Nearest {
  /** @param {Line} line */
  constructor(line) {
    this.line = line;
    const [left, right] = range(line.xs);
    const [low, high] = range(line.zs);
    this.left = left;
    this.low = low;
    this.right = right;
    this.high = high;
    this.cell = Math.max(MIN_CELL_METRES, (right - left) / MAX_CELLS, (high - low) / MAX_CELLS);
    this.columns = Math.floor((right - left) / this.cell) + 1;
    this.rows = Math.floor((high - low) / this.cell) + 1;
    /** Segments of cell c: `segments[starts[c]]` up to `segments[starts[c + 1]]`. */
    this.starts = new Uint32Array(this.columns * this.rows + 1);
    this.segments = this.#fill();
    /** Square of the distance to the nearest segment so far, and which it is. */
    this.best = Infinity;
    this.index = 0;
  }

  /**
   * Write the nearest point of the line into `out`.
   * @param {number} x
   * @param {number} z
   * @param {Projection} out
   * @param {number} hint  the segment it was near to last; −1 for none
   * @param {number} reach  farther from the line than this, the walk is not trusted
   */
  project(x, z, out, hint, reach) {
    this.best = Infinity;
    if (hint >= 0 && hint < this.line.segments) this.#walk(x, z, hint);
    if (this.best > reach * reach) this.#search(x, z);
    write(this.line, x, z, this.index, out);
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {number} hint
   */
  #walk(x, z, hint) {
    this.#look(x, z, hint);
    this.#stride(x, z, hint, 1);
    this.#stride(x, z, hint, -1);
    const { segments } = this.line;
    const apart = Math.abs(this.index - hint);
    // Still coming nearer where the walk ended: the car is elsewhere.
    if (Math.min(apart, segments - apart) >= MAX_WALK - LOOK_BEYOND) this.best = Infinity;
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {number} from
   * @param {1 | -1} way
   */
  #stride(x, z, from, way) {
    const { segments } = this.line;
    let index = from;
    let since = 0;
    for (let steps = 0; steps < MAX_WALK && since < LOOK_BEYOND; steps += 1) {
      index += way;
      if (index < 0 || index >= segments) {
        index = index < 0 ? segments - 1 : 0;
      }
      since = this.#look(x, z, index) ? 0 : since + 1;
    }
  }

  /**
   * Rings of cells around the point, until nothing further out can be nearer. A point beside the grid is taken to its
   * edge: what it is beyond that comes on top of every distance.
   * @param {number} x
   * @param {number} z
   */
  #search(x, z) {
    this.best = Infinity;
    const edgeX = Math.min(Math.max(x, this.left), this.right);
    const edgeZ = Math.min(Math.max(z, this.low), this.high);
    const beside = (x - edgeX) * (x - edgeX) + (z - edgeZ) * (z - edgeZ);
    const column = this.#columnAt(edgeX);
    const row = this.#rowAt(edgeZ);
    const rings = Math.max(this.columns, this.rows);
    for (let ring = 0; ring <= rings; ring += 1) {
      const apart = Math.max(0, ring - 1) * this.cell;
      if (this.best <= beside + apart * apart) return;
      this.#ring(x, z, column, row, ring);
    }
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {number} column
   * @param {number} row
   * @param {number} ring
   */
  #ring(x, z, column, row, ring) {
    const last = Math.min(row + ring, this.rows - 1);
    for (let r = Math.max(row - ring, 0); r <= last; r += 1) {
      const whole = r === row - ring || r === row + ring;
      const stride = whole || ring === 0 ? 1 : 2 * ring;
      for (let c = column - ring; c <= column + ring; c += stride) {
        if (c >= 0 && c < this.columns) this.#lookAll(x, z, r * this.columns + c);
      }
    }
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {number} cell
   */
  #lookAll(x, z, cell) {
    for (let i = this.starts[cell]; i < this.starts[cell + 1]; i += 1) this.#look(x, z, this.segments[i]);
  }

  /**
   * @param {number} x
   * @param {number} z
   * @param {number} i  a segment
   * @returns {boolean} it is the nearest so far
   */
  #look(x, z, i) {
    const { xs, zs, dx, dz, lengths } = this.line;
    const px = x - xs[i];
    const pz = z - zs[i];
    let along = px * dx[i] + pz * dz[i];
    if (along < 0) along = 0;
    else if (along > lengths[i]) along = lengths[i];
    const qx = px - along * dx[i];
    const qz = pz - along * dz[i];
    const distance = qx * qx + qz * qz;
    if (distance >= this.best) return false;
    this.best = distance;
    this.index = i;
    return true;
  }

  /** Count what each cell holds, then fill it in. */
  #fill() {
    const { starts } = this;
    this.#eachCell((cell) => (starts[cell + 1] += 1));
    for (let cell = 1; cell < starts.length; cell += 1) starts[cell] += starts[cell - 1];
    const segments = new Uint32Array(starts[starts.length - 1]);
    const next = starts.slice();
    this.#eachCell((cell, segment) => {
      segments[next[cell]] = segment;
      next[cell] += 1;
    });
    return segments;
  }

  /**
   * Visit the cells around each segment, piece by piece of half a cell; a cell may come more than once.
   * @param {(cell: number, segment: number) => void} visit
   */
  #eachCell(visit) {
    const { xs, zs, dx, dz, lengths, segments } = this.line;
    for (let i = 0; i < segments; i += 1) {
      const pieces = Math.ceil(lengths[i] / (this.cell / 2)) || 1;
      for (let piece = 0; piece < pieces; piece += 1) {
        const from = (piece / pieces) * lengths[i];
        const to = ((piece + 1) / pieces) * lengths[i];
        const [fromColumn, toColumn] = ordered(
          this.#columnAt(xs[i] + from * dx[i]),
          this.#columnAt(xs[i] + to * dx[i]),
        );
        const [fromRow, toRow] = ordered(this.#rowAt(zs[i] + from * dz[i]), this.#rowAt(zs[i] + to * dz[i]));
        for (let row = fromRow; row <= toRow; row += 1) {
          for (let column = fromColumn; column <= toColumn; column += 1) {
            visit(row * this.columns + column, i);
          }
        }
      }
    }
  }

  /** @param {number} x */
  #columnAt(x) {
    return Math.min(Math.max(Math.floor((x - this.left) / this.cell), 0), this.columns - 1);
  }

  /** @param {number} z */
  #rowAt(z) {
    return Math.min(Math.max(Math.floor((z - this.low) / this.cell), 0), this.rows - 1);
  }
}

/**
 * @param {number} a
 * @param {number} b
 */
function ordered(a, b) {
  return a < b ? [a, b] : [b, a];
}

/**
 * @param {Line} line
 * @param {number} x
 * @param {number} z
 * @param {number} i  a segment
 * @param {Projection} out
 */
function write({ xs, zs, dx, dz, lengths, at }, x, z, i, out) {
  const along = Math.min(Math.max((x - xs[i]) * dx[i] + (z - zs[i]) * dz[i], 0), lengths[i]);
  out.index = i;
  out.s = at[i] + along;
  out.x = xs[i] + along * dx[i];
  out.z = zs[i] + along * dz[i];
  const qx = x - out.x;
  const qz = z - out.z;
  out.lateral = (qz * dx[i] - qx * dz[i] < 0 ? -1 : 1) * Math.sqrt(qx * qx + qz * qz);
}

/** @param {Float64Array} values */
function range(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
