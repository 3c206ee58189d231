// What a page without the viewer keeps for the tests of the spectator.

/** What a spectator drew, at a moment of its timeline. */
interface Seen extends Sample {
  at: number;
  stale: boolean;
}

interface SpectatorState {
  state: string;
  code?: string;
  reason?: string;
  retryable?: boolean;
  retryInMs?: number;
}

interface Watching {
  spectator: any;
  states: SpectatorState[];
  seen: Record<string, Seen[]>;
  live: number[];
}

interface Window {
  client: any;
  watching: Watching;
}
