//! The classes a spectator's page sees. Every method is a thin door to [`Watching`].

use std::cell::RefCell;
use std::rc::Rc;

use protocol::spectate::{SUBPROTOCOL, access, address};
use std::time::Duration;
use wasm_bindgen::prelude::*;

use crate::browser::{Float32Array, Function};
use crate::clock;
use crate::connection::{Effect, perform};
use crate::failure::Failure;
use crate::listeners::{LOG, Listeners};
use crate::log::Log;
use crate::object::Object;
use crate::options;
use crate::view::STRIDE;
use crate::watching::{Target, Watching, milliseconds};

#[wasm_bindgen(typescript_custom_section)]
const TYPESCRIPT: &str = r#"
/** What a spectator may be told at its making; everything has a default. */
export interface SpectateOptions {
  /** The access token, where the relay's operator demands one. */
  token?: string;
  /** How much can be looked at again, in seconds, 0 to 600; default 600. */
  historySeconds?: number;
  /** Makes the WebSocket, where it is not to be the browser's own. */
  webSocket?: (url: string, protocols: string[]) => WebSocket;
  /** What goes to the console and to `log` listeners; default "warn". */
  logLevel?: "off" | "error" | "warn" | "info" | "debug" | "trace";
}
/** A room as the relay shows it. */
export interface SpectatedRoom {
  id: string;
  /** Empty until the relay has heard of it; so are players' names. */
  name: string;
  hostId: string | null;
  /** The race was started. */
  isActive: boolean;
  /** `index` is the slot of the player's car in a sample. */
  players: { index: number; id: string; name: string }[];
  /** From when on it holds, in milliseconds of the timeline. */
  atMs: number;
}
export interface SpectatorMetrics {
  /** Snapshots that came; those that the relay left out; frames that were nothing known. */
  received: number; skipped: number; refused: number;
  bytesReceived: number; bytesPerSecond: number; snapshotsPerSecond: number;
  /** How much later than the relay knows it the live moment is, and how unevenly snapshots come. */
  delayMs: number; jitterMs: number;
  /** The memory that the history takes. */
  historyBytes: number;
}
/** The events of a spectator. */
export interface SpectatorEvents {
  /** `code`, `reason` and `retryable` say why it is `reconnecting` or `closed`, `retryInMs` how long it waits before it tries. */
  state: {
    state: "connecting" | "live" | "reconnecting" | "closed";
    code?: string; reason?: string; retryable?: boolean; retryInMs?: number;
  };
  room: SpectatedRoom;
  log: { level: string; line: string };
}
export interface Spectator {
  /** Listen to an event; the function given back stops it. */
  on<K extends keyof SpectatorEvents>(type: K, listener: (event: SpectatorEvents[K]) => void): () => void;
}
"#;

/// The events there are.
const TYPES: [&str; 3] = ["state", "room", LOG];

/// Where it all begins for somebody who has no session.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RaceClient;

#[wasm_bindgen]
impl RaceClient {
    /// Watch a room of a relay, given as its address (`https://…`, `wss://…`). Connects in the background, and again
    /// whenever the connection is lost.
    ///
    /// # Errors
    /// The address, the room or an option is none (`invalid_argument`).
    pub fn spectate(
        url: &str,
        room: &str,
        #[wasm_bindgen(unchecked_optional_param_type = "SpectateOptions")] options: JsValue,
    ) -> Result<Spectator, JsValue> {
        Spectator::start(url, room, &options).map_err(|failure| failure.to_js())
    }
}

/// Somebody who watches a room: live, and up to ten minutes back. Times are milliseconds of its timeline, 0 at the first
/// snapshot.
#[wasm_bindgen]
pub struct Spectator {
    watching: Rc<RefCell<Watching>>,
    listeners: Listeners,
}

impl Spectator {
    fn start(url: &str, room: &str, options: &JsValue) -> Result<Self, Failure> {
        let options = options::read_spectate(options)?;
        let mut subprotocols = vec![SUBPROTOCOL.to_owned()];
        if let Some(token) = options.token {
            subprotocols.push(access(&token)?);
        }
        let target = Target {
            url: address(url, room)?,
            subprotocols,
            opener: options.opener,
        };
        let listeners = Listeners::default();
        let log = Log::new(options.level, listeners.clone());
        let (watching, effects) = Watching::start(target, options.history, log, listeners.clone())?;
        let spectator = Self {
            watching,
            listeners,
        };
        spectator.perform_later(effects);
        Ok(spectator)
    }

