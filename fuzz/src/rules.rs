//! Lines and datagrams that strangers send to the game server, as a script of one step a line. A step begins with the letter
//! of a client, `A` to `D`, and what it does: `>` sends a line, `~` a sealed datagram, `=` a plain one, `+` connects,
//! `-` is gone, `.` lets the seconds of the next byte pass. In texts `$A` is a client's session id and `$1` the first room.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use protocol::cipher::{Cipher, HEADER_BYTES};
use protocol::generation::Generation;
use protocol::id::{Secret, SessionId};
use protocol::line::LineDecoder;
use rules::{
    Account, AccountAnswer, AccountJob, AccountRefusal, Config, Conn, Output, PasswordAnswer,
    PasswordHash, PasswordJob, Rules, Token,
};
use serde::de::IgnoredAny;

const CLIENTS: u64 = 4;
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// A script of more steps teaches nothing new.
const MAX_STEPS: usize = 200;

/// Play a script. What the server sends is well-formed, and goes to nobody who has left.
pub fn check(script: &[u8]) {
    let generations = [Generation::First, Generation::Chat, Generation::Token];
    for (generation, faithful) in generations
        .into_iter()
        .flat_map(|one| [(one, false), (one, true)])
    {
        let mut server = Server::new(generation, faithful);
        for step in script.split(|&byte| byte == b'\n').take(MAX_STEPS) {
            server.play(step);
            server.take_outputs();
        }
    }
}

struct Server {
    rules: Rules,
    now: Duration,
    /// The connection of each client; a new number for each.
    conns: [Option<Conn>; CLIENTS as usize],
    made: u64,
    connected: BTreeSet<Conn>,
}

impl Server {
    fn new(generation: Generation, faithful: bool) -> Self {
        let config = Config {
            generation,
            faithful,
            auto_join: Some(Token::new("lab")),
            ..Config::default()
        };
        let mut rooms = 0;
        let room_ids = move || {
            rooms += 1;
            format!("{rooms:032x}").parse().expect("an id")
        };
        let mut server = Self {
            rules: Rules::new(config, Box::new(room_ids)),
            now: Duration::ZERO,
            conns: [None; CLIENTS as usize],
            made: 0,
            connected: BTreeSet::new(),
        };
        (0..2).for_each(|client| server.connect(client));
        server
    }

    fn connect(&mut self, client: usize) {
        self.leave(client);
        let conn = Conn(self.made);
        self.made += 1;
        self.conns[client] = Some(conn);
        self.connected.insert(conn);
        self.rules.handle_connect(conn, id(conn), ADDRESS, self.now);
    }

    fn leave(&mut self, client: usize) {
        if let Some(conn) = self.conns[client].take() {
            self.rules.handle_disconnect(conn);
            self.connected.remove(&conn);
        }
    }

    fn play(&mut self, step: &[u8]) {
        let [client, what, rest @ ..] = step else {
            return;
        };
        let client = usize::from(client.wrapping_sub(b'A')) % CLIENTS as usize;
        let Some(conn) = self.conns[client] else {
            return self.connect(client);
        };
        let rest = self.named(rest);
        let from = SocketAddr::new(ADDRESS, 4000 + client as u16);
        match what {
            b'>' if self.rules.takes_lines(conn) => {
                let mut decoder = LineDecoder::new(self.rules.line_limit(conn));
                decoder.push(&rest);
                decoder.push(b"\n");
                while let Some(line) = decoder.next_line() {
                    self.rules.handle_line(conn, line, self.now);
                }
            }
            b'~' => {
                let sealed = Cipher::new(&id(conn), &Secret::default()).seal(&rest);
                if let Ok(sealed) = sealed {
                    self.rules.handle_datagram(from, &sealed, self.now);
                }
            }
            b'=' => self.rules.handle_datagram(from, &rest, self.now),
            b'+' => self.connect(client),
            b'-' => self.leave(client),
            b'.' => {
                self.now += Duration::from_secs(rest.first().copied().unwrap_or(1).into());
                self.rules.handle_timeout(self.now);
                assert!(self.rules.poll_timeout() > self.now);
            }
            _ => {}
        }
    }

    /// Put ids in place of their names.
    fn named(&self, text: &[u8]) -> Vec<u8> {
        let mut named = Vec::with_capacity(text.len());
        let mut rest = text;
        while let [byte, after @ ..] = rest {
            let client = after
                .first()
                .map(|name| usize::from(name.wrapping_sub(b'A')));
            match (byte, after.first(), client) {
                (b'$', Some(b'1'..=b'9'), _) => {
                    named.extend(format!("{:032x}", after[0] - b'0').bytes());
                    rest = &after[1..];
                }
                (b'$', Some(_), Some(client)) if client < self.conns.len() => {
                    let conn = self.conns[client].unwrap_or(Conn(u64::MAX));
                    named.extend(id(conn).as_str().bytes());
                    rest = &after[1..];
                }
                _ => {
                    named.push(*byte);
                    rest = after;
                }
            }
        }
        named
    }

    fn take_outputs(&mut self) {
        while let Some(output) = self.rules.poll_output() {
            match output {
                Output::Line { conn, line } => {
                    assert!(
                        self.connected.contains(&conn),
                        "a line after the end: {line}"
                    );
                    assert!(!line.contains('\n'), "{line:?}");
                    let read = serde_json::from_str::<IgnoredAny>(&line);
                    assert!(read.is_ok() || line.starts_with("CONNECTED|"), "{line}");
                    self.rules.handle_written(conn, line.len() + 1);
                }
                Output::Datagram { payload, .. } => {
                    let read = serde_json::from_slice::<IgnoredAny>(&payload).is_ok();
                    let sealed = payload.len() % 16 == HEADER_BYTES;
                    assert!(read || sealed, "{}", String::from_utf8_lossy(&payload));
                }
                Output::Close { conn } => {
                    self.connected.remove(&conn);
                    for known in &mut self.conns {
                        known.take_if(|known| *known == conn);
                    }
                }
                Output::Account { ticket, job } => {
                    let answer = match job {
                        AccountJob::Register { username, .. }
                        | AccountJob::LogIn { username, .. } => AccountAnswer::Found(Account {
                            user_id: 1,
                            username,
                            token: Some(Token::new("token")),
                        }),
                        AccountJob::FindToken(_) => {
                            AccountAnswer::Refused(AccountRefusal::UnknownToken)
                        }
                    };
                    self.rules.handle_account(ticket, answer);
                }
                Output::Password { ticket, job } => {
                    let answer = match job {
                        PasswordJob::Hash(password) => {
                            PasswordAnswer::Hashed(PasswordHash::new(password.reveal()))
                        }
                        PasswordJob::Verify(password, hash) => {
                            PasswordAnswer::Verified(password.reveal() == hash.reveal())
                        }
                    };
                    self.rules.handle_password(ticket, answer);
                }
            }
        }
    }
}

fn id(conn: Conn) -> SessionId {
    format!("{:032x}", u128::from(conn.0) + 0xa000)
        .parse()
        .expect("an id")
}
