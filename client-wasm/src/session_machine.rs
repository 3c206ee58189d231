//! The machine behind a [`Session`](crate::Session): the protocol's session and its remote cars, and the promises that
//! wait for them.

mod interruption;

use std::time::Duration;

use protocol::command::Command;
use protocol::datagram::{Controls, Datagram};
use protocol::event::Event as Answer;
use protocol::frame::{Notice, Retry};
use protocol::geometry::{Quat, Vec3};
use protocol::interpolation::{Cars, Change, MAX_CARS};
use protocol::reconnect::{Reconnect, ReconnectPolicy};
use protocol::session::{
    self, CommandError, DatagramError, Output, SendError, Session, SignIn, State, Ticket, Transmit,
};
use protocol::tunnel::ClientEnd;
use wasm_bindgen::JsValue;

use crate::clock::to_ms;
use crate::driver::{Deferred, Io, Machine, Queue};
use crate::error::{self, RaceError};
use crate::event::Event;
use crate::listeners::Listeners;
use crate::log::Level;
use crate::objects::Object;
use crate::samples::Samples;
pub(crate) use interruption::Saved;
use interruption::{Interruption, new_end};

/// How long a connection may take until the welcome. The relay may take 20 s to reach the game server and wait for
/// its welcome, and then says what went wrong. This limit is longer, so that its answer comes first.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// The close code of a connection that ended without one.
const ABNORMAL: u16 = 1006;
/// The event of a line, or of another car's position, as it was received.
pub(crate) const FRAME: &str = "frame";
/// The event of a line that the session does not know.
pub(crate) const UNKNOWN: &str = "unknown";
/// The component of log lines about the connection.
const CONNECTION: &str = "CONNECTION";

pub(crate) struct SessionMachine {
    pub(crate) session: Session,
    pub(crate) cars: Cars,
    pub(crate) samples: Samples,
    queue: Queue,
    listeners: Listeners,
    /// The relay's address.
    url: String,
    /// There is a WebSocket, open or not.
    has_socket: bool,
    /// The WebSocket has been open.
    opened: bool,
    /// Counts lines, so that another WebSocket can go on.
    end: ClientEnd,
    /// The relay keeps a session whose WebSocket is gone.
    can_resume: bool,
    /// Something came since the WebSocket was opened.
    heard: bool,
    /// The WebSocket is gone, and the session waits for another one.
    interruption: Option<Interruption>,
    /// The session of another page, until the relay has said what has become of it.
    saved: Option<Saved>,
    /// The WebSocket leads to a new session, which the next `connect()` gets.
    is_fresh: bool,
    reconnect: Reconnect,
    /// Since when the player is signed in.
    signed_in: Option<Duration>,
    /// An operator has ended the session: it may not come back.
    kicked: bool,
    /// The promise of `connect()`, and the time until which it waits.
    connecting: Option<(Deferred, Duration)>,
    /// The promises of `close()`.
    closing: Vec<Deferred>,
    /// The promises of commands. The session bounds how many wait.
    answers: Vec<(Ticket, Deferred)>,
}

impl Machine for SessionMachine {
    fn handle(&mut self, event: Event, now: Duration) {
        match event {
            Event::Opened => self.handle_open(now),
            Event::Text(frame) => self.handle_text(&frame, now),
            Event::Binary(datagram) => {
                self.heard = true;
                self.queue.log_datagram("UDP RECV", datagram.len());
                // The session counts a datagram that is not its own, and ignores it.
                let _ = self.session.handle_datagram(&datagram, now);
                // In a background tab timers come late, but messages come in time.
                self.session.handle_timeout(now);
                self.pump(now);
            }
            Event::Closed { number, reason } => self.handle_close(number, &reason, now),
            Event::NotOpened(error) => self.lose(ABNORMAL, &error, now),
            Event::Timeout => self.handle_timeout(now),
            Event::Online => self.reconnect_now(now),
        }
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let connecting = self.connecting.as_ref().map(|(_, deadline)| *deadline);
        let times = [
            self.session.poll_timeout(),
            self.cars.poll_timeout(),
            connecting,
            self.interruption.map(Interruption::due),
        ];
        times.iter().flatten().min().copied()
    }

    fn queue(&mut self) -> &mut Queue {
        &mut self.queue
    }
}

