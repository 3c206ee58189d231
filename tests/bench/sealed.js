// Datagrams sealed and opened by Node's own cryptography (docs/protocol.md, section 5), so that a measurement cannot agree
// with a mistake of the module that it measures.
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";

const LENGTH_BYTES = 4;
const IV_BYTES = 16;

/** @param {string} sessionId @param {string} secret */
function keyOf(sessionId, secret) {
  const key = createHash("sha256")
    .update(sessionId + secret)
    .digest();
  return { key, iv: key.subarray(key.length - IV_BYTES) };
}

/**
 * Seal a datagram for a session.
 * @param {string} sessionId
 * @param {string} secret
 * @param {string} plaintext
 */
export function seal(sessionId, secret, plaintext) {
  const { key, iv } = keyOf(sessionId, secret);
  const cipher = createCipheriv("aes-256-cbc", key, iv);
  const sealed = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(sealed.length);
  return Buffer.concat([length, sealed]);
}

/**
 * Open a datagram of a session; throws where it is damaged.
 * @param {string} sessionId
 * @param {string} secret
 * @param {Uint8Array} packet
 */
export function open(sessionId, secret, packet) {
  const { key, iv } = keyOf(sessionId, secret);
  const decipher = createDecipheriv("aes-256-cbc", key, iv);
  const sealed = packet.subarray(LENGTH_BYTES);
  return Buffer.concat([decipher.update(sealed), decipher.final()]).toString("utf8");
}
