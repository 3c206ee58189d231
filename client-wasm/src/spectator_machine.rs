//! The machine behind a [`Spectator`](crate::Spectator): the protocol's connection and timeline.

use std::time::Duration;

use protocol::metrics::Rate;
use protocol::snapshot::MAX_CARS;
use protocol::spectate::{Connection, DisconnectReason, Output, Room, State};
use protocol::timeline::{Taken, Timeline};
use wasm_bindgen::JsValue;

use crate::clock::to_ms;
use crate::driver::{Io, Machine, Queue};
use crate::error::RaceError;
use crate::event::Event;
use crate::log::Level;
use crate::objects::Object;
use crate::samples::Samples;

/// The close code of a connection that never opened.
const NEVER_OPENED: u16 = 1006;

/// What was received so far.
#[derive(Default)]
pub(crate) struct Counts {
    /// Snapshots received.
    pub(crate) received: u64,
    /// Snapshots that the relay left out.
    pub(crate) skipped: u64,
    /// Frames that the contract does not know.
    pub(crate) refused: u64,
    pub(crate) bytes: u64,
    pub(crate) byte_rate: Rate,
    pub(crate) snapshot_rate: Rate,
}

pub(crate) struct SpectatorMachine {
    pub(crate) timeline: Timeline,
    pub(crate) samples: Samples,
    pub(crate) counts: Counts,
    pub(crate) state: &'static str,
    /// The newest room, the same object for all readers.
    pub(crate) room: JsValue,
    queue: Queue,
    connection: Connection,
    url: String,
    protocols: Vec<String>,
}

impl Machine for SpectatorMachine {
    fn handle(&mut self, event: Event, now: Duration) {
        let random = js_sys::Math::random();
        let connection = &mut self.connection;
        match event {
            Event::Opened => connection.handle_open(),
            Event::Text(frame) => return self.handle_text(&frame, now),
            Event::Binary(bytes) => self.handle_snapshot(&bytes, now),
            Event::Closed { number, reason } => {
                connection.handle_close(number, reason, now, random);
            }
            Event::NotOpened(error) => {
                let reason = error.message.into_owned();
                connection.handle_close(NEVER_OPENED, reason, now, random);
            }
            Event::Timeout => connection.handle_timeout(now, random),
            Event::Online => connection.handle_online(now),
        }
        self.pump();
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.connection.poll_timeout()
    }

    fn queue(&mut self) -> &mut Queue {
        &mut self.queue
    }
}

impl SpectatorMachine {
    /// Make a machine that wants to connect.
    pub(crate) fn new(
        url: String,
        protocols: Vec<String>,
        history: Duration,
        level: Level,
        now: Duration,
    ) -> Self {
        let mut machine = Self {
            timeline: Timeline::new(history),
            samples: Samples::new(MAX_CARS),
            counts: Counts::default(),
            state: "connecting",
            room: JsValue::NULL,
            queue: Queue::new(level),
            connection: Connection::new(now),
            url,
            protocols,
        };
        machine.pump();
        machine
    }

    /// End it for good.
    pub(crate) fn close(&mut self) {
        self.connection.close();
        self.pump();
    }

    fn handle_text(&mut self, frame: &str, now: Duration) {
        self.count_bytes(frame.len(), now);
        let Some(room) = Room::parse(frame) else {
            self.counts.refused += 1;
            return;
        };
        let players = room.players.iter();
        self.timeline
            .handle_roster(players.map(|player| (player.index, &player.id)));
        self.connection.handle_room(now);
        self.pump();
        let at = self.timeline.newest().unwrap_or_default();
        self.room = Object::from_spectated(&room, to_ms(at)).to_js();
        self.queue.emit_value("room", self.room.clone());
    }

    fn handle_snapshot(&mut self, bytes: &[u8], now: Duration) {
        self.count_bytes(bytes.len(), now);
        match self.timeline.handle_snapshot(bytes, now) {
            Ok(Taken::New { skipped, cars }) => {
                self.counts.received += 1;
                self.counts.skipped += u64::from(skipped);
                self.counts.snapshot_rate.add(1, now);
                self.connection.handle_snapshot(cars > 0, now);
            }
            Ok(Taken::Old) => {}
            Err(_) => self.counts.refused += 1,
        }
    }

    fn count_bytes(&mut self, bytes: usize, now: Duration) {
        self.counts.bytes += bytes as u64;
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.counts.byte_rate.add(bytes, now);
    }

    /// Pass on what the connection wants.
    fn pump(&mut self) {
        while let Some(output) = self.connection.poll_output() {
            match output {
                Output::Connect => {
                    let (url, protocols) = (self.url.clone(), self.protocols.clone());
                    self.queue.push(Io::Open(url, protocols));
                }
                Output::Disconnect => {
                    self.queue.push(Io::Abandon);
                    self.timeline.handle_break();
                }
                Output::State(state) => self.handle_state(&state),
            }
        }
    }

    fn handle_state(&mut self, state: &State) {
        self.state = match state {
            State::Connecting => "connecting",
            State::Live => "live",
            State::Reconnecting(..) => "reconnecting",
            State::Closed(_) => "closed",
        };
        self.queue.log(Level::Info, "SPECTATOR", self.state);
        match state {
            State::Connecting | State::Live => {
                let state = Object::Texts(vec![("state", self.state)]);
                self.queue.emit("state", &state);
            }
            State::Reconnecting(loss, wait) => self.emit_lost(loss, Some(to_ms(*wait))),
            State::Closed(loss) => self.emit_lost(loss, None),
        }
    }

    fn emit_lost(&mut self, loss: &DisconnectReason, retry_in_ms: Option<f64>) {
        let error = RaceError::from(loss);
        let lost = Object::SpectatorLost {
            state: self.state,
            code: error.code,
            reason: &error.message,
            retryable: error.retryable,
            retry_in_ms,
        };
        self.queue.emit("state", &lost);
    }
}
