//! Every recorded server stream against the session of our clients: each recorded client is played by a `Session`, with a virtual
//! clock. It gets the recorded lines and datagrams, and sends the client's commands where the recording has them. What it must come to
//! is in [`implied`], read from the recording without the project's own parser of lines.

mod implied;
mod spelling;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use protocol::command::Command;
use protocol::event::{Event, Spawn};
use protocol::geometry::Vec3;
use protocol::id::Secret;
use protocol::line::LineDecoder;
use protocol::refusal::Refusal;
use protocol::session::{
    CommandError, Config, DatagramError, Output, SendError, Session, State, Ticket, Transmit,
};
use serde_json::Value;

use crate::recording::{self, Compared, Kind, Payload, Recording, Set};
use crate::seal::{open, seal};
use implied::{Ending, Implied, Start};
use spelling::{command, own_place, without_email};

/// How long the session lives on after its last event, so that what is due later still happens.
const AFTERMATH: Duration = Duration::from_secs(15);
/// How long a session may hold a command back on purpose, for datagrams to arrive before it.
const LONGEST_HOLD: Duration = Duration::from_millis(500);

/// Why a recorded line of a client is not sent through its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Skipped {
    /// No session writes such a line: it is no command, or not spelt so.
    NotOfASession,
    /// The session knows that the server would refuse it, or there is no connection.
    RefusedBefore,
    /// It answers the server's `PING`, which the session does by itself.
    OwnPong,
}

/// One recorded client.
struct Player {
    session: Session,
    decoder: LineDecoder,
    /// The clock of this session. It is ahead of the recording while a command was held back.
    now: Duration,
    /// Commands of the recording that the session took and has not sent yet.
    taken: VecDeque<String>,
    /// How many commands are sent and not answered.
    outstanding: usize,
    tickets: HashMap<Ticket, usize>,
    ending: Ending,
    implied: Implied,
    skipped: Vec<Skipped>,
    pongs: usize,
    failures: Vec<String>,
}

/// A recording with all its clients.
struct Replay<'a> {
    recording: &'a Recording,
    players: BTreeMap<String, Player>,
    compared: Compared,
    /// The index of an event that the sessions do not get, to see that this is noticed.
    missed: Option<usize>,
}

/// What a replay has shown.
struct Played {
    compared: Compared,
    differences: Vec<String>,
    skipped: Vec<Skipped>,
    /// How many recorded commands went through the sessions.
    commands: usize,
}

/// Give the id that a name of a recording stands for.
fn id_of(name: &str) -> Option<String> {
    if let Some(client) = name.strip_prefix("$TOKEN_") {
        return Some(format!("{client:T>64}"));
    }
    let digits: String = name
        .bytes()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat();
    Some(format!("{digits:0>32}"))
}

fn fill(text: &str) -> String {
    recording::fill(text, id_of).unwrap()
}

impl<'a> Replay<'a> {
    fn new(recording: &'a Recording) -> Self {
        Self {
            recording,
            players: BTreeMap::new(),
            compared: Compared::default(),
            missed: None,
        }
    }

    fn play(mut self) -> Played {
        for (index, event) in self.recording.events.iter().enumerate() {
            self.step(event, self.missed == Some(index));
        }
        let (mut differences, mut skipped, mut commands) = (Vec::new(), Vec::new(), 0);
        for (who, mut player) in self.players {
            player.run_until(player.now + AFTERMATH);
            let own = player.finish();
            differences.extend(own.into_iter().map(|text| format!("{who}: {text}")));
            skipped.extend(player.skipped);
            commands += player.tickets.len();
        }
        self.compared.differences = differences.len();
        Played {
            compared: self.compared,
            differences,
            skipped,
            commands,
        }
    }

