// Reads messages of a page's own: a type and a payload in a text that any player of any client can be sent.

/** An invisible separator that nobody types, the type, and JSON. The chat of another client shows it as `lap {"number":3}`. */
const FORM = /^\u2063([\w.-]{1,40})(?: ([^]+))?$/;

/**
 * @param {string} text
 * @returns {{ type: string, payload: unknown } | null}  null: an ordinary text
 */
export function unpack(text) {
  const [, type, json] = FORM.exec(text) ?? [];
  if (!type) return null;
  try {
    return { type, payload: json && JSON.parse(json) };
  } catch {
    return null;
  }
}
