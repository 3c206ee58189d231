//! A client's session as a machine without I/O: lines, datagrams and a clock in; lines, datagrams and outputs out. It
//! keeps one command outstanding, matches answers in order, keeps the connection alive and says goodbye. Where remote
//! cars are between their datagrams is in [`interpolation`](crate::interpolation).

mod commands;
mod driving;
mod error;
mod goodbye;
mod heartbeat;
mod liveness;
mod output;
mod sign_in;
#[cfg(test)]
mod tests;

use crate::cipher::Cipher;
use crate::command::{Command, CommandKind};
use crate::datagram::{Controls, Datagram, DecodeError};
use crate::event::{Event, EventKind, GameStarted};
use crate::generation::Generation;
use crate::geometry::{Quat, Vec3};
use crate::goodbye::Goodbye;
use crate::id::{RoomId, Secret, SessionId};
use crate::limits;
use crate::metrics::Traffic;
use crate::pacer::{DEFAULT_RATE_HZ, Pacer};
use crate::refusal::Refusal;
use commands::Answered;
pub use error::{CommandError, DatagramError, SendError};
use heartbeat::Heartbeat;
use liveness::Liveness;
pub use output::{Output, State, Ticket, Transmit};
pub use sign_in::SignIn;
use std::collections::VecDeque;
use std::time::Duration;

/// How a session behaves. The defaults suit every released server.
#[derive(Debug, Clone)]
pub struct Config {
    /// The secret of the datagrams' key.
    pub secret: Secret,
    /// The generation that an old welcome is taken for until an answer tells of a later one. `None`: it is not known, and the session
    /// asks only once it matters, or when [`Session::ask_generation`] was called.
    pub generation: Option<Generation>,
    /// How long a command may wait for its answer after it is sent. Several inputs are never answered (facts, section
    /// 2).
    pub command_timeout: Duration,
    /// How long the line may be silent before a `PING` keeps it open, at most 25 s, so that one lost answer does no
    /// harm. A server cuts after 60 s without a line, whatever datagrams come (facts, section 1.6).
    pub keep_alive: Duration,
    /// Gather commands into a `BATCH`: up to ten, for up to 50 ms (guide, section 10.1). Off by default, because no
    /// released server knows it. The first `UNKNOWN_COMMAND` turns it off for the rest of the session.
    pub batching: bool,
    /// The most positions, and the most inputs, sent in a second, 1 to 60.
    pub update_rate_hz: f64,
    /// Send datagrams plain, for the servers that take nothing else (facts, section 6.6: PRE).
    pub plain_datagrams: bool,
    /// Compress datagrams before sealing, for servers that take it. No released server does.
    pub gzip: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            secret: Secret::default(),
            generation: None,
            command_timeout: Duration::from_secs(10),
            keep_alive: MAX_KEEP_ALIVE,
            batching: false,
            update_rate_hz: DEFAULT_RATE_HZ,
            plain_datagrams: false,
            gzip: false,
        }
    }
}

/// The longest silence of a session; see [`Config::keep_alive`].
pub const MAX_KEEP_ALIVE: Duration = Duration::from_secs(25);
/// How many commands may wait at most; one more is refused.
pub const MAX_QUEUE: usize = 64;
/// How many outputs are kept for a caller that does not take them. Beyond it the oldest datagrams go first, then the
/// oldest events. Answers are never dropped; there are no more of them than commands were sent.
const MAX_OUTPUTS: usize = 4096;

/// A client's session. The module says how to drive it.
///
/// ```
/// use std::time::Duration;
/// use protocol::command::Command;
/// use protocol::session::{Config, Session, State, Transmit};
///
/// let now = Duration::ZERO;
/// let mut session = Session::new(Config::default());
/// session.handle_line("CONNECTED|0123456789abcdef0123456789abcdef", now);
/// assert_eq!(session.state(), State::Connected);
/// session.send(Command::Ping, now).unwrap();
/// assert_eq!(session.poll_transmit(), Some(Transmit::Line(r#"{"command":"PING"}"#.to_owned())));
/// ```
#[derive(Debug)]
pub struct Session {
    config: Config,
    state: State,
    /// `None` while it does not know.
    generation: Option<Generation>,
    /// It has asked whether there is chat.
    /// What to do next depends on whether there is chat.
    is_chat_wanted: bool,
    is_chat_asked: bool,
    id: Option<SessionId>,
    room: Option<RoomId>,
    /// Made with the session's id; kept until the next welcome.
    cipher: Option<Cipher>,
    commands: commands::Commands,
    /// A goodbye was asked for: no new commands are taken.
    is_closing: bool,
    /// The goodbye, from its first step.
    goodbye: Option<Goodbye>,
    /// The start whose second copy is still expected: a host gets two.
    repeated_start: Option<GameStarted>,
    updates: Pacer<(Vec3, Quat)>,
    inputs: Pacer<Controls>,
    /// The number of the last position.
    seq: i32,
    /// The last position, and when it was sent.
    last_place: Option<(Vec3, Duration)>,
    heartbeat: Heartbeat,
    last_line_sent: Duration,
    /// The next command waits on purpose: for others to go with it, or for datagrams to arrive before it.
    held_until: Option<Duration>,
    last_datagram_sent: Option<Duration>,
    liveness: Liveness,
    /// The transport is gone and may come back: nothing is due, and positions are dropped.
    is_suspended: bool,
    round_trip: Option<Duration>,
    clock_offset_ms: Option<f64>,
    traffic: Traffic,
    transmits: VecDeque<Transmit>,
    outputs: VecDeque<Output>,
}

