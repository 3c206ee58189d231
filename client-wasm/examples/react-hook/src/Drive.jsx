// The map and the own car. Its frames read the room themselves: React renders nothing while cars move.

import { useEffect, useRef } from "react";

import { RaceMap } from "mp-server-client/map";

/** How fast the car goes, and how fast it gets there: m/s and m/s². */
const [TOP_SPEED, THRUST] = [40, 14];
/** How fast it turns, in radians a second. */
const TURN = 2.2;

/** @param {{ room: import("mp-server-client").Room<any>, track: import("mp-server-client").Track }} props */
export function Drive({ room, track }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  /** Where the pointer holds the map, seen from its middle. */
  const aim = useRef(/** @type {{ x: number, y: number } | null} */ (null));

  useEffect(() => {
    if (!canvas.current) return;
    const map = new RaceMap(canvas.current, { track });
    const place = [...room.players.values()].findIndex(({ isMe }) => isMe);
    const car = { ...track.at(-9 * (place + 1), place % 2 === 0 ? 2.5 : -2.5), speed: 0 };
    let lastMs = performance.now();
    let request = requestAnimationFrame(function frame(nowMs) {
      const seconds = Math.min(Math.max(nowMs - lastMs, 0) / 1000, 0.25);
      lastMs = nowMs;
      chase(car, aim.current, seconds);
      room.sendPose(car);
      map.draw(room.cars(nowMs), car);
      request = requestAnimationFrame(frame);
    });
    return () => cancelAnimationFrame(request);
  }, [room, track]);

  /** @param {React.PointerEvent<HTMLCanvasElement>} event */
  const hold = ({ buttons, nativeEvent: { offsetX, offsetY }, currentTarget }) => {
    const [x, y] = [offsetX - currentTarget.clientWidth / 2, currentTarget.clientHeight / 2 - offsetY];
    aim.current = buttons ? { x, y } : null;
  };
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label="The circuit and the cars on it"
      onPointerDown={hold}
      onPointerMove={hold}
      onPointerUp={hold}
      onPointerCancel={hold}
    />
  );
}

/**
 * @param {{ x: number, z: number, yaw: number, speed: number }} car
 * @param {{ x: number, y: number } | null} aim
 * @param {number} seconds
 */
function chase(car, aim, seconds) {
  // The further from the car the pointer is, the faster.
  const wanted = aim ? Math.min(Math.hypot(aim.x, aim.y) / 5, TOP_SPEED) : 0;
  const most = THRUST * seconds;
  car.speed += Math.min(Math.max(wanted - car.speed, -most), most);
  if (aim) {
    const turn = Math.atan2(aim.x, aim.y) - car.yaw;
    const shortest = Math.atan2(Math.sin(turn), Math.cos(turn));
    car.yaw += Math.min(Math.max(shortest, -TURN * seconds), TURN * seconds);
  }
  car.x += Math.sin(car.yaw) * car.speed * seconds;
  car.z += Math.cos(car.yaw) * car.speed * seconds;
}
