//! The rules of the game server without I/O: lines, datagrams and clock readings go in by `handle_*`, and
//! [`Rules::poll_output`] gives what is to be sent, closed or hashed. Nothing here opens a socket, reads a clock, draws a
//! random number or hashes a password.

mod account;
mod command;
mod datagram;
mod json;
mod json_format;
mod lobby;
mod operator;
mod reply;
mod room;
mod rooms;
mod session;
mod sign_in;

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use protocol::id::{Password, RoomId, Secret, SessionId};
use protocol::line::{LineError, MAX_LINE_BYTES};

pub use account::{MAX_ACCOUNTS, PasswordHash};
pub use lobby::MAX_ROOM_NAME_CHARS;
pub use operator::{Online, RoomState, Seat};
pub use room::{ROOM_SEATS, SPAWN_X};
pub use rooms::MAX_ROOMS;
pub use session::{
    MAX_COMMAND_BYTES, MAX_OPEN_COMMAND_BYTES, MAX_QUEUED_LINES, MAX_UNREAD_BYTES,
    OPEN_PAUSE_BYTES, PAUSE_BYTES,
};
pub use sign_in::MAX_PLAYER_NAME_CHARS;

use account::Accounts;
use command::{Command, Request};
use reply::{PlayerInfo, Reply};
use room::Seating;
use rooms::Rooms;
use session::{Session, Waiting};

/// How many sessions there may be at once: ten times the load of the project's own measurements.
pub const MAX_SESSIONS: usize = 1_000;
/// How often idle sessions are looked for (facts, section 1.6).
pub const IDLE_CHECK: Duration = Duration::from_secs(30);
/// How long a session may send no line.
pub const IDLE_LIMIT: Duration = Duration::from_secs(60);
/// How long a session of the default mode may stay without signing in or asking for the rooms: time to type a name and a
/// password. Who only asks for the rooms, as a relay does, may stay.
pub const SIGN_IN_LIMIT: Duration = Duration::from_secs(120);

const AUTHENTICATION_REQUIRED: &str =
    "Authentication required. Please use NAME command with password.";

/// A connection's number, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Conn(pub u64);

/// Names one password job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    conn: Conn,
    number: u64,
}

impl Ticket {
    /// Name the connection that waits for this job.
    pub fn conn(self) -> Conn {
        self.conn
    }
}

/// What the rules want done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a line, without its newline.
    Line {
        /// The receiver.
        conn: Conn,
        /// The line.
        line: Arc<str>,
    },
    /// Send one datagram to several places.
    Datagram {
        /// The receivers.
        to: Vec<SocketAddr>,
        /// The datagram.
        payload: Vec<u8>,
    },
    /// Send what is queued, then close. The session is gone already.
    Close {
        /// The connection.
        conn: Conn,
    },
    /// Do a password job and answer with [`Rules::handle_password`].
    Password {
        /// Give this back with the answer.
        ticket: Ticket,
        /// The job.
        job: PasswordJob,
    },
}

/// Work on a password, which takes too long to be done here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordJob {
    /// Hash it with a new salt.
    Hash(Password),
    /// Check it.
    Verify(Password, PasswordHash),
}

/// The answer to a [`PasswordJob`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordAnswer {
    /// It was hashed.
    Hashed(PasswordHash),
    /// It was checked: right or wrong.
    Verified(bool),
    /// It could not be done.
    Failed,
    /// It was not tried: too many passwords wait already.
    Busy,
}

/// How the rules behave.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Behave as the original with all its defects (facts, section 10) instead of as a sane server of the same protocol.
    pub faithful: bool,
    /// One half of every datagram's key; the other is the session's id.
    pub secret: Secret,
}

/// Draws the ids of new rooms.
pub type RoomIds = Box<dyn FnMut() -> RoomId + Send>;

/// The state of the whole game server.
pub struct Rules {
    config: Config,
    room_ids: RoomIds,
    /// At most [`MAX_SESSIONS`].
    sessions: HashMap<Conn, Session>,
    /// The connection of every session in `sessions`.
    conns: HashMap<SessionId, Conn>,
    /// The endpoint of every session that has one.
    endpoints: HashMap<SocketAddr, Conn>,
    /// At most [`MAX_ROOMS`].
    rooms: Rooms,
    accounts: Accounts,
    tickets: u64,
    next_idle_check: Duration,
    /// Holds the outputs of one call, since the caller empties it after each.
    outputs: VecDeque<Output>,
}

