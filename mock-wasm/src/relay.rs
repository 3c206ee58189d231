//! The relay and its game server in one: frames and the time go in, frames come out of [`Relay::poll`].

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use drivers::{DrivingStyle, MAX_BOTS, Track, home_name, visitor_name};
use protocol::cipher::{Cipher, MAX_DATAGRAM_BYTES};
use protocol::command::Command;
use protocol::datagram::{Datagram, Update};
use protocol::frame::{CloseCode, MAX_CLIENT_LINE_BYTES, Notice};
use protocol::goodbye::is_bye;
use protocol::id::{RoomId, Secret, SessionId};
use rules::{
    AccountAnswer, Config, Conn, MAX_SESSIONS, Output, PasswordAnswer, PasswordHash, PasswordJob,
    Rules,
};
use serde::Serialize;

use crate::bot::{Bot, TICK};
use crate::luck::Luck;
use crate::watched::WatchedRoom;

/// How many may watch at once.
const MAX_SPECTATORS: usize = 1_000;

/// What goes to a socket.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Text(String),
    Binary(Vec<u8>),
    /// The end of the connection.
    Close(CloseCode, &'static str),
}

/// Why something was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is no such room.
    NoRoom,
    /// The room, or the server, is full.
    Full,
    /// The name is taken or not valid.
    Name,
    /// Nobody is in the room, so it has no host.
    NoHost,
    /// There is no such player, or it is not a bot.
    NoBot,
}

/// One end of a connection.
struct Peer {
    role: Role,
    /// When the connection ends because the relay restarts.
    ends: Option<Duration>,
}

enum Role {
    /// A connected page.
    Player { cipher: Box<Cipher>, said_bye: bool },
    /// It has no socket.
    Bot(Box<Bot>),
    /// It watches this room.
    Spectator(RoomId),
}

/// A relay with its game server.
pub(crate) struct Relay {
    rules: Rules,
    luck: Luck,
    track: Arc<Track>,
    now: Duration,
    conns: u64,
    /// At most [`MAX_SESSIONS`], as the rules have it, and [`MAX_SPECTATORS`].
    peers: BTreeMap<Conn, Peer>,
    bots_made: usize,
    /// The rooms that spectators watch, each once.
    watched: Vec<WatchedRoom>,
    /// While there is something to move.
    next_tick: Option<Duration>,
    /// The frames of one call. The caller empties it after each call.
    frames: VecDeque<(Conn, Content)>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedRoom<'a> {
    id: RoomId,
    name: &'a str,
    host_id: Option<SessionId>,
    is_active: bool,
    players: Vec<ListedPlayer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedPlayer<'a> {
    id: SessionId,
    name: &'a str,
    is_bot: bool,
}

impl Relay {
    /// Make a relay whose clock reads zero.
    pub(crate) fn new(seed: u32, track: Track) -> Self {
        let mut room_luck = Luck::new(seed, 1);
        let room_ids = Box::new(move || room_luck.id());
        Self {
            rules: Rules::new(Config::default(), room_ids),
            luck: Luck::new(seed, 0),
            track: Arc::new(track),
            now: Duration::ZERO,
            conns: 0,
            peers: BTreeMap::new(),
            bots_made: 0,
            watched: Vec::new(),
            next_tick: None,
            frames: VecDeque::new(),
        }
    }

