// The list of rooms, the visitor's room and the messages in it: what the client tells of them, and what the visitor does there.

import { MAX_MESSAGE_LETTERS, plainName, plainText } from "./names.js";
import { takeMessages } from "./past-messages.js";

/** @typedef {import("/pkg/index.js").RaceClient} RaceClient */
/** @typedef {import("/pkg/index.js").Room} Room */

export class RoomCommands {
  /** The room ended while the connection was lost. */
  wasLost = false;
  /** Stops listening to the list of rooms. @type {(() => void) | null} */
  #stopList = null;
  #listWanted = false;
  #store;
  #connection;
  #notices;
  #explain;

  /**
   * @param {import("./state.js").Store} store
   * @param {import("./connection.js").Connection} connection
   * @param {import("./flow.js").Notices} notices
   * @param {import("./flow.js").Parts["library"]["explain"]} explain
   */
  constructor(store, connection, notices, explain) {
    this.#store = store;
    this.#connection = connection;
    this.#notices = notices;
    this.#explain = explain;
  }

  /** Somebody has signed in with this client, and may be in a room already. @param {RaceClient} client */
  begin(client) {
    client.on("room", ({ room }) => {
      if (room) this.#enter(room);
      // A client that has given up is in no room, but its successor goes back into this one.
      else if (client.state !== "closed" && this.#store.get().room) {
        this.#store.dispatch({ type: "leftRoom" });
      }
    });
    if (client.room) this.#enter(client.room);
    this.#stopList = null;
    this.#list();
  }

  /** The visitor has signed out. */
  forget() {
    this.wasLost = false;
    this.#stopList = null;
  }

  /** Keep the list of rooms up to date while it is shown. @param {boolean} wanted */
  watch(wanted) {
    this.#listWanted = wanted;
    this.#list();
  }

  /**
   * @param {string} name
   * @param {number} [maxPlayers]
   */
  create(name, maxPlayers) {
    return this.#notices.busy("create", () => this.#connection.need().createRoom(name, { maxPlayers }));
  }

  /** @param {string} id */
  join(id) {
    return this.#notices.busy(`join ${id}`, () => this.#connection.need().joinRoom(id));
  }

  leave() {
    return this.#notices.busy("leave", async () => this.#connection.need().room?.leave());
  }

  start() {
    return this.#notices.busy("start", async () => this.#connection.need().room?.start());
  }

  /** @param {string} text @returns {boolean}  false: it was not sent */
  sendMessage(text) {
    const { me } = this.#store.get();
    const room = this.#connection.client?.room;
    if (!me || !room || !plainText(text, MAX_MESSAGE_LETTERS)) return false;
    if (room.players.size < 2) {
      this.#notices.say("Nobody else is here yet.", "Send your message once somebody has joined.");
      return false;
    }
    this.#show(me.id, me.name, text, true);
    room.say(text).catch(this.#notices.report);
    return true;
  }

  #list() {
    const { client } = this.#connection;
    if (this.#listWanted && client) {
      this.#stopList ??= client.on("rooms", (rooms) =>
        this.#store.dispatch({
          type: "rooms",
          rooms: rooms.map((room) => ({ ...room, name: plainName(room.name), hostId: room.hostId ?? "" })),
        }),
      );
    } else {
      this.#stopList?.();
      this.#stopList = null;
    }
  }

  /** @param {Room} room */
  #enter(room) {
    const show = () => this.#store.dispatch({ type: "room", ...stateOf(room) });
    this.wasLost = false;
    this.#store.dispatch({ type: "enteredRoom", ...stateOf(room) });
    for (const message of takeMessages(room.id)) this.#store.dispatch({ ...message, type: "message" });
    for (const type of /** @type {const} */ (["joined", "left", "host"])) room.on(type, show);
    room.on("started", ({ spawnPositions }) => {
      show();
      this.#store.dispatch({ type: "raceStarted", spawns: spawnPositions });
    });
    room.on("message", ({ senderId, senderName, text }) => {
      if (senderId !== this.#connection.client?.id) {
        this.#show(senderId ?? "", plainName(senderName), text, false);
      }
    });
    room.on("lost", ({ code }) => {
      if (code === "not_in_room" || code === "room_not_found") this.#lose();
    });
  }

  #lose() {
    // While the client is connected, the notice says it at once.
    this.wasLost = this.#connection.client?.state !== "connected";
    const { title } = this.#explain({ code: "not_in_room" });
    const next = "The room was closed. Choose another room, or create your own.";
    this.#store.dispatch({ type: "leftRoom", notice: { kind: "error", title, next } });
  }

  /**
   * Show a message, if anything of it can be seen.
   * @param {string} senderId
   * @param {string} senderName
   * @param {string} text
   * @param {boolean} own
   */
  #show(senderId, senderName, text, own) {
    const shown = plainText(text, MAX_MESSAGE_LETTERS);
    if (shown) this.#store.dispatch({ type: "message", senderId, senderName, text: shown, own });
  }
}

/**
 * The room as the page shows it.
 * @param {Room} room
 */
function stateOf({ id, name, hostId, isActive, players }) {
  return {
    room: { id, name: plainName(name), hostId: hostId ?? "", isActive },
    players: [...players.values()].map((player) => ({ id: player.id, name: plainName(player.name) })),
  };
}
