// The wasm session in front of a mock relay, by itself: tests of the mock look at what comes over the socket.
import { wasmCore } from "../js/wasm-core.js";

/**
 * @param {import("../js/mock.js").MockRelay} relay
 * @param {import("../js/core.js").CoreOptions} [options]
 */
export function coreOf(relay, options = {}) {
  const { webSocket, clock } = relay.options;
  // As the relay tells it.
  return wasmCore({ webSocket, clock, generation: "first", ...options });
}

/** Where a mock is; any address will do. */
export const ADDRESS = "ws://localhost/ws";