    /// Set the clock, which never goes back, and do what is due.
    pub(crate) fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        let is_over = |peer: &Peer| peer.ends.is_some_and(|at| at <= self.now);
        for conn in self.conns_where(is_over) {
            self.close(conn, CloseCode::Restarting, "The relay is restarting.");
        }
        if self.rules.poll_timeout() <= self.now {
            // Bots are never idle.
            for bot in self.conns_where(|peer| peer.bot().is_some()) {
                self.command(bot, &Command::Ping);
            }
            self.rules.handle_timeout(self.now);
        }
        if let Some(tick) = self.next_tick.filter(|tick| *tick <= self.now) {
            self.tick();
            // Missed ticks are skipped.
            self.next_tick = Some((tick + TICK).max(self.now));
        }
        self.settle();
    }

    /// Say when [`advance`](Self::advance) has something to do, if nothing comes before.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        // Without players nobody is idle.
        let has_players = self.peers.values().any(Peer::is_player);
        let idle_check = has_players.then(|| self.rules.poll_timeout());
        let ends = self.peers.values().filter_map(|peer| peer.ends);
        ends.chain(idle_check).chain(self.next_tick).min()
    }

    /// Give the next frame for a socket.
    pub(crate) fn poll(&mut self) -> Option<(Conn, Content)> {
        self.frames.pop_front()
    }

    /// A page opens a connection.
    pub(crate) fn connect(&mut self) -> Conn {
        let (conn, _, cipher) = self.begin();
        let (cipher, said_bye) = (Box::new(cipher), false);
        self.insert(conn, Role::Player { cipher, said_bye });
        let ready = Notice::Ready {
            resumed: false,
            received: 0,
            resume_seconds: 0,
        };
        self.frames
            .push_back((conn, Content::Text(ready.to_frame())));
        self.settle();
        conn
    }

    /// Somebody opens a connection to watch a room.
    pub(crate) fn spectate(&mut self, room: &str) -> Conn {
        self.conns += 1;
        let conn = Conn(self.conns);
        let Ok(id) = room.parse::<RoomId>() else {
            self.close(conn, CloseCode::Malformed, "That is not the id of a room.");
            return conn;
        };
        let watching = self.peers.values().filter_map(Peer::watches);
        if watching.count() >= MAX_SPECTATORS {
            self.close(conn, CloseCode::Full, "Too many are watching.");
            return conn;
        }
        self.insert(conn, Role::Spectator(id));
        let Self { rules, watched, .. } = self;
        let index = watched.iter().position(|room| room.id == id);
        let index = index.unwrap_or_else(|| {
            watched.push(WatchedRoom::new(id, rules.room(&id).as_ref()));
            watched.len() - 1
        });
        let text = Content::Text(watched[index].text().to_owned());
        self.frames.push_back((conn, text));
        self.settle();
        conn
    }

    /// A text frame came.
    pub(crate) fn text(&mut self, conn: Conn, line: String) {
        let Some(Role::Player { said_bye, .. }) = self.role_mut(conn) else {
            return self.refuse_spectator(conn);
        };
        *said_bye |= is_bye(&line);
        if line.len() > MAX_CLIENT_LINE_BYTES {
            return self.close(conn, CloseCode::FrameTooLarge, "The line is too long.");
        }
        if line.contains('\n') {
            return self.close(conn, CloseCode::Malformed, "A line has no line break.");
        }
        self.rules.handle_line(conn, Ok(line), self.now);
        self.settle();
    }

    /// A binary frame came.
    pub(crate) fn binary(&mut self, conn: Conn, datagram: &[u8]) {
        let Some(Role::Player { cipher, .. }) = self.peers.get(&conn).map(|peer| &peer.role) else {
            return self.refuse_spectator(conn);
        };
        if datagram.is_empty() {
            return self.close(conn, CloseCode::Malformed, "A datagram is not empty.");
        }
        if datagram.len() > MAX_DATAGRAM_BYTES {
            return self.close(conn, CloseCode::FrameTooLarge, "The datagram is too long.");
        }
        let online = self.rules.online(conn);
        let id = online.map(|online| online.id);
        if let Ok(Datagram::Update(update)) = Datagram::decode(datagram, Some(cipher.as_ref()))
            && Some(update.session_id) == id
        {
            self.show(conn, &update);
        }
        let now = self.now;
        self.rules.handle_datagram(address(conn), datagram, now);
        self.settle();
    }

    /// A socket is gone. The relay signs its player out.
    pub(crate) fn disconnect(&mut self, conn: Conn) {
        self.forget(conn);
        self.settle();
    }

    /// Open a room that stays when it is empty, with some bots in it.
    pub(crate) fn open_room(
        &mut self,
        name: &str,
        bots: usize,
        is_active: bool,
    ) -> Result<RoomId, Refused> {
        let room = self.rules.open_room(name, is_active).ok_or(Refused::Full)?;
        for _ in 0..bots {
            self.add_bot(&room, None)?;
        }
        Ok(room)
    }

    /// Put one more bot into a room.
    pub(crate) fn add_bot(&mut self, room: &RoomId, name: Option<&str>) -> Result<Conn, Refused> {
        let Some(state) = self.rules.room(room) else {
            return Err(Refused::NoRoom);
        };
        let number = state.seats.len();
        let (conn, session, cipher) = self.begin();
        self.rules.mark_bot(&session);
        let joined = self.enter(conn, room, name);
        let state = self.rules.room(room);
        let seat = state.and_then(|state| state.seats.into_iter().find(|seat| seat.id == session));
        let (Ok(()), Some(seat)) = (joined, seat) else {
            self.rules.handle_disconnect(conn);
            self.settle();
            return Err(joined.err().unwrap_or(Refused::Full));
        };
        let style = DrivingStyle::drawn(number, self.luck.part());
        let bot = Bot::new(session, *room, cipher, style, &self.track, seat.start);
        self.insert(conn, Role::Bot(Box::new(bot)));
        self.settle();
        Ok(conn)
    }

    /// A bot leaves.
    pub(crate) fn remove_bot(&mut self, conn: Conn) -> Result<(), Refused> {
        self.bot(conn).ok_or(Refused::NoBot)?;
        self.disconnect(conn);
        Ok(())
    }

    /// A bot says something to one player, or to all others in its room.
    pub(crate) fn say(
        &mut self,
        conn: Conn,
        message: &str,
        target: Option<SessionId>,
    ) -> Result<(), Refused> {
        let bot = self.bot(conn).ok_or(Refused::NoBot)?;
        let seats = self.rules.room(&bot.room).map(|room| room.seats);
        let others = seats.unwrap_or_default().into_iter().map(|seat| seat.id);
        let others = others.filter(|id| *id != bot.session);
        let targets: Vec<SessionId> = target.map_or_else(|| others.collect(), |id| vec![id]);
        for target_id in targets {
            let message = message.to_owned();
            self.command(conn, &Command::RelayMessage { target_id, message });
        }
        self.settle();
        Ok(())
    }

    /// The host of a room starts its race.
    pub(crate) fn start_race(&mut self, room: &RoomId) -> Result<(), Refused> {
        let state = self.rules.room(room).ok_or(Refused::NoRoom)?;
        let host = state.host.and_then(|host| self.rules.conn(&host));
        self.command(host.ok_or(Refused::NoHost)?, &Command::StartGame);
        self.settle();
        Ok(())
    }

    /// Close a room. Its bots leave; its players learn of it when they next ask.
    pub(crate) fn close_room(&mut self, room: &RoomId) -> Result<(), Refused> {
        self.rules.room(room).ok_or(Refused::NoRoom)?;
        for bot in self.conns_where(|peer| peer.bot().is_some_and(|bot| bot.room == *room)) {
            self.forget(bot);
        }
        self.rules.close_room(room);
        self.settle();
        Ok(())
    }

    /// An administrator ends a session.
    pub(crate) fn kick(&mut self, conn: Conn, message: &str) {
        self.rules.kick(conn, message);
        self.settle();
    }

    /// The relay restarts: tell everybody, and end their connections after that time.
    pub(crate) fn drain(&mut self, seconds: u32) {
        let at = self.now + Duration::from_secs(seconds.into());
        let notice = Notice::Draining { seconds }.to_frame();
        for (conn, peer) in &mut self.peers {
            if peer.is_player() {
                let notice = Content::Text(notice.clone());
                self.frames.push_back((*conn, notice));
            }
            peer.ends = peer.bot().is_none().then_some(at);
        }
    }

    /// Find a player by id or name.
    pub(crate) fn find(&self, player: &str) -> Option<Conn> {
        let by_id = player.parse().ok().and_then(|id| self.rules.conn(&id));
        let is_named = |conn: &Conn| {
            let online = self.rules.online(*conn);
            online.is_some_and(|online| online.name == player)
        };
        by_id.or_else(|| self.peers.keys().copied().find(is_named))
    }

    /// Say whether a connection is a bot's.
    pub(crate) fn is_bot(&self, conn: Conn) -> bool {
        self.bot(conn).is_some()
    }

    /// Write the rooms as JSON.
    pub(crate) fn rooms(&self) -> String {
        let rooms = self.rules.rooms().into_iter().map(|room| ListedRoom {
            id: room.id,
            name: room.name,
            host_id: room.host,
            is_active: room.is_active,
            players: room.seats.iter().map(|seat| self.listed(seat)).collect(),
        });
        protocol::json::to_string(&rooms.collect::<Vec<_>>())
    }

    /// Write a player as JSON.
    pub(crate) fn player(&self, conn: Conn) -> String {
        let online = self.rules.online(conn).map(|online| ListedPlayer {
            id: online.id,
            name: online.name,
            is_bot: self.is_bot(conn),
        });
        protocol::json::to_string(&online)
    }

    fn listed<'a>(&self, seat: &rules::Seat<'a>) -> ListedPlayer<'a> {
        let conn = self.rules.conn(&seat.id);
        ListedPlayer {
            id: seat.id,
            name: seat.name,
            is_bot: conn.is_some_and(|conn| self.is_bot(conn)),
        }
    }

    /// Begin a session of the rules.
    fn begin(&mut self) -> (Conn, SessionId, Cipher) {
        self.conns += 1;
        let (conn, session) = (Conn(self.conns), self.luck.id());
        self.rules
            .handle_connect(conn, session, address(conn).ip(), self.now);
        (conn, session, Cipher::new(&session, &Secret::default()))
    }

    /// A bot signs in and joins its room.
    fn enter(&mut self, conn: Conn, room: &RoomId, name: Option<&str>) -> Result<(), Refused> {
        let mut tries = name.map_or(MAX_SESSIONS, |_| 1);
        while !self.take_name(conn, name) {
            tries -= 1;
            if tries == 0 {
                return Err(Refused::Name);
            }
        }
        let room_id = *room;
        self.command(conn, &Command::JoinRoom { room_id });
        let online = self.rules.online(conn);
        match online.and_then(|online| online.room) {
            Some(_) => Ok(()),
            None => Err(Refused::Full),
        }
    }

    /// Say whether the server grants the name, or the next of the bots' own.
    fn take_name(&mut self, conn: Conn, name: Option<&str>) -> bool {
        let name = name.map_or_else(|| self.next_name(), str::to_owned);
        let password = None;
        self.command(conn, &Command::Name { name, password });
        self.rules.is_signed_in(conn)
    }

    fn next_name(&mut self) -> String {
        let (round, number) = (self.bots_made / MAX_BOTS, self.bots_made % MAX_BOTS);
        self.bots_made += 1;
        match round.checked_sub(1) {
            None => home_name(number),
            Some(index) => visitor_name(number, index),
        }
    }

    fn command(&mut self, conn: Conn, command: &Command) {
        self.rules
            .handle_line(conn, Ok(command.to_line()), self.now);
    }

    /// Show a position to the bots and the spectators of the sender's room.
    fn show(&mut self, sender: Conn, update: &Update) {
        let online = self.rules.online(sender);
        let Some(room) = online.and_then(|online| online.room) else {
            return;
        };
        for (conn, peer) in &mut self.peers {
            if let Role::Bot(bot) = &mut peer.role
                && bot.room == room
                && *conn != sender
            {
                bot.see(update, self.now);
            }
        }
        for watched in &mut self.watched {
            if watched.id == room {
                watched.see(update, self.now);
            }
        }
    }

    /// The bots in rooms that somebody is in or watches. Only they drive.
    fn driving(&self) -> Vec<Conn> {
        let players = self.peers.iter().filter(|(_, peer)| peer.is_player());
        let rooms = players.filter_map(|(conn, _)| self.rules.online(*conn)?.room);
        let watched = self.watched.iter().map(|room| room.id);
        let heard: Vec<RoomId> = rooms.chain(watched).collect();
        self.conns_where(|peer| peer.bot().is_some_and(|bot| heard.contains(&bot.room)))
    }

    /// Move the bots, and show the rooms to those who watch.
    fn tick(&mut self) {
        let now = self.now;
        for conn in self.driving() {
            let Some(Role::Bot(bot)) = self.role_mut(conn) else {
                continue;
            };
            let (update, datagram) = bot.drive(now);
            self.show(conn, &update);
            let now = self.now;
            self.rules.handle_datagram(address(conn), &datagram, now);
        }
        for room in &mut self.watched {
            let changed = room.look(self.rules.room(&room.id).as_ref());
            let snapshot = room.snapshot(now);
            for (conn, peer) in &self.peers {
                if peer.watches() != Some(room.id) {
                    continue;
                }
                if changed {
                    let text = Content::Text(room.text().to_owned());
                    self.frames.push_back((*conn, text));
                }
                if let Some(snapshot) = &snapshot {
                    let snapshot = Content::Binary(snapshot.clone());
                    self.frames.push_back((*conn, snapshot));
                }
            }
        }
    }

    /// Pass on what the rules have done, and see whether there is still something to move.
    fn settle(&mut self) {
        while let Some(output) = self.rules.poll_output() {
            match output {
                Output::Line { conn, line } => {
                    self.take_line(conn, &line);
                    // One for the newline that a socket would get.
                    self.rules.handle_written(conn, line.len() + 1);
                }
                Output::Datagram { to, payload } => {
                    let conn = conn_of(to);
                    let player =
                        conn.filter(|conn| self.peers.get(conn).is_some_and(Peer::is_player));
                    if let Some(conn) = player {
                        let frame = Content::Binary(payload.to_vec());
                        self.frames.push_back((conn, frame));
                    }
                }
                Output::Close { conn } => self.end(conn),
                Output::Password { ticket, job } => {
                    self.rules.handle_password(ticket, answer(job));
                }
                // The first generation knows no accounts.
                Output::Account { ticket, .. } => {
                    self.rules.handle_account(ticket, AccountAnswer::Failed);
                }
            }
        }
        let moves = !self.watched.is_empty() || !self.driving().is_empty();
        let next = self.next_tick.unwrap_or(self.now + TICK);
        self.next_tick = moves.then_some(next);
    }

    fn take_line(&mut self, conn: Conn, line: &str) {
        let Self { peers, rules, .. } = self;
        match peers.get_mut(&conn).map(|peer| &mut peer.role) {
            Some(Role::Player { .. }) => {
                let text = Content::Text(line.to_owned());
                self.frames.push_back((conn, text));
            }
            Some(Role::Bot(bot)) if line.starts_with(r#"{"command":"GAME_STARTED""#) => {
                let seats = rules.room(&bot.room).map(|room| room.seats);
                let mut seats = seats.unwrap_or_default().into_iter();
                if let Some(seat) = seats.find(|seat| seat.id == bot.session) {
                    bot.restart(&self.track, seat.start);
                }
            }
            _ => {}
        }
    }

    /// The rules have ended a session.
    fn end(&mut self, conn: Conn) {
        match self.role_mut(conn) {
            Some(Role::Player { said_bye: true, .. }) => {
                self.close(conn, CloseCode::Normal, "The player said goodbye.");
            }
            Some(Role::Player { .. }) => {
                let text = "The game server ended the session.";
                self.close(conn, CloseCode::ServerEnded, text);
            }
            _ => self.forget(conn),
        }
    }

    /// Spectators may not send anything.
    fn refuse_spectator(&mut self, conn: Conn) {
        if self.peers.get(&conn).and_then(Peer::watches).is_some() {
            self.close(conn, CloseCode::Malformed, "Spectators send nothing.");
        }
    }

    fn close(&mut self, conn: Conn, code: CloseCode, text: &'static str) {
        self.frames.push_back((conn, Content::Close(code, text)));
        self.disconnect(conn);
    }

    fn forget(&mut self, conn: Conn) {
        match self.peers.remove(&conn).map(|peer| peer.role) {
            Some(Role::Spectator(room)) => {
                let mut watches = self.peers.values().filter_map(Peer::watches);
                if watches.all(|other| other != room) {
                    self.watched.retain(|watched| watched.id != room);
                }
            }
            Some(_) => self.rules.handle_disconnect(conn),
            None => {}
        }
    }

    fn insert(&mut self, conn: Conn, role: Role) {
        self.peers.insert(conn, Peer { role, ends: None });
    }

    fn conns_where(&self, is: impl Fn(&Peer) -> bool) -> Vec<Conn> {
        let found = self.peers.iter().filter(|(_, peer)| is(peer));
        found.map(|(conn, _)| *conn).collect()
    }

    fn role_mut(&mut self, conn: Conn) -> Option<&mut Role> {
        Some(&mut self.peers.get_mut(&conn)?.role)
    }

    fn bot(&self, conn: Conn) -> Option<&Bot> {
        self.peers.get(&conn)?.bot()
    }
}

