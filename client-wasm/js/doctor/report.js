// What the doctor found, in plain words.

/** @typedef {"page" | "relay" | "websocket" | "certificate" | "game server" | "sign-in" | "datagrams" | "clock"} CheckName */
/**
 * @typedef {object} Check
 * @property {CheckName} name
 * @property {boolean | null} ok  null: it could not be looked at
 * @property {string} words  what was found
 * @property {string} advice  what to do, and who; empty where there is nothing to do
 */
/** @typedef {{ ok: boolean, checks: Check[], text: string }} Report  ok: everything that matters works, as far as it can be looked at; text: all of it, to copy */

/** In the order in which things depend on each other. @type {readonly CheckName[]} */
export const NAMES = Object.freeze([
  "page",
  "relay",
  "websocket",
  "certificate",
  "game server",
  "sign-in",
  "datagrams",
  "clock",
]);

/** Signs of what was found. */
const SIGNS = Object.freeze({ true: "ok     ", false: "FAILED ", null: "unknown" });
/** Longest piece of somebody else's words. */
const MAX_QUOTED = 300;

export class Findings {
  /** @type {Map<CheckName, Check>} */
  #checks = new Map();
  /** What need not be looked at: a clock that cannot be compared hinders nobody. @type {Set<CheckName>} */
  #optional = new Set(["clock"]);

  /**
   * @param {CheckName} name
   * @param {string} words
   * @param {string} [advice]
   */
  fine(name, words, advice = "") {
    this.#add({ name, ok: true, words, advice });
  }

  /**
   * @param {CheckName} name
   * @param {string} words
   * @param {string} advice
   */
  wrong(name, words, advice) {
    this.#add({ name, ok: false, words, advice });
  }

  /**
   * @param {CheckName} name
   * @param {string} words
   */
  unknown(name, words) {
    this.#add({ name, ok: null, words, advice: "" });
  }

  /**
   * It cannot be looked at here, and that is no fault.
   * @param {CheckName} name
   * @param {string} words
   */
  skip(name, words) {
    this.unknown(name, words);
    this.#optional.add(name);
  }

  /** @param {CheckName} name */
  has(name) {
    return this.#checks.has(name);
  }

  /** The first finding about a thing stands. @param {Check} check */
  #add(check) {
    if (!this.#checks.has(check.name)) this.#checks.set(check.name, Object.freeze(check));
  }

  /** @param {string} otherwise  about what was not looked at @returns {Report} */
  report(otherwise) {
    for (const name of NAMES) this.unknown(name, otherwise);
    const checks = NAMES.flatMap((name) => this.#checks.get(name) ?? []);
    const ok = checks.every((check) => check.ok ?? this.#optional.has(check.name));
    return { ok, checks, text: checks.map(line).join("\n") };
  }
}

/** @param {Check} check */
function line({ name, ok, words, advice }) {
  const sign = SIGNS[/** @type {"true" | "false" | "null"} */ (String(ok))];
  return `${sign}  ${name}: ${words}${advice && `\n         ${advice}`}`;
}

/** Somebody else's words inside our own. @param {unknown} text */
export function quoted(text) {
  const words = String(text).replaceAll(/\s+/g, " ").trim();
  return words.length > MAX_QUOTED ? `${words.slice(0, MAX_QUOTED)}…` : words;
}
