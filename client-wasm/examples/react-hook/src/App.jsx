// The page: a form that makes a wish, and the race where it comes true.

import { useEffect, useState } from "react";

import { Track } from "./Track.jsx";
import { useRace } from "./useRace.js";
import { inWords } from "./words.js";

/** @typedef {import("./useRace.js").Wish} Wish */
/** @typedef {import("./useRace.js").Trouble} Trouble */

const STATES = {
  idle: "not connected",
  connecting: "connecting…",
  connected: "connected",
  reconnecting: "connection lost, coming back…",
  closed: "not connected",
};
const LINK = new URLSearchParams(location.search);
const RELAY = LINK.get("relay") ?? "http://127.0.0.1:8080";

/** A link that says all, as friends send it to each other: `?relay=…&name=Ann&room=Friday`. @returns {Wish | null} */
function wishOfLink() {
  const [name, roomName] = [LINK.get("name"), LINK.get("room")];
  return name && roomName ? { relay: RELAY, name, roomName } : null;
}

export function App() {
  const [wish, setWish] = useState(wishOfLink);
  const race = useRace(wish);
  const { state, error, room, track, again } = race;
  /** @param {Wish} next */
  const enter = (next) => {
    setWish(next);
    // It may be the same wish as the one that failed.
    again();
  };

  return (
    <>
      <header>
        <h1>Race</h1>
        <p className="state" role="status" data-state={state}>
          {STATES[state]}
        </p>
      </header>
      <main>
        {room && track ? (
          <section className="race">
            <Track room={room} track={track} />
            <People race={race} onLeave={() => setWish(null)} />
          </section>
        ) : (
          <Entrance busy={wish !== null && !error} error={error} onEnter={enter} />
        )}
      </main>
    </>
  );
}

/** @param {{ busy: boolean, error: Trouble | null, onEnter: (wish: Wish) => void }} props */
function Entrance({ busy, error, onEnter }) {
  /** @param {FormData} data */
  const enter = (data) => {
    const [relay, name, roomName] = ["relay", "driver", "room"].map((key) => String(data.get(key)).trim());
    onEnter({ relay, name, roomName });
  };
  return (
    <form
      className="card narrow"
      inert={busy}
      onSubmit={(event) => {
        event.preventDefault();
        enter(new FormData(event.currentTarget));
      }}
    >
      <h2>Join in</h2>
      <label>
        Name <input name="driver" required maxLength={20} autoComplete="nickname" />
      </label>
      <label>
        Room <input name="room" required maxLength={40} defaultValue="Friday" />
      </label>
      <label>
        Relay <input name="relay" required inputMode="url" spellCheck={false} defaultValue={RELAY} />
      </label>
      <p className="note">
        No relay at hand? <code>mock</code> makes one up in the page, with bots.
      </p>
      {error && (
        <p className="error" role="alert">
          {inWords(error)} <code>{error.code}</code>
        </p>
      )}
      <button className="primary">Drive</button>
    </form>
  );
}

/** @param {{ race: import("./useRace.js").Race, onLeave: () => void }} props */
function People({ race: { room, players, isHost }, onLeave }) {
  const [failure, setFailure] = useState(/** @type {Trouble | null} */ (null));

  // Somebody has to start the race: the host, whoever that is.
  useEffect(() => {
    if (room && isHost && !room.isActive) room.start().catch(setFailure);
  }, [room, isHost]);

  return (
    <div className="card">
      <h2>{room?.name}</h2>
      <p className="note keys">Arrow keys or W A S D.</p>
      <ul className="players">
        {players.map((player) => (
          <li key={player.id}>
            {player.name}
            {player.isMe && " (you)"}
            {player.isHost && " · host"}
          </li>
        ))}
      </ul>
      {failure && (
        <p className="error" role="alert">
          {inWords(failure)} <code>{failure.code}</code>
        </p>
      )}
      <button type="button" onClick={onLeave}>
        Leave
      </button>
    </div>
  );
}
