// Turns what the visitor wants into calls of the client and changes of the state. Only this file holds a client. The screens
// call these functions, which never throw.

import { MAX_MESSAGE_LETTERS, plainName, plainText } from "./names.js";

/** @typedef {import("/pkg/index.js").RaceClient} RaceClient */
/** @typedef {import("/pkg/index.js").Room} Room */
/** @typedef {import("/pkg/index.js").RelayConfig} RelayConfig */
/** @typedef {import("/pkg/index.js").StateChange} StateChange */
/** @typedef {import("./state.js").Store} Store */

/**
 * @typedef {object} Flow
 * @property {() => RaceClient | null} client  null while nobody is signed in
 * @property {() => Promise<void>} prepare
 * @property {(name: string, password: string, isOwn?: boolean) => Promise<void>} signIn  `isOwn`: the name was the visitor's before
 * @property {(saved: string, name?: string) => Promise<void>} goOn  with the session of the page before; with a name, else sign in by it
 * @property {() => Promise<void>} signOut
 * @property {() => Promise<void>} reconnect
 * @property {(wanted: boolean) => void} watchRooms  keep the list of rooms up to date
 * @property {(name: string) => Promise<void>} createRoom
 * @property {(id: string) => Promise<void>} joinRoom
 * @property {() => Promise<void>} leaveRoom
 * @property {() => Promise<void>} startGame
 * @property {() => void} joinRace
 * @property {() => void} leaveRace
 * @property {(text: string) => boolean} sendMessage  false: it was not sent, so keep the text
 * @property {(id: string, muted: boolean) => void} mute  whether a player's messages are left out from now on
 * @property {(title: string, next: string) => void} say  show a notice for some seconds
 * @property {() => void} dismiss
 * @property {(toReturn: boolean) => string | undefined} leavePage  gives what `goOn` takes, for a page that may be reloaded
 * @property {(error: unknown) => void} refuseTrack  say what is wrong with the circuit, if that was the error
 */

/**
 * @typedef {object} Parts
 * @property {Pick<typeof import("/pkg/index.js"), "RaceClient" | "init" | "relayConfig"> & Pick<typeof import("/pkg/explain.js"), "explain">} library
 * @property {() => Promise<Pick<typeof import("/pkg/telemetry.js"), "report">>} [loadTelemetry]
 * @property {() => Promise<unknown>} loadScreens  loads all that a signed-in player sees
 * @property {() => string} url  the relay's address, with the game server that the visitor has chosen
 * @property {import("/pkg/index.js").CoreFactory} [core]  makes the core behind the client; default: the wasm client
 * @property {() => import("/pkg/index.js").Clock | undefined} [clock]  gives the client's clock once the screens are loaded
 */

/** The name is the visitor's own, so it is not for them to choose another. */
const WRONG_PASSWORD = { title: "The password is wrong.", next: "Enter it again." };

/** How long the name of a visitor without a password may be held by what the relay keeps of a lost session. */
const GHOST_MS = 35_000;
const GHOST_RETRY_MS = 2000;

/** A longer interruption stops the race, and is told in a dialog. */
const GRACE_MS = 3000;

/** A relay that restarts is back this soon after its last connection has ended. */
const RESTART_MS = 60_000;

/** A part of the page could not be loaded. */
class PageIncomplete extends Error {
  advice = {
    title: "A part of this page could not be loaded.",
    next: "Check your network, then try again. If that does not help, reload the page.",
  };
}

/**
 * The title and advice that an error of the page itself carries.
 * @param {unknown} error
 * @returns {PageIncomplete["advice"] | undefined}
 */
function adviceOf(error) {
  return /** @type {PageIncomplete | undefined} */ (error)?.advice;
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {{ code?: string } | undefined} */ (error)?.code;
}

/**
 * @param {Store} store
 * @param {Parts} parts
 * @returns {Flow}
 */