    /// Tell JavaScript after the call that caused it, so that a listener may even free this spectator.
    fn perform_later(&self, effects: Vec<Effect>) {
        if !effects.is_empty() {
            let listeners = self.listeners.clone();
            clock::call_soon(move || perform(effects, &listeners));
        }
    }
}

#[wasm_bindgen]
impl Spectator {
    /// Listen to an event; the function given back stops it.
    ///
    /// # Errors
    /// There is no such event, or there are too many listeners (`invalid_argument`).
    #[wasm_bindgen(skip_typescript)]
    pub fn on(&self, kind: &str, listener: Function) -> Result<JsValue, JsValue> {
        self.listeners.add(&TYPES, kind, listener)
    }

    /// How far the connection has come.
    #[wasm_bindgen(
        getter,
        unchecked_return_type = "\"connecting\" | \"live\" | \"reconnecting\" | \"closed\""
    )]
    pub fn state(&self) -> JsValue {
        self.watching.borrow().state.clone()
    }

    /// The room as it was told last; null before the first time.
    #[wasm_bindgen(getter, unchecked_return_type = "SpectatedRoom | null")]
    pub fn room(&self) -> JsValue {
        self.watching.borrow().room.clone()
    }

    /// The oldest moment that is kept, in milliseconds of the timeline; NaN before the first snapshot.
    #[wasm_bindgen(getter, js_name = startMs)]
    pub fn start_ms(&self) -> f64 {
        let start = self.watching.borrow().timeline.start();
        start.map_or(f64::NAN, milliseconds)
    }

    /// The moment to show now, in milliseconds of the timeline; NaN before the first snapshot. Goes on evenly each
    /// time it is read, and stands while nothing comes.
    #[wasm_bindgen(getter, js_name = liveMs)]
    pub fn live_ms(&self) -> f64 {
        let live = self.watching.borrow_mut().timeline.live(clock::now());
        live.map_or(f64::NAN, milliseconds)
    }

    /// Sample all cars at a moment of the timeline, without one at `liveMs`: `carCount()` rows of `carStride()` numbers
    /// in a view of the module's memory, good until the next call. A row: slot (the player's index), x, y, z (metres),
    /// qx, qy, qz, qw, speed (m/s), age of the newest datagram (ms), stale (0 or 1), yaw (radians, 0 along +Z, positive
    /// towards +X).
    pub fn sample(&self, #[wasm_bindgen(js_name = atMs)] at_ms: Option<f64>) -> Float32Array {
        let mut watching = self.watching.borrow_mut();
        let Watching { view, timeline, .. } = &mut *watching;
        let at = match at_ms.filter(|ms| !ms.is_nan()) {
            Some(ms) => moment(ms),
            None => timeline.live(clock::now()).unwrap_or_default(),
        };
        view.fill(&mut timeline.sample(at))
    }

    /// How many cars the newest sample has.
    #[wasm_bindgen(js_name = carCount)]
    pub fn car_count(&self) -> usize {
        self.watching.borrow().view.count()
    }

    /// How many numbers each car has in a sample.
    #[wasm_bindgen(js_name = carStride)]
    pub fn car_stride() -> usize {
        STRIDE
    }

    /// Figures about what comes.
    #[wasm_bindgen(unchecked_return_type = "SpectatorMetrics")]
    pub fn metrics(&self) -> JsValue {
        let watching = self.watching.borrow();
        let (counts, timeline) = (&watching.counts, &watching.timeline);
        let now = clock::now();
        Object::new()
            .number("received", counts.received as f64)
            .number("skipped", counts.skipped as f64)
            .number("refused", counts.refused as f64)
            .number("bytesReceived", counts.bytes as f64)
            .number("bytesPerSecond", counts.byte_rate.per_second(now).into())
            .number(
                "snapshotsPerSecond",
                counts.snapshot_rate.per_second(now).into(),
            )
            .number("delayMs", milliseconds(timeline.delay()))
            .number("jitterMs", milliseconds(timeline.jitter()))
            .number("historyBytes", timeline.bytes() as f64)
            .done()
    }

    /// Stop watching for good. What was seen can still be looked at.
    pub fn close(&self) {
        let effects = self.watching.borrow_mut().close();
        self.perform_later(effects);
    }
}

impl Drop for Spectator {
    fn drop(&mut self) {
        self.watching.borrow_mut().close();
        self.listeners.clear();
    }
}

/// A moment of the timeline; one before it is its beginning, one far behind it is bounded so that sums of times fit.
fn moment(ms: f64) -> Duration {
    let seconds = (ms / 1000.0).clamp(0.0, 1e9);
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
