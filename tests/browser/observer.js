// Asks the game server itself, past relay and page: an outside judge of who is in a room.
import { once } from "node:events";
import readline from "node:readline";
import tls from "node:tls";

/**
 * How many players the game server lists in each room, by the room's name.
 *
 * @param {import("./programs.js").Program | undefined} server
 * @returns {Promise<Record<string, number>>}
 */
export async function playerCounts(server) {
  const [host, port] = (server?.ready.tcp ?? "").split(":");
  // The server makes its own certificate, and nothing secret is said.
  const socket = tls.connect({ host, port: Number(port), rejectUnauthorized: false });
  try {
    const lines = readline.createInterface({ input: socket })[Symbol.asyncIterator]();
    await once(socket, "secureConnect");
    await lines.next();
    socket.write('{"command":"LIST_ROOMS"}\n');
    const { value } = await lines.next();
    /** @type {{ rooms: { name: string, playerCount: number }[] }} */
    const { rooms } = JSON.parse(value);
    return Object.fromEntries(rooms.map(({ name, playerCount }) => [name, playerCount]));
  } finally {
    socket.destroy();
  }
}
