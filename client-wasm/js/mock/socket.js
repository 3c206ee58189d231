// A WebSocket whose other end is in the page: `backend.js` takes the sent frames and delivers the received ones. It has no
// latency; the network lab in front of it adds that.

import { STATES } from "../lab/socket.js";

/**
 * @typedef {object} OtherEnd
 * @property {(socket: MockSocket, data: string | Uint8Array) => void} take
 * @property {(socket: MockSocket) => void} ended  once
 * @property {(deliver: () => void) => void} later  as soon as possible, but not during `send`
 */

export class MockSocket {
  CONNECTING = STATES.CONNECTING;
  /** @type {number} */
  readyState = STATES.CONNECTING;
  binaryType = "arraybuffer";
  bufferedAmount = 0;
  extensions = "";
  /** @type {(() => void) | null} */
  onopen = null;
  /** @type {((event: { data: string | ArrayBuffer }) => void) | null} */
  onmessage = null;
  /** @type {((event: { code: number, reason: string, wasClean: boolean }) => void) | null} */
  onclose = null;
  onerror = null;
  #otherEnd;

  /**
   * @param {string} url
   * @param {string} protocol
   * @param {OtherEnd} otherEnd
   */
  constructor(url, protocol, otherEnd) {
    this.url = url;
    this.protocol = protocol;
    this.#otherEnd = otherEnd;
  }

  /** @param {string | ArrayBuffer | Uint8Array} data */
  send(data) {
    this.#otherEnd.take(this, typeof data === "string" ? data : new Uint8Array(data));
  }

  /**
   * @param {number} [code]
   * @param {string} [reason]
   */
  close(code = 1000, reason = "") {
    this.end(code, reason);
  }

  opened() {
    this.readyState = STATES.OPEN;
    this.onopen?.();
  }

  /** @param {string | Uint8Array} data */
  received(data) {
    this.onmessage?.({ data: typeof data === "string" ? data : data.slice().buffer });
  }

  /**
   * @param {number} code
   * @param {string} [reason]
   */
  end(code, reason = "") {
    if (this.readyState === STATES.CLOSED) return;
    this.readyState = STATES.CLOSED;
    this.#otherEnd.ended(this);
    this.#otherEnd.later(() => this.onclose?.({ code, reason, wasClean: code !== 1006 }));
  }
}