impl Session {
    /// Make a session that waits for the server's welcome.
    pub fn new(mut config: Config) -> Self {
        config.keep_alive = config.keep_alive.min(MAX_KEEP_ALIVE);
        Self {
            state: State::Disconnected,
            generation: None,
            is_chat_wanted: false,
            is_chat_asked: false,
            id: None,
            room: None,
            cipher: None,
            commands: commands::Commands::default(),
            is_closing: false,
            goodbye: None,
            repeated_start: None,
            updates: Pacer::new(config.update_rate_hz),
            inputs: Pacer::new(config.update_rate_hz),
            seq: 0,
            last_place: None,
            heartbeat: Heartbeat::default(),
            last_line_sent: Duration::ZERO,
            held_until: None,
            last_datagram_sent: None,
            liveness: Liveness::default(),
            is_suspended: false,
            round_trip: None,
            clock_offset_ms: None,
            traffic: Traffic::default(),
            transmits: VecDeque::new(),
            outputs: VecDeque::new(),
            config,
        }
    }

    /// How far the session has come.
    pub fn state(&self) -> State {
        self.state
    }

    /// The id the server gave, once welcomed.
    pub fn id(&self) -> Option<&SessionId> {
        self.id.as_ref()
    }

    /// The room the session is in.
    pub fn room(&self) -> Option<&RoomId> {
        self.room.as_ref()
    }

    /// The generation of the server: `None` before the welcome, and on the older servers until their answers tell.
    pub fn generation(&self) -> Option<Generation> {
        self.generation
    }

    /// The newest round trip of a `PING` or a heartbeat.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// How far the server's clock, in milliseconds since 1970, is ahead of the session's (token generation).
    pub fn clock_offset_ms(&self) -> Option<f64> {
        self.clock_offset_ms
    }

    /// The number of the last position (token generation); 0 before the first.
    pub fn seq(&self) -> i32 {
        self.seq
    }

    /// What was sent and received.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Queue a command. Its answer comes as [`Output::Answer`] with the ticket given here. Entering a room
    /// leaves the old one first (facts, Q7).
    ///
    /// # Errors
    /// The command cannot be sent now. Nothing was queued.
    pub fn send(&mut self, command: Command, now: Duration) -> Result<Ticket, SendError> {
        self.queue_command(command, None, now)
    }

    fn queue_command(
        &mut self,
        command: Command,
        sign_in: Option<Box<SignIn>>,
        now: Duration,
    ) -> Result<Ticket, SendError> {
        self.refuse(&command)?;
        let ticket = self.commands.queue(command, sign_in, now);
        self.advance(now);
        Ok(ticket)
    }

    fn refuse(&self, command: &Command) -> Result<(), SendError> {
        if self.state == State::Disconnected || self.is_closing {
            return Err(SendError::NotConnected);
        }
        // A sign-in that waits or is outstanding counts: the command goes after it.
        if !command.kind().is_open()
            && self.state != State::Authenticated
            && !self.commands.holds_sign_in()
        {
            return Err(SendError::NotAuthenticated);
        }
        if self.commands.queued() >= MAX_QUEUE {
            return Err(SendError::QueueFull);
        }
        limits::check(command).map_err(SendError::Refused)?;
        let length = command.to_line().len();
        if length > crate::frame::MAX_CLIENT_LINE_BYTES {
            return Err(SendError::TooLong(length));
        }
        Ok(())
    }

