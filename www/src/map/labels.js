// Where the name tags go: beside their cars, never over one another or over a car, the important ones first, the rest
// only where there is room. Pure: sizes in, places out. Laid out several times a second; in between the tags follow
// their cars. A tag stays on its side as long as there is room, and a hidden one stays hidden for a while.

import { share } from "./view.js";

/** @typedef {import("./view.js").Box} Box */

/** The most cars: an index has one byte. */
export const MAX_PLACES = 256;

/** Times between two layouts, and how long a tag that lost its room stays away, in seconds. */
const EVERY_SECONDS = 0.08;
const AWAY_SECONDS = 0.7;
/** How long a tag stays on a worse side before it moves to a better one. */
const PATIENCE_SECONDS = 1.6;
/** The smallest area for each tag in square pixels; more tags would hide the race. */
const PIXELS_PER_TAG = 20_000;
const MAX_TAGS = 36;
/** More panels than lie over any map. */
const MAX_COVERED = 32;
/** Gaps between car and tag: beside it; and further off, with a line that leads to the car. */
const GAPS = [5, 22, 46];
/** From this gap on a line leads to the car. */
const LEADER_FROM_GAP = 1;
/** Sides of a car: right, left, above, below, then the corners. */
const SIDES = [1, 0, -1, 0, 0, -1, 0, 1, 1, -1, -1, -1, 1, 1, -1, 1];
const SIDE_COUNT = 8;
const SLOTS = SIDE_COUNT * GAPS.length;
/** The free margin that a new tag needs, so that it is not hidden again at once, and that a shown tag needs. */
const FRESH_MARGIN = 5;
const KEPT_MARGIN = 1;
/** A shown tag is ranked this many places higher. */
const SHOWN_BONUS = 3;
const CHOSEN_RANK = -1000;
/**
 * Tags fade in at this rate, and to another side they go at once, seen faintly: one that glides there, or fades out,
 * would cover others on its way.
 */
const FADE_RATE = 9;
const MOVED_ALPHA = 0.35;
const STILL = 0.02;

export class Labels {
  constructor() {
    /** By index of the car: its middle on the screen, and the width of its tag; set by who draws. 0: it has none. */
    this.x = new Float32Array(MAX_PLACES);
    this.y = new Float32Array(MAX_PLACES);
    this.width = new Float32Array(MAX_PLACES);
    /** Importance: places, smaller first. */
    this.rank = new Float32Array(MAX_PLACES);
    /** 1 where the tag goes above or below rather than beside: a car that drives across. */
    this.isAcross = new Uint8Array(MAX_PLACES);
    /** Where the left top corner of the tag is, from the middle of the car. */
    this.offsetX = new Float32Array(MAX_PLACES);
    this.offsetY = new Float32Array(MAX_PLACES);
    this.alpha = new Float32Array(MAX_PLACES);
    /** 1 + slot, 0 while there is none. */
    this.slot = new Uint8Array(MAX_PLACES);
    /** Seconds that a tag that lost its room still stays away, and for how long one is where it is. */
    this.away = new Float32Array(MAX_PLACES);
    this.stayed = new Float32Array(MAX_PLACES);
    /** Cars to be named, in no order; `count` of them. */
    this.cars = new Uint16Array(MAX_PLACES);
    this.count = 0;
    this.height = 20;
    this.radius = 10;
    this.chosen = -1;
    /** @type {Box} */
    this.free = { left: 0, top: 0, right: 1, bottom: 1 };
    /** Where something lies over the map, and no tag may be: left, top, right and bottom of each box. */
    this.covered = new Float32Array(MAX_COVERED * 4);
    this.coveredCount = 0;
    this.key = new Float32Array(MAX_PLACES);
    this.taken = new Float32Array((MAX_TAGS + 1) * 4);
    this.placed = 0;
    this.due = 0;
    this.candidate = new Float32Array(2);
    /** Left, top, right and bottom of the tag that is tried. Numbers that go from call to call would be garbage. */
    this.box = new Float32Array(4);
  }