export function createFlow(store, { library, loadTelemetry, loadScreens, url, core, clock }) {
  const { RaceClient, explain, init, relayConfig } = library;
  /** What the relay says, by its address. @type {Record<string, RelayConfig>} */
  const configs = {};
  /** @type {RaceClient | null} */
  let client = null;
  /** A new client while it connects; there is no other open one then. @type {RaceClient | null} */
  let candidate = null;
  /** Counts sign-outs: what began before one neither connects nor says anything any more. */
  let epoch = 0;
  /** Kept in memory only, to sign in again after the client has given up. @type {{ name: string, password: string } | null} */
  let credentials = null;
  /** What `save()` gave to the page, while it is not used up. */
  let returning = "";
  /** Whose session was lost last, and not ended in order. */
  let lostName = "";
  /** Stops listening to the list of rooms. @type {(() => void) | null} */
  let stopRooms = null;
  let roomsWanted = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let countdown;
  /** Runs while an interruption is too short for the dialog. @type {ReturnType<typeof setTimeout> | undefined} */
  let grace;
  /** The room ended while the connection was lost. */
  let lostRoom = false;
  /** The relay has announced that it restarts: until then this is why it can't be reached. */
  let restartsUntil = 0;

  /** @param {boolean} isInRoom */
  function comeBackText(isInRoom) {
    if (!isInRoom && lostRoom) return "Your room no longer exists. Choose another room, or create your own.";
    if (!isInRoom) return "Choose a room, or create your own.";
    return store.get().screen === "race"
      ? "The race continues where you left off."
      : "You are back in your room.";
  }

  /** @param {unknown} error */
  function report(error) {
    // A dialog already tells of the lost connection.
    if (codeOf(error) === "reconnecting" || store.get().lost) return;
    store.dispatch({ type: "notice", notice: { kind: "error", ...(adviceOf(error) ?? explain(error)) } });
  }

  /**
   * @param {string} title
   * @param {string} next
   */
  function say(title, next) {
    store.dispatch({ type: "notice", notice: { kind: "info", title, next } });
  }

  /**
   * Do something that the visitor waits for, until they sign out.
   * @param {string} what
   * @param {() => Promise<unknown>} work
   * @param {(error: unknown) => void} [onError]
   */
  async function busy(what, work, onError = report) {
    if (store.get().busy) return;
    const begun = epoch;
    store.dispatch({ type: "busy", what });
    try {
      await work();
    } catch (error) {
      if (begun === epoch) onError(error);
    } finally {
      if (begun === epoch && store.get().busy === what) store.dispatch({ type: "busy", what: "" });
    }
  }

  /** @param {number} begun  the epoch */
  function throwIfSignedOut(begun) {
    if (begun !== epoch) throw Object.assign(new Error("signed out"), { code: "closed" });
  }

  /** @returns {RaceClient} */
  function open() {
    if (client === null) throw Object.assign(new Error(), { code: "not_connected" });
    return client;
  }

  /** @returns {Promise<RelayConfig>} */
  async function ask() {
    const address = url();
    const answer = (configs[address] ??= await relayConfig(address).catch(async (error) => {
      if (error.code !== "not_a_relay") throw error;
      const { explainUnknown } = await import("./servers.js");
      throw await explainUnknown(error, address, relayConfig, store);
    }));
    // Another game server was chosen meanwhile.
    if (address !== url()) return ask();
    store.dispatch({ type: "configured", config: answer });
    return answer;
  }

  /**
   * Connect and sign in with a new client, which is kept only if that succeeds.
   * @param {{ name?: string, password: string, resume?: string }} as
   */
  async function connect(as) {
    const begun = epoch;
    await loadScreens().catch((cause) => {
      throw adviceOf(cause) ? cause : new PageIncomplete("page incomplete", { cause });
    });
    const config = await ask();
    throwIfSignedOut(begun);
    const fresh = new RaceClient(url(), {
      ...(as.name !== undefined && { name: as.name }),
      resume: as.resume ?? "",
      ...(as.password && { password: as.password }),
      ...(core && { core }),
      ...(clock && { clock: clock() }),
      config,
    });
    candidate = fresh;
    try {
      await fresh.connect();
      throwIfSignedOut(begun);
    } catch (error) {
      void fresh.close();
      throw error;
    } finally {
      if (candidate === fresh) candidate = null;
    }
    client = fresh;
    lostName = "";
    credentials = { name: fresh.name, password: as.password };
    listen(fresh);
    void reportOn(fresh);
    store.dispatch({ type: "signedIn", me: meOf(fresh) });
    if (fresh.room) enter(fresh.room);
    showRooms();
  }

  /**
   * The same. A name that is taken may be the visitor's own, which the server still has.
   * @param {{ name?: string, password: string, resume?: string }} as
   */
  async function connectAgain({ resume = "", ...as }) {
    const begun = epoch;
    const untilMs = Date.now() + GHOST_MS;
    for (;;) {
      try {
        return await connect({ ...as, resume });
      } catch (error) {
        if (codeOf(error) !== "auth_failed" || as.password || as.name !== lostName || Date.now() > untilMs) {
          throw error;
        }
      }
      // The relay no longer had that session.
      resume = "";
      await new Promise((resolve) => setTimeout(resolve, GHOST_RETRY_MS));
      throwIfSignedOut(begun);
    }
  }

  /** Send figures to the site's collector, if it has one. They end with the client. @param {RaceClient} fresh */
  async function reportOn(fresh) {
    const { telemetryUrl } = configs[url()] ?? {};
    // The race does not need it.
    if (telemetryUrl) (await loadTelemetry?.().catch(() => undefined))?.report(fresh, { url: telemetryUrl });
  }

  /** @param {RaceClient} fresh */
  function listen(fresh) {
    fresh.on("state", (change) => onState(fresh, change));
    fresh.on("room", ({ room }) => {
      if (room) enter(room);
      // A client that has given up is in no room, but its successor goes back into this one.
      else if (fresh.state !== "closed" && store.get().room) store.dispatch({ type: "leftRoom" });
    });
    // No number of seconds: the notice would still say it when they have passed.
    fresh.on("draining", ({ seconds }) => {
      restartsUntil = performance.now() + seconds * 1000 + RESTART_MS;
      say("The relay is about to restart.", "You will be reconnected automatically.");
    });
  }

  /** @param {Room} room */
  function enter(room) {
    const show = () => store.dispatch({ type: "room", ...stateOf(room) });
    lostRoom = false;
    store.dispatch({ type: "enteredRoom", ...stateOf(room) });
    for (const type of /** @type {const} */ (["joined", "left", "host"])) room.on(type, show);
    room.on("started", ({ spawnPositions }) => {
      show();
      store.dispatch({ type: "raceStarted", spawns: spawnPositions });
    });
    room.on("message", ({ senderId, senderName, text }) => {
      const shown = plainText(text, MAX_MESSAGE_LETTERS);
      if (senderId === client?.id || !shown) return;
      store.dispatch({
        type: "message",
        senderId,
        senderName: plainName(senderName),
        text: shown,
        own: false,
      });
    });
    room.on("lost", ({ code }) => {
      if (code !== "not_in_room" && code !== "room_not_found") return;
      // While the client is connected, the notice says it at once.
      lostRoom = client?.state !== "connected";
      const { title } = explain({ code: "not_in_room" });
      const next = "The room was closed. Choose another room, or create your own.";
      store.dispatch({ type: "leftRoom", notice: { kind: "error", title, next } });
    });
  }

  /**
   * @param {RaceClient} from
   * @param {StateChange} change
   */
  function onState(from, change) {
    if (from !== client) return;
    clearInterval(countdown);
    const { state, code, retryInMs = 0 } = change;
    const wasShort = grace !== undefined;
    if (state === "reconnecting" && change.resuming && !store.get().lost) return interrupt();
    clearTimeout(grace);
    grace = undefined;
    if (state === "connected") {
      store.dispatch({ type: "reconnected", me: meOf(from) });
      if (!wasShort) say("You are connected again.", comeBackText(from.room !== null));
      lostRoom = false;
      restartsUntil = 0;
    } else if (state === "reconnecting") {
      lose(change, retryInMs);
    } else if (state === "closed" && code === "kicked") {
      forget();
      store.dispatch({ type: "signedOut", notice: { kind: "error", ...explain(change) } });
    } else if (state === "closed") {
      giveUp(change);
    }
  }

  /** The race goes on meanwhile: what is short costs nothing. */
  function interrupt() {
    if (grace !== undefined) return;
    say("The connection is interrupted.", "Reconnecting…");
    grace = setTimeout(() => {
      grace = undefined;
      if (client?.state === "reconnecting") lose(client.stateChange, 0);
    }, GRACE_MS);
  }

  /** Wait for the visitor: trying again would not help. @param {unknown} why */
  function giveUp(why) {
    store.dispatch({ type: "lost", lost: { advice: explain(why), retrying: false, retrySeconds: 0 } });
  }

  /**
   * @param {Pick<StateChange, "code" | "reason">} change
   * @param {number} retryInMs
   */
  function lose(change, retryInMs) {
    let retrySeconds = Math.ceil(retryInMs / 1000);
    const restarts = performance.now() < restartsUntil;
    const code = restarts && change.code === "relay_unreachable" ? "relay_restarting" : change.code;
    const advice = explain({ ...change, code });
    const show = () => store.dispatch({ type: "lost", lost: { advice, code, retrying: true, retrySeconds } });
    show();
    countdown = setInterval(() => {
      if (retrySeconds <= 1) return clearInterval(countdown);
      retrySeconds -= 1;
      show();
    }, 1000);
  }

  async function reconnect() {
    const { lost, room, screen, busy: waiting } = store.get();
    if (!lost || !client || !credentials || waiting) return;
    if (client.state !== "closed") return client.reconnectNow();
    // The client has given up, so a new one signs in and goes back into the room.
    const [as, begun] = [credentials, epoch];
    store.dispatch({ type: "lost", lost: { ...lost, retrying: true, retrySeconds: 0 } });
    await busy("reconnect", async () => {
      try {
        lostName = as.name;
        await connectAgain(as);
      } catch (error) {
        if (begun === epoch) giveUp(error);
        return;
      }
      if (room) await open().joinRoom(room.id);
      if (screen === "race") store.dispatch({ type: "raceJoined" });
    });
  }

  /** Back to the form. @param {PageIncomplete["advice"]} [advice] */
  function refuse(advice) {
    store.dispatch({ type: "signedOut", ...(advice && { notice: { kind: "error", ...advice } }) });
  }

  function forget() {
    epoch += 1;
    lostRoom = false;
    restartsUntil = 0;
    clearInterval(countdown);
    clearTimeout(grace);
    grace = undefined;
    const old = candidate ?? client;
    if (client?.state === "reconnecting") lostName = client.name;
    client = credentials = null;
    stopRooms = null;
    return old;
  }

  /** Keep the list of rooms up to date while it is shown. */
  function showRooms() {
    if (roomsWanted && client) {
      stopRooms ??= client.on("rooms", (rooms) =>
        store.dispatch({
          type: "rooms",
          rooms: rooms.map((room) => ({ ...room, name: plainName(room.name), hostId: room.hostId ?? "" })),
        }),
      );
    } else {
      stopRooms?.();
      stopRooms = null;
    }
  }

  return {
    client: () => client,
    async prepare() {
      const ready = init();
      // If both fail, the relay cannot be reached, and that error says more.
      ready.catch(() => {});
      try {
        await ask();
        await ready;
      } catch (error) {
        report(error);
      }
    },
    signIn: (name, password, isOwn) =>
      busy(
        "signin",
        () => {
          store.dispatch({ type: "connecting" });
          if (isOwn) lostName = name;
          return connectAgain({ name, password });
        },
        (error) => {
          const isWrong = isOwn && password && codeOf(error) === "auth_failed";
          refuse(isWrong ? WRONG_PASSWORD : (adviceOf(error) ?? explain(error)));
        },
      ),
    goOn: (resume, name) =>
      busy(
        "signin",
        async () => {
          store.dispatch({ type: "connecting" });
          returning = resume;
          try {
            if (name) lostName = name;
            await connectAgain({ resume, password: "", ...(name && { name }) });
          } finally {
            returning = "";
          }
        },
        (error) =>
          refuse(codeOf(error) === "auth_required" ? undefined : (adviceOf(error) ?? explain(error))),
      ),
    async signOut() {
      const old = forget();
      store.dispatch({ type: "signedOut" });
      await old?.close();
    },
    reconnect,
    watchRooms(wanted) {
      roomsWanted = wanted;
      showRooms();
    },
    createRoom: (name) => busy("create", () => open().createRoom(name)),
    joinRoom: (id) => busy(`join ${id}`, () => open().joinRoom(id)),
    leaveRoom: () => busy("leave", async () => open().room?.leave()),
    startGame: () => busy("start", async () => open().room?.start()),
    joinRace: () => store.dispatch({ type: "raceJoined" }),
    leaveRace: () => store.dispatch({ type: "raceLeft" }),
    sendMessage(text) {
      const { me } = store.get();
      const room = client?.room;
      const shown = plainText(text, MAX_MESSAGE_LETTERS);
      if (!me || !room || !shown) return false;
      if (room.players.size < 2) {
        say("Nobody else is here yet.", "Send your message once somebody has joined.");
        return false;
      }
      store.dispatch({
        type: "message",
        senderId: me.id,
        senderName: me.name,
        text: shown,
        own: true,
      });
      room.say(text).catch(report);
      return true;
    },
    mute: (id, muted) => store.dispatch({ type: "muted", id, muted }),
    say,
    dismiss: () => store.dispatch({ type: "notice", notice: null }),
    refuseTrack(error) {
      const advice = adviceOf(error);
      if (advice) store.dispatch({ type: "notice", notice: { kind: "error", ...advice } });
    },
    leavePage(toReturn) {
      const old = forget();
      const saved = toReturn ? (old ? old.save() : returning || undefined) : undefined;
      if (!saved) void old?.close();
      return saved;
    },
  };
}

/** The player as the page shows it: one's own name may have come from another page. @param {RaceClient} client */
const meOf = ({ id, name }) => ({ id, name: plainName(name) });

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
