//! A client's session, as a script of one step a line. `<` is a line of the server, `~` a sealed datagram, `=` a plain one. `.`
//! lets the milliseconds of the next byte times ten pass. `x` breaks the connection, `l` loses a line, `u` drives, `i` steers, and
//! `b` says goodbye. A capital letter sends a command. The first byte of the script chooses options.

use std::collections::BTreeSet;
use std::time::Duration;

use protocol::cipher::{Cipher, MAX_DATAGRAM_BYTES};
use protocol::command::Command;
use protocol::datagram::Controls;
use protocol::frame::MAX_CLIENT_LINE_BYTES;
use protocol::geometry::{Quat, Vec3};
use protocol::id::{Password, Secret, SessionId};
use protocol::session::{Config, Output, Session, State, Transmit};

/// A script of more steps teaches nothing new.
const MAX_STEPS: usize = 300;
/// No wait of a session takes as many turns of its clock.
const MAX_TURNS: usize = 1000;

/// Play a script. What is sent is as the relay takes it, each command is answered at most once, and a goodbye ends.
pub fn check(script: &[u8]) {
    let Some((options, script)) = script.split_first() else {
        return;
    };
    let mut client = Client {
        session: Session::new(Config {
            batching: options & 1 != 0,
            plain_datagrams: options & 2 != 0,
            gzip: options & 4 != 0,
            ..Config::default()
        }),
        now: Duration::ZERO,
        asked: BTreeSet::new(),
        has_closed: false,
    };
    client
        .session
        .handle_line(&format!("CONNECTED|{}", id()), client.now);
    for step in script.split(|&byte| byte == b'\n').take(MAX_STEPS) {
        client.play(step);
        client.take();
    }
    client.end();
}

struct Client {
    session: Session,
    now: Duration,
    /// The commands without an answer.
    asked: BTreeSet<protocol::session::Ticket>,
    has_closed: bool,
}

impl Client {
    fn play(&mut self, step: &[u8]) {
        let Some((what, rest)) = step.split_first() else {
            return;
        };
        match what {
            b'<' => self
                .session
                .handle_line(&String::from_utf8_lossy(rest), self.now),
            b'=' => _ = self.session.handle_datagram(rest, self.now),
            b'~' => {
                if let Ok(sealed) = Cipher::new(&id(), &Secret::default()).seal(rest) {
                    let _refused = self.session.handle_datagram(&sealed, self.now);
                }
            }
            b'.' => {
                let tens = rest.first().copied().unwrap_or(1);
                self.pass(Duration::from_millis(10 * u64::from(tens)));
            }
            b'x' => {
                self.session.handle_close();
                self.has_closed = false;
            }
            b'l' => self.session.handle_lost_line(self.now),
            b'u' => {
                let place = Vec3::new(number(rest, 0), number(rest, 4), number(rest, 8));
                let _refused = self.session.send_update(place, Quat::IDENTITY, self.now);
            }
            b'i' => {
                let (steering, throttle) = (number(rest, 0), number(rest, 4));
                let controls = Controls {
                    steering,
                    throttle,
                    brake: 0.0,
                };
                let _refused = self.session.send_input(controls, self.now);
            }
            b'b' => self.session.goodbye(self.now),
            _ => {
                let text = String::from_utf8_lossy(rest);
                let Some(command) = command(*what, &text) else {
                    return;
                };
                if let Ok(ticket) = self.session.send(command, self.now) {
                    assert!(self.asked.insert(ticket), "a ticket twice");
                }
            }
        }
    }

    /// Let time pass, and do what becomes due on the way.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        for _ in 0..MAX_TURNS {
            match self.session.poll_timeout() {
                Some(due) if due <= until => self.now = self.now.max(due),
                _ => {
                    self.now = until;
                    return;
                }
            }
            self.session.handle_timeout(self.now);
            self.take();
        }
        panic!("the clock does not advance");
    }

    fn take(&mut self) {
        while let Some(transmit) = self.session.poll_transmit() {
            match transmit {
                Transmit::Line(line) => {
                    assert!(!line.contains('\n'), "{line:?}");
                    assert!(line.len() <= MAX_CLIENT_LINE_BYTES, "{} bytes", line.len());
                }
                Transmit::Datagram(datagram) => assert!(datagram.len() <= MAX_DATAGRAM_BYTES),
                Transmit::Close => self.has_closed = true,
            }
        }
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Answer { ticket, .. } => {
                    assert!(self.asked.remove(&ticket), "answered twice")
                }
                Output::Update(update) => assert!(update.position.is_finite()),
                Output::Input(input) => assert!(input.controls.is_finite()),
                _ => {}
            }
        }
    }

    /// Whatever happened: a goodbye to a server that answers nothing ends, and no command stays without an answer.
    fn end(mut self) {
        if self.session.state() != State::Disconnected {
            self.session.goodbye(self.now);
            self.take();
            self.pass(Duration::from_secs(30));
            assert!(self.has_closed, "the goodbye does not end");
        }
        self.session.handle_close();
        self.take();
        assert!(self.asked.is_empty(), "commands without an answer");
    }
}

fn command(letter: u8, text: &str) -> Option<Command> {
    let (name, message) = (text.to_owned(), text.to_owned());
    Some(match letter {
        b'N' => Command::Name {
            name,
            password: Some(Password::new(text)),
        },
        b'A' => Command::Authenticate {
            password: Password::new(text),
        },
        b'C' => Command::create_room(name),
        b'J' => Command::JoinRoom {
            room_id: text.parse().ok()?,
        },
        b'L' => Command::LeaveRoom,
        b'R' => Command::ListRooms,
        b'G' => Command::GetRoomPlayers,
        b'P' => Command::PlayerInfo,
        b'M' => Command::RelayMessage {
            target_id: id(),
            message,
        },
        b'S' => Command::StartGame,
        b'I' => Command::Ping,
        b'B' => Command::Bye,
        _ => return None,
    })
}

fn number(bytes: &[u8], at: usize) -> f32 {
    let bytes = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    f32::from_le_bytes(bytes.unwrap_or_default())
}

fn id() -> SessionId {
    "0123456789abcdef0123456789abcdef".parse().expect("an id")
}
