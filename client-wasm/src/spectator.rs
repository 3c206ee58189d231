//! The classes `RaceClient` and `Spectator` of a page that watches. Each method hands its work to the
//! [`SpectatorMachine`].

use std::rc::Rc;

use js_sys::{Float32Array, Function};
use protocol::spectate::{SUBPROTOCOL, access, address};
use wasm_bindgen::prelude::*;

use crate::clock::{OnlineListener, from_ms, to_ms};
use crate::driver::Driver;
use crate::error::RaceError;
use crate::event::Event;
use crate::listeners::{LOG, Listeners};
use crate::objects::Object;
use crate::options::SpectatorOptions;
use crate::samples::STRIDE;
use crate::spectator_machine::SpectatorMachine;

#[wasm_bindgen(typescript_custom_section)]
const TYPESCRIPT: &str = r#"
/** The options of a spectator. Each has a default. */
export interface SpectateOptions {
  /** The access token, if the relay's operator demands one. */
  token?: string;
  /** How much of the past is kept, in seconds, 0 to 600; default 600. */
  historySeconds?: number;
  /** Makes the WebSocket instead of the browser. */
  webSocket?: (url: string, protocols: string[]) => WebSocket;
  /** Replaces the browser's time and timers. It must not throw. */
  clock?: Clock;
  /** What goes to the console and to `log` listeners; default "warn". */
  logLevel?: "off" | "error" | "warn" | "info" | "debug" | "trace";
}
/** A room as the relay shows it. */
export interface SpectatedRoom {
  id: string;
  /** Empty until the relay knows it, like the players' names. */
  name: string;
  hostId: string | null;
  /** The race was started. */
  isActive: boolean;
  /** `index` is the slot of the player's car in a sample. */
  players: { index: number; id: string; name: string }[];
  /** Why the race cannot be shown, for people. */
  notice?: string;
  /** Since when it is valid, in milliseconds of the timeline. */
  atMs: number;
}
export interface SpectatorMetrics {
  /** Snapshots that came; snapshots that the relay left out; frames that the client did not understand. */
  received: number; skipped: number; refused: number;
  bytesReceived: number; bytesPerSecond: number; snapshotsPerSecond: number;
  /** How far the live moment is behind the relay's newest, and how unevenly snapshots come. */
  delayMs: number; jitterMs: number;
  /** The memory of the history. */
  historyBytes: number;
}
/** The events of a spectator. */
export interface SpectatorEvents {
  /** `code`, `reason` and `retryable` say why it is `reconnecting` or `closed`; `retryInMs` is the wait before the next attempt. */
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

/// The events of a spectator.
const EVENTS: [&str; 3] = ["state", "room", LOG];

/// Makes spectators.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RaceClient;

#[wasm_bindgen]
impl RaceClient {
    /// Watch a room of a relay, given as its address (`https://…`, `wss://…`). Connects in the background, and again
    /// whenever the connection is lost.
    ///
    /// # Errors
    /// The address, the room or an option is not valid (`invalid_argument`).
    pub fn spectate(
        url: &str,
        room: &str,
        #[wasm_bindgen(unchecked_optional_param_type = "SpectateOptions")] options: JsValue,
    ) -> Result<Spectator, JsValue> {
        Ok(Spectator::start(url, room, &options)?)
    }
}

/// A spectator of a room: live, and up to ten minutes back. Times are milliseconds of its timeline, 0 at the first
/// snapshot.
#[wasm_bindgen]
pub struct Spectator {
    driver: Rc<Driver<SpectatorMachine>>,
    listeners: Listeners,
    _online: OnlineListener,
}

impl Spectator {
    fn start(url: &str, room: &str, options: &JsValue) -> Result<Self, RaceError> {
        let options = SpectatorOptions::read(options)?;
        let mut protocols = vec![SUBPROTOCOL.to_owned()];
        if let Some(token) = options.token {
            protocols.push(access(&token)?);
        }
        let url = address(url, room)?;
        let (history, level) = (options.history, options.level);
        let machine = SpectatorMachine::new(url, protocols, history, level, options.clock.now());
        let listeners = Listeners::default();
        let driver = Driver::new(machine, options.opener, options.clock, listeners.clone());
        driver.start()?;
        let woken = Rc::downgrade(&driver);
        Ok(Self {
            driver,
            listeners,
            _online: OnlineListener::new(move || {
                if let Some(driver) = woken.upgrade() {
                    driver.deliver(Event::Online);
                }
            }),
        })
    }
}

#[wasm_bindgen]
impl Spectator {
    /// Listen to an event. The returned function stops it.
    ///
    /// # Errors
    /// There is no such event, or there are too many listeners (`invalid_argument`).
    #[wasm_bindgen(skip_typescript)]
    pub fn on(&self, kind: &str, listener: Function) -> Result<JsValue, JsValue> {
        Ok(self.listeners.add(&EVENTS, kind, listener)?)
    }

