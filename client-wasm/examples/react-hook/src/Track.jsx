// The map and the own car. Its loop of frames reads the room itself: React renders nothing while cars move.

import { useEffect, useRef } from "react";

import { Car } from "./car.js";
import { gridPlace } from "./circuit.js";
import { listenToControls } from "./controls.js";
import { RaceMap } from "./map.js";

/** A longer frame than this was a hidden page. */
const LONGEST_FRAME_SECONDS = 0.25;

/** @param {{ room: import("mp-server-client").Room, track: import("./circuit.js").TrackFile }} props */
export function Track({ room, track }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const pad = useRef(/** @type {HTMLDivElement | null} */ (null));

  useEffect(() => {
    if (!canvas.current || !pad.current) return;
    const gone = new AbortController();
    const map = new RaceMap(canvas.current);
    map.setTrack(track);
    const controls = listenToControls(pad.current, gone.signal);
    const ids = [...room.players.values()].map(({ id }) => id).sort();
    const me = [...room.players.values()].find(({ isMe }) => isMe);
    const car = new Car(gridPlace(track, ids.indexOf(me?.id ?? "")));
    let lastMs = performance.now();
    let request = requestAnimationFrame(function frame(nowMs) {
      const pressed = controls();
      car.drive(pressed, Math.min(Math.max(nowMs - lastMs, 0) / 1000, LONGEST_FRAME_SECONDS));
      lastMs = nowMs;
      room.sendState(car.state);
      room.sendInput(pressed.steering, pressed.throttle, pressed.brake);
      map.draw(car, room.cars(nowMs));
      request = requestAnimationFrame(frame);
    });
    return () => {
      gone.abort();
      cancelAnimationFrame(request);
    };
  }, [room, track]);

  return (
    <div className="map">
      <canvas ref={canvas} role="img" aria-label="The circuit and the cars on it" />
      <div ref={pad} className="pad">
        <div>
          <button type="button" data-control="left" aria-label="Steer left">
            ◀
          </button>
          <button type="button" data-control="right" aria-label="Steer right">
            ▶
          </button>
        </div>
        <div>
          <button type="button" data-control="brake" aria-label="Brake">
            ▼
          </button>
          <button type="button" data-control="throttle" aria-label="Throttle">
            ▲
          </button>
        </div>
      </div>
    </div>
  );
}