impl SessionMachine {
    pub(crate) fn new(
        config: session::Config,
        reconnect: ReconnectPolicy,
        saved: Option<Saved>,
        level: Level,
        listeners: Listeners,
    ) -> Self {
        Self {
            session: Session::new(config),
            cars: Cars::default(),
            samples: Samples::new(MAX_CARS),
            queue: Queue::new(level),
            listeners,
            url: String::new(),
            has_socket: false,
            opened: false,
            end: match &saved {
                Some(saved) => ClientEnd::restore(saved.offer.clone()),
                None => new_end(),
            },
            can_resume: false,
            heard: false,
            interruption: None,
            saved,
            is_fresh: false,
            reconnect: Reconnect::new(reconnect),
            signed_in: None,
            kicked: false,
            connecting: None,
            closing: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// Connect. The promise is resolved by the game server's welcome.
    pub(crate) fn connect(&mut self, url: String, deferred: Deferred, now: Duration) {
        let is_fresh = std::mem::take(&mut self.is_fresh);
        if self.interruption.is_some() || (self.has_socket && !is_fresh) {
            let error = RaceError::invalid("already connected: call close() first");
            return self.queue.settle(deferred, Err(&error));
        }
        if let Some(id) = self.session.id() {
            return self.queue.settle(deferred, Ok(id.as_str().into()));
        }
        self.connecting = Some((deferred, now + CONNECT_TIMEOUT));
        if !is_fresh {
            self.kicked = false;
            self.url = url;
            self.open();
        }
    }

    /// Sign in. The promise is resolved by the last answer.
    pub(crate) fn sign_in(&mut self, sign_in: SignIn, deferred: Deferred, now: Duration) {
        let sent = self.session.sign_in(sign_in, now);
        self.await_answer(sent, deferred, now);
    }

    /// Send a command. The promise is resolved by its answer.
    pub(crate) fn command(&mut self, command: Command, deferred: Deferred, now: Duration) {
        let sent = self.session.send(command, now);
        self.await_answer(sent, deferred, now);
    }

    /// Find out the server's generation.
    pub(crate) fn ask_generation(&mut self, now: Duration) {
        self.session.ask_generation(now);
        self.pump(now);
    }

    fn await_answer(&mut self, sent: Result<Ticket, SendError>, deferred: Deferred, now: Duration) {
        match sent {
            Ok(ticket) => {
                self.answers.push((ticket, deferred));
                self.pump(now);
            }
            Err(error) => self.queue.settle(deferred, Err(&error.into())),
        }
    }

    /// Say goodbye and close. The promise is resolved when it is done.
    pub(crate) fn close(&mut self, deferred: Deferred, now: Duration) {
        self.reconnect.reset();
        if self.interruption.is_some() {
            // The goodbye needs the relay, so it is tried until the page gives up.
            self.closing.push(deferred);
            return self.reconnect_now(now);
        }
        if !self.has_socket {
            return self.queue.settle(deferred, Ok(JsValue::UNDEFINED));
        }
        self.closing.push(deferred);
        self.session.goodbye(now);
        self.pump(now);
    }

    /// Close without a goodbye, as a connection that was lost: the relay says goodbye.
    pub(crate) fn abandon(&mut self, now: Duration) {
        if self.has_socket || self.interruption.is_some() {
            self.lose(ABNORMAL, &error::of_close(ABNORMAL, "", true), now);
        }
    }

    /// Close without a goodbye for good: the relay says goodbye.
    pub(crate) fn end(&mut self, now: Duration) {
        let error = RaceError::new("closed", false, "the session was freed");
        self.handle_disconnect(&error, now);
    }

    /// Offer the own car's position; says whether it is sent now. Outside a room nothing is sent.
    pub(crate) fn send_update(
        &mut self,
        position: Vec3,
        rotation: Quat,
        now: Duration,
    ) -> Result<bool, RaceError> {
        let sent = self.session.send_update(position, rotation, now);
        self.sent_or_not(sent)
    }

    /// Offer the driver's controls; says whether they are sent now. Outside a room nothing is sent.
    pub(crate) fn send_input(
        &mut self,
        controls: Controls,
        now: Duration,
    ) -> Result<bool, RaceError> {
        let sent = self.session.send_input(controls, now);
        self.sent_or_not(sent)
    }

    fn sent_or_not(&mut self, sent: Result<bool, DatagramError>) -> Result<bool, RaceError> {
        self.send();
        match sent {
            Err(DatagramError::NotInRoom) => Ok(false),
            sent => Ok(sent?),
        }
    }

    fn handle_text(&mut self, frame: &str, now: Duration) {
        if self.listeners.has(FRAME) {
            self.queue.emit_value(FRAME, frame.into());
        }
        match Notice::parse(frame) {
            Some(Notice::Ready {
                resumed,
                received,
                resume_seconds,
            }) => {
                self.can_resume = resume_seconds > 0;
                self.queue
                    .log(Level::Info, CONNECTION, "the relay is ready");
                self.handle_ready(resumed, received, now);
            }
            Some(Notice::Draining { seconds }) => {
                self.queue.emit(
                    "draining",
                    &Object::Draining {
                        seconds: seconds.into(),
                    },
                );
            }
            Some(Notice::LineTooLong { .. }) => {
                self.end.handle_line();
                self.session.handle_lost_line(now);
                self.pump(now);
            }
            None => {
                self.heard = true;
                self.end.handle_line();
                self.queue.log_line("TCP RECV", frame);
                self.session.handle_line(frame, now);
                self.pump(now);
            }
        }
    }

    fn handle_timeout(&mut self, now: Duration) {
        let connecting = self.connecting.as_ref();
        if connecting.is_some_and(|(_, deadline)| *deadline <= now) {
            let words = "the game server did not welcome in time";
            let error = RaceError::new("timeout", true, words);
            return self.lose(ABNORMAL, &error, now);
        }
        if let Some(interruption) = self.interruption.filter(|waits| waits.due() <= now) {
            self.handle_interruption(interruption, now);
        }
        self.session.handle_timeout(now);
        self.cars.handle_timeout(now);
        self.pump(now);
    }

    fn handle_close(&mut self, number: u16, reason: &str, now: Duration) {
        let error = if self.closing.is_empty() {
            error::of_close(number, reason, self.opened)
        } else {
            RaceError::new("closed", false, "the connection was closed")
        };
        if self.interruption.is_some() {
            self.fail_attempt(number, &error, now);
        } else if self.is_interruption(number) {
            self.interrupt(&error, now);
        } else {
            self.lose(number, &error, now);
        }
    }

    /// Settle everything that waits for the connection, and tell when to connect again.
    fn lose(&mut self, number: u16, error: &RaceError, now: Duration) {
        let text = format!("closed: {number} {}", error.message);
        self.queue.log(Level::Info, CONNECTION, text);
        let retry = if error.retryable && !self.kicked {
            Retry::after_close(number)
        } else {
            Retry::No
        };
        let up = now.saturating_sub(self.signed_in.unwrap_or(now));
        let pause = self
            .reconnect
            .handle_loss(retry, up, js_sys::Math::random());
        self.handle_disconnect(error, now);
        self.tell("close", number, error, pause);
    }

    /// Tell that the connection is gone, and when there is to be another.
    fn tell(
        &mut self,
        kind: &'static str,
        number: u16,
        error: &RaceError,
        pause: Option<Duration>,
    ) {
        let event = Object::Close {
            number: number.into(),
            code: error.code,
            reason: &error.message,
            retryable: error.retryable,
            attempt: self.reconnect.attempt(),
            retry_in_ms: pause.map(|pause| to_ms(pause).floor()),
        };
        self.queue.emit(kind, &event);
    }

    /// The connection is gone: settle everything that waits for it.
    fn handle_disconnect(&mut self, error: &RaceError, now: Duration) {
        self.has_socket = false;
        self.is_fresh = false;
        self.interruption = None;
        self.saved = None;
        self.end.give_up();
        self.queue.push(Io::Abandon);
        self.session.handle_close();
        self.cars.clear();
        self.pump(now);
        if let Some((deferred, _)) = self.connecting.take() {
            self.queue.settle(deferred, Err(error));
        }
        for deferred in std::mem::take(&mut self.closing) {
            self.queue.settle(deferred, Ok(JsValue::UNDEFINED));
        }
    }

    /// Pass on what the session and the cars report.
    fn pump(&mut self, now: Duration) {
        self.send();
        while let Some(output) = self.session.poll_output() {
            self.handle_output(output, now);
        }
        if self.session.room().is_none() {
            self.cars.clear();
        }
        while let Some(change) = self.cars.poll_change() {
            let (kind, slot, id) = match &change {
                Change::Joined { slot, id } => ("carJoined", *slot, id.as_str()),
                Change::Left { slot, id } => ("carLeft", *slot, id.as_str()),
            };
            self.queue.emit(
                kind,
                &Object::Car {
                    slot: slot as f64,
                    id,
                },
            );
        }
    }

    fn send(&mut self) {
        while let Some(transmit) = self.session.poll_transmit() {
            match transmit {
                // What the relay has not had, the next WebSocket sends.
                Transmit::Line(line) => {
                    self.end.send(&line);
                    if self.interruption.is_none() {
                        self.queue.send_line(line);
                    }
                }
                Transmit::Datagram(datagram) => self.queue.send_datagram(datagram),
                Transmit::Close => self.queue.push(Io::Close),
            }
        }
    }

    fn handle_output(&mut self, output: Output, now: Duration) {
        let queue = &mut self.queue;
        match output {
            Output::StateChanged(state) => self.handle_state(state, now),
            Output::Answer { ticket, answer } => self.handle_answer(ticket, answer),
            Output::Update(update) => {
                self.cars.handle_update(&update, now);
                if self.listeners.has(FRAME) {
                    let frame = Datagram::Update(update).to_json();
                    queue.emit_value(FRAME, frame.into());
                }
            }
            // One comes with each datagram, so it is made only if somebody listens.
            Output::Input(input) if self.listeners.has("input") => {
                queue.emit("input", &Object::from(&input));
            }
            Output::Unknown { kind, line } if self.listeners.has(UNKNOWN) => {
                let line = Object::Texts(vec![("kind", &kind), ("line", &line)]);
                queue.emit(UNKNOWN, &line);
            }
            Output::Input(_) | Output::Unknown { .. } | Output::RoundTrip(_) => {}
            Output::Generation(generation) => {
                let generation = Object::Texts(vec![("generation", generation.name())]);
                queue.emit("generation", &generation);
            }
            Output::Chat {
                sender_name,
                message,
            } => {
                let chat = Object::Texts(vec![("senderName", &sender_name), ("message", &message)]);
                queue.emit("chat", &chat);
            }
            Output::PlayerJoined(player) => queue.emit("playerJoined", &Object::Player(&player)),
            Output::PlayerLeft(player) => queue.emit("playerLeft", &Object::Player(&player)),
            Output::Silent => self.handle_silence(now),
            Output::GameStarted(started) => queue.emit("gameStarted", &Object::from(&started)),
            Output::Message {
                sender_id,
                sender_name,
                message,
            } => {
                let message = Object::Texts(vec![
                    ("senderId", sender_id.as_str()),
                    ("senderName", &sender_name),
                    ("message", &message),
                ]);
                queue.emit("message", &message);
            }
            Output::Kicked { message } => {
                self.kicked = true;
                let text = "an administrator ends the session";
                queue.log(Level::Warn, CONNECTION, text);
                queue.emit("kicked", &Object::Texts(vec![("message", &message)]));
            }
            Output::RoomLost(room_id) => {
                let room = Object::Texts(vec![("roomId", room_id.as_str())]);
                queue.emit("roomLost", &room);
            }
        }
    }

    /// Nothing comes any more. Another WebSocket helps if this one is dead, but not if it came to nothing before.
    fn handle_silence(&mut self, now: Duration) {
        let error = RaceError::new("connection_lost", true, "nothing answers any more");
        if self.heard && self.is_interruption(ABNORMAL) {
            self.interrupt(&error, now);
        } else {
            self.lose(ABNORMAL, &error, now);
        }
    }

    fn handle_state(&mut self, state: State, now: Duration) {
        self.signed_in = (state == State::Authenticated).then_some(now);
        let name = state_name(state);
        self.queue
            .emit("state", &Object::Texts(vec![("state", name)]));
        let id = self.session.id().map(|id| JsValue::from_str(id.as_str()));
        if let (State::Connected, Some(id)) = (state, id)
            && let Some((deferred, _)) = self.connecting.take()
        {
            self.queue.settle(deferred, Ok(id));
        }
    }

    fn handle_answer(&mut self, ticket: Ticket, answer: Result<Answer, CommandError>) {
        let place = self.answers.iter().position(|(known, _)| *known == ticket);
        let Some(place) = place else { return };
        let (_, deferred) = self.answers.swap_remove(place);
        match answer {
            Ok(Answer::Pong) => {
                let round_trip = self.session.round_trip().unwrap_or_default();
                self.queue.settle(deferred, Ok(to_ms(round_trip).into()));
            }
            Ok(answer) => {
                let value = Object::from_answer(&answer).map(|object| object.to_js());
                self.queue.settle(deferred, Ok(value.unwrap_or_default()));
            }
            Err(error) => self.queue.settle(deferred, Err(&error.into())),
        }
    }
}

/// The name of a state in JavaScript.
pub(crate) fn state_name(state: State) -> &'static str {
    match state {
        State::Disconnected => "disconnected",
        State::Connected => "connected",
        State::Authenticated => "authenticated",
    }
}