    /// Begin the goodbye: no more datagrams, `LEAVE_ROOM`, its answer, `BYE`, its answer, then [`Transmit::Close`].
    /// Waiting commands fail with [`CommandError::Closed`].
    pub fn goodbye(&mut self, now: Duration) {
        if self.state == State::Disconnected {
            self.transmits.push_back(Transmit::Close);
            return;
        }
        if !self.is_closing {
            self.is_closing = true;
            let given_up = self.commands.drop_queue();
            self.fail(given_up, &CommandError::Closed);
            self.commands.hurry(now + goodbye::STEP_TIMEOUT);
            self.stop_datagrams();
            self.advance(now);
        }
    }

    /// Take a line of the server, without its newline.
    pub fn handle_line(&mut self, line: &str, now: Duration) {
        self.liveness.hear(now);
        match Event::parse(line) {
            Event::Welcome {
                session_id,
                generation,
            } if self.state == State::Disconnected => {
                // An old welcome is that of several generations.
                let told = (generation != Generation::First).then_some(generation);
                self.welcome(session_id, now);
                if let Some(generation) = told.or(self.config.generation) {
                    self.set_generation(generation);
                }
            }
            Event::RelayedMessage {
                sender_id,
                sender_name,
                message,
            } => {
                self.output(Output::Message {
                    sender_id,
                    sender_name,
                    message,
                });
            }
            Event::ByeAdmin { message } | Event::Banned { reason: message } => {
                self.output(Output::Kicked { message })
            }
            Event::GameStarted(started) => self.handle_start(started),
            Event::Ping => self.answer_ping(now),
            Event::HeartbeatAck {
                ack_for,
                server_timestamp_ms,
            } => self.handle_heartbeat(ack_for.as_deref(), server_timestamp_ms, now),
            // Pushes of a room that was left may still come (facts, Q7).
            Event::PlayerJoined { room_id, player } => {
                self.output_of(room_id, Output::PlayerJoined(player))
            }
            Event::PlayerLeft { room_id, player } => {
                self.output_of(room_id, Output::PlayerLeft(player))
            }
            Event::Chat {
                room_id,
                sender_name,
                message,
            } => self.output_of(
                room_id,
                Output::Chat {
                    sender_name,
                    message,
                },
            ),
            Event::Welcome { .. } => self.output_unknown(String::new(), line),
            Event::Unknown { kind, .. } => self.output_unknown(kind, line),
            answer => self.handle_answer(answer, line, now),
        }
        self.advance(now);
    }

    /// Take a datagram of the server.
    ///
    /// # Errors
    /// It is not a datagram of the protocol, or damaged. It is counted as refused.
    pub fn handle_datagram(&mut self, bytes: &[u8], now: Duration) -> Result<(), DecodeError> {
        self.liveness.hear(now);
        let datagram = Datagram::decode(bytes, self.cipher.as_ref());
        self.traffic.received(bytes.len(), datagram.is_ok(), now);
        let own = |id: &SessionId| self.id.as_ref() == Some(id);
        match datagram? {
            _ if self.room.is_none() => {}
            Datagram::Update(update) if !own(&update.session_id) => {
                self.output(Output::Update(update))
            }
            Datagram::Input(input) if !own(&input.session_id) => self.output(Output::Input(input)),
            _ => {}
        }
        Ok(())
    }

    /// The connection is gone: everything outstanding fails, and the session waits for the next welcome.
    pub fn handle_close(&mut self) {
        let mut given_up = self.commands.drop_outstanding();
        given_up.extend(self.commands.drop_queue());
        self.fail(given_up, &CommandError::Closed);
        self.commands.forget();
        self.is_closing = false;
        self.goodbye = None;
        self.repeated_start = None;
        self.id = None;
        self.room = None;
        self.cipher = None;
        self.generation = None;
        self.is_chat_wanted = false;
        self.is_chat_asked = false;
        self.seq = 0;
        self.last_place = None;
        self.heartbeat = Heartbeat::default();
        self.round_trip = None;
        self.clock_offset_ms = None;
        self.last_datagram_sent = None;
        self.held_until = None;
        self.liveness = Liveness::default();
        self.is_suspended = false;
        self.stop_datagrams();
        self.transmits.clear();
        self.change_state(State::Disconnected);
    }

    /// The transport is gone, but the session goes on if it comes back in time. Until then lines are still given to be sent,
    /// for the caller to keep, but no positions.
    pub fn suspend(&mut self) {
        self.is_suspended = true;
        self.stop_datagrams();
    }

    /// The transport is back, and no line is missing.
    pub fn resume(&mut self, now: Duration) {
        self.is_suspended = false;
        self.liveness.resume(now);
        self.last_line_sent = now;
        self.commands.extend(now + self.config.command_timeout);
    }

