//! The rules of the game server without I/O: lines, datagrams and clock readings go in by `handle_*`, and
//! [`Rules::poll_output`] gives what is to be sent, closed, hashed or looked up. Nothing here opens a socket or a database,
//! reads a clock, draws a random number or hashes a password.

mod account;
mod account_job;
mod account_sign_in;
mod chat;
mod command;
mod datagram;
mod envelopes;
mod json;
mod json_format;
mod lobby;
mod message_ids;
mod operator;
mod packet;
mod policy;
mod reply;
mod room;
mod rooms;
mod session;
mod sign_in;
mod validation;
mod wall_clock;

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use protocol::generation::Generation;
use protocol::id::{Password, RoomId, Secret, SessionId};
use protocol::line::{LineError, MAX_LINE_BYTES};

pub use account::{MAX_ACCOUNTS, PasswordHash};
pub use account_job::{
    Account, AccountAnswer, AccountJob, AccountRefusal, MAX_EMAIL_UNITS, MAX_USERNAME_UNITS,
    MIN_PASSWORD_UNITS, MIN_USERNAME_UNITS,
};
pub use lobby::MAX_ROOM_NAME_CHARS;
pub use operator::{Online, RoomState, Seat};
pub use protocol::id::Token;
pub use room::{ROOM_SEATS, SPAWN_X};
pub use rooms::MAX_ROOMS;
pub use session::{
    MAX_COMMAND_BYTES, MAX_OPEN_COMMAND_BYTES, MAX_QUEUED_LINES, MAX_UNREAD_BYTES,
    OPEN_PAUSE_BYTES, PAUSE_BYTES,
};
pub use sign_in::MAX_PLAYER_NAME_CHARS;

use account::Accounts;
use command::{Command, Request};
use policy::{Departure, Policy};
use reply::{PlayerInfo, Reply};
use rooms::Rooms;
use session::{Purpose, Session, Waiting};
use validation::Validator;
use wall_clock::WallClock;

/// How many sessions there may be at once: ten times the load of the project's own measurements.
pub const MAX_SESSIONS: usize = 1_000;
/// How often idle sessions are looked for (facts, section 1.6).
pub const IDLE_CHECK: Duration = Duration::from_secs(30);
/// How long a session may send no line.
pub const IDLE_LIMIT: Duration = Duration::from_secs(60);
/// How long a session of the default mode may stay without signing in or asking for the rooms: time to type a name and a
/// password. Who only asks for the rooms, as a relay does, may stay.
pub const SIGN_IN_LIMIT: Duration = Duration::from_secs(120);

/// How often later servers send `PING` (facts, section 3).
pub const PING_INTERVAL: Duration = Duration::from_secs(30);

/// A connection's number, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Conn(pub u64);

/// Names one password or account job.
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
    /// Send one datagram. Receivers of the same bytes share them.
    Datagram {
        /// The receiver.
        to: SocketAddr,
        /// The datagram.
        payload: Arc<[u8]>,
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
    /// Do an account job and answer with [`Rules::handle_account`].
    Account {
        /// Give this back with the answer.
        ticket: Ticket,
        /// The job.
        job: AccountJob,
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

/// How the rules behave. By default they are sane rules of the first generation.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which server they are like.
    pub generation: Generation,
    /// Behave as the original with all its defects (facts, section 10) instead of as a sane server of the same protocol.
    pub faithful: bool,
    /// One half of every datagram's key; the other is the session's id.
    pub secret: Secret,
    /// What a client must know to be put into a room by `AUTO_JOIN`; `None` disables it.
    pub auto_join: Option<Token>,
    /// What the wall clock reads when the rules' clock reads zero: the time since 1970, UTC.
    pub wall_clock: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            generation: Generation::First,
            faithful: false,
            secret: Secret::default(),
            auto_join: None,
            wall_clock: Duration::ZERO,
        }
    }
}

/// Draws the ids of new rooms.
pub type RoomIds = Box<dyn FnMut() -> RoomId + Send>;

/// The state of the whole game server.
pub struct Rules {
    policy: Policy,
    secret: Secret,
    auto_join: Option<Token>,
    room_ids: RoomIds,
    /// The newest reading of the clock.
    now: Duration,
    /// What the wall clock reads when the clock reads zero.
    epoch: Duration,
    /// At most [`MAX_SESSIONS`].
    sessions: HashMap<Conn, Session>,
    /// The connection of every session in `sessions`.
    conns: HashMap<SessionId, Conn>,
    /// The endpoint of every session that has one.
    endpoints: HashMap<SocketAddr, Conn>,
    /// At most [`MAX_ROOMS`].
    rooms: Rooms,
    accounts: Accounts,
    validator: Validator,
    tickets: u64,
    next_idle_check: Duration,
    /// Never, if no server sends `PING`.
    next_ping: Option<Duration>,
    /// Holds the outputs of one call, since the caller empties it after each.
    outputs: VecDeque<Output>,
}

