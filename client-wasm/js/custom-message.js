// Reads custom messages: a chat text that contains a type and a payload, so players of every client can receive it.

/** An invisible separator that keyboards do not have, the type, and JSON. Other clients' chats show it as `lap {"number":3}`. */
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
