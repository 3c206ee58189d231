// Turns what the visitor wants into calls of the client and changes of the state. Only this file and those that it imports hold a
// client. The screens call these functions, which never throw.

import { adviceOf, codeOf, Connection } from "./connection.js";

/** @typedef {import("/pkg/index.js").RaceClient} RaceClient */
/** @typedef {import("./state.js").Store} Store */

/**
 * @typedef {object} Flow
 * @property {() => RaceClient | null} client  null while nobody is signed in
 * @property {() => Promise<void>} prepare
 * @property {() => Promise<void>} load  all that a signed-in player sees and needs
 * @property {(name: string, password: string, isOwn?: boolean, create?: boolean) => Promise<void>} signIn  `isOwn`: the name was the visitor's before;
 *   `create`: make an account
 * @property {(saved: string, name?: string, token?: string) => Promise<void>} goOn  with the session of the page before, if there is one; with a name, else sign
 *   in by it, or by the token of the account
 * @property {() => Promise<void>} signOut
 * @property {() => Promise<void>} reconnect
 * @property {(wanted: boolean) => void} watchRooms  keep the list of rooms up to date
 * @property {(name: string, maxPlayers?: number) => Promise<void>} createRoom  `maxPlayers` counts only where rooms have a size of their own
 * @property {(id: string) => Promise<void>} joinRoom
 * @property {() => Promise<void>} leaveRoom
 * @property {() => Promise<void>} startGame
 * @property {() => void} joinRace
 * @property {() => void} leaveRace
 * @property {(text: string) => boolean} sendMessage  false: it was not sent, so keep the text
 * @property {(id: string, muted: boolean) => void} mute  whether a player's messages are left out from now on
 * @property {(title: string, next: string) => void} say  show a notice for some seconds
 * @property {(code: string, advice?: import("./state.js").Advice) => void} refuse  say what is wrong with the form
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

/**
 * @typedef {object} Notices  What the visitor is told, and what they wait for.
 * @property {(title: string, next: string) => void} say
 * @property {(error: unknown) => void} report
 * @property {(what: string, work: () => Promise<unknown>, onError?: (error: unknown) => void) => Promise<void>} busy  until it is done, or the visitor signs out
 */

/** The name is the visitor's own, so it is not for them to choose another. */
const WRONG_PASSWORD = { title: "The password is wrong.", next: "Enter it again." };

/** Whoever is signed out with one of these has to fill in the form again. */
const SIGNED_OUT = ["kicked", "token_expired", "account_disabled", "password_missing"];

/**
 * @param {Store} store
 * @param {Parts} parts
 * @returns {Flow}
 */
