// What the visitor wants, turned into commands of the session and changes of the state. The only place that holds
// a session; the screens call these functions and never see a failure.

import { adviceFor, adviceForError } from "./errors.js";
import { backoffMs } from "./backoff.js";

/** @typedef {import("./net.js").Session} Session */
/** @typedef {import("./net.js").GameStarted} GameStarted */
/** @typedef {import("./state.js").Store} Store */

/**
 * @typedef {object} Flow
 * @property {() => Session | null} session  null while not connected
 * @property {(hook: (session: Session) => void) => void} onSession  called with each new session
 * @property {() => Promise<void>} prepare
 * @property {(name: string, password: string) => Promise<void>} signIn
 * @property {() => Promise<void>} signOut
 * @property {() => Promise<void>} reconnect
 * @property {() => Promise<void>} refreshRooms
 * @property {() => Promise<void>} refreshPlayers
 * @property {() => Promise<void>} measure
 * @property {(name: string) => Promise<void>} createRoom
 * @property {(id: string, name: string) => Promise<void>} joinRoom
 * @property {() => Promise<void>} leaveRoom
 * @property {() => Promise<void>} startGame
 * @property {() => void} joinRace
 * @property {() => void} leaveRace
 * @property {(text: string) => Promise<void>} sendMessage
 * @property {() => void} dismiss
 * @property {() => void} leavePage
 */

/** Errors after which the session is of no use; its `close` event tells the story. */
const ENDED = new Set(["closed", "connection_lost", "not_connected"]);

/**
 * @typedef {object} Net
 * @property {() => Promise<import("./net.js").ClientModule>} loadClient
 * @property {() => Promise<import("./net.js").Config>} loadConfig
 * @property {() => Promise<unknown>} loadScreens  all that a signed-in player sees
 * @property {string} url  of the relay's WebSocket
 */

/**
 * @param {Store} store
 * @param {Net} net
 * @returns {Flow}
 */
