//! The rules by behaviour, both modes, with a virtual clock and passwords that hash to themselves.

mod chat;
mod datagrams;
mod limits;
mod names;
mod operator;
mod rooms;
mod sessions;
mod token;

use std::net::Ipv4Addr;

use proptest::prelude::*;
use protocol::cipher::Cipher;

use super::*;

/// A server and everything its clients have received and not looked at.
struct TestServer {
    rules: Rules,
    faithful: bool,
    now: Duration,
    lines: HashMap<Conn, Vec<String>>,
    closed: Vec<Conn>,
    datagrams: Vec<(SocketAddr, String)>,
    jobs: VecDeque<(Ticket, PasswordJob)>,
    accounts: VecDeque<(Ticket, AccountJob)>,
    /// Passwords are answered at once; otherwise they wait in `jobs`.
    answers: bool,
    /// Clients read what they are sent at once.
    reads: bool,
    conns: u64,
}

/// A moment at noon.
const NOON: Duration = Duration::from_secs(20_000 * 24 * 60 * 60 + 12 * 60 * 60);

const OK: &str = r#"","authenticated":true,"udpEncryption":true}"#;

fn auth_failed_line(message: &str) -> String {
    format!(r#"{{"command":"AUTH_FAILED","message":"{message}"}}"#)
}

fn error_line(message: &str) -> String {
    format!(r#"{{"command":"ERROR","message":"{message}"}}"#)
}

fn name(name: &str) -> String {
    format!(r#"{{"command":"NAME","name":"{name}"}}"#)
}

fn name_with(name: &str, password: &str) -> String {
    format!(r#"{{"command":"NAME","name":"{name}","password":"{password}"}}"#)
}

fn update(sender: &str, x: &str) -> String {
    format!(r#"{{"command":"UPDATE","sessionId":"{sender}","position":{{"x":{x}}}}}"#)
}

fn updated(sender: &str, x: &str) -> String {
    format!(
        r#"{{"command":"UPDATE","sessionId":"{sender}","position":{{"x":{x},"y":0,"z":0}},"rotation":{{"x":0,"y":0,"z":0,"w":1}}}}"#
    ) + "\n"
}

impl TestServer {
    fn new(faithful: bool) -> Self {
        Self::of(Generation::First, faithful)
    }

    fn of(generation: Generation, faithful: bool) -> Self {
        let mut rooms = 0;
        let room_ids = move || {
            rooms += 1;
            format!("R{rooms}").parse().unwrap()
        };
        let config = Config {
            generation,
            faithful,
            wall_clock: NOON,
            ..Config::default()
        };
        Self {
            rules: Rules::new(config, Box::new(room_ids)),
            faithful,
            now: Duration::ZERO,
            lines: HashMap::new(),
            closed: Vec::new(),
            datagrams: Vec::new(),
            jobs: VecDeque::new(),
            accounts: VecDeque::new(),
            answers: true,
            reads: true,
            conns: 0,
        }
    }

    fn both() -> [Self; 2] {
        [Self::new(true), Self::new(false)]
    }

    fn connect(&mut self) -> Conn {
        self.conns += 1;
        let conn = Conn(self.conns);
        self.rules.handle_connect(
            conn,
            id(conn).parse().unwrap(),
            address(conn).ip(),
            self.now,
        );
        self.deliver();
        let [welcome] = <[String; 1]>::try_from(self.lines.remove(&conn).unwrap()).unwrap();
        let id = id(conn);
        let json = format!(r#"{{"command":"CONNECTED","sessionId":"{id}"}}"#);
        assert!(
            welcome == format!("CONNECTED|{id}") || welcome == json,
            "{welcome}"
        );
        conn
    }

    fn named(&mut self, player: &str) -> Conn {
        let conn = self.connect();
        assert!(self.ask(conn, &name(player)).contains("NAME_OK"));
        conn
    }

    fn say(&mut self, conn: Conn, line: &str) -> Vec<String> {
        self.rules.handle_line(conn, Ok(line.to_owned()), self.now);
        self.deliver();
        self.lines.remove(&conn).unwrap_or_default()
    }

    fn ask(&mut self, conn: Conn, line: &str) -> String {
        let [reply] = <[String; 1]>::try_from(self.say(conn, line)).unwrap();
        reply
    }

    fn command(&mut self, conn: Conn, command: &str) -> String {
        self.ask(conn, &format!(r#"{{"command":"{command}"}}"#))
    }

    fn create(&mut self, conn: Conn) -> String {
        let reply = self.ask(conn, r#"{"command":"CREATE_ROOM","name":"r"}"#);
        let id = reply
            .strip_prefix(r#"{"command":"ROOM_CREATED","roomId":""#)
            .unwrap();
        id.split('"').next().unwrap().to_owned()
    }

    fn join(&mut self, conn: Conn, room: &str) -> String {
        self.ask(
            conn,
            &format!(r#"{{"command":"JOIN_ROOM","roomId":"{room}"}}"#),
        )
    }

    fn rooms(&mut self) -> String {
        let stranger = self.connect();
        let rooms = self.command(stranger, "LIST_ROOMS");
        self.rules.handle_disconnect(stranger);
        rooms.replace(r#"{"command":"ROOM_LIST","rooms":"#, "")
    }

    fn disconnect(&mut self, conn: Conn) {
        self.rules.handle_disconnect(conn);
        self.deliver();
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        while self.rules.poll_timeout() <= self.now {
            self.rules.handle_timeout(self.rules.poll_timeout());
        }
        self.deliver();
    }

    /// Send a text sealed with a session's key from a session's usual place; gives what anybody received.
    fn send_datagram(&mut self, conn: Conn, text: &str) -> Vec<(SocketAddr, String)> {
        self.send_datagram_bytes(address(conn), &seal(conn, text.as_bytes()))
    }

    fn send_datagram_bytes(&mut self, from: SocketAddr, bytes: &[u8]) -> Vec<(SocketAddr, String)> {
        self.rules.handle_datagram(from, bytes, self.now);
        self.deliver();
        std::mem::take(&mut self.datagrams)
    }

    fn answer_next(&mut self) {
        let (ticket, job) = self.jobs.pop_front().unwrap();
        let answer = match job {
            PasswordJob::Hash(password) => {
                PasswordAnswer::Hashed(PasswordHash::new(password.reveal()))
            }
            PasswordJob::Verify(password, hash) => {
                PasswordAnswer::Verified(password.reveal() == hash.reveal())
            }
        };
        self.rules.handle_password(ticket, answer);
        self.deliver();
    }

    fn deliver(&mut self) {
        while let Some(output) = self.rules.poll_output() {
            match output {
                Output::Line { conn, line } => {
                    self.lines.entry(conn).or_default().push(line.to_string());
                    if self.reads {
                        self.rules.handle_written(conn, line.len() + 1);
                    }
                }
                Output::Close { conn } => self.closed.push(conn),
                Output::Password { ticket, job } => self.jobs.push_back((ticket, job)),
                Output::Account { ticket, job } => self.accounts.push_back((ticket, job)),
                Output::Datagram { to, payload } => {
                    let text = String::from_utf8(payload.to_vec()).unwrap_or_else(|_| {
                        let conn = Conn(u64::from(to.port()) - 1000);
                        String::from_utf8(cipher(conn).open(&payload).unwrap()).unwrap()
                    });
                    self.datagrams.push((to, text));
                }
            }
        }
        if self.answers && !self.jobs.is_empty() {
            self.answer_next();
        }
    }
}

fn id(conn: Conn) -> String {
    format!("{:032x}", conn.0)
}

fn address(conn: Conn) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 1000 + u16::try_from(conn.0).unwrap()))
}

fn cipher(conn: Conn) -> Cipher {
    Cipher::new(&id(conn).parse().unwrap(), &Secret::default())
}

fn seal(conn: Conn, plaintext: &[u8]) -> Vec<u8> {
    cipher(conn).seal(plaintext).unwrap()
}

fn arbitrary_lines() -> impl Strategy<Value = String> {
    let verbs = "NAME|AUTHENTICATE|CREATE_ROOM|JOIN_ROOM|LEAVE_ROOM|START_GAME|RELAY_MESSAGE|BATCH|BYE|GET_ROOM_PLAYERS|MESSAGE|LOGIN|INV_MOVE_SLOT";
    let value = prop_oneof![
        "\"[a-zR1-3$]{0,3}\"",
        Just("null".into()),
        Just("5".into()),
        "\\[\\]|\\{\\}"
    ];
    let fields = prop::collection::vec(
        ("name|password|roomId|targetId|message|messages", value),
        0..3,
    );
    let command = (verbs, fields).prop_map(|(verb, fields)| {
        let fields = fields
            .iter()
            .map(|(key, value)| format!(r#","{key}":{value}"#));
        let fields = fields.collect::<String>();
        format!(r#"{{"command":"{verb}"{fields}}}"#)
    });
    prop_oneof![4 => command, 1 => any::<String>()]
}

proptest! {
    #[test]
    fn no_line_and_no_datagram_panics(
        faithful in any::<bool>(),
        generation in prop::sample::select(vec![Generation::First, Generation::Chat, Generation::Accounts, Generation::Token]),
        steps in prop::collection::vec((0_u64..4, arbitrary_lines(), prop::collection::vec(any::<u8>(), 0..64)), 0..40),
    ) {
        let mut server = TestServer::of(generation, faithful);
        for _ in 0..4 {
            let conn = server.connect();
            server.rules.mark_bot(&id(conn).parse().unwrap());
        }
        for (conn, line, bytes) in steps {
            let conn = Conn(conn + 1);
            server.say(conn, &line);
            server.rules.handle_line(conn, Err(LineError::InvalidUtf8(bytes.clone())), server.now);
            server.send_datagram_bytes(address(conn), &bytes);
            server.send_datagram(conn, &line);
            server.send_datagram_bytes(address(conn), &seal(conn, &bytes));
        }
    }
}