impl Rules {
    /// Make an empty server whose clock reads zero.
    pub fn new(config: Config, room_ids: RoomIds) -> Self {
        let policy = Policy::new(config.generation, config.faithful);
        Self {
            next_ping: policy.pings.then_some(PING_INTERVAL),
            policy,
            secret: config.secret,
            auto_join: config.auto_join,
            room_ids,
            now: Duration::ZERO,
            epoch: config.wall_clock,
            sessions: HashMap::new(),
            conns: HashMap::new(),
            endpoints: HashMap::new(),
            rooms: Rooms::default(),
            accounts: Accounts::default(),
            validator: Validator::default(),
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
        self.now = now;
        if self.sessions.len() >= MAX_SESSIONS {
            self.outputs.push_back(Output::Close { conn });
            return;
        }
        self.conns.insert(session, conn);
        let welcome = match self.policy.welcomes_in_json {
            true => {
                let session_id = session;
                Reply::Connected { session_id }.to_line()
            }
            false => format!("CONNECTED|{session}").into(),
        };
        let session = Session::new(session, address, now);
        self.sessions.insert(conn, session);
        self.send(conn, welcome);
    }

    /// End the session of a connection that is gone.
    pub fn handle_disconnect(&mut self, conn: Conn) {
        self.touch_account(conn);
        match self.policy.departure {
            Departure::Stays => {}
            Departure::IsRemoved => self.vanish(conn),
            Departure::Leaves => self.leave_quietly(conn),
        }
        if let Some(session) = self.sessions.remove(&conn) {
            self.conns.remove(&session.id);
            self.validator.forget(session.id.as_str());
            self.endpoints.retain(|_, owner| *owner != conn);
        }
    }

    /// Take one line as [`protocol::line::LineDecoder`] gives it.
    pub fn handle_line(&mut self, conn: Conn, line: Result<String, LineError>, now: Duration) {
        self.now = now;
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
    /// and a race start a line for each player who is told. A caller that limits how many lines it takes must add this cost.
    pub fn take_cost(&mut self, conn: Conn) -> u32 {
        let session = self.sessions.get_mut(&conn);
        session.map_or(0, |session| std::mem::take(&mut session.cost))
    }

    /// Say how long a line a session may send now. The original takes any; so much is kept for each connection.
    pub fn line_limit(&self, conn: Conn) -> usize {
        match (self.policy.bounds_texts, self.is_authenticated(conn)) {
            (false, _) => MAX_LINE_BYTES,
            (true, true) => MAX_COMMAND_BYTES,
            (true, false) => MAX_OPEN_COMMAND_BYTES,
        }
    }

    /// Take the answer to a password job.
    pub fn handle_password(&mut self, ticket: Ticket, answer: PasswordAnswer) {
        if let Some(purpose) = self.take_purpose(ticket) {
            self.finish(ticket.conn, purpose, answer);
            self.work(ticket.conn);
        }
    }

    /// Note what the wall clock reads now: the time since 1970, UTC. It may be set at any time.
    pub fn set_wall_clock(&mut self, reading: Duration, now: Duration) {
        self.epoch = reading.saturating_sub(now);
    }

    /// Say when [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Duration {
        let ping = self.next_ping.unwrap_or(Duration::MAX);
        self.next_idle_check.min(ping)
    }

    /// Do what is due: end the sessions that have been silent, or have not signed in, for too long, and send `PING`.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.now = now;
        if self.next_ping.is_some_and(|due| due <= now) {
            self.next_ping = Some(now + PING_INTERVAL);
            self.ping_all();
        }
        if self.next_idle_check <= now {
            self.next_idle_check = now + IDLE_CHECK;
            self.end_idle(now);
        }
    }

    fn ping_all(&mut self) {
        let line = Reply::Ping.to_line();
        let mut conns: Vec<Conn> = self.sessions.keys().copied().collect();
        conns.sort_unstable();
        for conn in conns {
            if self
                .sessions
                .get(&conn)
                .is_some_and(|session| !session.lags())
            {
                self.send(conn, Arc::clone(&line));
            }
        }
    }

