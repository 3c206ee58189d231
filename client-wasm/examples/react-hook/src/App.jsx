// The page: a form that says which race to be in, and the race.

import { useEffect, useState } from "react";

import { fetchTrack } from "mp-server-client";
import { explain } from "mp-server-client/explain";
import { Track } from "mp-server-client/map";
import { useRace } from "mp-server-client/react";

import { Drive } from "./Drive.jsx";

const LINK = new URLSearchParams(location.search);
const RELAY = LINK.get("relay") ?? "http://127.0.0.1:8080";

/** @typedef {{ relay: import("mp-server-client/react").RaceWish["relay"], name: string, room: string }} Wish */

/** The relay at an address; `mock` makes one in the page, with bots. @param {string} address */
async function relayOf(address) {
  if (address !== "mock") return address;
  const { mockRelay } = await import("mp-server-client/mock");
  return mockRelay({ rooms: [{ name: "Friday", bots: 5, isActive: true }], track: Track.oval() });
}

export function App() {
  const [wish, setWish] = useState(/** @type {Wish | null} */ (null));
  const race = useRace(wish);
  const { state, error, room, retry } = race;
  const track = useTrack(wish?.relay);
  /** @param {string} address @param {string} name @param {string} roomName */
  const enter = async (address, name, roomName) => {
    setWish({ relay: await relayOf(address), name, room: roomName });
    // It may be the same wish as the one that failed.
    if (error) retry();
  };

  // A link for friends: ?relay=…&name=Ann&room=Friday
  useEffect(() => {
    const [name, roomName] = [LINK.get("name"), LINK.get("room")];
    if (name && roomName) void relayOf(RELAY).then((relay) => setWish({ relay, name, room: roomName }));
  }, []);

  return (
    <main className="container">
      <header>
        <h1>Race</h1>
        <span role="status">{state}</span>
      </header>
      {room ? (
        <div className="race">
          <Drive room={room} track={track} />
          <People race={race} onLeave={() => setWish(null)} />
        </div>
      ) : (
        <Entrance busy={wish !== null && !error} error={error} onEnter={enter} />
      )}
    </main>
  );
}

/** The circuit of a relay, or an oval where there is none. @param {Wish["relay"] | undefined} relay */
function useTrack(relay) {
  const [track, setTrack] = useState(() => Track.oval());
  useEffect(() => {
    if (typeof relay !== "string") return;
    const gone = new AbortController();
    fetchTrack(relay, { signal: gone.signal }).then(setTrack, () => {});
    return () => gone.abort();
  }, [relay]);
  return track;
}

/** @param {{ busy: boolean, error: unknown, onEnter: (relay: string, name: string, room: string) => void }} props */
function Entrance({ busy, error, onEnter }) {
  /** @param {React.FormEvent<HTMLFormElement>} event */
  const submit = (event) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const [relay, name, room] = ["relay", "driver", "room"].map((key) => String(data.get(key)).trim());
    onEnter(relay, name, room);
  };
  return (
    <form aria-busy={busy} onSubmit={submit}>
      {error !== null && <p role="alert">{Object.values(explain(error)).join(" ")}</p>}
      <label>
        Name <input name="driver" required maxLength={20} autoComplete="nickname" />
      </label>
      <label>
        Room <input name="room" required maxLength={40} defaultValue="Friday" />
      </label>
      <label>
        Relay <input name="relay" required inputMode="url" spellCheck={false} defaultValue={RELAY} />
      </label>
      <p>
        No relay at hand? <code>mock</code> makes one in the page, with bots.
      </p>
      <button disabled={busy}>Drive</button>
    </form>
  );
}

/** @param {{ race: import("mp-server-client/react").InRace<any>, onLeave: () => void }} props */
function People({ race: { room, players, isHost, isActive }, onLeave }) {
  // Somebody has to start the race: the host, whoever that is.
  useEffect(() => {
    if (isHost && !isActive) room?.start().catch(() => {});
  }, [room, isHost, isActive]);

  return (
    <aside>
      <h2>{room?.name}</h2>
      <p>Hold the map: the car drives there, and faster the further it is.</p>
      <ul>
        {players.map(({ id, name, isMe, isHost: isTheHost }) => (
          <li key={id}>{`${name}${isMe ? " (you)" : ""}${isTheHost ? " · host" : ""}`}</li>
        ))}
      </ul>
      <button className="secondary" onClick={onLeave}>
        Leave
      </button>
    </aside>
  );
}