    /// Play an event. `is_missed`: the session does not get it.
    fn step(&mut self, event: &recording::Event, is_missed: bool) {
        let set = self.recording.set;
        let who = event.who.as_str();
        let id = fill(&format!("${who}"));
        if matches!(event.kind, Kind::Tls(_) | Kind::PlainConnect) {
            let before = self.players.insert(who.to_owned(), Player::new(set));
            assert!(before.is_none(), "{who} connects twice");
        }
        let Some(player) = self.players.get_mut(who) else {
            return;
        };
        player.run_until(event.at);
        match &event.kind {
            Kind::Line(text) => {
                self.compared.lines += 1;
                player.line(&fill(text), is_missed);
            }
            Kind::Datagram { sealed, text } => {
                self.compared.datagrams += 1;
                let text = fill(text);
                let bytes = match sealed {
                    true => seal(&id, set.secret, &text),
                    false => text.clone().into_bytes(),
                };
                player.datagram(&text, &bytes, is_missed);
            }
            Kind::Closed => {
                self.compared.lines += 1;
                player.close(is_missed);
            }
            Kind::Sent(payload) => {
                let bytes = match payload {
                    Payload::Bytes(bytes) => bytes.clone(),
                    Payload::Plain(text) | Payload::Sealed(text) => fill(text).into_bytes(),
                };
                player.decoder.push(&bytes);
                while let Some(line) = player.decoder.next_line() {
                    player.send(&line.unwrap_or_default(), event.at);
                }
            }
            Kind::DatagramSent(Payload::Sealed(text)) => {
                player.send_datagram(&fill(text), &id, set.secret);
            }
            Kind::Tls(_) | Kind::PlainConnect | Kind::DatagramSent(_) => {}
            Kind::NewPort | Kind::Note => {}
        }
        player.flush();
    }
}

impl Player {
    fn new(set: Set) -> Self {
        let config = Config {
            secret: Secret::new(set.secret),
            update_rate_hz: 60.0,
            ..Config::default()
        };
        Self {
            session: Session::new(config),
            decoder: LineDecoder::default(),
            now: Duration::ZERO,
            taken: VecDeque::new(),
            outstanding: 0,
            tickets: HashMap::new(),
            ending: Ending::default(),
            implied: Implied::new(set.generation),
            skipped: Vec::new(),
            pongs: 0,
            failures: Vec::new(),
        }
    }

    /// Let the session do what is due up to a time.
    fn run_until(&mut self, until: Duration) {
        while let Some(due) = self.session.poll_timeout().filter(|&due| due <= until) {
            self.now = self.now.max(due);
            self.session.handle_timeout(self.now);
            self.flush();
        }
        self.now = self.now.max(until);
    }

    fn line(&mut self, line: &str, is_missed: bool) {
        // The server has answered a command that the session still holds back on purpose: let it send it first.
        while self.outstanding == 0
            && !self.taken.is_empty()
            && let Some(due) = self.session.poll_timeout()
            && due <= self.now + LONGEST_HOLD
        {
            self.run_until(due);
        }
        if self.implied.line(line) {
            self.outstanding = self.outstanding.saturating_sub(1);
        }
        if !is_missed {
            self.session.handle_line(line, self.now);
        }
        self.take_outputs();
    }

    fn close(&mut self, is_missed: bool) {
        self.implied.closed();
        if !is_missed {
            self.session.handle_close();
        }
        self.take_outputs();
    }

    fn datagram(&mut self, text: &str, bytes: &[u8], is_missed: bool) {
        self.implied.datagram(text);
        if !is_missed && let Err(error) = self.session.handle_datagram(bytes, self.now) {
            self.failures.push(format!("{error}: {text}"));
        }
        self.take_outputs();
    }

    /// Send a recorded line through the session, if it sends such a line.
    fn send(&mut self, line: &str, at: Duration) {
        let sent = match command(line) {
            None => Err(Skipped::NotOfASession),
            Some(Command::Pong) if self.session.state() == State::Authenticated => {
                Err(Skipped::OwnPong)
            }
            Some(command) => match self.session.send(command, self.now) {
                Ok(ticket) => Ok(ticket),
                Err(error) => {
                    self.check_refusal(line, error);
                    Err(Skipped::RefusedBefore)
                }
            },
        };
        match sent {
            Ok(ticket) => {
                self.tickets.insert(ticket, self.ending.answers.len());
                self.ending.answers.push((line.to_owned(), None));
                self.taken.push_back(without_email(line));
                self.implied.sent(line, true, at);
            }
            Err(Skipped::OwnPong) => {
                self.implied.ponged();
                self.skipped.push(Skipped::OwnPong);
            }
            Err(skipped) => {
                self.implied.sent(line, false, at);
                self.skipped.push(skipped);
            }
        }
    }