    /// How far the connection has come.
    #[wasm_bindgen(
        getter,
        unchecked_return_type = "\"connecting\" | \"live\" | \"reconnecting\" | \"closed\""
    )]
    pub fn state(&self) -> JsValue {
        self.driver.with(|machine| machine.state).into()
    }

    /// The newest room that the relay has shown; null before the first.
    #[wasm_bindgen(getter, unchecked_return_type = "SpectatedRoom | null")]
    pub fn room(&self) -> JsValue {
        self.driver.with(|machine| machine.room.clone())
    }

    /// The oldest moment that is kept, in milliseconds of the timeline; NaN before the first snapshot.
    #[wasm_bindgen(getter, js_name = startMs)]
    pub fn start_ms(&self) -> f64 {
        let start = self.driver.with(|machine| machine.timeline.start());
        start.map_or(f64::NAN, to_ms)
    }

    /// The moment to show now, in milliseconds of the timeline; NaN before the first snapshot. It advances evenly each
    /// time it is read, and stands still while no snapshots come.
    #[wasm_bindgen(getter, js_name = liveMs)]
    pub fn live_ms(&self) -> f64 {
        let now = self.driver.now();
        let live = self.driver.with(|machine| machine.timeline.live(now));
        live.map_or(f64::NAN, to_ms)
    }

    /// Sample all cars at a moment of the timeline, by default at `liveMs`: `carCount()` rows of `carStride()` numbers
    /// in a view of the module's memory, valid until the next call. A row: slot (the player's index), x, y, z (metres),
    /// qx, qy, qz, qw, speed (m/s), age of the newest datagram (ms), stale (0 or 1), yaw (radians, 0 along +Z, positive
    /// towards +X).
    pub fn sample(&self, #[wasm_bindgen(js_name = atMs)] at_ms: Option<f64>) -> Float32Array {
        let now = self.driver.now();
        self.driver.with(|machine| {
            let at = match at_ms.filter(|ms| !ms.is_nan()) {
                // A moment before the first counts as the first.
                Some(ms) => from_ms(ms),
                None => machine.timeline.live(now).unwrap_or_default(),
            };
            machine.samples.fill(&mut machine.timeline.sample(at))
        })
    }

    /// The number of cars in the newest sample.
    #[wasm_bindgen(js_name = carCount)]
    pub fn car_count(&self) -> usize {
        self.driver.with(|machine| machine.samples.count())
    }

    /// How many numbers each car has in a sample.
    #[wasm_bindgen(js_name = carStride)]
    pub fn car_stride() -> usize {
        STRIDE
    }

    /// Figures about what was received.
    #[wasm_bindgen(unchecked_return_type = "SpectatorMetrics")]
    pub fn metrics(&self) -> JsValue {
        let now = self.driver.now();
        let metrics = self.driver.with(|machine| {
            let (counts, timeline) = (&machine.counts, &machine.timeline);
            Object::SpectatorMetrics {
                received: counts.received as f64,
                skipped: counts.skipped as f64,
                refused: counts.refused as f64,
                bytes_received: counts.bytes as f64,
                bytes_per_second: counts.byte_rate.per_second(now).into(),
                snapshots_per_second: counts.snapshot_rate.per_second(now).into(),
                delay_ms: to_ms(timeline.delay()),
                jitter_ms: to_ms(timeline.jitter()),
                history_bytes: timeline.bytes() as f64,
            }
        });
        metrics.to_js()
    }

    /// Stop watching for good. The past stays available.
    pub fn close(&self) {
        self.driver.call(|machine, _| machine.close());
    }
}

impl Drop for Spectator {
    fn drop(&mut self) {
        self.close();
        self.listeners.clear();
    }
}
