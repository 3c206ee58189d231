// What the page shows of itself to tests, and what the tests leave in it.

interface OwnCar {
  x: number;
  z: number;
  yaw: number;
  /** metres a second */
  speed: number;
  surface: string;
}

interface RemoteCar {
  id: string;
  name: string;
  x: number;
  z: number;
  yaw: number;
  stale: boolean;
  /** Of the newest position; not in the viewer. */
  ageMs?: number;
}

interface RaceState {
  screen: "signin" | "lobby" | "room" | "race";
  connection: "idle" | "connecting" | "online" | "lost";
  sessionId: string;
  roomId: string;
  players: { id: string; name: string }[];
  car: OwnCar | null;
  cars: RemoteCar[];
  laps: { lap: number } | null;
  metrics: { reconnects: number } | null;
}

/** Where a car was; `t` in milliseconds of the wall clock, the same in every context. */
interface Sample {
  t: number;
  x: number;
  z: number;
}

interface ViewerState {
  feed: { state: "connecting" | "live" | "reconnecting" | "closed"; code?: string };
  room: { id: string; name: string; players: { index: number; id: string; name: string }[] } | null;
  atMs: number;
  startMs: number;
  liveMs: number;
  live: boolean;
  paused: boolean;
  speed: number;
  selectedId: string;
  cars: RemoteCar[];
  standings: { id: string; name: string; place: number; lap: number; gapLaps: number; connection: string }[];
  events: { kind: string; atMs: number; name: string }[];
  camera: { mode: "fit" | "follow" | "free"; x: number; y: number; zoom: number };
  circuit: { name: string; length: number; learned: boolean } | null;
  frames: number;
  existence: "here" | "missing" | "gone";
}

interface Window {
  viewer: { state(): ViewerState; seek(atMs: number): void };
  /** Pages without a relay: the made-up race, and how it is begun anew. */
  feed: any;
  begin(learn: boolean): void;
  race: { state(): RaceState };
  recording?: { own: Sample[]; others: Record<string, Sample[]> };
}
