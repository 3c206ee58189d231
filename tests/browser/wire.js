// A wire between a browser and the relay that can be cut, and that can go dead without either end noticing, as a phone's network
// does between wifi and mobile data.
import net from "node:net";
import { once } from "node:events";

export class Wire {
  /** @type {Set<[net.Socket, net.Socket]>} */
  #connections = new Set();
  #server;
  #isDead = false;
  url = "";

  /** @param {string} target  the relay's address, as its ready line has it */
  constructor(target) {
    const { hostname: host, port } = new URL(`http://${target}`);
    this.#server = net.createServer((near) => {
      const far = net.connect({ host, port: Number(port) });
      /** @type {[net.Socket, net.Socket]} */
      const ends = [near, far];
      this.#connections.add(ends);
      if (!this.#isDead) {
        near.pipe(far);
        far.pipe(near);
      }
      for (const end of ends) {
        end.on("error", () => {});
        end.on("close", () => {
          this.#connections.delete(ends);
          for (const other of ends) other.destroy();
        });
      }
    });
  }

  async start() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = /** @type {net.AddressInfo} */ (this.#server.address());
    this.url = `http://127.0.0.1:${address.port}/`;
    return this;
  }

  /** Break every connection. */
  cut() {
    for (const ends of this.#connections) for (const end of ends) end.resetAndDestroy();
  }

  /** From now on nothing passes through the connections that there are. New ones are not concerned. */
  deaden() {
    for (const [near, far] of this.#connections) {
      near.unpipe(far);
      far.unpipe(near);
      near.pause();
      far.pause();
    }
    this.#connections.clear();
  }

  /** A dead spot: nothing passes through any connection, old or new. */
  enterDeadSpot() {
    this.#isDead = true;
    this.deaden();
  }

  /** New connections work again. Those that there are stay dead. */
  leaveDeadSpot() {
    this.#isDead = false;
    this.#connections.clear();
  }

  /** Take no more connections. Those that there are end with their browsers. */
  stop() {
    this.#server.close();
  }
}