    /// A session must not refuse what the server would take.
    fn check_refusal(&mut self, line: &str, error: SendError) {
        let state = self.implied.ending().state;
        let is_right = match error {
            SendError::NotConnected => state == "disconnected",
            SendError::NotAuthenticated => state == "connected",
            SendError::TooLong(bytes) => bytes > protocol::frame::MAX_CLIENT_LINE_BYTES,
            SendError::Refused(Refusal::NameLength) => line.contains(r#""username":"ab""#),
            SendError::Refused(Refusal::PasswordTooShort) => line.contains(r#""short""#),
            SendError::Refused(_) | SendError::QueueFull => false,
        };
        if !is_right {
            self.failures
                .push(format!("refused with {error:?}: {line}"));
        }
    }

    /// Send a recorded position through the session, if it takes it.
    fn send_datagram(&mut self, text: &str, id: &str, secret: &str) {
        let Some((position, rotation)) = own_place(text, id) else {
            return;
        };
        match self.session.send_update(position, rotation, self.now) {
            Ok(false) => return,
            Ok(true) => {}
            Err(DatagramError::OutOfBounds | DatagramError::NotInRoom) => return,
            Err(error) => return self.failures.push(format!("{error}: {text}")),
        }
        let mut sent = Vec::new();
        while let Some(transmit) = self.session.poll_transmit() {
            match transmit {
                Transmit::Datagram(bytes) => sent.push(bytes),
                other => self.failures.push(format!("{other:?} with {text}")),
            }
        }
        let opened = sent.last().and_then(|bytes| open(id, secret, bytes));
        let opened = opened.map(|bytes| String::from_utf8(bytes).unwrap());
        let sent = opened.and_then(|text| own_place(&text, id));
        if sent != Some((position, rotation)) {
            self.failures.push(format!("sent {sent:?} for {text}"));
        }
    }

    /// Look at what the session sends. What it sends by itself is answered as the recorded server would.
    fn flush(&mut self) {
        while let Some(transmit) = self.session.poll_transmit() {
            match transmit {
                Transmit::Line(line) if self.taken.front() == Some(&line) => {
                    self.taken.pop_front();
                    self.outstanding += 1;
                }
                Transmit::Line(line) => self.own(&line),
                // One that was offered too early.
                Transmit::Datagram(_) => {}
                Transmit::Close => self.failures.push("closes".to_owned()),
            }
        }
        self.take_outputs();
    }

    /// The session has sent a line by itself, which the recorded client did not.
    fn own(&mut self, line: &str) {
        let value: Value = serde_json::from_str(line).unwrap();
        let answer = match (value["command"].as_str(), value["action"].as_str()) {
            (Some("PING"), _) => r#"{"command":"PONG"}"#.to_owned(),
            (Some("PONG"), _) => {
                self.pongs += 1;
                return;
            }
            (Some("MESSAGE"), _) => self.implied.chat_asked(),
            (_, Some("heartbeat")) => format!(
                r#"{{"command":"HEARTBEAT_ACK","ackFor":{},"serverTimestampMs":1780000000000,"sessionId":"0"}}"#,
                value["messageId"]
            ),
            _ => return self.failures.push(format!("sent by itself: {line}")),
        };
        self.session.handle_line(&answer, self.now);
    }

    fn take_outputs(&mut self) {
        while let Some(output) = self.session.poll_output() {
            self.note(output);
        }
    }

    fn note(&mut self, output: Output) {
        let ending = &mut self.ending;
        match output {
            Output::StateChanged(_) | Output::Generation(_) | Output::RoundTrip(_) => {}
            Output::Answer { ticket, answer } => {
                let index = self.tickets[&ticket];
                ending.answers[index].1 = said(answer);
            }
            Output::GameStarted(started) => ending.starts.push(Start {
                room: started.room_id.to_string(),
                host: started.host_id.map(|id| id.to_string()),
                spawns: started
                    .spawns
                    .iter()
                    .map(|(id, spawn)| (id.to_string(), spawn_text(*spawn)))
                    .collect(),
            }),
            Output::Message {
                sender_id,
                sender_name,
                message,
            } => ending
                .messages
                .push([sender_id.to_string(), sender_name, message]),
            Output::Chat {
                sender_name,
                message,
            } => ending.chat.push([sender_name, message]),
            Output::PlayerJoined(player) => {
                ending.joined.push([player.id.to_string(), player.name]);
            }
            Output::PlayerLeft(player) => ending.left.push([player.id.to_string(), player.name]),
            Output::Kicked { message } => ending.kicked.push(message),
            Output::RoomLost(room) => ending.rooms_lost.push(room.to_string()),
            Output::Update(update) => ending.update(
                update.session_id.as_str(),
                update.seq.map(i64::from),
                [update.position.x, update.position.y, update.position.z],
                [
                    update.rotation.x,
                    update.rotation.y,
                    update.rotation.z,
                    update.rotation.w,
                ],
            ),
            Output::Input(input) => {
                let controls = input.controls;
                ending.inputs.push((
                    input.session_id.to_string(),
                    [controls.steering, controls.throttle, controls.brake],
                ));
            }
            Output::Unknown { line, .. } => ending.unpaired.push(line),
            Output::Silent => self.failures.push("silent".to_owned()),
        }
    }

    /// Compare what the session came to with what the recording implies.
    fn finish(&mut self) -> Vec<String> {
        self.ending.state = match self.session.state() {
            State::Disconnected => "disconnected",
            State::Connected => "connected",
            State::Authenticated => "authenticated",
        };
        self.ending.id = self.session.id().map(ToString::to_string);
        self.ending.room = self.session.room().map(ToString::to_string);
        self.ending.generation = self.session.generation();
        let mut found = std::mem::take(&mut self.failures);
        found.extend(self.ending.differences(self.implied.ending()));
        if self.pongs != self.implied.pings() {
            let (pongs, pings) = (self.pongs, self.implied.pings());
            found.push(format!("{pongs} answers to {pings} pings of the server"));
        }
        if !self.taken.is_empty() {
            found.push(format!("never sent: {:?}", self.taken));
        }
        found
    }
}

/// What an answer says, for a comparison. `None`: nothing came.
fn said(answer: Result<Event, CommandError>) -> Option<String> {
    match answer {
        Ok(event) => Some(format!("{event:?}")),
        Err(CommandError::Refused { message, .. }) => Some(format!("refused: {message}")),
        Err(CommandError::Timeout | CommandError::Closed) => None,
        Err(error) => Some(format!("failed: {error}")),
    }
}

fn spawn_text(spawn: Spawn) -> String {
    match spawn {
        Spawn::Place(Vec3 { x, y, z }) => format!("{x} {y} {z}"),
        Spawn::Index(index) => index.to_string(),
    }
}

#[test]
fn every_recorded_stream_leaves_our_session_where_the_recording_ends() {
    use std::io::Write as _;
    let recordings = recording::all();
    let mut skipped: BTreeMap<Skipped, usize> = BTreeMap::new();
    let (mut sums, mut played, mut commands) = (Vec::new(), Vec::new(), 0);
    for recording in &recordings {
        let Played {
            compared,
            differences,
            skipped: rules,
            commands: sent,
        } = Replay::new(recording).play();
        commands += sent;
        for rule in rules {
            *skipped.entry(rule).or_default() += 1;
        }
        sums.push((recording, compared));
        played.push((recording, differences));
    }
    recording::report("our session", &sums);
    let mut past_the_capture = std::io::stderr().lock();
    let line = format!("our session: {commands} commands sent, lines skipped: {skipped:?}");
    writeln!(past_the_capture, "{line}").unwrap();
    drop(past_the_capture);
    recording::assert_equal(&played);
}

#[test]
fn a_session_that_misses_something_is_noticed() {
    // Hundreds of datagrams alike show nothing more.
    let is_short = |recording: &Recording| recording.name != "update_rate";
    for recording in recording::all().into_iter().filter(is_short) {
        for (index, event) in recording.events.iter().enumerate() {
            let counts = match &event.kind {
                // The host is told of a start twice, and can do without one of the two.
                Kind::Line(text) if text.contains("GAME_STARTED") => {
                    let of_host = format!(r#""hostId":"${}""#, event.who);
                    text.contains("hostId") && !text.contains(&of_host)
                }
                Kind::Line(_) | Kind::Datagram { .. } => true,
                // Without TLS there is no session.
                Kind::Closed => recording.name != "plain_tcp",
                _ => false,
            };
            if !counts {
                continue;
            }
            let replay = Replay {
                missed: Some(index),
                ..Replay::new(&recording)
            };
            let differences = replay.play().differences;
            let name = &recording.name;
            assert!(!differences.is_empty(), "{name} event {index}");
        }
    }
}
