// Draws the circuit and the cars on a canvas. Follows the own car; where there is none, shows the whole circuit.

/** @typedef {{ x: number, z: number, yaw: number }} Place */
/** @typedef {Place & { slot: number, name: string, stale?: boolean }} OtherCar */

const COLOURS = ["#2e86ab", "#c98a00", "#7b5ea7", "#0f8b6d", "#c2185b", "#5c7c00", "#00838f", "#e4572e"];
const LOOKS = {
  light: { ground: "#e6ede2", track: "#bfc5cb", line: "#ffffff", own: "#e10600", name: "#14161a" },
  dark: { ground: "#11161a", track: "#343b44", line: "#7d8794", own: "#ff4d4d", name: "#e6eaf0" },
};
/** Metres across the smaller side while one car is followed. */
const NEAR_METRES = 130;
const MARGIN_METRES = 25;
const CAR_METRES = { length: 4.6, width: 2 };
/** A car is never drawn shorter than this, in pixels. */
const SHORTEST_PX = 15;

export class RaceMap {
  #canvas;
  #context;
  /** @type {import("./circuit.js").TrackFile | null} */
  #track = null;
  #path = new Path2D();
  #bounds = { left: -200, right: 200, low: -200, high: 50 };
  #dark = matchMedia("(prefers-color-scheme: dark)");
  #scale = 1;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  }

  /** @param {import("./circuit.js").TrackFile} track */
  setTrack(track) {
    this.#track = track;
    this.#path = new Path2D();
    for (const [x, z] of track.centreline) this.#path.lineTo(x, z);
    this.#path.closePath();
    const [xs, zs] = [0, 1].map((axis) => track.centreline.map((point) => point[axis]));
    this.#bounds = {
      left: Math.min(...xs) - MARGIN_METRES,
      right: Math.max(...xs) + MARGIN_METRES,
      low: Math.min(...zs) - MARGIN_METRES,
      high: Math.max(...zs) + MARGIN_METRES,
    };
  }

  /**
   * @param {Place | null} own
   * @param {Iterable<OtherCar>} others  may be one object that is filled anew
   */
  draw(own, others) {
    const look = this.#dark.matches ? LOOKS.dark : LOOKS.light;
    this.#look(own, look);
    for (const car of others) {
      this.#drawCar(car, COLOURS[car.slot % COLOURS.length], car.stale ? 0.4 : 1);
      this.#drawName(car, look.name);
    }
    if (own) this.#drawCar(own, look.own, 1);
  }

  /** The ground, the track, and from where it is seen. @param {Place | null} own @param {typeof LOOKS.light} look */
  #look(own, look) {
    const [canvas, context] = [this.#canvas, this.#context];
    const pixels = devicePixelRatio;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * pixels)) canvas.width = Math.round(width * pixels);
    if (canvas.height !== Math.round(height * pixels)) canvas.height = Math.round(height * pixels);
    const { left, right, low, high } = this.#bounds;
    const whole = Math.min(width / (right - left), height / (high - low));
    this.#scale = own ? Math.max(whole, Math.min(width, height) / NEAR_METRES) : whole;
    const middle = own ?? { x: (left + right) / 2, z: (low + high) / 2 };

    context.resetTransform();
    context.fillStyle = look.ground;
    context.fillRect(0, 0, canvas.width, canvas.height);
    // From here on metres, with z upwards.
    const scale = this.#scale * pixels;
    context.translate(canvas.width / 2, canvas.height / 2);
    context.scale(scale, -scale);
    context.translate(-middle.x, -middle.z);
    if (!this.#track) return;
    context.lineJoin = "round";
    context.strokeStyle = look.track;
    context.lineWidth = this.#track.widthMetres ?? 12;
    context.stroke(this.#path);
    context.strokeStyle = look.line;
    context.lineWidth = 1.5 / this.#scale;
    context.setLineDash([6, 10]);
    context.stroke(this.#path);
    context.setLineDash([]);
    this.#drawStart(look);
  }

  /** @param {typeof LOOKS.light} look */
  #drawStart(look) {
    const { centreline, widthMetres = 12 } = /** @type {import("./circuit.js").TrackFile} */ (this.#track);
    const [[x, z], [nextX, nextZ]] = centreline;
    this.#at({ x, z, yaw: Math.atan2(nextX - x, nextZ - z) }, (context) => {
      context.fillStyle = look.line;
      context.fillRect(-widthMetres / 2, -0.8, widthMetres, 1.6);
    });
  }

  /** @param {Place} place @param {string} colour @param {number} opacity */
  #drawCar(place, colour, opacity) {
    const larger = Math.max(1, SHORTEST_PX / (CAR_METRES.length * this.#scale));
    const [length, width] = [CAR_METRES.length * larger, CAR_METRES.width * larger];
    this.#at(place, (context) => {
      context.globalAlpha = opacity;
      context.fillStyle = colour;
      context.beginPath();
      context.roundRect(-width / 2, -length / 2, width, length, width * 0.35);
      context.fill();
      // The windscreen says which way it looks.
      context.fillStyle = "rgb(255 255 255 / 0.7)";
      context.fillRect(-width * 0.32, length * 0.08, width * 0.64, length * 0.16);
    });
  }

  /** @param {OtherCar} car @param {string} colour */
  #drawName({ x, z, name }, colour) {
    this.#at({ x, z, yaw: 0 }, (context) => {
      context.scale(1 / this.#scale, -1 / this.#scale);
      context.font = "600 12px system-ui, sans-serif";
      context.textAlign = "center";
      context.fillStyle = colour;
      context.fillText(name, 0, -14);
    });
  }

  /** @param {Place} place @param {(context: CanvasRenderingContext2D) => void} draw */
  #at({ x, z, yaw }, draw) {
    const context = this.#context;
    context.save();
    context.translate(x, z);
    context.rotate(-yaw);
    draw(context);
    context.restore();
  }
}
