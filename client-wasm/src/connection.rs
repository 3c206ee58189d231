//! The middle of a session: the protocol's machine between socket, timer, promises and listeners. What JavaScript
//! must be told is gathered as [`Effect`]s and done once nothing is borrowed, since a listener may call back in.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use protocol::command::Command;
use protocol::event::Event;
use protocol::frame::{Notice, SUBPROTOCOL};
use protocol::interpolation::{Cars, Change, MAX_CARS};
use protocol::session::{self, CommandError, Output, Ticket, Transmit};
use std::time::Duration;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::browser::{Function, Promise};
use crate::clock::{self, Timer};
use crate::convert;
use crate::failure::{self, Failure};
use crate::listeners::Listeners;
use crate::log::Log;
use crate::object::Object;
use crate::socket::{Incoming, Opener, Socket};
use crate::view::View;

/// How long a connection may take until the welcome: the relay's own limits for reaching the game server, and some.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// A promise that waits.
pub(crate) struct Waiting {
    resolve: Function,
    reject: Function,
}

impl Waiting {
    /// Make a promise and what keeps it.
    #[inline(never)]
    pub(crate) fn new() -> (Promise, Self) {
        let (mut resolve, mut reject) = (JsValue::UNDEFINED, JsValue::UNDEFINED);
        // Called at once.
        let promise = Promise::new(&mut |to_resolve: Function, to_reject: Function| {
            (resolve, reject) = (to_resolve.into(), to_reject.into());
        });
        let (resolve, reject) = (resolve.unchecked_into(), reject.unchecked_into());
        (promise, Self { resolve, reject })
    }

    fn resolve(self, value: JsValue) -> Effect {
        Effect::Call(self.resolve, value)
    }

    pub(crate) fn reject(self, failure: &Failure) -> Effect {
        Effect::Call(self.reject, failure.to_js())
    }
}

/// Something JavaScript must be told.
pub(crate) enum Effect {
    Call(Function, JsValue),
    Emit(&'static str, JsValue),
}

pub(crate) struct Connection {
    pub(crate) session: session::Session,
    pub(crate) cars: Cars,
    pub(crate) view: View,
    pub(crate) log: Log,
    opener: Opener,
    listeners: Listeners,
    timer: Timer,
    socket: Option<Socket>,
    opened: bool,
    connecting: Option<(Waiting, Duration)>,
    closing: Vec<Waiting>,
    /// As many as commands may wait.
    answers: Vec<(Ticket, Waiting)>,
}

impl Connection {
    pub(crate) fn new(
        config: session::Config,
        opener: Opener,
        log: Log,
        listeners: Listeners,
    ) -> Rc<RefCell<Self>> {
        Rc::new_cyclic(|this: &Weak<RefCell<Self>>| {
            let this = this.clone();
            let timer = Timer::new(move || with(&this, Self::handle_timeout));
            RefCell::new(Self {
                session: session::Session::new(config),
                cars: Cars::default(),
                view: View::new(MAX_CARS),
                log,
                opener,
                listeners,
                timer,
                socket: None,
                opened: false,
                connecting: None,
                closing: Vec::new(),
                answers: Vec::new(),
            })
        })
    }

    /// Open the socket; `waiting` is told of the welcome.
    pub(crate) fn connect(
        &mut self,
        this: &Rc<RefCell<Self>>,
        url: &str,
        waiting: Waiting,
    ) -> Vec<Effect> {
        if self.socket.is_some() {
            return vec![
                waiting.reject(&Failure::invalid("already connected: call close() first")),
            ];
        }
        let this = Rc::downgrade(this);
        let deliver = Rc::new(move |incoming| {
            with(&this, |connection, now| connection.handle(incoming, now));
        });
        match Socket::open(&self.opener, url, &[SUBPROTOCOL.to_owned()], deliver) {
            Ok(socket) => {
                self.log.info("CONNECTION", "connecting");
                self.socket = Some(socket);
                self.opened = false;
                self.connecting = Some((waiting, clock::now() + CONNECT_TIMEOUT));
                self.set_timer();
                Vec::new()
            }
            Err(failure) => vec![waiting.reject(&failure)],
        }
    }

    /// Send a command; `waiting` is told of its answer.
    pub(crate) fn command(&mut self, command: Command, waiting: Waiting) -> Vec<Effect> {
        let now = clock::now();
        match self.session.send(command, now) {
            Ok(ticket) => {
                self.answers.push((ticket, waiting));
                self.pump(now)
            }
            Err(error) => vec![waiting.reject(&error.into())],
        }
    }

