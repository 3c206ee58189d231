/**
 * React hooks and components, for React 18 and later: take part in a race, or watch one. They work in strict mode, where
 * React runs every effect twice, and they clean up when they unmount.
 * @module mp-server-client/react
 */

import {
  createElement,
  forwardRef,
  useCallback,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
} from "react";

import { RaceClient } from "./client.js";
import { loadFailed } from "./error.js";

/** @typedef {import("./client.js").RaceOptions} RaceOptions */
/** @typedef {import("./connection.js").ClientState} ClientState */
/** @typedef {import("./players.js").Player} Player */
/** @typedef {import("./spectator.js").Spectator} Spectator */
/** @typedef {import("./spectator.js").SpectateOptions} SpectateOptions */
/** @typedef {import("./spectator.js").SpectatedRoom} SpectatedRoom */
/** @typedef {import("./spectator.js").SpectatorFactory} SpectatorFactory */
/** @typedef {import("../../www/src/viewer/race-viewer.js").RaceViewer} RaceViewerElement */
/**
 * @template {object} Messages
 * @typedef {import("./room.js").Room<Messages>} Room
 */
/** @typedef {{ code?: string, message?: string, reason?: string }} Trouble  A `RaceError`, or why a room or a connection ended; `explain()` takes both. */
/** @typedef {{ connect: (name: string, options?: Partial<RaceOptions> & { signal?: AbortSignal }) => Promise<RaceClient> }} RelayInThePage  Such as the one that `mockRelay()` gives. */
/**
 * @typedef {object} RaceWish  Which room to enter, and as which player.
 * @property {string | URL | RelayInThePage} relay  the relay's address, or a mock relay; keep a mock in a variable, because a new object makes a new connection
 * @property {string} name  the player's name
 * @property {string} [room]  the room's name: it is joined or created
 * @property {string} [roomId]  or the id of a room to join
 * @property {string} [password]
 * @property {Omit<RaceOptions, "name" | "password">} [options]  read when it connects; changing them does not reconnect
 */
/**
 * @template {object} Messages
 * @typedef {object} InRace  The state of a race, for a component.
 * @property {ClientState} state
 * @property {Trouble | null} error  why the player is not in the room
 * @property {RaceClient | null} race
 * @property {Room<Messages> | null} room  draw its cars in your own animation frames: they change too often for React's state
 * @property {readonly Player[]} players
 * @property {boolean} isHost
 * @property {boolean} isActive  the race was started
 */
/**
 * @typedef {object} WatchWish  Which room to watch.
 * @property {string | URL} relay  the relay's address
 * @property {string} room  the room's id
 * @property {string} [token]  the access token, if the relay's operator demands one
 * @property {Omit<SpectateOptions, "token"> & { spectator?: SpectatorFactory }} [options]  read when it begins to watch
 */
/**
 * @typedef {object} Watching  The state of a watched room, for a component.
 * @property {"idle" | import("./spectator.js").SpectatorEvents["state"]["state"]} state
 * @property {Trouble | null} error
 * @property {Spectator | null} spectator
 * @property {SpectatedRoom | null} room
 */
/**
 * @typedef {object} RaceViewerProps  What a viewer shows. Other props become attributes of the element.
 * @property {string} [src]  the relay's address
 * @property {string} [room]  the room's id
 * @property {string} [token]
 * @property {string} [track]
 * @property {string} [follow]
 * @property {Spectator | null} [spectator]  shown instead of `src` and `room`
 * @property {string} [className]
 * @property {import("react").CSSProperties} [style]
 * @property {(event: Event) => void} [onStateChange]
 * @property {(event: Event) => void} [onSelect]
 * @property {(event: Event) => void} [onError]
 */

/** @type {InRace<any>} */
const NOWHERE = Object.freeze({
  state: "idle",
  error: null,
  race: null,
  room: null,
  players: Object.freeze([]),
  isHost: false,
  isActive: false,
});
/** @type {Watching} */
const NOTHING = Object.freeze({ state: "idle", error: null, spectator: null, room: null });
const EVENTS = { onStateChange: "statechange", onSelect: "select", onError: "error" };

/**
 * Be in a room while the component is mounted. It reconnects when relay, name, password or room change. A new object with equal
 * values changes nothing.
 * @template {object} [Messages=Record<string, unknown>]
 * @param {RaceWish | null} wish  null: do not connect
 * @returns {InRace<Messages> & { retry: () => void }}  `retry` tries again after an error
 */
export function useRace(wish) {
  const { relay, name, room, roomId, password } = wish ?? {};
  const latest = useRef(wish);
  latest.current = wish;
  return useSession(
    NOWHERE,
    async (update, signal) => {
      if (!relay || name === undefined) return;
      const own = { ...latest.current?.options, ...(password !== undefined && { password }), signal };
      const inPage = /** @type {RelayInThePage} */ (relay);
      const race = await (typeof inPage.connect === "function"
        ? inPage.connect(name, own)
        : RaceClient.connect(/** @type {string | URL} */ (relay), { ...own, name }));
      try {
        race.on("state", ({ state }) => update({ state }), { signal });
        update({ state: race.state, race });
        const inside = await (roomId === undefined ? race.joinOrCreate(room ?? "") : race.joinRoom(roomId));
        const show = () => {
          const { players, isHost, isActive } = inside;
          update({ room: inside, players: [...players.values()], isHost, isActive });
        };
        for (const type of /** @type {const} */ (["joined", "left", "host", "started"])) {
          inside.on(type, show, { signal });
        }
        show();
        await until(signal, (reject) => {
          inside.on("lost", reject, { signal });
          race.on("state", (change) => change.state === "closed" && reject(change), { signal });
          if (!inside.isOpen) reject(race.stateChange);
        });
      } finally {
        await race.close();
      }
    },
    [String(relay ?? ""), typeof relay === "string" ? null : relay, name, room, roomId, password],
    wish !== null,
  );
}

