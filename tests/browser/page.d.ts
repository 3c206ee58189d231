// What the page shows of itself to tests, and what the tests leave in it.

interface OwnCar {
  x: number;
  z: number;
  yaw: number;
  /** metres a second */
  speed: number;
}

interface RemoteCar {
  id: string;
  name: string;
  x: number;
  z: number;
  yaw: number;
  stale: boolean;
}

interface RaceState {
  screen: "signin" | "lobby" | "room" | "race";
  connection: "idle" | "connecting" | "online" | "lost";
  sessionId: string;
  roomId: string;
  players: { id: string; name: string }[];
  car: OwnCar | null;
  cars: RemoteCar[];
}

/** Where a car was; `t` in milliseconds of the wall clock, the same in every context. */
interface Sample {
  t: number;
  x: number;
  z: number;
}

interface Window {
  race: { state(): RaceState };
  recording?: { own: Sample[]; others: Record<string, Sample[]> };
}