    /// Say goodbye and close; `waiting` is told when it is done.
    pub(crate) fn close(&mut self, waiting: Waiting) -> Vec<Effect> {
        if self.socket.is_none() {
            return vec![waiting.resolve(JsValue::UNDEFINED)];
        }
        self.closing.push(waiting);
        let now = clock::now();
        self.session.goodbye(now);
        self.pump(now)
    }

    /// Let everything go at once, without a goodbye: the relay says it.
    pub(crate) fn abandon(&mut self) -> Vec<Effect> {
        let failure = Failure::new("closed", false, "the session was freed");
        self.fall_apart(&failure)
    }

    /// Send what the session wants sent, and set the timer for what it wants to do later.
    pub(crate) fn flush(&mut self) {
        while let Some(transmit) = self.session.poll_transmit() {
            let Some(socket) = &self.socket else { continue };
            match transmit {
                Transmit::Line(line) => {
                    self.log.line("SEND", &line);
                    socket.send_text(&line);
                }
                Transmit::Datagram(datagram) => {
                    self.log.datagram("SEND", datagram.len());
                    if !socket.send_binary(&datagram) {
                        self.log.datagram("DROP", datagram.len());
                    }
                }
                Transmit::Close => socket.close(),
            }
        }
        self.set_timer();
    }

    fn handle(&mut self, incoming: Incoming, now: Duration) -> Vec<Effect> {
        match incoming {
            Incoming::Opened => {
                self.opened = true;
                Vec::new()
            }
            Incoming::Text(frame) => self.handle_text(&frame, now),
            Incoming::Binary(datagram) => {
                self.log.datagram("RECV", datagram.len());
                // A datagram that is none of ours is counted by the session, and otherwise nobody's business.
                let _ = self.session.handle_datagram(&datagram, now);
                // A page in the background gets its timers late but its messages in time.
                self.session.handle_timeout(now);
                self.pump(now)
            }
            Incoming::Closed { number, reason } => self.handle_close(number, &reason),
        }
    }

    fn handle_text(&mut self, frame: &str, now: Duration) -> Vec<Effect> {
        match Notice::parse(frame) {
            Some(Notice::Ready { .. }) => {
                self.log.info("CONNECTION", "the relay is ready");
                Vec::new()
            }
            Some(Notice::Draining { seconds }) => {
                vec![Effect::Emit(
                    "draining",
                    Object::new().number("seconds", seconds.into()).done(),
                )]
            }
            None => {
                self.log.line("RECV", frame);
                self.session.handle_line(frame, now);
                self.pump(now)
            }
        }
    }

    fn handle_timeout(&mut self, now: Duration) -> Vec<Effect> {
        self.timer.fired();
        if self
            .connecting
            .as_ref()
            .is_some_and(|(_, deadline)| *deadline <= now)
        {
            let failure = Failure::new("timeout", true, "the game server did not welcome in time");
            return self.fall_apart(&failure);
        }
        self.session.handle_timeout(now);
        self.cars.handle_timeout(now);
        self.pump(now)
    }

    fn handle_close(&mut self, number: u16, reason: &str) -> Vec<Effect> {
        let said_goodbye = !self.closing.is_empty();
        let mut failure = failure::of_close(number, reason, self.opened);
        if said_goodbye {
            failure = Failure::new("closed", false, "the connection was closed");
        }
        let text = format!("closed: {number} {}", failure.message);
        self.log.info("CONNECTION", &text);
        let mut effects = self.fall_apart(&failure);
        let event = failure
            .describe(Object::new())
            .number("number", number.into())
            .done();
        effects.push(Effect::Emit("close", event));
        effects
    }

    /// The connection is gone: tell everybody who waits.
    fn fall_apart(&mut self, failure: &Failure) -> Vec<Effect> {
        self.socket = None;
        self.session.handle_close();
        let mut effects = self.gather(clock::now());
        self.cars.clear();
        while let Some(change) = self.cars.poll_change() {
            effects.push(changed(change));
        }
        effects.extend(
            self.connecting
                .take()
                .map(|(waiting, _)| waiting.reject(failure)),
        );
        effects.extend(
            self.closing
                .drain(..)
                .map(|waiting| waiting.resolve(JsValue::UNDEFINED)),
        );
        self.set_timer();
        effects
    }

    fn pump(&mut self, now: Duration) -> Vec<Effect> {
        let effects = self.gather(now);
        self.flush();
        effects
    }

