// Where the panel lies: dragged by its head, or moved by the arrow keys; never out of sight.

const STEP_PX = 10;
const LONG_STEP_PX = 50;
/** Kept between the panel and the window's edge. */
const MARGIN_PX = 8;

/** @type {Record<string, readonly [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Place {
  /**
   * @param {HTMLElement} host
   * @param {HTMLElement} head  dragged by it, but not by what in it can be pressed
   * @param {HTMLElement} grip  has the arrow keys
   */
  constructor(host, head, grip) {
    this.host = host;
    head.addEventListener("pointerdown", (event) => this.#grab(event));
    grip.addEventListener("keydown", (event) => this.#nudge(event));
    this.settle = this.settle.bind(this);
  }

  /** Back into sight, where the window became smaller. */
  settle() {
    if (!this.host.style.left) return;
    const { left, top } = this.host.getBoundingClientRect();
    this.#put(left, top);
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    const target = /** @type {Element} */ (event.target);
    const pressed = target.closest("button");
    if (event.button !== 0 || (pressed && pressed.dataset.act !== "move")) return;
    const head = /** @type {HTMLElement} */ (event.currentTarget);
    const { left, top } = this.host.getBoundingClientRect();
    const [dx, dy] = [event.clientX - left, event.clientY - top];
    const move = (/** @type {PointerEvent} */ moved) => this.#put(moved.clientX - dx, moved.clientY - dy);
    head.setPointerCapture(event.pointerId);
    const over = new AbortController();
    const release = () => over.abort();
    head.addEventListener("pointermove", move, { signal: over.signal });
    head.addEventListener("pointerup", release, { signal: over.signal });
    head.addEventListener("pointercancel", release, { signal: over.signal });
  }

  /** @param {KeyboardEvent} event */
  #nudge(event) {
    const way = ARROWS[event.key];
    if (!way) return;
    event.preventDefault();
    const step = event.shiftKey ? LONG_STEP_PX : STEP_PX;
    const { left, top } = this.host.getBoundingClientRect();
    this.#put(left + way[0] * step, top + way[1] * step);
  }

  /**
   * @param {number} left
   * @param {number} top
   */
  #put(left, top) {
    const { width, height } = this.host.getBoundingClientRect();
    const { innerWidth, innerHeight } = globalThis;
    const within = (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ all) =>
      Math.max(MARGIN_PX, Math.min(at, all - size - MARGIN_PX));
    Object.assign(this.host.style, {
      left: `${within(left, width, innerWidth)}px`,
      top: `${within(top, height, innerHeight)}px`,
      right: "auto",
      bottom: "auto",
    });
  }
}