  /** Forget where tags were. */
  clear() {
    this.slot.fill(0);
    this.alpha.fill(0);
    this.away.fill(0);
    this.due = 0;
  }

  /** Nothing lies over the map, until `cover` says so. */
  uncover() {
    this.coveredCount = 0;
  }

  /**
   * @param {number} left
   * @param {number} top
   * @param {number} right
   * @param {number} bottom
   */
  cover(left, top, right, bottom) {
    if (this.coveredCount === MAX_COVERED) return;
    const at = this.coveredCount * 4;
    this.covered[at] = left;
    this.covered[at + 1] = top;
    this.covered[at + 2] = right;
    this.covered[at + 3] = bottom;
    this.coveredCount += 1;
  }

  /**
   * Whether a line leads from the tag to its car.
   * @param {number} index
   */
  hasLeader(index) {
    return this.slot[index] > LEADER_FROM_GAP * SIDE_COUNT;
  }

  /**
   * @param {number} step  seconds
   * @param {boolean} reducedMotion
   */
  update(step, reducedMotion) {
    this.due -= step;
    if (this.due <= 0) {
      this.due = EVERY_SECONDS;
      this.layout();
    }
    const fade = reducedMotion ? 1 : share(FADE_RATE, step);
    for (let i = 0; i < this.count; i += 1) {
      const index = this.cars[i];
      if (this.slot[index] === 0) {
        this.away[index] -= step;
        continue;
      }
      this.stayed[index] += step;
      const missing = 1 - this.alpha[index];
      this.alpha[index] = missing < STILL ? 1 : this.alpha[index] + missing * fade;
    }
  }

  /** Find places for the tags of all cars. */
  layout() {
    this.#sort();
    const { left, top, right, bottom } = this.free;
    const most = Math.min(MAX_TAGS, Math.ceil(((right - left) * (bottom - top)) / PIXELS_PER_TAG));
    this.placed = 0;
    for (let i = 0; i < this.count; i += 1) {
      const index = this.cars[i];
      const isNamed = this.width[index] > 0 && this.placed < most && this.#isVisible(index);
      const slot = isNamed ? this.#find(index) : -1;
      if (slot < 0) this.#hide(index);
      else this.#show(index, slot);
    }
  }