    fn end_idle(&mut self, now: Duration) {
        let ends_strangers = self.policy.ends_strangers;
        let idle = |session: &Session| {
            let stranger = ends_strangers && !session.authenticated && session.waiting.is_none();
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
        let Ok(request) = Request::read(&line, self.policy.has_envelopes) else {
            return self.error(conn, "Invalid JSON format");
        };
        let Ok(request) = request else { return };
        let message_id = request.message_id.clone();
        if let Some(id) = &message_id
            && let Some(session) = self.sessions.get_mut(&conn)
            && !session.message_ids.is_new(id, self.now)
        {
            return;
        }
        if !request.is_open(&self.policy) && !self.is_authenticated(conn) {
            return self.refuse_stranger(conn, message_id.as_deref());
        }
        if let Ok(command) = request.command(&self.policy) {
            self.apply(conn, command, message_id.as_deref());
        }
    }

    fn refuse_stranger(&mut self, conn: Conn, ack_for: Option<&str>) {
        let message = self.policy.authentication_required;
        let refusal = match self.policy.has_envelopes {
            true => Reply::NotSignedIn { message, ack_for },
            false => Reply::Error { message },
        };
        self.reply(conn, &refusal);
    }

    fn apply(&mut self, conn: Conn, command: Command, message_id: Option<&str>) {
        match command {
            Command::Name { name, password } => self.sign_in(conn, name, password),
            Command::Authenticate { password } => self.authenticate(conn, password),
            Command::Register {
                username,
                password,
                email,
            } => self.create_account(conn, username, password, email),
            Command::LogIn { username, password } => self.log_in(conn, username, password),
            Command::AutoAuth(token) => self.auto_auth(conn, token),
            Command::Rename(name) => self.change_name(conn, name),
            Command::Ping => self.reply(conn, &Reply::Pong),
            Command::PlayerInfo => self.player_info(conn),
            Command::ListRooms => self.list_rooms(conn),
            Command::CreateRoom { name, max_players } => self.create_room(conn, name, max_players),
            Command::JoinRoom { room } => self.join_room(conn, &room),
            Command::AutoJoin(token) => self.auto_join(conn, &token),
            Command::LeaveRoom => self.leave_room(conn),
            Command::GetRoomPlayers => self.room_players(conn),
            Command::StartGame => self.start_game(conn),
            Command::RelayMessage(message) => self.relay_message(conn, message),
            Command::Message(message) => self.say_to_room(conn, message),
            Command::Heartbeat => self.heartbeat(conn, message_id),
            Command::SnapshotSync => self.snapshot(conn, message_id),
            Command::PlayerKill(target) => self.kill(conn, &target),
            Command::Respawn => self.respawn(conn),
            Command::Move(pose) => self.move_by_line(conn, pose),
            Command::Input { room, relayed } => self.input_by_line(conn, room.as_deref(), relayed),
            Command::SyncInventory => self.sync_inventory(conn),
            Command::MoveSlot(slots) => self.move_slot(conn, slots),
            Command::DropItem(slot) => self.drop_item(conn, slot),
            Command::UseItem(slot) => self.use_item(conn, slot),
            Command::Bye => {
                self.reply(conn, &Reply::ByeOk);
                self.close(conn);
            }
            Command::Batch(lines) => self.batch(conn, lines),
            Command::Unknown(verb) => {
                let original_command = &verb;
                self.reply(conn, &Reply::UnknownCommand { original_command });
            }
            Command::Pong | Command::Nothing => {}
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
        let (id, player_name, current_room_id) = (session.id, &session.name, session.room);
        let player_info = match self.policy.camel_player_info {
            true => PlayerInfo::Camel {
                id,
                player_name,
                current_room_id,
            },
            false => PlayerInfo::Pascal {
                id,
                player_name,
                current_room_id,
            },
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

    fn ask(&mut self, conn: Conn, purpose: Purpose, job: PasswordJob) {
        if let Some(ticket) = self.wait_for(conn, purpose) {
            self.outputs.push_back(Output::Password { ticket, job });
        }
    }

    /// Let a session wait for a job.
    fn wait_for(&mut self, conn: Conn, purpose: Purpose) -> Option<Ticket> {
        let session = self.sessions.get_mut(&conn)?;
        self.tickets += 1;
        let number = self.tickets;
        session.waiting = Some(Waiting { number, purpose });
        Some(Ticket { conn, number })
    }

    /// Say what a job was for, if its session still waits for it.
    fn take_purpose(&mut self, ticket: Ticket) -> Option<Purpose> {
        let Ticket { conn, number } = ticket;
        let session = self.sessions.get_mut(&conn)?;
        let waiting = session
            .waiting
            .take_if(|waiting| waiting.number == number)?;
        Some(waiting.purpose)
    }

    fn wall_clock(&self) -> WallClock {
        WallClock(self.epoch + self.now)
    }
}

#[cfg(test)]
mod tests;
