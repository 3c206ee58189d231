// The gap ring: a lap as a circle of time. A full turn is the best known lap, the leader is at the top, and every other
// car at its gap behind the leader. In the middle, how the chosen car stands. Drawn a few times a second.

import { context2d, fitCanvas } from "../element.js";
import { gapText } from "./words.js";
import { Dial, INNER, NO_ROOM_INSIDE, NOWHERE } from "./dial.js";
import { MAX_PLACES } from "../map/labels.js";
import { DARK, FONT, LIGHT, OVERLAY } from "../map/palette.js";

/** @typedef {import("./standing.js").Standing} Standing */
/** @typedef {import("../map/palette.js").MapPalette} MapPalette */

const PICK_PIXELS = 22;
/** Ticks of the ring; every so many-th is named, so that there are no more than this many names. */
const TICK_MS = 10_000;
const NAMED_TICKS = [1, 2, 3, 6, 12, 30];
const MOST_NAMES = 7;
/** A ring with more ticks would be a comb. */
const MOST_TICKS = 90;
const CHOSEN_MORE = 3;

export class GapRing {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = context2d(canvas);
    this.dial = new Dial();
    this.density = 1;
    this.transparent = false;
    /** @type {MapPalette} */
    this.palette = LIGHT;
    this.left = 0;
    this.top = 0;
    /** By index of the car. @type {Array<Standing | undefined>} */
    this.byIndex = new Array(MAX_PLACES).fill(undefined);
  }

  /** @param {"light" | "dark"} theme */
  useTheme(theme) {
    this.palette = theme === "dark" ? DARK : LIGHT;
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas;
    const density = fitCanvas(this.canvas);
    if (density === 0) return;
    this.density = density;
    const size = Math.min(clientWidth, clientHeight);
    this.left = (clientWidth - size) / 2;
    this.top = (clientHeight - size) / 2;
    this.dial.resize(size);
  }

  /**
   * @param {readonly Standing[]} standings  leader first
   * @param {string} selectedId  "" for none
   * @param {number} lapMs  the best known lap, NaN while there is none
   */
  draw(standings, selectedId, lapMs) {
    const { context, dial, density } = this;
    dial.layout(standings, lapMs, selectedId);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(density, 0, 0, density, this.left * density, this.top * density);
    const palette = this.transparent ? OVERLAY : this.palette;
    this.#circles(palette);
    this.#ticks(palette);
    this.byIndex.fill(undefined);
    /** @type {Standing | undefined} */
    let chosen;
    for (const standing of standings) {
      this.byIndex[standing.index] = standing;
      if (standing.id === selectedId) chosen = standing;
      this.#stem(standing, palette);
    }
    // From the last to the first, the chosen one last: what matters is on top.
    for (let i = dial.count - 1; i >= 0; i -= 1) {
      const standing = this.byIndex[dial.shown[i]];
      if (standing !== undefined) this.#dot(standing, standing === chosen, palette);
    }
    const told = chosen ?? standings[0];
    if (told !== undefined) this.#tell(told, palette);
  }

  /**
   * The player whose dot is at a point.
   * @param {number} sx  CSS pixels
   * @param {number} sy
   * @returns {string | null}
   */
  pick(sx, sy) {
    const index = this.dial.at(sx - this.left, sy - this.top, PICK_PIXELS);
    return this.byIndex[index]?.id ?? null;
  }

  /** @param {MapPalette} palette */
  #circles(palette) {
    const { dial } = this;
    const isInner = dial.row.includes(INNER);
    if (this.transparent) this.#circle(dial.radius, 6, palette.markHalo);
    this.#circle(dial.radius, 2.5, palette.ring);
    if (isInner) this.#circle(dial.inner, 1.5, palette.ringFaint);
  }

  /**
   * @param {number} radius
   * @param {number} width
   * @param {string} colour
   */
  #circle(radius, width, colour) {
    const { context, dial } = this;
    context.beginPath();
    context.arc(dial.middle, dial.middle, radius, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }

  /** Every ten seconds. @param {MapPalette} palette */
  #ticks(palette) {
    const { context, dial } = this;
    const ticks = Math.floor((dial.turnMs - 1) / TICK_MS);
    if (ticks > MOST_TICKS) return;
    const named = NAMED_TICKS.find((every) => ticks / every <= MOST_NAMES) ?? ticks + 1;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `600 9.5px ${FONT}`;
    context.lineWidth = 1.5;
    for (let tick = 0; tick <= ticks; tick += 1) {
      const angle = ((tick * TICK_MS) / dial.turnMs) * 2 * Math.PI;
      const x = Math.sin(angle);
      const y = -Math.cos(angle);
      const isNamed = tick > 0 && tick % named === 0;
      const inner = dial.radius - (tick === 0 ? 9 : isNamed ? 7 : 5);
      context.beginPath();
      context.moveTo(dial.middle + x * inner, dial.middle + y * inner);
      context.lineTo(dial.middle + x * dial.radius, dial.middle + y * dial.radius);
      context.strokeStyle = palette.ring;
      context.stroke();
      const away = dial.radius - 15;
      const text = `+${(tick * TICK_MS) / 1000}`;
      if (isNamed) this.#text(text, dial.middle + x * away, dial.middle + y * away, palette.labelMuted);
    }
  }

  /**
   * From the ring to a dot that had to move outwards, or a mark where there was no room for it.
   * @param {Standing} standing
   * @param {MapPalette} palette
   */
  #stem({ index, livery }, palette) {
    const { context, dial } = this;
    const row = dial.row[index];
    if (row === NOWHERE || row === INNER || row === 0) return;
    const hasDot = row > 0;
    const from = row === NO_ROOM_INSIDE ? dial.inner : dial.radius;
    const x = Math.sin(dial.angle[index]);
    const y = -Math.cos(dial.angle[index]);
    context.beginPath();
    context.moveTo(dial.middle + x * from, dial.middle + y * from);
    if (hasDot) context.lineTo(dial.x[index], dial.y[index]);
    else context.lineTo(dial.middle + x * (from + 5), dial.middle + y * (from + 5));
    context.lineWidth = hasDot ? 1.3 : 3;
    context.strokeStyle = hasDot ? palette.ring : livery.body;
    context.stroke();
  }

  /**
   * @param {Standing} standing
   * @param {boolean} isChosen
   * @param {MapPalette} palette
   */
  #dot({ index, livery, connection }, isChosen, palette) {
    const { context, dial } = this;
    const x = dial.x[index];
    const y = dial.y[index];
    const radius = dial.dot - 1 + (isChosen ? CHOSEN_MORE : 0);
    const isLost = connection === "lost";
    if (isChosen) this.#disc(x, y, radius + 3.2, palette.chosen);
    this.#disc(x, y, radius + (isChosen ? 1 : 0.4), this.transparent ? "#ffffff" : "#101216");
    this.#disc(x, y, radius - 0.9, livery.body);
    context.strokeStyle = livery.ink;
    if (livery.striped) {
      context.beginPath();
      context.arc(x, y, radius - 2.4, 0, 2 * Math.PI);
      context.lineWidth = 1.3;
      context.stroke();
    }
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `800 ${Math.round(radius * 1.08)}px ${FONT}`;
    context.fillStyle = livery.ink;
    context.fillText(livery.label, x, y + 0.6, radius * 1.6);
    if (!isLost) return;
    context.beginPath();
    context.moveTo(x - radius, y + radius);
    context.lineTo(x + radius, y - radius);
    context.lineWidth = 3.2;
    context.strokeStyle = "#101216";
    context.stroke();
    context.lineWidth = 1.5;
    context.strokeStyle = "#ffffff";
    context.stroke();
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} radius
   * @param {string} colour
   */
  #disc(x, y, radius, colour) {
    const { context } = this;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
  }

  /**
   * Place and gap of a car, in the middle.
   * @param {Standing} standing
   * @param {MapPalette} palette
   */
  #tell(standing, palette) {
    const { context, dial } = this;
    const room = (dial.inner - dial.dot) * 1.7;
    const size = Math.min(34, room * 0.34);
    const { middle } = dial;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `800 ${size}px ${FONT}`;
    const gap = standing.place === 1 ? "Leader" : gapText(standing.gapMs, standing.gapLaps);
    const place = standing.place > 0 ? `P${standing.place}` : "–";
    this.#text(place, middle, middle - size * 0.46, palette.labelInk, room);
    context.font = `600 ${Math.max(10.5, size * 0.4)}px ${FONT}`;
    this.#text(standing.name, middle, middle + size * 0.36, palette.labelMuted, room);
    this.#text(gap, middle, middle + size * 0.9, palette.labelInk, room);
  }

  /**
   * @param {string} text
   * @param {number} x
   * @param {number} y
   * @param {string} colour
   * @param {number} [room]
   */
  #text(text, x, y, colour, room) {
    const { context } = this;
    if (this.transparent) {
      context.lineWidth = 3.5;
      context.lineJoin = "round";
      context.strokeStyle = OVERLAY.markHalo;
      context.strokeText(text, x, y, room);
    }
    context.fillStyle = this.transparent ? "#ffffff" : colour;
    context.fillText(text, x, y, room);
  }
}
