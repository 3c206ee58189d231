//! The middle of a spectator: connection and timeline of the protocol between socket, timer and listeners. What
//! JavaScript must be told is gathered and done once nothing is borrowed, since a listener may call back in.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use protocol::metrics::Rate;
use protocol::snapshot::MAX_CARS;
use protocol::spectate::{self, Loss, Output, Room, State};
use protocol::timeline::{Taken, Timeline};
use std::time::Duration;
use wasm_bindgen::JsValue;

use crate::browser::random;
use crate::clock::{self, Timer};
use crate::connection::{Effect, perform};
use crate::convert;
use crate::failure::Failure;
use crate::listeners::Listeners;
use crate::log::Log;
use crate::object::Object;
use crate::online::Online;
use crate::socket::{Incoming, Opener, Socket};
use crate::view::View;

/// What stands for the number of a close where there was no WebSocket to close.
const NO_CLOSE: u16 = 1006;

/// Where the relay shows the room, and what is offered for it.
pub(crate) struct Target {
    pub(crate) url: String,
    /// The contract's, and behind it the token's.
    pub(crate) subprotocols: Vec<String>,
    pub(crate) opener: Opener,
}

/// What came so far.
#[derive(Default)]
pub(crate) struct Counts {
    /// Snapshots.
    pub(crate) received: u64,
    /// Snapshots that the relay left out.
    pub(crate) skipped: u64,
    /// Frames that are none of the contract's.
    pub(crate) refused: u64,
    pub(crate) bytes: u64,
    pub(crate) byte_rate: Rate,
    pub(crate) snapshot_rate: Rate,
}

pub(crate) struct Watching {
    this: Weak<RefCell<Self>>,
    target: Target,
    connection: spectate::Connection,
    pub(crate) timeline: Timeline,
    pub(crate) view: View,
    pub(crate) counts: Counts,
    /// Made once for all who read them.
    pub(crate) state: JsValue,
    pub(crate) room: JsValue,
    log: Log,
    listeners: Listeners,
    timer: Timer,
    socket: Option<Socket>,
    online: Option<Online>,
}

impl Watching {
    /// Begin; what is to be told comes with it.
    pub(crate) fn start(
        target: Target,
        history: Duration,
        log: Log,
        listeners: Listeners,
    ) -> Result<(Rc<RefCell<Self>>, Vec<Effect>), Failure> {
        let now = clock::now();
        let watching = Rc::new_cyclic(|this: &Weak<RefCell<Self>>| {
            let (fired, online) = (this.clone(), this.clone());
            RefCell::new(Self {
                this: this.clone(),
                target,
                connection: spectate::Connection::new(now),
                timeline: Timeline::new(history),
                view: View::new(MAX_CARS),
                counts: Counts::default(),
                state: JsValue::NULL,
                room: JsValue::NULL,
                log,
                listeners,
                timer: Timer::new(move || with(&fired, Self::handle_timeout)),
                socket: None,
                online: Some(Online::new(move || with(&online, Self::handle_online))),
            })
        });
        let effects = {
            let mut watching = watching.borrow_mut();
            // An address that the browser refuses is told at once; later it would only look unreachable.
            watching.socket = Some(watching.open()?);
            watching.pump()
        };
        Ok((watching, effects))
    }

    /// End it for good.
    pub(crate) fn close(&mut self) -> Vec<Effect> {
        self.connection.close();
        self.pump()
    }

    fn handle(&mut self, incoming: Incoming, now: Duration) -> Vec<Effect> {
        let mut room = None;
        match incoming {
            Incoming::Opened => self.connection.handle_open(),
            Incoming::Text(frame) => room = self.handle_text(&frame, now),
            Incoming::Binary(bytes) => self.handle_snapshot(&bytes, now),
            Incoming::Closed { number, reason } => {
                self.connection.handle_close(number, reason, now, random());
            }
        }
        let mut effects = self.pump();
        effects.extend(room);
        effects
    }

    fn handle_text(&mut self, frame: &str, now: Duration) -> Option<Effect> {
        self.count_bytes(frame.len(), now);
        let Some(room) = Room::parse(frame) else {
            self.counts.refused += 1;
            return None;
        };
        let players = room.players.iter();
        self.timeline
            .handle_roster(players.map(|player| (player.index, &player.id)));
        self.connection.handle_room(now);
        let at = self.timeline.newest().unwrap_or_default();
        self.room = convert::spectated_room(&room, milliseconds(at));
        Some(Effect::Emit("room", self.room.clone()))
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

    fn handle_timeout(&mut self, now: Duration) -> Vec<Effect> {
        self.timer.fired();
        self.connection.handle_timeout(now, random());
        self.pump()
    }

    fn handle_online(&mut self, now: Duration) -> Vec<Effect> {
        self.connection.handle_online(now);
        self.pump()
    }

    /// Do what the connection wants done; gives what is to be told.
    fn pump(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some(output) = self.connection.poll_output() {
            match output {
                Output::Connect => self.connect(),
                Output::Disconnect => {
                    self.socket = None;
                    self.timeline.handle_break();
                }
                Output::State(state) => effects.push(self.change(&state)),
            }
        }
        self.timer.set(self.connection.poll_timeout());
        effects
    }

    fn connect(&mut self) {
        if self.socket.is_some() {
            // The first, which `start` opened.
            return;
        }
        self.log.info("SPECTATOR", "connecting");
        match self.open() {
            Ok(socket) => self.socket = Some(socket),
            Err(failure) => {
                let random = random();
                let message = failure.message.into_owned();
                self.connection
                    .handle_close(NO_CLOSE, message, clock::now(), random);
            }
        }
    }

    fn open(&self) -> Result<Socket, Failure> {
        let this = self.this.clone();
        let deliver = Rc::new(move |incoming| {
            with(&this, |watching, now| watching.handle(incoming, now));
        });
        let Target {
            url,
            subprotocols,
            opener,
        } = &self.target;
        Socket::open(opener, url, subprotocols, deliver)
    }

    fn change(&mut self, changed: &State) -> Effect {
        let (name, event) = match changed {
            State::Connecting => ("connecting", state("connecting").done()),
            State::Live => ("live", state("live").done()),
            State::Reconnecting(loss, wait) => {
                let event = lost("reconnecting", loss).number("retryInMs", milliseconds(*wait));
                ("reconnecting", event.done())
            }
            State::Closed(loss) => {
                self.online = None;
                ("closed", lost("closed", loss).done())
            }
        };
        self.log.info("SPECTATOR", name);
        self.state = JsValue::from_str(name);
        Effect::Emit("state", event)
    }
}

fn state(name: &str) -> Object {
    Object::new().text("state", name)
}

fn lost(name: &str, loss: &Loss) -> Object {
    Failure::from(loss).describe(state(name))
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Do something with a spectator that may be gone, and then tell what it wants told.
fn with(this: &Weak<RefCell<Watching>>, work: impl FnOnce(&mut Watching, Duration) -> Vec<Effect>) {
    let Some(watching) = this.upgrade() else {
        return;
    };
    let (effects, listeners) = {
        let mut watching = watching.borrow_mut();
        let effects = work(&mut watching, clock::now());
        (effects, watching.listeners.clone())
    };
    perform(effects, &listeners);
}