  /** Important ones first. Nearly sorted already, so insertion is quick. */
  #sort() {
    const { cars, key } = this;
    for (let i = 0; i < this.count; i += 1) {
      const index = cars[i];
      key[index] = this.rank[index] - (this.slot[index] > 0 ? SHOWN_BONUS : 0);
      if (index === this.chosen) key[index] = CHOSEN_RANK;
    }
    for (let i = 1; i < this.count; i += 1) {
      const index = cars[i];
      let at = i;
      while (at > 0 && key[cars[at - 1]] > key[index]) {
        cars[at] = cars[at - 1];
        at -= 1;
      }
      cars[at] = index;
    }
  }

  /** @param {number} index */
  #isVisible(index) {
    const { left, top, right, bottom } = this.free;
    const x = this.x[index];
    const y = this.y[index];
    return x > left && x < right && y > top && y < bottom;
  }

  /**
   * The slot where it was, else the best that is free, else −1.
   * @param {number} index
   */
  #find(index) {
    const kept = this.slot[index] - 1;
    const isChosen = index === this.chosen;
    const isKept = kept >= 0 && this.#fits(index, kept, KEPT_MARGIN);
    if (isKept && this.stayed[index] < PATIENCE_SECONDS) return kept;
    if (kept < 0 && this.away[index] > 0 && !isChosen) return -1;
    // Beside a car that drives up or down, above or below one that drives across: off the track.
    const turn = this.isAcross[index] === 1 ? 2 : 0;
    for (let i = 0; i < SLOTS; i += 1) {
      const side = i % SIDE_COUNT;
      const slot = i - side + (side < 4 ? (side + turn) % 4 : side);
      // To either side is as good.
      if (isKept && (slot === kept || (slot ^ 1) === kept)) return kept;
      if (this.#fits(index, slot, FRESH_MARGIN)) return slot;
    }
    if (isKept) return kept;
    return isChosen ? Math.max(kept, turn) : -1;
  }

  /**
   * @param {number} index
   * @param {number} slot
   * @param {number} margin
   */
  #fits(index, slot, margin) {
    this.#offset(index, slot);
    const left = this.x[index] + this.candidate[0] - margin;
    const top = this.y[index] + this.candidate[1] - margin;
    const right = left + this.width[index] + 2 * margin;
    const bottom = top + this.height + 2 * margin;
    const { free, box } = this;
    box[0] = left;
    box[1] = top;
    box[2] = right;
    box[3] = bottom;
    if (left < free.left || right > free.right || top < free.top || bottom > free.bottom) return false;
    if (meets(this.taken, this.placed, box) || meets(this.covered, this.coveredCount, box)) return false;
    return !this.#coversCar();
  }

  /** Whether the tag that is tried would lie on a car. */
  #coversCar() {
    const { radius } = this;
    const left = this.box[0];
    const top = this.box[1];
    const right = this.box[2];
    const bottom = this.box[3];
    for (let i = 0; i < this.count; i += 1) {
      const x = this.x[this.cars[i]];
      const y = this.y[this.cars[i]];
      if (x > left - radius && x < right + radius && y > top - radius && y < bottom + radius) return true;
    }
    return false;
  }

  /**
   * Where the tag's corner is in a slot, into `candidate`.
   * @param {number} index
   * @param {number} slot
   */
  #offset(index, slot) {
    const side = slot % SIDE_COUNT;
    const isCorner = side >= 4;
    const gap = (this.radius + GAPS[(slot - side) / SIDE_COUNT]) * (isCorner ? 0.8 : 1);
    const sideX = SIDES[2 * side];
    const sideY = SIDES[2 * side + 1];
    const width = this.width[index];
    this.candidate[0] = sideX * gap + (sideX > 0 ? 0 : sideX < 0 ? -width : -width / 2);
    this.candidate[1] = sideY * gap + (sideY > 0 ? 0 : sideY < 0 ? -this.height : -this.height / 2);
  }

  /** @param {number} index */
  #hide(index) {
    if (this.slot[index] > 0) this.away[index] = AWAY_SECONDS;
    this.slot[index] = 0;
    this.alpha[index] = 0;
  }

  /**
   * @param {number} index
   * @param {number} slot
   */
  #show(index, slot) {
    this.#offset(index, slot);
    this.offsetX[index] = this.candidate[0];
    this.offsetY[index] = this.candidate[1];
    if (this.slot[index] !== slot + 1) {
      this.stayed[index] = 0;
      this.alpha[index] = Math.min(this.alpha[index], MOVED_ALPHA);
    }
    this.slot[index] = slot + 1;
    const at = this.placed * 4;
    this.taken[at] = this.x[index] + this.offsetX[index];
    this.taken[at + 1] = this.y[index] + this.offsetY[index];
    this.taken[at + 2] = this.taken[at] + this.width[index];
    this.taken[at + 3] = this.taken[at + 1] + this.height;
    this.placed += 1;
  }
}

/**
 * Whether a box meets one of those in a list.
 * @param {Float32Array} boxes  left, top, right and bottom of each
 * @param {number} count
 * @param {Float32Array} box
 */
function meets(boxes, count, box) {
  const left = box[0];
  const top = box[1];
  const right = box[2];
  const bottom = box[3];
  for (let at = 0; at < count * 4; at += 4) {
    if (left < boxes[at + 2] && right > boxes[at] && top < boxes[at + 3] && bottom > boxes[at + 1]) {
      return true;
    }
  }
  return false;
}
