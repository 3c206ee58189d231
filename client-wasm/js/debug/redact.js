// Takes out of a text what must not be shown to whoever looks over a developer's shoulder, or be sent with a bug report.

/** The longest text shown of anything. */
const MAX_LETTERS = 300;
const HIDDEN = "***";
/** Fields of a line, options in a message, subprotocols of a WebSocket, and what stands in an address. */
const SECRETS = [
  /("(?:password|secret|token|udpSecret)"\s*:\s*")(?:[^"\\]|\\.)*/gi,
  /(\b(?:password|secret|token|udpsecret)\s*[=:]\s*)[^\s"'&,;}]+/gi,
  /(\b(?:resume|access)\.)[\w.~-]+/gi,
  /(:\/\/)[^/@\s]+(?=@)/g,
];
/** What players write to each other. */
const TEXTS = /("message"\s*:\s*")(?:[^"\\]|\\.)*/gi;

/**
 * @param {string} text
 * @param {boolean} [showMessages]  also what players write
 */
export function redact(text, showMessages = false) {
  const patterns = showMessages ? SECRETS : [...SECRETS, TEXTS];
  const safe = patterns.reduce((rest, pattern) => rest.replace(pattern, `$1${HIDDEN}`), String(text));
  return safe.length > MAX_LETTERS ? `${safe.slice(0, MAX_LETTERS)}…` : safe;
}
