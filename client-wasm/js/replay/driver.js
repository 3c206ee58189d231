// Repeats with a client what the page did with it while it was recorded, at the same times, and moves it to other times.

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./known.js").Call} Call */

/**
 * @typedef {object} DrivenRoom  What a driver needs of a client.
 * @property {() => Promise<unknown>} leave
 * @property {() => Promise<unknown>} start
 * @property {(text: string, playerId?: string) => Promise<unknown>} say
 */
/**
 * @typedef {object} DrivenClient
 * @property {string} state  `idle` before it was connected
 * @property {() => Promise<unknown>} connect
 * @property {(name: string) => Promise<unknown>} createRoom
 * @property {(id: string) => Promise<unknown>} joinRoom
 * @property {DrivenRoom | null} room
 */

export class Driver {
  #stage;
  #client;
  /** The client comes back into this room by itself. @type {string | undefined} */
  #comesBackTo;

  /**
   * @param {Stage} stage
   * @param {DrivenClient} client
   */
  constructor(stage, client) {
    this.#stage = stage;
    this.#client = client;
    stage.onCall = (call) => this.#repeat(call);
  }

  /**
   * Bring the client to a time, as it was then, and its room as it was.
   * @param {number} atMs
   */
  async seek(atMs) {
    const stage = this.#stage;
    const back = atMs < stage.positionMs;
    const { started } = stage.known;
    stage.seeking = true;
    try {
      stage.jump(atMs);
      if (stage.known.state !== "authenticated") return this.#lose();
      await this.#connect();
      const moved = await this.#move(back);
      this.#showCars();
      const now = stage.known.started;
      if (now && (moved || now !== started)) stage.emit("gameStarted", now);
    } finally {
      stage.seeking = false;
    }
    for (const call of [...stage.known.pending.values()]) this.#repeat(call);
  }

  /** Lose the connection, because the recording has none at that time. The client hears what happens next in it. */
  #lose() {
    if (!this.#stage.told.signedIn) return;
    this.#stage.emit("state", { state: "disconnected" });
    this.#stage.lose("the connection was lost at this time of the recording");
  }

  async #connect() {
    if (this.#client.state === "idle") await this.#client.connect();
  }

  /**
   * Move the client into the room of that time, or out of any room. Back in time it enters the same room again, because the old
   * one knows what has not happened yet.
   * @param {boolean} back
   */
  async #move(back) {
    const { told, known } = this.#stage;
    if (!told.signedIn) return false;
    if (told.roomId !== undefined && (back || told.roomId !== known.roomId)) await this.#client.room?.leave();
    if (known.roomId === undefined || told.roomId === known.roomId) return false;
    await this.#client.joinRoom(known.roomId);
    return true;
  }

  #showCars() {
    const { told, known } = this.#stage;
    if (!told.signedIn) return;
    for (const [slot, id] of [...told.cars]) {
      if (known.cars.get(slot) !== id) this.#stage.emit("carLeft", { slot, id });
    }
    for (const [slot, id] of known.cars) {
      if (!told.cars.has(slot)) this.#stage.emit("carJoined", { slot, id });
    }
  }

  /** @param {Call} call */
  #repeat([, method, args]) {
    // It may fail as it did in the recording, where the page has already seen the error.
    this.#do(method, args)?.catch(() => {});
  }

  /**
   * @param {string} method
   * @param {string[]} args
   * @returns {Promise<unknown> | undefined}
   */
  #do(method, [first, second]) {
    const { room } = this.#client;
    switch (method) {
      case "connect":
        this.#comesBackTo = this.#stage.lastRoomId;
        return this.#connect();
      case "createRoom":
        return this.#client.createRoom(first);
      case "joinRoom":
        return this.#isComingBack(first) ? undefined : this.#client.joinRoom(first);
      case "leaveRoom":
        return room?.leave();
      case "startGame":
        return room?.start();
      case "relayMessage":
        return room?.say(second, first);
      default:
        // The client signs in, asks and says goodbye by itself.
        return undefined;
    }
  }

  /** @param {string} roomId */
  #isComingBack(roomId) {
    const own = this.#comesBackTo === roomId;
    this.#comesBackTo = undefined;
    return own;
  }
}