    /// Go on with a session that another page began and that is signed in: its id, the room that it is in, the generation of its server,
    /// and the number of its last position.
    pub fn restore(
        &mut self,
        id: SessionId,
        room: Option<RoomId>,
        generation: Option<Generation>,
        seq: i32,
        now: Duration,
    ) {
        self.welcome(id, now);
        self.seq = seq;
        if let Some(generation) = generation.or(self.config.generation) {
            self.set_generation(generation);
        }
        self.room = room;
        self.resume(now);
        self.change_state(State::Authenticated);
    }

    /// Do what is due. Call it when [`poll_timeout`](Self::poll_timeout) has passed.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.is_suspended {
            return;
        }
        self.check_liveness(now);
        if let Some((position, rotation)) = self.updates.poll(now)
            && !self.is_jump(position, now)
        {
            // It was checked when it was offered.
            let _ = self.transmit_update(position, rotation, now);
        }
        if let Some(controls) = self.inputs.poll(now) {
            let _ = self.transmit_input(controls, now);
        }
        self.send_heartbeat(now);
        let timed_out = self.commands.time_out(now);
        self.fail(timed_out, &CommandError::Timeout);
        self.advance(now);
    }

    /// The relay could not pass on a line, because it is too long. It takes it for the answer to the outstanding command.
    pub fn handle_lost_line(&mut self, now: Duration) {
        let lost = self.commands.drop_outstanding();
        self.fail(lost, &CommandError::AnswerTooLong);
        self.advance(now);
    }

    /// Say when [`handle_timeout`](Self::handle_timeout) has something to do. `None` if only input can change the
    /// session.
    pub fn poll_timeout(&self) -> Option<Duration> {
        if self.state == State::Disconnected || self.is_suspended {
            return None;
        }
        let idle = self.commands.is_idle() && !self.is_closing;
        let keep_alive = idle.then(|| self.last_line_sent + self.config.keep_alive);
        let due = [
            self.updates.timeout(),
            self.inputs.timeout(),
            self.commands.timeout(),
            self.held_until,
            keep_alive,
            self.liveness_due(),
            self.heartbeat_due(),
        ];
        due.iter().flatten().min().copied()
    }

    /// Give the next thing to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// Give the next thing for the application.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn welcome(&mut self, id: SessionId, now: Duration) {
        self.cipher = Some(Cipher::new(&id, &self.config.secret));
        self.id = Some(id);
        self.last_line_sent = now;
        self.change_state(State::Connected);
    }

    /// Pass a start on once. The host gets two, the second without its id (facts, Q9). A room that was left still
    /// announces its start (Q7).
    fn handle_start(&mut self, started: GameStarted) {
        let room = started.room_id;
        if self.room != Some(room) && !self.commands.is_joining(room) {
            return;
        }
        let repeated = self.repeated_start.take_if(|first| {
            first.room_id == started.room_id
                && first.spawns == started.spawns
                && (started.host_id.is_none() || first.host_id == started.host_id)
        });
        if repeated.is_some() {
            return;
        }
        let answer = Event::GameStarted(started.clone());
        let answered = self.commands.answer(&answer);
        if !matches!(answered, Answered::None) {
            // Later servers send the identical line twice. A copy without a host is already the second one.
            self.repeated_start = started.host_id.is_some().then(|| started.clone());
        }
        if let Answered::Outstanding { ticket, .. } = answered {
            self.resolve(ticket, Ok(answer));
        }
        self.output(Output::GameStarted(started));
    }

    fn handle_answer(&mut self, event: Event, line: &str, now: Duration) {
        if self.commands.refuses_batch(&event) {
            return;
        }
        if event == Event::Pong
            && let Some(sent) = self.liveness.answered(self.commands.ping_sent())
        {
            return self.measure(sent, now);
        }
        match self.commands.answer(&event) {
            Answered::Outstanding {
                ticket,
                kind,
                sign_in,
            } => {
                self.apply(&event, kind, now);
                if let Some(sign_in) = sign_in {
                    return self.go_on(ticket, sign_in, kind, event, now);
                }
                let answer = refused(&event).map_or_else(|| Ok(event), Err);
                self.resolve(ticket, answer);
            }
            Answered::TimedOut { kind } => self.apply(&event, kind, now),
            Answered::None => {
                let kind: &'static str = EventKind::from(&event).into();
                self.output_unknown(kind.to_owned(), line);
            }
        }
        let skipped = self.commands.take_skipped();
        self.fail(skipped, &CommandError::Timeout);
    }

    /// A step of a sign-in was answered: take the next one, or end it.
    fn go_on(
        &mut self,
        ticket: Option<Ticket>,
        sign_in: Box<SignIn>,
        kind: CommandKind,
        event: Event,
        now: Duration,
    ) {
        match sign_in.next_step(kind, &event) {
            Ok(Some(command)) => self.commands.queue_step(command, ticket, sign_in, now),
            Ok(None) => self.resolve(ticket, refused(&event).map_or_else(|| Ok(event), Err)),
            Err(error) => self.resolve(ticket, Err(error)),
        }
    }

    /// Apply the answer to a command of this kind to the state.
    fn apply(&mut self, event: &Event, kind: CommandKind, now: Duration) {
        self.learn_generation(event);
        match event {
            Event::NameOk {
                authenticated: true,
                ..
            }
            | Event::AuthOk { .. }
            | Event::RegisterOk(_)
            | Event::LoginOk(_)
            | Event::AutoAuthOk(_) => self.change_state(State::Authenticated),
            // A failed AUTHENTICATE signs out, a failed NAME changes nothing (facts, section 4.1).
            Event::AuthFailed { .. } if kind == CommandKind::Authenticate => {
                self.change_state(State::Connected)
            }
            Event::RoomCreated { room_id, .. } | Event::JoinOk { room_id, .. } => {
                self.room = Some(*room_id)
            }
            Event::LeaveOk { .. } | Event::ByeOk => self.forget_room(),
            Event::Pong => self.measure(self.commands.answered_sent(), now),
            Event::Error { message } => self.apply_refusal(Refusal::of_message(message), kind),
            _ => {}
        }
    }

    fn measure(&mut self, sent: Duration, now: Duration) {
        if let Some(round_trip) = self.liveness.round_trip(sent, now) {
            self.measured(round_trip);
        }
    }

    fn measured(&mut self, round_trip: Duration) {
        self.round_trip = Some(round_trip);
        self.output(Output::RoundTrip(round_trip));
    }

    fn apply_refusal(&mut self, refusal: Refusal, kind: CommandKind) {
        if refusal == Refusal::AuthRequired {
            self.change_state(State::Connected);
        }
        if refusal.means_no_room(kind)
            && let Some(room) = self.room
        {
            self.forget_room();
            if kind != CommandKind::LeaveRoom {
                self.output(Output::RoomLost(room));
            }
        }
    }

    fn set_generation(&mut self, generation: Generation) {
        self.generation = Some(generation);
        self.output(Output::Generation(generation));
    }

    /// Output what concerns a room, if the session is in it.
    fn output_of(&mut self, room: RoomId, output: Output) {
        if self.room == Some(room) {
            self.output(output);
        }
    }

    fn output_unknown(&mut self, kind: String, line: &str) {
        let line = line.to_owned();
        self.output(Output::Unknown { kind, line });
    }

    fn forget_room(&mut self) {
        self.room = None;
        self.repeated_start = None;
        self.stop_datagrams();
    }

    fn resolve(&mut self, ticket: Option<Ticket>, answer: Result<Event, CommandError>) {
        if let Some(ticket) = ticket {
            self.output(Output::Answer { ticket, answer });
        }
    }

    fn fail(&mut self, tickets: Vec<Ticket>, error: &CommandError) {
        for ticket in tickets {
            self.output(Output::Answer {
                ticket,
                answer: Err(error.clone()),
            });
        }
    }

    fn change_state(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            self.output(Output::StateChanged(state));
        }
    }

    fn output(&mut self, output: Output) {
        if self.outputs.len() >= MAX_OUTPUTS {
            self.drop_output();
        }
        self.outputs.push_back(output);
    }

    /// Drop the oldest datagram, or else the oldest event. Answers stay, because somebody waits for them.
    fn drop_output(&mut self) {
        let is_datagram = |output: &Output| matches!(output, Output::Update(_) | Output::Input(_));
        let is_event = |output: &Output| !matches!(output, Output::Answer { .. });
        let datagram = self.outputs.iter().position(is_datagram);
        let dropped = datagram.or_else(|| self.outputs.iter().position(is_event));
        if let Some(index) = dropped {
            self.outputs.remove(index);
        }
    }
}

/// The error that an answer means, if it is one.
fn refused(event: &Event) -> Option<CommandError> {
    let (refusal, message) = match event {
        Event::AuthFailed { message } => (Refusal::AuthFailed, message.clone()),
        Event::UnknownCommand { original } => (
            Refusal::UnknownCommand,
            ["the game server does not know ", original].concat(),
        ),
        event => {
            let message = event.refused()?;
            (Refusal::of_message(message), message.to_owned())
        }
    };
    Some(CommandError::Refused { refusal, message })
}
