// The example of a bot as a process, and somebody in its room who sees what it does: the packed client in this Node.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";

/** Until then a bot is in its room, drives or is gone. */
const DEADLINE_MS = 20_000;
const POLL_MS = 50;
const ROOM = "Bot track";

/**
 * Start it.
 * @param {string} node  a program with a WebSocket of its own
 * @param {string} folder  of the examples
 * @param {string} relay
 */
export async function runBot(node, folder, relay) {
  const child = spawn(node, ["bot.js", relay, "--room", ROOM], {
    cwd: path.join(folder, "node-bot"),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const bot = { log: "", seenMetres, seenLeaving, stop, close };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (bot.log += chunk));

  const entry = path.join(folder, "node_modules/mp-server-client/index.js");
  const { RaceClient } = await import(pathToFileURL(entry).href);
  // Named in two steps, because it has no types.
  const { WebSocket } = await import(import.meta.resolve("ws"));
  const race = await RaceClient.connect(relay, {
    name: "Eve",
    webSocket: (/** @type {string} */ url, /** @type {string[]} */ protocols) =>
      new WebSocket(url, protocols),
  });
  const rooms = await until(async () => {
    /** @type {Array<{ id: string, name: string }>} */
    const all = await race.listRooms();
    return all.filter(({ name }) => name === ROOM);
  });
  const room = await race.joinRoom(rooms[0].id);

  /** How far it goes from where it was first seen; looks until that is enough. @param {number} enough */
  async function seenMetres(enough) {
    /** @type {{ x: number, z: number } | undefined} */
    let first;
    let metres = 0;
    await until(async () => {
      room.sendState(0, 0, 0, 0, 0, 0, 1);
      for (const { x, z } of room.cars()) {
        first ??= { x, z };
        metres = Math.hypot(x - first.x, z - first.z);
      }
      return metres >= enough ? [metres] : [];
    });
    return metres;
  }

  async function seenLeaving() {
    await until(async () => (room.players.size === 1 ? [true] : []));
  }

  /** Ask it to stop, as Ctrl-C does; gives how it ended. */
  async function stop() {
    child.kill("SIGINT");
    return (await exited)[0];
  }

  async function close() {
    child.kill("SIGKILL");
    await race.close();
  }

  /**
   * @template T
   * @param {() => Promise<T[]>} look  nothing while it is not so
   */
  async function until(look) {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const found = await look();
      if (found.length > 0) return found;
      assert.ok(Date.now() < deadline, `not so in time; the bot says: ${bot.log}`);
      await delay(POLL_MS);
    }
  }

  return bot;
}