impl Rules {
    /// Make an empty server whose clock reads zero.
    pub fn new(config: Config, room_ids: RoomIds) -> Self {
        Self {
            config,
            room_ids,
            sessions: HashMap::new(),
            conns: HashMap::new(),
            endpoints: HashMap::new(),
            rooms: Rooms::default(),
            accounts: Accounts::default(),
            tickets: 0,
            next_idle_check: IDLE_CHECK,
            outputs: VecDeque::new(),
        }
    }

    /// Begin the session of a new connection from `address`. Both ids must be new; `session` is drawn at random by the caller.
    pub fn handle_connect(
        &mut self,
        conn: Conn,
        session: SessionId,
        address: IpAddr,
        now: Duration,
    ) {
        if self.sessions.len() >= MAX_SESSIONS {
            self.outputs.push_back(Output::Close { conn });
            return;
        }
        self.conns.insert(session, conn);
        let welcome = format!("CONNECTED|{session}");
        let session = Session::new(session, address, now);
        self.sessions.insert(conn, session);
        self.send(conn, welcome.into());
    }

    /// End the session of a connection that is gone.
    pub fn handle_disconnect(&mut self, conn: Conn) {
        self.touch_account(conn);
        if !self.config.faithful {
            self.leave_quietly(conn);
        }
        if let Some(session) = self.sessions.remove(&conn) {
            self.conns.remove(&session.id);
            self.endpoints.retain(|_, owner| *owner != conn);
        }
    }

    /// Take one line as [`protocol::line::LineDecoder`] gives it.
    pub fn handle_line(&mut self, conn: Conn, line: Result<String, LineError>, now: Duration) {
        let Some(session) = self.sessions.get_mut(&conn) else {
            return;
        };
        session.last_line = now;
        if session.queue.len() >= MAX_QUEUED_LINES {
            return self.close(conn);
        }
        session.queue.push_back(line);
        self.work(conn);
    }

