// A client of the game server that is none of ours: it speaks to it without relay and page, and vanishes without a word.
import { once } from "node:events";
import readline from "node:readline";
import tls from "node:tls";

export class Stranger {
  #socket;
  #lines;

  /**
   * Connect to a game server.
   * @param {import("./programs.js").Program | undefined} server
   */
  static async connect(server) {
    const [host, port] = (server?.ready.tcp ?? "").split(":");
    // The server makes its own certificate, and nothing secret is said.
    const socket = tls.connect({ host, port: Number(port), rejectUnauthorized: false });
    const lines = readline.createInterface({ input: socket })[Symbol.asyncIterator]();
    await once(socket, "secureConnect");
    // The welcome.
    await lines.next();
    return new Stranger(socket, lines);
  }

  /**
   * @param {tls.TLSSocket} socket
   * @param {AsyncIterator<string>} lines
   */
  constructor(socket, lines) {
    this.#socket = socket;
    this.#lines = lines;
  }

  /**
   * Send a command, and wait for the line that answers it.
   * @param {Record<string, unknown>} command
   * @param {string} answer  its `command`
   * @returns {Promise<any>}
   */
  async ask(command, answer) {
    this.#socket.write(`${JSON.stringify(command)}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`no ${answer}: the game server has hung up`);
      const line = JSON.parse(value);
      if (line.command === answer) return line;
      if (line.command?.endsWith("_FAILED") || line.command === "ERROR") throw new Error(value);
    }
  }

  vanish() {
    this.#socket.destroy();
  }
}