    fn gather(&mut self, now: Duration) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some(output) = self.session.poll_output() {
            self.tell(output, now, &mut effects);
        }
        if self.session.room().is_none() {
            self.cars.clear();
        }
        while let Some(change) = self.cars.poll_change() {
            effects.push(changed(change));
        }
        effects
    }

    fn tell(&mut self, output: Output, now: Duration, effects: &mut Vec<Effect>) {
        match output {
            Output::StateChanged(state) => self.state_changed(state, effects),
            Output::Answer { ticket, answer } => {
                let place = self.answers.iter().position(|(known, _)| *known == ticket);
                if let Some(place) = place {
                    let (_, waiting) = self.answers.swap_remove(place);
                    effects.push(self.answered(waiting, answer));
                }
            }
            Output::Update(update) => self.cars.handle_update(&update, now),
            Output::Input(input) if self.listeners.has("input") => {
                effects.push(Effect::Emit("input", convert::input(&input)));
            }
            Output::Input(_) | Output::RoundTrip(_) => {}
            Output::GameStarted(started) => {
                effects.push(Effect::Emit("gameStarted", convert::game_started(&started)));
            }
            Output::Message {
                sender_id,
                sender_name,
                message,
            } => {
                effects.push(Effect::Emit(
                    "message",
                    convert::message(&sender_id, &sender_name, &message),
                ));
            }
            Output::Kicked { message } => {
                self.log
                    .warn("CONNECTION", "an administrator ends the session");
                effects.push(Effect::Emit(
                    "kicked",
                    Object::new().text("message", &message).done(),
                ));
            }
            Output::RoomLost(room_id) => {
                effects.push(Effect::Emit(
                    "roomLost",
                    Object::new().text("roomId", room_id.as_str()).done(),
                ));
            }
            Output::Unknown(line) => effects.push(Effect::Emit(
                "unknown",
                Object::new().text("line", &line).done(),
            )),
        }
    }

    fn state_changed(&mut self, state: session::State, effects: &mut Vec<Effect>) {
        effects.push(Effect::Emit(
            "state",
            Object::new().text("state", state_name(state)).done(),
        ));
        let id = self.session.id().map(|id| JsValue::from_str(id.as_str()));
        if let (session::State::Connected, Some(id)) = (state, id) {
            effects.extend(
                self.connecting
                    .take()
                    .map(|(waiting, _)| waiting.resolve(id)),
            );
        }
    }

    fn answered(&self, waiting: Waiting, answer: Result<Event, CommandError>) -> Effect {
        match answer {
            Ok(Event::Pong) => {
                let round_trip = self.session.round_trip().unwrap_or_default();
                waiting.resolve((round_trip.as_secs_f64() * 1000.0).into())
            }
            Ok(event) => waiting.resolve(convert::answer(&event)),
            Err(error) => waiting.reject(&error.into()),
        }
    }

    fn set_timer(&mut self) {
        let connecting = self.connecting.as_ref().map(|(_, deadline)| *deadline);
        let due = [
            self.session.poll_timeout(),
            self.cars.poll_timeout(),
            connecting,
        ];
        self.timer.set(due.into_iter().flatten().min());
    }
}

pub(crate) fn state_name(state: session::State) -> &'static str {
    match state {
        session::State::Disconnected => "disconnected",
        session::State::Connected => "connected",
        session::State::Authenticated => "authenticated",
    }
}

fn changed(change: Change) -> Effect {
    let (kind, slot, id) = match change {
        Change::Joined { slot, id } => ("carJoined", slot, id),
        Change::Left { slot, id } => ("carLeft", slot, id),
    };
    Effect::Emit(
        kind,
        Object::new()
            .number("slot", slot as f64)
            .text("id", id.as_str())
            .done(),
    )
}

/// Do something with a connection that may be gone, and then what it wants done.
fn with(
    this: &Weak<RefCell<Connection>>,
    work: impl FnOnce(&mut Connection, Duration) -> Vec<Effect>,
) {
    let Some(connection) = this.upgrade() else {
        return;
    };
    let (effects, listeners) = {
        let mut connection = connection.borrow_mut();
        (
            work(&mut connection, clock::now()),
            connection.listeners.clone(),
        )
    };
    perform(effects, &listeners);
}

/// Tell JavaScript. Nothing may be borrowed: a listener may call back in.
pub(crate) fn perform(effects: Vec<Effect>, listeners: &Listeners) {
    for effect in effects {
        match effect {
            // The functions of a promise do not throw.
            Effect::Call(function, value) => drop(function.call(&JsValue::UNDEFINED, &value)),
            Effect::Emit(kind, event) => listeners.call(kind, &event),
        }
    }
}