    /// Note that lines of `bytes`, newlines included, were written to a peer. Every [`Output::Line`] counts as unread until
    /// then, see [`PAUSE_BYTES`] and [`MAX_UNREAD_BYTES`].
    pub fn handle_written(&mut self, conn: Conn, bytes: usize) {
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.unread = session.unread.saturating_sub(bytes);
            self.work(conn);
        }
    }

    /// Say whether a session can take a line now. While its password is being hashed, and while its peer does not read the
    /// answers, it should send no more.
    pub fn takes_lines(&self, conn: Conn) -> bool {
        self.sessions.get(&conn).is_none_or(Session::is_ready)
    }

    /// Take what the commands of a session have cost beyond the lines that they came in, counted in lines: a batch costs its commands,
    /// and a race start a line for each who is told. A caller that limits how many lines it takes must count this cost as well.
    pub fn take_cost(&mut self, conn: Conn) -> u32 {
        let session = self.sessions.get_mut(&conn);
        session.map_or(0, |session| std::mem::take(&mut session.cost))
    }

    /// Say how long a line a session may send now. The original takes any; so much is kept for each connection.
    pub fn line_limit(&self, conn: Conn) -> usize {
        if self.config.faithful {
            MAX_LINE_BYTES
        } else if self.is_authenticated(conn) {
            MAX_COMMAND_BYTES
        } else {
            MAX_OPEN_COMMAND_BYTES
        }
    }

    /// Take the answer to a password job.
    pub fn handle_password(&mut self, ticket: Ticket, answer: PasswordAnswer) {
        let Ticket { conn, number } = ticket;
        let Some(session) = self.sessions.get_mut(&conn) else {
            return;
        };
        if let Some(waiting) = session.waiting.take_if(|waiting| waiting.number == number) {
            self.finish(conn, waiting.purpose, answer);
            self.work(conn);
        }
    }

    /// Say when [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Duration {
        self.next_idle_check
    }

    /// Do what is due: end the sessions that have been silent, or have not signed in, for too long.
    pub fn handle_timeout(&mut self, now: Duration) {
        if now < self.next_idle_check {
            return;
        }
        self.next_idle_check = now + IDLE_CHECK;
        let by_default = !self.config.faithful;
        let idle = |session: &Session| {
            let stranger = by_default && !session.authenticated && session.waiting.is_none();
            now.saturating_sub(session.last_line) > IDLE_LIMIT
                || stranger && now.saturating_sub(session.last_wanted) > SIGN_IN_LIMIT
        };
        let silent = self.sessions.iter().filter(|(_, session)| idle(session));
        let mut silent: Vec<Conn> = silent.map(|(conn, _)| *conn).collect();
        silent.sort_unstable();
        for conn in silent {
            self.close(conn);
        }
    }

    /// Give the next thing to do, in the order it is to be done.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Execute the lines of a session until none is left or one has to wait.
    fn work(&mut self, conn: Conn) {
        while let Some(session) = self.sessions.get_mut(&conn) {
            if !session.is_ready() {
                return;
            }
            let Some(line) = session.queue.pop_front() else {
                return;
            };
            self.execute(conn, line);
        }
    }

    fn execute(&mut self, conn: Conn, line: Result<String, LineError>) {
        let line = match line {
            Ok(line) => line,
            Err(LineError::InvalidUtf8(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(LineError::TooLong { limit }) => {
                return self.error(
                    conn,
                    &format!("Line too long. At most {limit} bytes are taken."),
                );
            }
        };
        let Ok(request) = Request::read(&line) else {
            return self.error(conn, "Invalid JSON format");
        };
        let Ok(request) = request else { return };
        if !request.is_open() && !self.is_authenticated(conn) {
            return self.error(conn, AUTHENTICATION_REQUIRED);
        }
        if let Ok(command) = request.command(!self.config.faithful) {
            self.apply(conn, command);
        }
    }

    fn apply(&mut self, conn: Conn, command: Command) {
        match command {
            Command::Name { name, password } => self.sign_in(conn, name, password),
            Command::Authenticate { password } => self.authenticate(conn, password),
            Command::Ping => self.reply(conn, &Reply::Pong),
            Command::PlayerInfo => self.player_info(conn),
            Command::ListRooms => self.list_rooms(conn),
            Command::CreateRoom { name } => self.create_room(conn, name),
            Command::JoinRoom { room } => self.join_room(conn, &room),
            Command::LeaveRoom => self.leave_room(conn),
            Command::GetRoomPlayers => self.room_players(conn),
            Command::StartGame => self.start_game(conn),
            Command::RelayMessage(message) => self.relay_message(conn, message),
            Command::Bye => {
                self.reply(conn, &Reply::ByeOk);
                self.close(conn);
            }
            Command::Batch(lines) => self.batch(conn, lines),
            Command::Unknown(verb) => {
                let original_command = &verb;
                self.reply(conn, &Reply::UnknownCommand { original_command });
            }
        }
    }

    /// Put the lines of a batch before those that wait, so that each gets its ordinary answer in order.
    fn batch(&mut self, conn: Conn, lines: Option<Vec<String>>) {
        let Some(lines) = lines else {
            let limit = command::MAX_BATCH;
            return self.error(
                conn,
                &format!("A BATCH holds 1 to {limit} commands and no other BATCH."),
            );
        };
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.cost += lines.len() as u32;
            for line in lines.into_iter().rev() {
                session.queue.push_front(Ok(line));
            }
        }
    }

    fn player_info(&mut self, conn: Conn) {
        let Some(session) = self.sessions.get(&conn) else {
            return;
        };
        let player_info = PlayerInfo {
            id: session.id,
            player_name: &session.name,
            current_room_id: session.room,
        };
        let line = Reply::PlayerInfo { player_info }.to_line();
        self.send(conn, line);
    }

    fn is_authenticated(&self, conn: Conn) -> bool {
        self.sessions
            .get(&conn)
            .is_some_and(|session| session.authenticated)
    }

    /// Send an answer. One that repeats a long text may be longer than a line: then the peer is told so instead.
    fn send(&mut self, conn: Conn, mut line: Arc<str>) {
        if line.len() > MAX_LINE_BYTES {
            let message =
                &format!("The answer is too long. At most {MAX_LINE_BYTES} bytes are sent.");
            line = Reply::Error { message }.to_line();
        }
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.unread += line.len() + 1;
        }
        self.outputs.push_back(Output::Line { conn, line });
    }

    fn reply(&mut self, conn: Conn, reply: &Reply<'_>) {
        self.send(conn, reply.to_line());
    }

    fn error(&mut self, conn: Conn, message: &str) {
        self.reply(conn, &Reply::Error { message });
    }

    fn close(&mut self, conn: Conn) {
        self.outputs.push_back(Output::Close { conn });
        self.handle_disconnect(conn);
    }

    fn ask(&mut self, conn: Conn, purpose: session::Purpose, job: PasswordJob) {
        self.tickets += 1;
        let number = self.tickets;
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.waiting = Some(Waiting { number, purpose });
            let ticket = Ticket { conn, number };
            self.outputs.push_back(Output::Password { ticket, job });
        }
    }

    fn seating(&self) -> Seating {
        if self.config.faithful {
            Seating::ByCount
        } else {
            Seating::LowestFree
        }
    }
}

#[cfg(test)]
mod tests;
