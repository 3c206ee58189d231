/**
 * The main entry with its wasm module inside: for bundlers and hosts that cannot serve a `.wasm` file. A third larger.
 * @module mp-server-client/inline
 */

import { doctor as examine, RaceClient as Client } from "./index.js";
import { decoded } from "./module.js";
import { init as load } from "./wasm-core.js";
import { base64 } from "./wasm/bytes.js";

export * from "./index.js";

/** Load the wasm client. Nobody needs to call it: connecting does. */
export async function init() {
  await load(decoded(base64));
}

/** The client as in the main entry; it needs no file. */
export class RaceClient extends Client {
  /** @type {typeof Client.connect} */
  static async connect(url, options) {
    await init();
    return super.connect(url, options);
  }

  /** @type {typeof Client.spectate} */
  static async spectate(url, room, options) {
    await init();
    return super.spectate(url, room, options);
  }

  /** @param {Parameters<Client["connect"]>[0]} [options] */
  async connect(options) {
    await init();
    await super.connect(options);
  }
}

/**
 * Find out what is wrong, in words; it needs no file.
 * @param {Parameters<typeof examine>} args
 */
export async function doctor(...args) {
  await init();
  return examine(...args);
}