impl Peer {
    fn is_player(&self) -> bool {
        matches!(self.role, Role::Player { .. })
    }

    fn bot(&self) -> Option<&Bot> {
        match &self.role {
            Role::Bot(bot) => Some(bot),
            _ => None,
        }
    }

    fn watches(&self) -> Option<RoomId> {
        match self.role {
            Role::Spectator(room) => Some(room),
            _ => None,
        }
    }
}

/// Where the datagrams of a connection come from.
fn address(conn: Conn) -> SocketAddr {
    SocketAddr::from((Ipv6Addr::from(u128::from(conn.0)), 1))
}

fn conn_of(address: SocketAddr) -> Option<Conn> {
    match address {
        SocketAddr::V6(address) => u64::try_from(u128::from(*address.ip())).ok().map(Conn),
        SocketAddr::V4(_) => None,
    }
}

/// The mock keeps no secrets, so a password is its own hash.
fn answer(job: PasswordJob) -> PasswordAnswer {
    match job {
        PasswordJob::Hash(password) => PasswordAnswer::Hashed(PasswordHash::new(password.reveal())),
        PasswordJob::Verify(password, hash) => {
            PasswordAnswer::Verified(password.reveal() == hash.reveal())
        }
    }
}

#[cfg(test)]
mod tests;