/**
 * Watch a room while the component is mounted.
 * @param {WatchWish | null} wish  null: watch nothing
 * @returns {Watching & { retry: () => void }}
 */
export function useSpectator(wish) {
  const { relay, room, token } = wish ?? {};
  const latest = useRef(wish);
  latest.current = wish;
  return useSession(
    NOTHING,
    async (update, signal) => {
      if (!relay || room === undefined) return;
      const own = { ...latest.current?.options, ...(token !== undefined && { token }) };
      const spectator = await RaceClient.spectate(relay, room, own);
      try {
        spectator.on("room", (known) => update({ room: known }), { signal });
        update({ spectator, state: spectator.state, room: spectator.room });
        await until(signal, (reject) => {
          const onState = (/** @type {import("./spectator.js").SpectatorEvents["state"]} */ change) => {
            update({ state: change.state });
            if (change.state === "closed") reject(change);
          };
          spectator.on("state", onState, { signal });
          if (spectator.state === "closed") onState({ state: "closed" });
        });
      } finally {
        spectator.close();
      }
    },
    [String(relay ?? ""), room, token],
    wish !== null,
  );
}

/**
 * The element `<race-viewer>`, whose code is loaded when it is first mounted.
 * @type {import("react").ForwardRefExoticComponent<RaceViewerProps & import("react").RefAttributes<RaceViewerElement>>}
 */
export const RaceViewer = /* @__PURE__ */ forwardRef(
  /** @param {RaceViewerProps} props */
  function Viewer({ spectator = null, className, style, onStateChange, onSelect, onError, ...rest }, ref) {
    const element = useRef(/** @type {RaceViewerElement | null} */ (null));
    const handlers = useRef({ onStateChange, onSelect, onError });
    handlers.current = { onStateChange, onSelect, onError };
    useImperativeHandle(ref, () => /** @type {RaceViewerElement} */ (element.current));

    // Set as attributes: React 19 would set properties, and some of those are read-only.
    const attributes = JSON.stringify(rest);
    useEffect(() => {
      const names = Object.entries(JSON.parse(attributes)).filter(
        ([, value]) => value !== false && value !== null,
      );
      for (const [name, value] of names) {
        element.current?.setAttribute(name, value === true ? "" : String(value));
      }
      return () => names.forEach(([name]) => element.current?.removeAttribute(name));
    }, [attributes]);

    useEffect(() => {
      const gone = new AbortController();
      for (const [name, type] of Object.entries(EVENTS)) {
        const tell = (/** @type {Event} */ event) =>
          handlers.current[/** @type {keyof typeof EVENTS} */ (name)]?.(event);
        element.current?.addEventListener(type, tell, { signal: gone.signal });
      }
      return () => gone.abort();
    }, []);

    useEffect(() => {
      let mounted = true;
      void import("./viewer.js").catch(loadFailed).then(({ defineRaceViewer }) => {
        defineRaceViewer();
        if (mounted && spectator) element.current?.show(spectator);
      });
      return () => {
        mounted = false;
      };
    }, [spectator]);

    return createElement("race-viewer", { ref: element, class: className, style });
  },
);

/**
 * Run a session while the component is mounted. The previous session ends first, because it holds the player's name until then.
 * @template {{ state: string, error: Trouble | null }} State
 * @param {State} idle
 * @param {(update: (change: Partial<State>) => void, signal: AbortSignal) => Promise<void>} run  rejects if it ended by itself
 * @param {unknown[]} key  a change begins a new session
 * @param {boolean} wanted
 * @returns {State & { retry: () => void }}
 */
function useSession(idle, run, key, wanted) {
  const [shown, setShown] = useState(idle);
  const [attempt, setAttempt] = useState(0);
  const retry = useCallback(() => setAttempt((before) => before + 1), []);
  const goodbye = useRef(Promise.resolve());

  useEffect(() => {
    if (!wanted) return;
    const leaving = new AbortController();
    const { signal } = leaving;
    /** @param {Partial<State>} change */
    const update = (change) => {
      if (!signal.aborted) setShown((before) => ({ ...before, ...change }));
    };
    setShown({ ...idle, state: "connecting" });
    goodbye.current = goodbye.current
      .then(() => (signal.aborted ? undefined : run(update, signal)))
      .catch((error) => update({ ...idle, state: "closed", error }));
    return () => {
      leaving.abort();
      setShown(idle);
    };
    // The key has everything that a session depends on.
  }, [...key, wanted, attempt]);

  return { ...shown, retry };
}

/**
 * Resolves when the signal aborts; rejects when something else ends it before.
 * @param {AbortSignal} signal
 * @param {(reject: (why: Trouble) => void) => void} listen
 * @returns {Promise<void>}
 */
function until(signal, listen) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve());
    listen(reject);
  });
}
