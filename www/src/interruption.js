// What the visitor is told while the connection is interrupted, lost and back, and the countdown to the next attempt.

import { meOf } from "./connection.js";

/** @typedef {import("/pkg/index.js").RaceClient} RaceClient */
/** @typedef {import("/pkg/index.js").StateChange} StateChange */

/** A longer interruption stops the race, and is told in a dialog. */
const GRACE_MS = 3000;
/** A relay that restarts is back this soon after its last connection has ended. */
const RESTART_MS = 60_000;

export class Interruption {
  #store;
  #connection;
  #rooms;
  #notices;
  #explain;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #countdown;
  /** Runs while an interruption is too short for the dialog. @type {ReturnType<typeof setTimeout> | undefined} */
  #grace;
  /** The relay has announced that it restarts: until then this is why it can't be reached. */
  #restartsUntil = 0;

  /**
   * @param {import("./state.js").Store} store
   * @param {import("./connection.js").Connection} connection
   * @param {import("./room-commands.js").RoomCommands} rooms
   * @param {import("./flow.js").Notices} notices
   * @param {import("./flow.js").Parts["library"]["explain"]} explain
   */
  constructor(store, connection, rooms, notices, explain) {
    this.#store = store;
    this.#connection = connection;
    this.#rooms = rooms;
    this.#notices = notices;
    this.#explain = explain;
  }

  /**
   * A new state of the visitor's client.
   * @param {RaceClient} client
   * @param {StateChange} change
   */
  handle(client, change) {
    clearInterval(this.#countdown);
    const { state, resuming, retryInMs = 0 } = change;
    if (state === "reconnecting" && resuming && !this.#store.get().lost) return this.#interrupt();
    const wasShort = this.#grace !== undefined;
    this.#endGrace();
    if (state === "connected") this.#comeBack(client, wasShort);
    else if (state === "reconnecting") this.#lose(change, retryInMs);
    else if (state === "closed") this.giveUp(change);
  }

  /** The relay is about to restart. @param {number} seconds  until it ends the connections */
  handleDraining(seconds) {
    this.#restartsUntil = performance.now() + seconds * 1000 + RESTART_MS;
    // No number of seconds: the notice would still say it when they have passed.
    this.#notices.say("The relay is about to restart.", "You will be reconnected automatically.");
  }

  /** Wait for the visitor: trying again would not help. @param {unknown} why */
  giveUp(why) {
    const lost = { advice: this.#explain(why), retrying: false, retrySeconds: 0 };
    this.#store.dispatch({ type: "lost", lost });
  }

  /** The visitor has signed out. */
  forget() {
    this.#restartsUntil = 0;
    clearInterval(this.#countdown);
    this.#endGrace();
  }

  /**
   * @param {RaceClient} client
   * @param {boolean} wasShort
   */
  #comeBack(client, wasShort) {
    this.#store.dispatch({ type: "reconnected", me: meOf(client) });
    if (!wasShort) this.#notices.say("You are connected again.", this.#placeText(client.room !== null));
    this.#rooms.wasLost = false;
    this.#restartsUntil = 0;
  }

  /** @param {boolean} isInRoom */
  #placeText(isInRoom) {
    const { wasLost } = this.#rooms;
    if (!isInRoom && wasLost) return "Your room no longer exists. Choose another room, or create your own.";
    if (!isInRoom) return "Choose a room, or create your own.";
    return this.#store.get().screen === "race"
      ? "The race continues where you left off."
      : "You are back in your room.";
  }

  /** The race goes on meanwhile: what is short costs nothing. */
  #interrupt() {
    if (this.#grace !== undefined) return;
    this.#notices.say("The connection is interrupted.", "Reconnecting…");
    this.#grace = setTimeout(() => {
      this.#grace = undefined;
      const { client } = this.#connection;
      if (client?.state === "reconnecting") this.#lose(client.stateChange, 0);
    }, GRACE_MS);
  }

  #endGrace() {
    clearTimeout(this.#grace);
    this.#grace = undefined;
  }

  /**
   * @param {Pick<StateChange, "code" | "reason">} change
   * @param {number} retryInMs
   */
  #lose(change, retryInMs) {
    let retrySeconds = Math.ceil(retryInMs / 1000);
    const restarts = performance.now() < this.#restartsUntil;
    const code = restarts && change.code === "relay_unreachable" ? "relay_restarting" : change.code;
    const advice = this.#explain({ ...change, code });
    const show = () =>
      this.#store.dispatch({ type: "lost", lost: { advice, code, retrying: true, retrySeconds } });
    show();
    this.#countdown = setInterval(() => {
      if (retrySeconds <= 1) return clearInterval(this.#countdown);
      retrySeconds -= 1;
      show();
    }, 1000);
  }
}
