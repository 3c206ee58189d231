// What of a call and of an event goes into a recording. Passwords, secrets and tokens never do; what people write to each
// other only where that was asked for.

/**
 * The arguments of a call that are kept.
 * @param {string} method
 * @param {unknown[]} args
 * @param {boolean} messages  keep texts
 * @returns {string[]}
 */
export function keptArguments(method, args, messages) {
  const [first, second] = args.map(String);
  if (method === "connect") return [withoutSecrets(first)];
  if (method === "signIn" || method === "createRoom" || method === "joinRoom") return [first];
  if (method === "relayMessage") return [first, messages ? second : ""];
  return [];
}

/**
 * @template {keyof import("../core.js").CoreEvents} T
 * @param {T} type
 * @param {any} event
 * @param {boolean} messages  keep texts
 * @returns {unknown}
 */
export function keptEvent(type, event, messages) {
  if (messages) return event;
  if (type === "message") return { ...event, message: "" };
  if (type === "unknown") return { line: "" };
  return event;
}

/** An address may carry a name, a password or a token. @param {string} address */
function withoutSecrets(address) {
  try {
    const { protocol, host, pathname } = new URL(address);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return "";
  }
}