export function createFlow(store, parts) {
  const { explain, init } = parts.library;
  const connection = new Connection(store, { ...parts, loadScreens: load }, begin);
  const notices = createNotices(store, explain, () => connection.epoch);
  const { busy, report, say } = notices;
  /** Loaded with the screens: nobody is in a room before. @type {import("./room-commands.js").RoomCommands | undefined} */
  let rooms;
  /** Loaded with them. @type {import("./interruption.js").Interruption | undefined} */
  let interruption;
  let listWanted = false;
  /** What `save()` gave to the page, while it is not used up. */
  let returning = "";

  async function load() {
    const [{ RoomCommands }, { Interruption }] = await Promise.all([
      import("./room-commands.js"),
      import("./interruption.js"),
      parts.loadScreens(),
    ]);
    if (rooms) return;
    rooms = new RoomCommands(store, connection, notices, explain);
    rooms.watch(listWanted);
    interruption = new Interruption(store, connection, rooms, notices, explain);
  }

  /** Somebody has signed in with a new client. @param {RaceClient} client */
  function begin(client) {
    client.on("state", (change) => {
      if (client !== connection.client) return;
      const { state, code = "" } = change;
      if (state !== "closed" || !SIGNED_OUT.includes(code)) return interruption?.handle(client, change);
      forget();
      refuse(explain(change), code);
    });
    client.on("draining", ({ seconds }) => interruption?.handleDraining(seconds));
    rooms?.begin(client);
  }

  /**
   * Back to the form.
   * @param {import("./state.js").Advice} [advice]
   * @param {string} [code]
   */
  function refuse(advice, code = "") {
    store.dispatch({ type: "signedOut", ...(advice && { notice: { kind: "error", code, ...advice } }) });
  }

  function forget() {
    interruption?.forget();
    rooms?.forget();
    return connection.forget();
  }

  async function reconnect() {
    const { lost, room, screen, busy: waiting } = store.get();
    const { client, credentials, epoch } = connection;
    if (!lost || !client || !credentials || waiting) return;
    if (client.state !== "closed") return client.reconnectNow();
    // The client has given up, so a new one signs in and goes back into the room.
    store.dispatch({ type: "lost", lost: { ...lost, retrying: true, retrySeconds: 0 } });
    await busy("reconnect", async () => {
      try {
        await connection.signIn(credentials, true);
      } catch (error) {
        if (epoch === connection.epoch) interruption?.giveUp(error);
        return;
      }
      if (room) await connection.need().joinRoom(room.id);
      if (screen === "race") store.dispatch({ type: "raceJoined" });
    });
  }

  async function prepare() {
    const ready = init();
    // If both fail, the relay cannot be reached, and that error says more.
    ready.catch(() => {});
    try {
      await connection.ask();
      // It only changes the form.
      connection.findGeneration().catch(() => {});
      await ready;
    } catch (error) {
      report(error);
    }
  }

  /** @type {Flow["signIn"]} */
  function signIn(name, password, isOwn = false, create = false) {
    const work = () => {
      store.dispatch({ type: "connecting" });
      return connection.signIn({ name, password, create }, isOwn);
    };
    return busy("signin", work, (error) => {
      const isWrong = isOwn && password && codeOf(error) === "auth_failed";
      refuse(isWrong ? WRONG_PASSWORD : (adviceOf(error) ?? explain(error)), codeOf(error));
    });
  }

  /** @type {Flow["goOn"]} */
  function goOn(resume, name, token) {
    const work = async () => {
      store.dispatch({ type: "connecting" });
      returning = resume;
      try {
        await connection.signIn(
          { resume, password: "", ...(name && { name }), ...(token && { token }) },
          true,
        );
      } finally {
        returning = "";
      }
    };
    return busy("signin", work, (error) =>
      refuse(
        codeOf(error) === "auth_required" ? undefined : (adviceOf(error) ?? explain(error)),
        codeOf(error),
      ),
    );
  }

  async function signOut() {
    const old = forget();
    refuse();
    await old?.close();
  }

  /** @type {Flow["leavePage"]} */
  function leavePage(toReturn) {
    const old = forget();
    const saved = toReturn ? (old ? old.save() : returning || undefined) : undefined;
    if (!saved) void old?.close();
    return saved;
  }

  return {
    client: () => connection.client,
    prepare,
    load,
    signIn,
    goOn,
    signOut,
    reconnect,
    leavePage,
    watchRooms(wanted) {
      listWanted = wanted;
      rooms?.watch(wanted);
    },
    createRoom: async (name, maxPlayers) => rooms?.create(name, maxPlayers),
    joinRoom: async (id) => rooms?.join(id),
    leaveRoom: async () => rooms?.leave(),
    startGame: async () => rooms?.start(),
    sendMessage: (text) => rooms?.sendMessage(text) ?? false,
    joinRace: () => store.dispatch({ type: "raceJoined" }),
    leaveRace: () => store.dispatch({ type: "raceLeft" }),
    mute: (id, muted) => store.dispatch({ type: "muted", id, muted }),
    say,
    refuse: (code, advice = explain({ code })) =>
      store.dispatch({ type: "notice", notice: { kind: "error", code, ...advice } }),
    dismiss: () => store.dispatch({ type: "notice", notice: null }),
    refuseTrack(error) {
      const advice = adviceOf(error);
      if (advice) store.dispatch({ type: "notice", notice: { kind: "error", ...advice } });
    },
  };
}

/**
 * @param {Store} store
 * @param {Parts["library"]["explain"]} explain
 * @param {() => number} epoch
 * @returns {Notices}
 */
function createNotices(store, explain, epoch) {
  /** @type {Notices["report"]} */
  function report(error) {
    // A dialog already tells of the lost connection.
    if (codeOf(error) === "reconnecting" || store.get().lost) return;
    store.dispatch({ type: "notice", notice: { kind: "error", ...(adviceOf(error) ?? explain(error)) } });
  }

  return {
    report,
    say: (title, next) => store.dispatch({ type: "notice", notice: { kind: "info", title, next } }),
    async busy(what, work, onError = report) {
      if (store.get().busy) return;
      const begun = epoch();
      store.dispatch({ type: "busy", what });
      try {
        await work();
      } catch (error) {
        if (begun === epoch()) onError(error);
      } finally {
        if (begun === epoch() && store.get().busy === what) store.dispatch({ type: "busy", what: "" });
      }
    },
  };
}
