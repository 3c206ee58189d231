// The hook: being in a room, as long as the component is there and wants to be.

import { useCallback, useEffect, useRef, useState } from "react";

import { enter, fetchTrack, makeClient } from "./relay.js";

/** @typedef {import("mp-server-client").Room} Room */
/** @typedef {import("mp-server-client").Player} Player */
/** @typedef {import("mp-server-client").ClientState} ClientState */
/** @typedef {import("./circuit.js").TrackFile} TrackFile */
/** @typedef {{ relay: string, name: string, roomName: string }} Wish  the relay's address or `mock`, the own name, the room's */
/** @typedef {{ code?: string, message?: string, reason?: string }} Trouble  a `RaceError`, or why the room was lost */
/**
 * @typedef {object} Race
 * @property {ClientState} state
 * @property {Trouble | null} error  why one is not in the room
 * @property {Room | null} room  for whoever draws cars: they change too often for React's state
 * @property {TrackFile | null} track
 * @property {readonly Player[]} players
 * @property {boolean} isHost
 */

/** @type {Race} */
const NOWHERE = { state: "idle", error: null, room: null, track: null, players: [], isHost: false };

/**
 * Be in a room. Connects when the wish is there, says goodbye when it changes, is taken back, or the component goes.
 * @param {Wish | null} wish  null: be nowhere
 * @returns {Race & { again: () => void }}  `again` tries once more, after an error
 */
export function useRace(wish) {
  const [race, setRace] = useState(NOWHERE);
  const [attempt, setAttempt] = useState(0);
  const again = useCallback(() => setAttempt((before) => before + 1), []);
  // The last goodbye: until it is said the name is taken, and strict mode connects twice in a row.
  const goodbye = useRef(Promise.resolve());
  // Apart, since a wish that says the same is often another object.
  const { relay, name, roomName } = wish ?? {};

  useEffect(() => {
    if (relay === undefined || name === undefined || roomName === undefined) return;
    const leaving = new AbortController();
    const { signal } = leaving;
    /** @param {Partial<Race>} change */
    const update = (change) => {
      if (!signal.aborted) setRace((before) => ({ ...before, ...change }));
    };
    setRace({ ...NOWHERE, state: "connecting" });

    const session = goodbye.current.then(async () => {
      if (signal.aborted) return;
      const client = await makeClient(relay, name);
      try {
        // With the signal no listener outlives the effect.
        client.on("state", ({ state }) => update({ state }), { signal });
        await client.connect({ signal });
        const track = await fetchTrack(relay, client.url);
        const room = await enter(client, roomName);
        for (const event of /** @type {const} */ (["joined", "left", "host"])) {
          room.on(event, () => update(peopleIn(room)), { signal });
        }
        update({ room, track, ...peopleIn(room) });
        await over(client, room, signal);
      } catch (error) {
        update({ error: /** @type {Trouble} */ (error), room: null, players: [] });
      } finally {
        await client.close();
      }
    });
    goodbye.current = session.catch((error) => update({ error, state: "closed" }));

    return () => {
      leaving.abort();
      setRace(NOWHERE);
    };
  }, [relay, name, roomName, attempt]);

  return { ...race, again };
}

/** @param {Room} room */
function peopleIn(room) {
  // Entries are frozen, and the same objects as long as nothing about them changes.
  return { players: [...room.players.values()], isHost: room.isHost };
}

/**
 * Resolves when the effect is over; rejects when the room or the connection ends before.
 * @param {import("mp-server-client").RaceClient} client
 * @param {Room} room
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function over(client, room, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve());
    room.on("lost", reject, { signal });
    client.on("state", (change) => change.state === "closed" && reject(change), { signal });
  });
}
