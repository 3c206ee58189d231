// A WebSocket whose other end is a replay: the members that the wasm client uses.

export class PlayedSocket {
  readyState = 0;
  bufferedAmount = 0;
  binaryType = "arraybuffer";
  protocol = "";
  /** @type {((event: any) => void) | null} */
  onopen = null;
  /** @type {((event: any) => void) | null} */
  onmessage = null;
  /** @type {((event: any) => void) | null} */
  onerror = null;
  /** @type {((event: any) => void) | null} */
  onclose = null;
  #heard;

  /** @param {(line: string) => void} [heard]  called with each line that is sent */
  constructor(heard = () => {}) {
    this.#heard = heard;
  }

  /** The client's datagrams are discarded. @param {unknown} data */
  send(data) {
    if (typeof data === "string") queueMicrotask(() => this.#heard(data));
  }

  close() {
    queueMicrotask(() => this.end(1000, ""));
  }

  open() {
    this.readyState = 1;
    this.onopen?.({});
  }

  /** Deliver a frame. @param {string | ArrayBuffer} data */
  deliver(data) {
    if (this.readyState === 1) this.onmessage?.({ data });
  }

  /**
   * Close it, as the relay does.
   * @param {number} code
   * @param {string} reason
   */
  end(code, reason) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code, reason, wasClean: code !== 1006 });
  }
}

/** @param {PlayedSocket} socket */
export function asWebSocket(socket) {
  return /** @type {WebSocket} */ (/** @type {unknown} */ (socket));
}
