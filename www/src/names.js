// Names and messages of other people, made fit to be shown: anybody may write anything into them. Pure.

/** The longest name that is shown; the page's own form takes 24. */
export const MAX_NAME_LETTERS = 40;
/** The longest message that is shown; the page's own form takes 300. */
export const MAX_MESSAGE_LETTERS = 500;
/** What is read of a text at all, in UTF-16 units. */
const MAX_READ = 4000;
/** Control characters, turns of the writing direction, zero-width spaces: none of them shows anything itself. */
const UNSEEN = /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu;
/** Marks stacked on one letter; no language needs more than a few. */
const STACKED = /(\p{M}{4})\p{M}+/gu;
/** Something that can be seen: no space, mark or format character, and none of the letters that are blank. */
const SEEN = /[^\p{Z}\p{C}\p{M}\u115f\u1160\u2800\u3164\uffa0]/u;

/**
 * A text without what cannot be seen and in one line, cut to so many letters; empty if nothing of it can be seen.
 * @param {string} text
 * @param {number} most
 */
export function plainText(text, most) {
  const plain = text
    .slice(0, MAX_READ)
    .replace(/\s+/gu, " ")
    .replace(UNSEEN, "")
    .replace(STACKED, "$1")
    .trim();
  if (!SEEN.test(plain)) return "";
  const letters = [...plain];
  return letters.length > most ? `${letters.slice(0, most).join("")}…` : plain;
}

/** @param {string} name */
export const plainName = (name) => plainText(name, MAX_NAME_LETTERS);

/**
 * Why a text can't be a name; empty if it can.
 * @param {string} text
 * @param {string} missing  said where there is no text at all
 */
export function refusalOf(text, missing) {
  if (plainName(text)) return "";
  return text.trim() ? "These characters can't be seen. Use at least one letter or digit." : missing;
}

/**
 * A name inside a sentence: its writing direction does not turn the words around it.
 * @param {string} name
 */
export const isolated = (name) => `\u2068${name}\u2069`;
