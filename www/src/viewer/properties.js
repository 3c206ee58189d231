// The properties of the element <race-viewer>, one for each attribute, and the types of its events.

/** @typedef {import("./feed.js").FeedState} FeedState */
/**
 * @typedef {object} RaceViewerProperties  The attributes, as properties; null or undefined removes one.
 * @property {string} src
 * @property {string} room
 * @property {string} token
 * @property {string} track
 * @property {string} follow
 * @property {string} theme
 * @property {string} gestures
 * @property {boolean} embed
 */
/**
 * @typedef {object} RaceViewerEvents  What the events carry as `detail`.
 * @property {FeedState} statechange  the connection changed
 * @property {{ code: string, message: string }} error  nothing can be shown, or the circuit's file cannot be used
 * @property {{ id: string, name: string }} select  another driver was chosen; `""` for nobody
 * @property {import("./feed.js").SpectatedRoom} roomchange  the room's name, host or players changed
 */
/**
 * @typedef {object} TypedListening
 * @property {<K extends keyof RaceViewerEvents>(type: K, listener: (event: CustomEvent<RaceViewerEvents[K]>) => void, options?: boolean | AddEventListenerOptions) => void} addEventListener
 */

/** Not the bare `import.meta.url`, which bundlers follow into a call: they take its other address for a file of the package. */
const HERE = new URL(import.meta.url).href;

/** The element's base class: none where there is no DOM. */
export const Base = /** @type {new () => TypedListening & RaceViewerProperties & HTMLElement} */ (
  globalThis.HTMLElement ?? class {}
);
const TEXTS = /** @type {const} */ (["src", "room", "token", "track", "theme", "follow", "gestures"]);

/** The attributes that the element listens to. */
export const ATTRIBUTES = [...TEXTS, "embed"];

/**
 * Give the class an accessor for each attribute.
 * @param {{ prototype: HTMLElement }} element
 */
export function reflect({ prototype }) {
  for (const name of TEXTS) {
    Object.defineProperty(prototype, name, {
      /** @this {HTMLElement} */
      get() {
        const text = this.getAttribute(name);
        if (name !== "src") return text ?? "";
        const src = text ?? "../../";
        return URL.canParse(src, HERE) ? new URL(src, HERE).href : src;
      },
      /** @this {HTMLElement} */
      set(/** @type {unknown} */ value) {
        if (value === null || value === undefined) this.removeAttribute(name);
        else this.setAttribute(name, String(value));
      },
    });
  }
  Object.defineProperty(prototype, "embed", {
    /** @this {HTMLElement} */
    get() {
      return this.hasAttribute("embed");
    },
    /** @this {HTMLElement} */
    set(/** @type {unknown} */ value) {
      this.toggleAttribute("embed", Boolean(value));
    },
  });
}

/**
 * Take over properties that were set before the element was defined: they hide the accessors.
 * @param {HTMLElement} element
 */
export function takeOver(element) {
  for (const name of ATTRIBUTES) {
    const own = Object.getOwnPropertyDescriptor(element, name);
    if (own === undefined) continue;
    Reflect.deleteProperty(element, name);
    Reflect.set(element, name, own.value);
  }
}
