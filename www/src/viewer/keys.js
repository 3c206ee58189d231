// What keys do, and what the help says of them: one table. Keys work only while the viewer has the focus.

/**
 * @typedef {"toggle" | "back" | "forward" | "stepBack" | "stepForward" | "slower" | "faster" | "live" | "fit" | "follow" | "next" | "previous" | "nearer" | "further" | "keys" | "release"} Act
 */
/** @typedef {{ shown: string[], words: string, keys: Partial<Record<string, Act>> }} Line */

/** @type {readonly Line[]} */
export const LINES = [
  { shown: ["Space", "K"], words: "Play/pause", keys: { " ": "toggle", k: "toggle" } },
  { shown: ["J", "L"], words: "10 seconds back, forward", keys: { j: "back", l: "forward" } },
  { shown: [",", "."], words: "0.1 seconds back, forward", keys: { ",": "stepBack", ".": "stepForward" } },
  { shown: ["<", ">"], words: "Slower, faster", keys: { "<": "slower", ">": "faster" } },
  { shown: ["End"], words: "Back to live", keys: { End: "live" } },
  { shown: ["N", "P"], words: "Next, previous car", keys: { n: "next", p: "previous" } },
  { shown: ["C"], words: "Follow the car, or stop following", keys: { c: "follow" } },
  { shown: ["F", "0"], words: "Whole track", keys: { f: "fit", 0: "fit" } },
  {
    shown: ["+", "−"],
    words: "Zoom",
    keys: { "+": "nearer", "=": "nearer", "-": "further", _: "further", "−": "further" },
  },
  { shown: ["← ↑ → ↓"], words: "Move the map", keys: {} },
  { shown: ["Esc"], words: "Deselect car", keys: { Escape: "release" } },
  { shown: ["?"], words: "Show these shortcuts", keys: { "?": "keys" } },
];

/** @type {ReadonlyMap<string, Act>} */
const ACTS = new Map(LINES.flatMap(({ keys }) => /** @type {Array<[string, Act]>} */ (Object.entries(keys))));

/**
 * What a key press asks for. Presses that mean something to the control that has the focus are left to it.
 * @param {KeyboardEvent} event
 * @returns {Act | undefined}
 */
export function actOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return undefined;
  // While somebody composes a letter, Escape belongs to that; 229 is what Safari sends for it.
  if (event.isComposing || event.keyCode === 229) return undefined;
  const [target] = event.composedPath();
  if (target instanceof HTMLElement && target.closest("dialog")) return undefined;
  if (isOwnKey(target, event.key)) return undefined;
  return ACTS.get(latin(event));
}

/** What stands on a Latin keyboard where others have letters, without and with Shift. @type {Partial<Record<string, string>>} */
const SIGNS = { Comma: ",<", Period: ".>", Slash: "/?" };

/**
 * The key as the table has it. Where the layout is not Latin, the key that stands there on a Latin one.
 * @param {KeyboardEvent} event
 */
function latin({ key, code, shiftKey }) {
  if (key.length !== 1) return key;
  const isLatin = key.charCodeAt(0) < 0x80 || ACTS.has(key);
  const there = SIGNS[code]?.[Number(shiftKey)] ?? /^Key([A-Z])$/.exec(code)?.[1];
  return ((isLatin ? undefined : there) ?? key).toLowerCase();
}

/**
 * @param {EventTarget} target
 * @param {string} key
 */
function isOwnKey(target, key) {
  if (target instanceof HTMLButtonElement) return key === " " || key === "Enter";
  if (target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && /^(Arrow|Page|Home|End)/.test(key);
}

/** Fill the help. @param {HTMLElement} list  a `dl` */
export function describeKeys(list) {
  for (const { shown, words } of LINES) {
    const line = document.createElement("div");
    const term = document.createElement("dt");
    for (const key of shown) term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    line.append(term, Object.assign(document.createElement("dd"), { textContent: words }));
    list.append(line);
  }
}