export function createFlow(store, { loadClient, loadConfig, loadScreens, url }) {
  /** @type {import("./net.js").Config | undefined} */
  let config;
  /** @type {Session | null} */
  let session = null;
  /** @type {Array<(session: Session) => void>} */
  const hooks = [];
  /** Kept in memory only, to sign in again after a lost connection. @type {{ name: string, password: string } | null} */
  let credentials = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retryTimer;
  let attempt = 0;
  let kicked = "";
  /** True from our START_GAME until its GAME_STARTED, which comes both as event and as answer. */
  let starting = false;

  /** @param {unknown} error */
  function report(error) {
    const { code, title, next } = adviceForError(error);
    if (session === null && ENDED.has(code)) return;
    store.dispatch({ type: "notice", notice: { kind: "error", title, next } });
  }

  /**
   * Do something the visitor waits for.
   * @param {string} what
   * @param {() => Promise<void>} work
   */
  async function busy(what, work) {
    if (store.get().busy) return;
    store.dispatch({ type: "busy", what });
    try {
      await work();
    } catch (error) {
      report(error);
    } finally {
      if (store.get().busy === what) store.dispatch({ type: "busy", what: "" });
    }
  }

  /** @returns {Session} */
  function open() {
    if (session === null) throw Object.assign(new Error(), { code: "not_connected" });
    return session;
  }

  /**
   * Connect and sign in, on a session of its own that becomes ours only when all went well.
   * @param {{ name: string, password: string }} as
   */
  async function connect(as) {
    const [client] = await Promise.all([loadClient(), loadScreens()]);
    config ??= await loadConfig();
    store.dispatch({ type: "configured", insecure: config.insecure, spectate: config.spectate });
    const fresh = new client.Session(config.session);
    /** @type {unknown} */
    let closed;
    const forget = fresh.on("close", (event) => (closed = event));
    try {
      const id = await fresh.connect(url);
      const { name } = await fresh.signIn(as.name, as.password || undefined);
      if (closed) throw closed;
      adopt(fresh);
      credentials = as;
      store.dispatch({ type: "signedIn", me: { id, name } });
    } catch (error) {
      discard(fresh);
      throw closed ?? error;
    } finally {
      forget();
    }
  }

  /** @param {Session} fresh */
  function adopt(fresh) {
    session = fresh;
    kicked = "";
    starting = false;
    /** @param {(event: any) => void} listener */
    const ours = (listener) => (/** @type {any} */ event) => {
      if (session === fresh) listener(event);
    };
    fresh.on("gameStarted", ours(onGameStarted));
    fresh.on(
      "message",
      ours(({ senderId, senderName, message }) => {
        if (senderId === store.get().me?.id) return;
        store.dispatch({ type: "message", senderId, senderName, text: message, own: false });
      }),
    );
    fresh.on(
      "roomLost",
      ours(({ roomId }) => {
        if (roomId === store.get().room?.id) loseRoom();
      }),
    );
    fresh.on(
      "draining",
      ours(({ seconds }) => {
        const title = `The relay restarts in ${seconds} seconds.`;
        store.dispatch({
          type: "notice",
          notice: { kind: "info", title, next: "The page reconnects by itself." },
        });
      }),
    );
    fresh.on(
      "kicked",
      ours(({ message }) => (kicked = message || "-")),
    );
    fresh.on("close", ours(onClose));
    for (const hook of hooks) hook(fresh);
  }

  /** @param {Session} old */
  function discard(old) {
    old
      .close()
      .catch(() => {})
      .finally(() => setTimeout(() => old.free(), 0));
  }

  /** @param {{ code: string, reason: string, retryable: boolean }} event */
  function onClose({ code, reason, retryable }) {
    const old = session;
    session = null;
    if (old) setTimeout(() => old.free(), 0);
    if (kicked) {
      const advice = adviceFor("kicked");
      store.dispatch({ type: "signedOut", notice: { kind: "error", ...advice } });
      return;
    }
    attempt = 0;
    lose(adviceFor(code, reason), retryable);
  }

  /**
   * @param {import("./errors.js").Advice} advice
   * @param {boolean} retryable
   */
  function lose(advice, retryable) {
    clearTimeout(retryTimer);
    if (!retryable) {
      store.dispatch({ type: "lost", lost: { advice, retrying: false, retrySeconds: 0 } });
      return;
    }
    let leftMs = backoffMs(attempt, Math.random());
    attempt += 1;
    const tick = () => {
      if (leftMs <= 0) {
        void reconnect();
        return;
      }
      const retrySeconds = Math.ceil(leftMs / 1000);
      store.dispatch({ type: "lost", lost: { advice, retrying: true, retrySeconds } });
      const pauseMs = Math.min(leftMs, 1000);
      leftMs -= pauseMs;
      retryTimer = setTimeout(tick, pauseMs);
    };
    tick();
  }

  async function reconnect() {
    const { lost, room } = store.get();
    if (!lost || !credentials || store.get().busy === "reconnect") return;
    clearTimeout(retryTimer);
    const { advice } = lost;
    store.dispatch({ type: "lost", lost: { advice, retrying: true, retrySeconds: 0 } });
    store.dispatch({ type: "busy", what: "reconnect" });
    try {
      await connect(credentials);
      attempt = 0;
    } catch (error) {
      const failed = adviceForError(error);
      store.dispatch({ type: "busy", what: "" });
      if (store.get().lost) lose(failed, failed.retryable);
      return;
    }
    await comeBack(room);
  }

  /** @param {import("./state.js").CurrentRoom | null} room */
  async function comeBack(room) {
    if (!room) return;
    try {
      await open().joinRoom(room.id);
      store.dispatch({ type: "enteredRoom", id: room.id, name: room.name });
      say("You are connected again.", "Join the race again whenever you like.");
      await refreshRooms();
    } catch {
      say("You are connected again.", "Your room is no longer open to you; choose another or create one.");
    }
  }

  /**
   * @param {string} title
   * @param {string} next
   */
  function say(title, next) {
    store.dispatch({ type: "notice", notice: { kind: "info", title, next } });
  }

  /** @param {GameStarted} start */
  function onGameStarted({ roomId, hostId, spawnPositions }) {
    starting = false;
    store.dispatch({ type: "raceStarted", roomId, hostId, spawns: spawnPositions });
  }

  async function refreshRooms() {
    if (!session) return;
    try {
      const listed = await session.listRooms();
      const rooms = listed.map((room) => ({ ...room, hostId: room.hostId ?? "" }));
      store.dispatch({ type: "rooms", rooms });
    } catch (error) {
      report(error);
    }
  }

  /** The room was closed under us: back to the list, with the reason. */
  function loseRoom() {
    const { title } = adviceFor("not_in_room");
    const next = "The room was closed. Choose another room, or create your own.";
    store.dispatch({ type: "leftRoom", notice: { kind: "error", title, next } });
  }

  /** Measure the round trip, which the session's metrics then show. */
  async function measure() {
    // A ping that fails says nothing that the connection's end does not say better.
    await session?.ping().catch(() => {});
  }

  async function refreshPlayers() {
    if (!session || !store.get().room) return;
    try {
      const { roomId, players } = await session.roomPlayers();
      store.dispatch({ type: "players", roomId, players });
    } catch (error) {
      const { code } = adviceForError(error);
      if (code !== "not_in_room" && code !== "room_not_found") return report(error);
      loseRoom();
    }
  }

  /**
   * To everybody else in the room, one after the other: this generation has no message to a room.
   * @param {string} text
   */
  async function sendMessage(text) {
    const { me, players } = store.get();
    if (!me || !text.trim()) return;
    const others = players.filter((player) => player.id !== me.id);
    if (others.length === 0) {
      say("Nobody else is here yet.", "Messages reach those who are in the room when you send them.");
      return;
    }
    store.dispatch({ type: "message", senderId: me.id, senderName: me.name, text, own: true });
    let reached = 0;
    /** @type {unknown} */
    let failure;
    for (const { id } of others) {
      try {
        await open().relayMessage(id, text);
        reached += 1;
      } catch (error) {
        failure = error;
      }
    }
    if (reached === 0) report(failure);
  }

  return {
    session: () => session,
    onSession: (hook) => void hooks.push(hook),
    async prepare() {
      const client = loadClient();
      // Where both fail the relay is not there, which says more.
      client.catch(() => {});
      try {
        config = await loadConfig();
        store.dispatch({ type: "configured", insecure: config.insecure, spectate: config.spectate });
        await client;
      } catch (error) {
        report(error);
      }
    },
    signIn: (name, password) =>
      busy("signin", async () => {
        store.dispatch({ type: "connecting" });
        try {
          await connect({ name, password });
        } catch (error) {
          const { title, next } = adviceForError(error);
          store.dispatch({ type: "signedOut", notice: { kind: "error", title, next } });
        }
      }),
    async signOut() {
      clearTimeout(retryTimer);
      const old = session;
      session = null;
      credentials = null;
      store.dispatch({ type: "signedOut" });
      if (old) discard(old);
    },
    reconnect,
    refreshRooms,
    refreshPlayers,
    measure,
    createRoom: (name) =>
      busy("create", async () => {
        const { roomId } = await open().createRoom(name);
        store.dispatch({ type: "enteredRoom", id: roomId, name });
        await refreshRooms();
      }),
    joinRoom: (id, name) =>
      busy(`join ${id}`, async () => {
        await open().joinRoom(id);
        store.dispatch({ type: "enteredRoom", id, name });
        await refreshPlayers();
      }),
    leaveRoom: () =>
      busy("leave", async () => {
        try {
          await open().leaveRoom();
        } catch (error) {
          if (adviceForError(error).code !== "not_in_room") throw error;
        }
        store.dispatch({ type: "leftRoom" });
      }),
    startGame: () =>
      busy("start", async () => {
        starting = true;
        const start = await open().startGame();
        if (starting) onGameStarted(start);
      }),
    joinRace: () => store.dispatch({ type: "raceJoined" }),
    leaveRace: () => store.dispatch({ type: "raceLeft" }),
    sendMessage,
    dismiss: () => store.dispatch({ type: "notice", notice: null }),
    leavePage() {
      const old = session;
      session = null;
      void old?.close().catch(() => {});
    },
  };
}
